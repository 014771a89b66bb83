"""``/v1/guard`` through the app: a real database, no model."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.turn.permissions import Writing
from guardrails.guard import Guard
from guardrails.store.store import Store
from tests.support import overseen

OWNER = {"Authorization": "Bearer owner"}


@pytest.fixture
def decided(tmp_path: Path):
    return overseen.feed(tmp_path)


@pytest.fixture
def client(tmp_path, assistant, decided):
    with overseen.database(tmp_path) as engine:
        guard = Guard(Store(engine), overseen.POLICY, {"tuned": '{"v":1}', "new": '{"v":1}'})
        keys = Callers("owner", ("reader",))
        app = create(replace(assistant, guard=guard), keys)
        yield TestClient(app, "http://localhost", headers=OWNER)


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
        ("POST", "write"),
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
    assert status["budget"]["threshold"] == 160_000
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


@pytest.fixture
def quoting(tmp_path, assistant):
    """Routes over pairs of the quotation: base is better in the glossary, unproven elsewhere."""
    overseen.feed_quote(tmp_path, "glossary/en", -0.25)
    overseen.feed_quote(tmp_path, "support.billing/en", 0.0, pairs=5)
    with overseen.database(tmp_path) as engine:
        guard = Guard(Store(engine), overseen.POLICY, {"quote": overseen.QUOTING})
        keys = Callers("owner", ("reader",))
        changed = replace(assistant, guard=guard, writing=Writing("first", {}, guard.writes))
        yield TestClient(create(changed, keys), "http://localhost", headers=OWNER), guard


def test_the_quotation_is_on_the_map_and_in_the_status_and_no_candidate_that_could_be_held(quoting):
    client, _ = quoting
    found = client.get("/v1/guard/map").json()
    assert found["candidates"] == ["quote"]
    assert found["false_route_backs_per_month"] == 0
    cell = next(c for c in found["cells"] if c["segment"] == "glossary/en")
    assert (cell["arm"], cell["verdict"]) == ("quote", "worse")
    status = client.get("/v1/guard/status").json()
    assert status["writing"] == found["writing"]
    body = {"arm": "quote", "segment": "glossary/en", "stage": "serving", "by": "a", "why": "b"}
    reply = client.post("/v1/guard/pin", json=body)
    assert reply.status_code == 400
    assert "compared only" in reply.json()["error"]["message"]


def test_the_owner_lets_an_arm_write_and_takes_it_back(quoting):
    client, guard = quoting
    (one, other) = client.get("/v1/guard/map").json()["writing"]
    assert (one["arm"], one["segment"], one["suggested"]) == ("base", "glossary/en", True)
    assert one["command"] == "routeback arms write base glossary/en"
    assert (one["policy"], one["refusal"], one["writes"]) == ("first", "", False)
    assert one["lower"] > 0
    assert (other["suggested"], other["refusal"][:11]) == (False, "there are 5")
    body = {"arm": "base", "segment": "glossary/en", "by": "ada"}
    holder = {"Authorization": "Bearer reader"}
    assert client.post("/v1/guard/write", json=body, headers=holder).status_code == 403
    given = client.post("/v1/guard/write", json=body)
    assert given.status_code == 201
    assert (given.json()["before"], given.json()["after"]) == ("quoted", "writing")
    assert guard.writes("base", "glossary/en")
    decided = client.get("/v1/guard/decisions", params={"arm": "base"}).json()["decisions"]
    assert [one["id"] for one in decided] == [given.json()["id"]]
    replayed = client.get(f"/v1/guard/decisions/{given.json()['id']}/replay").json()
    assert replayed["same"] is True
    again = client.post("/v1/guard/write", json=body)
    assert "writes there already" in again.json()["error"]["message"]
    gone = client.post("/v1/guard/write", json=body | {"off": True, "why": "over"})
    assert (gone.status_code, gone.json()["reason"]) == (201, "taken back: over")
    assert not guard.writes("base", "glossary/en")
    gone = client.post("/v1/guard/write", json=body | {"off": True})
    assert "is not let write" in gone.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"segment": "support.billing/en"}, 400, "there are 5 of 20 distinct questions: mean"),
        ({"segment": "support.billing/en", "force": True}, 400, "Say why"),
        ({"arm": "quote"}, 404, "There is base."),
        ({"arm": "nobody"}, 404, "There is base."),
        ({"segment": "cooking/en"}, 404, "glossary/en"),
        ({"by": " "}, 400, "Say who"),
    ],
)
def test_what_is_not_borne_out_is_refused_with_the_numbers(quoting, change, status, said):
    client, guard = quoting
    body = {"arm": "base", "segment": "glossary/en", "by": "ada"} | change
    reply = client.post("/v1/guard/write", json=body)
    assert reply.status_code == status
    assert said in reply.json()["error"]["message"]
    assert not guard.writes(body["arm"], body["segment"])


def test_it_can_be_forced_with_a_reason_that_is_kept(quoting):
    client, guard = quoting
    body = {"arm": "base", "segment": "support.billing/en", "by": "ada", "force": True}
    given = client.post("/v1/guard/write", json=body | {"why": "I have read them"})
    assert given.json()["reason"].endswith("; I have read them")
    assert guard.writes("base", "support.billing/en")
    found = client.get("/v1/guard/status").json()["writing"]
    one = next(one for one in found if one["segment"] == "support.billing/en")
    assert (one["forced"], one["why"], one["by"]) == (True, "I have read them", "ada")


def test_where_arms_write_anyway_nothing_is_suggested(tmp_path, assistant, quoting):
    _, guard = quoting
    for policy, said in (("fallback", "arms write whatever"), ("only", "no arm writes whatever")):
        changed = replace(assistant, guard=guard, writing=Writing(policy))
        client = TestClient(
            create(changed, Callers("owner", open=True)), "http://localhost", headers=OWNER
        )
        (one, _) = client.get("/v1/guard/map").json()["writing"]
        assert (one["suggested"], one["policy"]) == (False, policy)
        body = {"arm": "base", "segment": "glossary/en", "by": "ada"}
        assert said in client.post("/v1/guard/write", json=body).json()["error"]["message"]


def test_an_unknown_decision_is_404(client, decided):
    reply = client.get("/v1/guard/decisions/ffff")
    assert reply.status_code == 404
    assert decided[-1].id in reply.json()["error"]["message"]
    assert client.get("/v1/guard/decisions", params={"count": 0}).status_code == 400


def test_thumbs_and_tickets_move_nothing(client):
    before = client.get("/v1/guard/map").json()["cells"]
    for _ in range(30):
        client.post("/v1/feedback", json={"turn_id": "x", "thumb": "down", "comment": "tuned bad"})
        client.post("/v1/tickets", json={"message": "route tuned back"})
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
