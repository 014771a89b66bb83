"""The first administrator of a server that others can reach, and what administrators do by HTTP."""

import asyncio
import socket
import time

import httpx
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from assistant.access.identity import Role
from assistant.api.entry.acquaintances import admin_link, callers_of
from assistant.api.server import create
from assistant.assistant import Assistant
from assistant.records.changes import ChangeLog
from assistant.settings import ServerSettings, Settings, SignInSettings

OPEN = ServerSettings(host="0.0.0.0", api_keys=SecretStr("configured"))
PAGE = {"Authorization": "Bearer page"}


@pytest.fixture
def settings(assistant: Assistant) -> Settings:
    return assistant.settings.model_copy(update={"server": OPEN})


@pytest.fixture
def client(assistant: Assistant, settings: Settings) -> TestClient:
    callers = callers_of(settings, assistant.records.engine, "owner", "page")
    return TestClient(create(assistant, callers), "http://localhost", headers=PAGE)


async def test_a_link_is_made_where_others_come_and_nobody_is_one(assistant, settings):
    database = assistant.records.engine
    callers = callers_of(settings, database, "owner", "page")
    assert (await admin_link(settings, callers)).startswith("rba_")
    alone = settings.model_copy(update={"server": ServerSettings()})
    assert await admin_link(alone, callers) == ""
    groups = SignInSettings(roles={"it": ("admin",)})
    assert await admin_link(settings.model_copy(update={"sign_in": groups}), callers) == ""
    callers.keys.add("boss", [Role.ADMIN], "ada", None)
    assert await admin_link(settings, callers) == ""


def test_who_has_the_link_is_an_administrator_and_makes_keys(client, assistant, settings):
    link = callers_of(settings, assistant.records.engine, "", "").sessions.offer_admin()
    assert client.get("/v1/keys").status_code == 403
    signed = client.post("/v1/sessions", json={"link": link})
    assert signed.status_code == 201
    admin = {"Authorization": f"Bearer {signed.json()['session']}"}
    assert client.post("/v1/sessions", json={"link": link}).status_code == 401
    made = client.post("/v1/keys", json={"name": "desk", "roles": ["agent"]}, headers=admin)
    key = {"Authorization": f"Bearer {made.json()['key']}"}
    assert client.get("/v1/me", headers=key).json()["roles"] == ["agent"]
    again = client.post("/v1/keys/desk/rotate", json={"days": 1}, headers=admin)
    assert client.get("/v1/me", headers=key).status_code == 401
    key = {"Authorization": f"Bearer {again.json()['key']}"}
    assert client.get("/v1/me", headers=key).status_code == 200
    assert client.delete("/v1/keys/desk", headers=admin).status_code == 200
    assert client.get("/v1/me", headers=key).status_code == 401
    (person,) = client.get("/v1/people", headers=admin).json()["people"]
    assert client.delete(f"/v1/people/{person['id']}", headers=admin).json() == {"ended": 1}
    assert client.get("/v1/me", headers=admin).status_code == 401
    told = [entry.what for entry in ChangeLog(assistant.records.engine).newest(10)]
    assert told[-5:] == [
        "administrator by link",
        *("key made", "key rotated", "key removed", "sessions ended"),
    ]


@pytest.mark.slow
async def test_a_provider_that_hangs_keeps_nobody_else_waiting(assistant, settings):
    """Forty who sign in at it, as many as there are threads and more; another calls meanwhile."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        sign_in = SignInSettings(issuer=issuer, client_id="c", page_url="https://y.example")
        changed = settings.model_copy(update={"sign_in": sign_in})
        callers = callers_of(changed, assistant.records.engine, "owner", "page")
        over = httpx.ASGITransport(create(assistant, callers))
        async with httpx.AsyncClient(transport=over, base_url="http://localhost") as client:
            body, bob = {"id_token": "a.b.c"}, {"Authorization": "Bearer configured"}
            signing = [
                asyncio.create_task(client.post("/v1/sessions", json=body, headers=bob, timeout=60))
                for _ in range(40)
            ]
            await asyncio.sleep(0.5)
            began = time.monotonic()
            reply = await client.get("/v1/me", headers={"Authorization": "Bearer owner"})
            assert reply.status_code == 200
            assert time.monotonic() - began < 4.5  # the provider is waited for 5 s
            codes = {reply.status_code for reply in await asyncio.gather(*signing)}
    assert codes == {400, 429}


def test_who_must_sign_in_may_not_chat_by_the_pages_key(assistant, settings):
    sign_in = SignInSettings(
        issuer="https://x.example", client_id="c", page_url="https://y.example"
    )
    for required, status in ((True, 403), (False, 200)):
        told = sign_in.model_copy(update={"required": required})
        changed = settings.model_copy(update={"sign_in": told})
        callers = callers_of(changed, assistant.records.engine, "owner", "page")
        client = TestClient(create(assistant, callers), "http://localhost", headers=PAGE)
        assert client.get("/v1/models").status_code == status
        assert client.get("/v1/me").json()["sign_in"] == ("required" if required else "optional")
