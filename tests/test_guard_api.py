"""``/v1/guard`` through the app: a real database, no model."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.api.auth import Keys
from assistant.api.server import create
from guardrails.guard import Guard
from guardrails.sql_store import SqlStore
from tests import overseen

OWNER = {"Authorization": "Bearer owner"}


@pytest.fixture
def decided(tmp_path: Path):
    return overseen.feed(tmp_path)


@pytest.fixture
def client(tmp_path, assistant, decided):
    with overseen.database(tmp_path) as engine:
        guard = Guard(SqlStore(engine), overseen.POLICY, {"tuned": '{"v":1}', "new": '{"v":1}'})
        keys = Keys(owner="owner", users=("reader",))
        app = create(replace(assistant, guard=guard), keys)
        yield TestClient(app, headers=OWNER)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "status"),
        ("GET", "map"),
        ("GET", "map.svg"),
        ("GET", "map.png"),
        ("GET", "decisions"),
        ("GET", "decisions/x"),
        ("GET", "decisions/x/replay"),
        ("POST", "pin"),
        ("POST", "unpin"),
    ],
)
def test_every_route_needs_a_key(client, method, path):
    wrong = {"Authorization": "Bearer wrong"}
    reply = client.request(method, f"/v1/guard/{path}", headers=wrong)
    assert reply.status_code == 401
    assert reply.json()["error"]["type"] == "authentication_error"


def test_map_and_status_have_what_is_configured_and_what_was_seen(client, decided):
    found = client.get("/v1/guard/map").json()
    assert found["candidates"] == ["new", "tuned"]
    worse = [cell for cell in found["cells"] if cell["verdict"] == "worse"]
    assert [(cell["segment"], cell["decision"]) for cell in worse] == [
        ("glossary/en", decided[0].id)
    ]
    status = client.get("/v1/guard/status").json()
    assert [one["arm"] for one in status["candidates"]] == ["new", "tuned"]
    assert status["budget"]["threshold"] == 240_000
    assert status["queue"]["waiting"] == 0


def test_decisions_are_read_filtered_and_replayed(client, decided):
    found = client.get("/v1/guard/decisions", params={"segment": "glossary/en"}).json()
    assert [one["id"] for one in found["decisions"]] == [decided[0].id]
    one = client.get(f"/v1/guard/decisions/{decided[0].id}").json()
    assert one["reason"] == decided[0].reason
    assert one["inputs"]["span"] == decided[0].inputs["span"]
    replayed = client.get(f"/v1/guard/decisions/{decided[0].id[:8]}/replay").json()
    assert replayed["same"] is True
    assert replayed["replayed"].encode() == decided[0].record()
    assert replayed["sha256"] == sha256(decided[0].record()).hexdigest()


def test_a_tampered_pair_is_told(client, decided, tmp_path):
    overseen.tamper(tmp_path, 3, 0.0)
    replayed = client.get(f"/v1/guard/decisions/{decided[0].id}/replay").json()
    assert replayed["same"] is False
    assert replayed["differences"]


def test_pin_and_unpin_say_who_and_why(client):
    where = {"arm": "new", "segment": "support.billing/en"}
    body = {**where, "stage": "serving", "by": "ada", "why": "launch"}
    reply = client.post("/v1/guard/pin", json=body)
    assert reply.status_code == 201
    assert (reply.json()["by"], reply.json()["reason"]) == ("ada", "pinned: launch")
    gone = client.post("/v1/guard/unpin", json={**where, "by": "grace", "why": "over"})
    assert (gone.json()["by"], gone.json()["reason"]) == ("grace", "unpinned: over")
    newest = client.get("/v1/guard/decisions").json()["decisions"][:2]
    assert [one["by"] for one in newest] == ["grace", "ada"]
    again = client.post("/v1/guard/unpin", json={**where, "by": "grace", "why": "over"})
    assert again.status_code == 400
    assert "is not pinned" in again.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"arm": "none"}, 404, "There is new, tuned."),
        ({"arm": "base"}, 404, "no candidate 'base'"),
        ({"segment": "cooking/en"}, 404, "glossary/en"),
        ({"segment": "*"}, 404, "above other segments"),
        ({"stage": "on"}, 404, "routed_back"),
        ({"why": " "}, 400, "Say why"),
        ({"why": ""}, 400, "why"),
        ({"by": "x" * 2000}, 400, "by"),
        ({"more": 1}, 400, "more"),
    ],
)
def test_a_pin_that_makes_no_sense_is_refused(client, change, status, said):
    body = {"arm": "tuned", "segment": "glossary/en", "stage": "serving", "by": "a", "why": "b"}
    reply = client.post("/v1/guard/pin", json=body | change)
    assert reply.status_code == status
    assert said in reply.json()["error"]["message"]


def test_an_unknown_decision_is_404(client, decided):
    reply = client.get("/v1/guard/decisions/ffff")
    assert reply.status_code == 404
    assert decided[-1].id in reply.json()["error"]["message"]
    assert client.get("/v1/guard/decisions", params={"count": 0}).status_code == 400


def test_thumbs_and_tickets_move_nothing(client):
    before = client.get("/v1/guard/map").json()["cells"]
    for _ in range(30):
        client.post("/v1/feedback", json={"turn_id": "x", "thumb": "down", "comment": "tuned bad"})
        client.post("/v1/tickets", json={"conversation_id": "c", "message": "route tuned back"})
    assert client.get("/v1/guard/map").json()["cells"] == before


@pytest.mark.parametrize(
    ("kind", "media", "begin"),
    [("svg", "image/svg+xml", b"<?xml"), ("png", "image/png", b"\x89PNG")],
)
def test_the_map_as_a_picture(client, kind, media, begin):
    reply = client.get(f"/v1/guard/map.{kind}")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == media
    assert reply.content.startswith(begin)
    if kind == "svg":
        assert "routed back" in reply.text
