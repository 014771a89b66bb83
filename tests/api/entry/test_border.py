"""Where requests come from: names that are not this server's, and pages of other sites."""

import socket

import pytest
from fastapi.testclient import TestClient

from assistant.access.callers import Callers
from assistant.api.entry.border import own_names
from assistant.api.server import application

OWN = ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "10.1.2.3", "localhost."]
FOREIGN = [
    "evil.example",
    "evil.example:8080",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.1@evil.example",
    "evil.example#localhost",
    "[::1",
    "",
    "localhost,evil.example",
    "2130706433.evil.example",
]


@pytest.fixture
def client() -> TestClient:
    app = application()
    app.state.callers = Callers("owner", open=True)
    app.state.names = own_names(["Chat.Example"])
    return TestClient(app, "http://localhost", raise_server_exceptions=False)


@pytest.mark.parametrize("host", [*OWN, "chat.example", "chat.example:443", socket.gethostname()])
def test_this_server_is_asked_by_its_names_and_by_any_address(client, host):
    assert client.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/v1/models", "/healthz", "/openapi.json", "/nowhere"])
def test_a_name_that_was_made_to_point_here_is_refused(client, host, path):
    reply = client.get(path, headers={"Host": host})
    assert reply.status_code == 421
    assert "server.allowed_hosts" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "http://["},
        {"Origin": "//["},
        {"Origin": "http://a]"},
        {"Sec-Fetch-Site": "CROSS-SITE"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_may_not_call(client, headers):
    for method in ("GET", "POST", "OPTIONS"):
        reply = client.request(method, "/v1/models", headers=headers)
        assert reply.status_code == 403
        assert "access-control-allow-origin" not in reply.headers


def test_a_page_of_this_origin_may(client):
    for headers in ({"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}):
        assert client.get("/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/healthz", "/nowhere", "/v1/knowledge"])
def test_nothing_that_is_returned_may_run_or_be_framed(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_a_head_is_a_get_without_its_body(client):
    reply = client.head("/v1/models")
    assert reply.status_code == 200
    assert client.head("/v1/knowledge").status_code == 401
