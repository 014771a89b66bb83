"""``/v1/evals`` through the app, the night of a running server, and a team's own suite."""

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from assistant.access.callers import Callers
from assistant.api.server import create, serving
from assistant.background.worker import NIGHT
from assistant.progress import Watcher
from assistant.records.database import open_database
from assistant.records.nights import Nights, nights
from assistant.running import find
from assistant.settings import ServerSettings
from evals.commands.evals_text import diff_lines
from evals.night.history import History
from evals.night.plan import NightPlan
from evals.night.subject import service
from evals.report.diff import difference
from guardrails.clock import CLOCK
from tests.evals import made
from tests.evals.night.test_kill import configuration
from tests.evals.nights import house
from tests.support.server import environment, free_port

PLAN = NightPlan(date="2026-01-02", place="here", cases={"a": "1"}, arms={"base": "1"})
OWNER = {"Authorization": "Bearer owner"}


@pytest.fixture
def kept(tmp_path: Path):
    engine = open_database(tmp_path / "nights.sqlite")
    cell = {"arm": "base", "segment": "*", "language": "*", "metric": "fast", "mean": 0.8,
            "low": 0.7, "high": 0.9, "n": 40, "unscored": 0}  # fmt: skip
    with engine.begin() as connection:
        for number in (1, 2):
            connection.execute(
                insert(nights).values(
                    id=f"2026-01-0{number}", at=datetime(2026, 1, number, 2, tzinfo=UTC),
                    ended=datetime(2026, 1, number, 3, tzinfo=UTC), kind="nightly", state="done",
                    fingerprint="f", plan={"cases": {"a": "1"}, "arms": {"base": "1"}},
                    result={"cells": [cell], "causes": ["judge"]}, exit_code=0, words="Passed.",
                )
            )  # fmt: skip
    yield Nights(engine)
    engine.dispose()


@pytest.fixture
def client(assistant, kept):
    app = create(replace(assistant, nights=kept), Callers("owner", ("reader",)))
    return TestClient(app, "http://localhost", headers=OWNER)


@pytest.mark.parametrize("path", ["nights", "nights/x", "trend", "arms"])
def test_every_route_needs_a_key(client, path):
    wrong = {"Authorization": "Bearer wrong"}
    assert client.get(f"/v1/evals/{path}", headers=wrong).status_code == 401


def test_nights_and_trend(client):
    found = client.get("/v1/evals/nights").json()
    assert [night["id"] for night in found["nights"]] == ["2026-01-02", "2026-01-01"]
    assert "No eval night has run since" in found["missed"]
    assert client.get("/v1/evals/nights/2026-01-01").json()["result"]["causes"] == ["judge"]
    # An older night lacks what was added since: it is told as nothing.
    detail = client.get("/v1/evals/nights/2026-01-01").json()
    assert detail["result"]["counts"]["taken_over"] == 0
    assert detail["result"]["trust"] == detail["result"]["worst"] == []
    assert (detail["plan"]["cases"], detail["plan"]["judged"]) == ({"a": "1"}, [])
    missing = client.get("/v1/evals/nights/2030").json()
    assert "There is 2026-01-02" in missing["error"]["message"]
    trend = client.get("/v1/evals/trend", params={"metric": "fast"}).json()
    assert [point["night"] for point in trend["points"]] == ["2026-01-01", "2026-01-02"]
    assert client.get("/v1/evals/trend", params={"arm": "x"}).json()["points"] == []


def turns_of(assistant):
    with assistant.records.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM turns").scalar()


def test_a_question_to_one_arm_is_no_turn(client, assistant):
    before = turns_of(assistant)
    asked = client.post("/v1/evals/ask", json={"arm": "base", "question": "What is a pod?"})
    measured = asked.json()
    assert measured["outcome"] == "answered"
    given = [p for p in measured["passages"] if p["given"]]
    body = {"arm": "base", "question": "What is a token?", "passages": given}
    again = client.post("/v1/evals/ask", json=body).json()
    assert "pod" in again["answer"].lower()  # the passages that were sent, not those of a token
    assert client.post("/v1/evals/ask", json={"arm": "x", "question": "q"}).status_code == 404
    spoilt = {**body, "passages": [{"id": "1"}]}
    assert client.post("/v1/evals/ask", json=spoilt).status_code == 400
    assert turns_of(assistant) == before


