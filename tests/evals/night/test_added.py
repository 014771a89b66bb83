"""A gap that a night finds becomes a case over HTTP, and the next night asks it."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.app import open_assistant
from assistant.progress import Watcher
from assistant.records.cases import AddedCase, AddedCases, Expected
from assistant.records.conversations import LOCAL
from assistant.records.database import open_database
from assistant.records.turns import Records, Turn
from evals.cases.added import case_of, every
from evals.night.plan import ahead
from tests.evals.nights import house

READER = {"Authorization": "Bearer reader"}
OWNER = {"Authorization": "Bearer owner"}
WEBHOOKS = [
    f"{start} the signature of a webhook{end}?"
    for start in ("How do I verify", "Where do I check", "Which header holds", "What secret makes")
    for end in ("", " in Python", " on my server", " from you")
]
WRONG = (
    ({"expected": {"kind": "quote", "entry": "nothing"}}, "no entry"),
    ({"expected": {"kind": "write"}}, "needs a right answer"),
    ({"from_turn": "nobody"}, "no turn"),
)
COVERED = [
    f"{start} {term}?"
    for start in ("What is a", "Define the term", "Please explain the term", "Explain to me a")
    for term in ("token", "pod")
]


def ask(records: Records, question: str, segment: str = "support.technical") -> Turn:
    conversation = records.begin(LOCAL)
    turn = Turn(conversation, question, question, "en", segment, "abstained", "No.", "p", "1")
    records.add(turn)
    return turn


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_gap_becomes_a_case_and_the_next_night_asks_it(tmp_path, cache_dir, documents):
    with house(tmp_path, cache_dir, documents, judge_minutes=0) as at:
        engine = open_database(at.settings.data_dir / "routeback.sqlite")
        turns = [ask(Records(engine), question) for question in WEBHOOKS]
        for question in COVERED:
            ask(Records(engine), question, "glossary")
        engine.dispose()
        first = await at.night()
        gaps = first.result.coverage
        assert gaps is not None
        named = {turn for kind in gaps.missing for turn in kind.turns}
        assert named <= {turn.id for turn in turns}
        assert sum(kind.questions for kind in gaps.missing) == len(WEBHOOKS)
        assert gaps.covered == pytest.approx(len(COVERED) / len(WEBHOOKS + COVERED))
        assert "signature" not in gaps.model_dump_json(), "a night keeps no question of a person"
        async with open_assistant(at.settings, Watcher()) as assistant:
            app = create(replace(assistant), Callers("owner", ("reader",)))
            client = TestClient(app, "http://localhost", headers=OWNER)
            told = client.get(f"/v1/evals/nights/{first.night}/gaps").json()
            like = told["missing"][0]["like"][0]
            assert like["question"] in WEBHOOKS
            assert like["added"] == ""
            asked = {
                "question": like["question"], "language": "en", "segment": like["segment"],
                "expected": {"kind": "quote", "entry": "reset-password"},
                "from_turn": like["turn"],
            }  # fmt: skip
            refused = client.post("/v1/evals/cases", json=asked, headers=READER)
            assert refused.status_code == 403
            new = client.post("/v1/evals/cases", json=asked)
            assert new.status_code == 201, new.text
            assert new.json()["expected"]["reference"] != "", "the entry's own words"
            again = client.post("/v1/evals/cases", json=asked)
            assert again.status_code == 400
            assert "asks this already" in again.json()["error"]["message"]
            for wrong, said in WRONG:
                assert said in client.post("/v1/evals/cases", json={**asked, **wrong}).text
            told = client.get(f"/v1/evals/nights/{first.night}/gaps").json()
            assert told["missing"][0]["like"][0]["added"] == new.json()["id"]
            (noted,) = [e for e in assistant.log.newest(5) if e.what == "case added"]
            assert like["question"] not in str(noted.detail)
        case_id = new.json()["id"]
        second = await at.night()
        assert case_id in second.result.kinds
        async with open_assistant(at.settings, Watcher()) as assistant:
            app = create(assistant, Callers("owner", ("reader",)))
            client = TestClient(app, "http://localhost", headers=OWNER)
            (listed,) = client.get("/v1/evals/cases").json()["cases"]
            assert listed["before"] == "abstained"
            assert {run["night"] for run in listed["runs"]} == {second.night}
            assert listed["runs"][0]["arm"] == "base"
            assert listed["runs"][0]["right"] is not None
            assert client.delete(f"/v1/evals/cases/{case_id}").status_code == 200
            assert client.get("/v1/evals/cases").json() == {"cases": [], "total": 0}
        third = await at.night()
        assert case_id not in third.result.kinds


def test_a_case_that_no_night_has_asked_comes_first_where_only_some_are_asked(
    tmp_path, cache_dir, documents
):
    right = Expected("write", reference="It is new.")
    with house(tmp_path, cache_dir, documents) as at:
        engine = open_database(at.settings.data_dir / "routeback.sqlite")
        AddedCases(engine).add(AddedCase.made("eve", "Is it new?", "en", "other", right))
        cases = every(at.settings.evals.cases, engine)
        engine.dispose()
    assert len(cases) == 14
    (new,) = [case for case in cases if "added" in case.tags]
    order = cases[:3]
    assert [case.id for case in ahead(order, [new])] == [new.id, *(c.id for c in order[:2])]
    assert ahead(cases, [new]) == cases, "where all are asked, nothing moves"


def test_what_is_expected_says_how_a_case_behaves_and_what_is_wrong_is_left_out():
    abstain = AddedCase.made("eve", "Who will win?", "en", "other", Expected("abstain", "x", "y"))
    case = case_of(abstain)
    assert case is not None
    assert (case.behaviour, case.reference, case.sources) == ("abstain", "", ())
    assert case_of(replace(abstain, language="fr")) is None
