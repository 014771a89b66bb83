"""``/v1/guard/labels`` through the app: a real database, no model."""

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.access.callers import Callers
from assistant.api.server import create
from guardrails.guard import Guard
from guardrails.store.rounds import SAME_WORDS
from guardrails.store.store import Store
from tests.support import labelled, overseen

OWNER = {"Authorization": "Bearer owner"}
WHERE = {"arm": "tuned", "segment": "glossary/en"}


@pytest.fixture
def client(tmp_path: Path, assistant):
    with overseen.database(tmp_path) as engine:
        store = Store(engine)
        labelled.compare(store, [0.0] * 60, same=[3])
        guard = Guard(store, labelled.POLICY, {"tuned": labelled.VERSION})
        app = create(replace(assistant, guard=guard), Callers("owner", ("reader",)))
        yield TestClient(app, "http://localhost", headers=OWNER)


def worse(client: TestClient, count: int, by: str = "ada") -> None:
    """Say of so many pairs that the candidate is worse, as somebody does who knows its style."""
    for _ in range(count):
        offer = client.get("/v1/guard/labels/next", params=WHERE).json()
        choice = "a" if offer["a"].startswith("Base") else "b"
        body = {"round": offer["round"], "place": offer["place"], "choice": choice, "by": by}
        assert client.post("/v1/guard/labels", json=body).status_code == 201


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/next"), ("POST", "")])
def test_every_route_needs_a_key(client, method, path):
    wrong = {"Authorization": "Bearer wrong"}
    assert client.request(method, f"/v1/guard/labels{path}", headers=wrong).status_code == 401


def test_a_pair_is_offered_blind(client):
    reply = client.get("/v1/guard/labels/next", params={**WHERE, "kind": "better"})
    offer = reply.json()
    assert set(offer) == {
        *("arm", "round", "place", "kind", "segment", "question", "passages", "a", "b"),
        *("labels", "pairs", "choices"),
    }
    assert offer["choices"] == ["a", "b", "tie", "unsure"]
    assert offer["question"].startswith("What is ")
    assert "score" not in reply.text
    assert "tuned-" not in reply.text, "the pair's id would tell the order"
    # Without a place, where labels are most use.
    assert client.get("/v1/guard/labels/next").json() == offer
    right = client.get("/v1/guard/labels/next", params={**WHERE, "kind": "right"}).json()
    assert right["choices"] == ["a", "b", "both", "neither", "unsure"]
    assert right["round"] != offer["round"]


def test_a_label_tells_how_far_it_is_and_no_result(client):
    offer = client.get("/v1/guard/labels/next", params=WHERE).json()
    body = {"round": offer["round"], "place": offer["place"], "choice": "a", "by": " ada "}
    told = client.post("/v1/guard/labels", json=body)
    assert told.status_code == 201
    # Draws are random; a pair of the same words that comes first is labelled without anybody.
    labels = offer["labels"] + 1
    assert told.json() == {"round": 1, "place": offer["place"], "labels": labels, "pairs": 60}
    again = client.post("/v1/guard/labels", json=body | {"choice": "tie"})
    assert again.json()["labels"] == labels
    (one,) = client.get("/v1/guard/labels").json()["rounds"]
    assert one["by"] == [{"by": "ada", "labels": 1}]
    assert one["people"]["mean"] == pytest.approx(0.0)


def test_what_people_say_corrects_the_scores_and_stops_who_rises(client):
    assert client.get("/v1/guard/labels").json() == {"rounds": [], "contradictions": []}
    worse(client, 40)
    found = client.get("/v1/guard/labels").json()
    (one,) = found["rounds"]
    assert one["people"]["upper"] < -0.05
    (metric,) = one["metrics"]
    assert metric["metric"] == "quality"
    assert metric["mean"] == 0
    assert metric["bias_lower"] == pytest.approx(-one["people"]["upper"])
    assert metric["contradicted"] is True
    assert (one["contradicts"], one["current"]) == (True, True)
    assert found["contradictions"][0]["language"] == "en"
    cells = client.get("/v1/guard/map").json()["cells"]
    people = {cell["segment"]: cell.get("people") for cell in cells}
    assert people["glossary/en"] == {**one["people"], "kind": "better"}
    assert people["*"] is None


@pytest.mark.parametrize(
    ("params", "status", "said"),
    [
        ({"arm": "none"}, 404, "no candidate 'none'"),
        ({"segment": "cooking/en"}, 404, "glossary/en"),
        ({"kind": "best"}, 400, "better, right"),
        ({"new": "perhaps"}, 400, "new"),
    ],
)
def test_what_cannot_be_offered_is_told(client, params, status, said):
    reply = client.get("/v1/guard/labels/next", params=WHERE | params)
    assert reply.status_code == status
    assert said in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"by": " "}, "Say who"),
        ({"by": "x" * 101}, "by"),
        ({"by": SAME_WORDS}, "nobody's name"),
        ({"round": 7}, "no round 7"),
        ({"place": 7}, "no draw 7"),
        ({"choice": "candidate"}, "no choice 'candidate'"),
        ({"more": 1}, "more"),
    ],
)
def test_a_label_that_makes_no_sense_is_refused(client, change, said):
    offer = client.get("/v1/guard/labels/next", params=WHERE).json()
    body = {"round": offer["round"], "place": offer["place"], "choice": "a", "by": "ada"}
    reply = client.post("/v1/guard/labels", json=body | change)
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]