def test_a_missed_night_is_noticed(kept):
    last = datetime(2026, 1, 2, 2, tzinfo=UTC)
    assert kept.missed(last + timedelta(hours=25)) == ""
    assert kept.missed(last + timedelta(hours=27)) != ""


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_server_runs_its_night_and_is_measured_by_url(
    tmp_path: Path, cache_dir: Path, documents: Path
):
    from dbos import DBOS

    with house(tmp_path, cache_dir, documents, count=12, schedule="02:00") as at:
        settings = at.settings.model_copy(update={"server": ServerSettings(port=free_port())})
        async with serving(settings, Watcher()) as server:
            schedule = await DBOS.get_schedule_async(NIGHT)
            assert schedule is not None
            assert schedule["schedule"] == "0 2 * * *"
            # DBOS counts on from when it began; after a jump of the clock it begins anew.
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(CLOCK, "wall", lambda: time.time() + 10**8)
                again = schedule
                while again is None or again["context"] == schedule["context"]:
                    await asyncio.sleep(0.05)
                    again = await DBOS.get_schedule_async(NIGHT)
            await asyncio.to_thread(DBOS.trigger_schedule, NIGHT)
            while not (done := server.assistant.nights.all(1)) or done[0].state == "running":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            assert done[0].state == "done"
            assert "first night" in done[0].words
            running = await asyncio.to_thread(find, settings.data_dir)
            assert running is not None
            async with service(running.url, running.headers) as subject:
                assert set(subject.arms) == {"base", "tuned", "quote"}
                measured = await subject.ask("tuned", "What is a pod?")
                quoted = await subject.ask("quote", "What is a pod?")
            assert measured.outcome == "answered"
            assert "It holds one or more containers" in quoted.answer
            assert quoted.completion_tokens == 0
            outcome = await at.night(url=running.url, headers=running.headers)
            assert outcome.exit_code == 0, outcome.words


def test_a_night_that_a_wrong_clock_dated_ahead_is_neither_the_newest_nor_gone_on_with(kept):
    last = datetime(2026, 1, 2, 2, tzinfo=UTC)
    with kept.engine.begin() as connection:
        connection.execute(
            insert(nights).values(
                id="2099-01-01", at=datetime(2099, 1, 1, tzinfo=UTC), ended=None, kind="nightly",
                state="running", fingerprint=PLAN.fingerprint, result={},
                plan=PLAN.model_dump(mode="json"), exit_code=None, words="",
            )
        )  # fmt: skip
    assert [night.id for night in kept.all()] == ["2026-01-02", "2026-01-01", "2099-01-01"]
    assert kept.find("").id == "2026-01-02"
    assert kept.missed(last + timedelta(hours=27)) != ""
    begun, again = History(kept.engine).begin(PLAN, "nightly", last)
    assert not again
    assert begun.id != "2099-01-01"


def test_what_a_night_found_is_told_as_it_ended_and_held_against_another(client, kept):
    value = made.ability(7)
    first = made.night(value, {})
    frozen = made.freeze(first)
    history = History(kept.engine)
    for tonight, held in ((first, {}), (made.night(made.lower(value, 0.3), frozen), frozen)):
        ruling = made.judged(tonight, held)
        row, _ = history.begin(tonight.plan, "run", datetime.now(UTC))
        assert client.get(f"/v1/evals/nights/{row.id}").json()["result"] is None
        history.put(row.id, [score for score in tonight.scores if score.kind == "live"])
        result = made.told(tonight, ruling, held)
        history.end(row.id, result, ruling.exit_code, ruling.words)
        told = client.get(f"/v1/evals/nights/{row.id}").json()["result"]
        assert told == result.model_dump(mode="json") == history.find(row.id).result
    after, before = history.all(2)
    changes = difference(history, before, after)
    assert set(changes.arms) == set(made.ARMS)
    assert {cell.verdict for cell in changes.arms["base"].cells} == {"worse"}
    lines = list(diff_lines(changes))
    assert lines[:2] == [f"{before.id} → {after.id}", "base"]
    assert f"  {changes.arms['base'].cells[0].words}" in lines


SUITE = """
import sys

def test_a_suite_that_does_not_ask_pays_nothing():
    assert not {"assistant", "evals.testing.cases", "numpy"} & set(sys.modules)

def test_refunds(routeback_ask):
    asked = routeback_ask("Can I get a refund?", facts=["14 days"], sources=["refund"])
    assert asked.outcome == "answered"
    assert asked.scores["facts"] == 1.0
    assert asked.scores["sources"] == 1.0
    assert 0 < asked.scores["fast"] <= 1

def test_cases(routeback_ask, routeback_cases):
    case = next(c for c in routeback_cases if c.id == "pod")
    assert routeback_ask(case, arm="tuned").scores["facts"] == 1.0
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_team_asserts_on_its_own_cases(tmp_path: Path, cache_dir: Path, documents: Path):
    with house(tmp_path, cache_dir, documents) as at:
        suite = tmp_path / "theirs"
        suite.mkdir()
        (suite / "test_ours.py").write_text(SUITE)
        config = configuration(at, tmp_path)
        env = environment(at.settings.data_dir, cache_dir, ROUTEBACK_CONFIG=str(config))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
        done = subprocess.run(
            command, cwd=suite, env=env, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
