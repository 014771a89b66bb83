"""Walks the OpenAPI document as each role, and as nobody: the table is what is granted."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.access.callers import Callers
from assistant.access.grants import ANYBODY, GRANTS, KNOWN
from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.api.entry.door import Limits
from assistant.api.server import application
from assistant.records.database import open_database
from assistant.settings import LimitSettings

ROUTES = [
    (method.upper(), path)
    for path, methods in application().openapi()["paths"].items()
    for method in methods
]
REFUSED = {401, 403}
GRANTED = {(method, path.replace(":path}", "}")): who for (method, path), who in GRANTS.items()}
"""The table, with paths as the OpenAPI document has them."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Iterator[Keys]:
    folder: Path = tmp_path_factory.mktemp("keys")
    engine = open_database(folder / "routeback.sqlite")
    yield Keys(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def client(keys: Keys) -> TestClient:
    """Return a client of the app with nothing behind its routes: who is let in gets an error."""
    app = application()
    app.state.limits = Limits(
        LimitSettings(requests_per_minute=10**6, address_requests_per_minute=10**6)
    )
    app.state.callers = Callers("owner", ("configured",), keys, page_key="page")
    return TestClient(app, "http://localhost", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def bearers(keys: Keys) -> dict[Role, dict[str, str]]:
    return {
        role: {"Authorization": f"Bearer {keys.add(f'of {role}', [role], 'test', None)}"}
        for role in Role
    }


def called(client: TestClient, route: tuple[str, str], headers: dict[str, str]) -> int:
    method, path = route
    return client.request(method, re.sub("{.*?}", "x", path), headers=headers, json={}).status_code


def test_each_route_is_in_the_table_and_the_table_has_no_other():
    assert {*GRANTED, *ANYBODY, *KNOWN} - {("GET", "/openapi.json")} == {*ROUTES}
    assert not GRANTS.keys() & (ANYBODY | KNOWN)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_each_role_is_let_in_where_the_table_says_so_and_nowhere_else(client, bearers, route):
    for role, headers in bearers.items():
        let_in = called(client, route, headers) not in REFUSED
        assert let_in == (route in ANYBODY | KNOWN or role in GRANTED[route]), role


@pytest.mark.parametrize("route", [r for r in ROUTES if r not in ANYBODY], ids=" ".join)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic b3duZXI6"},
        {"Authorization": "owner"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer owner owner"},
        {"X-Api-Key": "owner"},
    ],
)
def test_nobody_is_let_in_anywhere(client, route, headers):
    assert called(client, route, headers) == 401


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect"])
def test_the_document_is_for_callers_and_pages_that_load_scripts_are_not_there(client, path):
    assert client.get(path).status_code in {401, 404}
    owner = client.get(path, headers={"Authorization": "Bearer owner"})
    assert owner.status_code == (200 if path == "/openapi.json" else 404)


def test_a_configured_key_is_a_users_and_no_more(client):
    headers = {"Authorization": "Bearer configured"}
    assert called(client, ("GET", "/v1/models"), headers) == 200
    for route in (("GET", "/v1/knowledge"), ("POST", "/v1/guard/pin"), ("DELETE", "/v1/arms/x")):
        assert called(client, route, headers) == 403
