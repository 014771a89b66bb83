"""Whole nights through the real graph, index and database; both arms and the judge are scripted."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from assistant.errors import NotMeasured
from assistant.progress import Watcher
from assistant.records.database import open_database
from assistant.records.nights import answers
from assistant.records.turns import turns
from assistant.wire.nights import NightOptions
from evals.app import open_parts
from evals.launch import history_of
from evals.night.answers import Run
from evals.night.history import History
from evals.night.judge import PROBE
from evals.night.night import planned
from evals.night.plan import EACH, blocks
from guardrails.monitor import FROZEN
from guardrails.store.store import Store
from guardrails.types import Stage, Standing
from tests.evals.nights import BAD, House, house
from tests.guardrails.judge.endpoint import JudgeEndpoint, judging, obliging
from tests.support.server import free_port


def harsh(body: dict) -> str:
    """Judge as the obliging judge does, and accept nothing."""
    return obliging(body).replace('"verdict": 1', '"verdict": 0')


@pytest.fixture
def at(tmp_path: Path, cache_dir: Path, documents: Path) -> Iterator[House]:
    with house(tmp_path, cache_dir, documents) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nights_freeze_pass_and_catch_a_worse_candidate(at: House):
    first = await at.night()
    assert first.exit_code == 2
    assert "first night" in first.words
    asked = at.asked()
    database = open_database(at.settings.data_dir / "routeback.sqlite")
    store = Store(database)
    with store.transaction() as ledger:
        for segment in ("glossary/en", "support.account/en"):
            ledger.put_standing(Standing("tuned", Stage.SERVING, segment=segment))

    second = await at.night()
    assert second.exit_code == 0, second.result
    assert second.result.causes == ()
    # The document's own words are measured beside base and the candidate, by no model.
    assert set(second.result.arms) == {"base", "tuned", "quote"}
    facts = {
        cell.arm: cell.mean
        for cell in second.result.cells
        if (cell.metric, cell.segment) == ("facts", "*")
    }
    assert facts["quote"] >= facts["base"]
    assert {one.metric for one in second.result.versus["quote"]} >= {"fast", "facts"}
    assert second.result.cost.arms["quote"].completion_tokens == 0
    assert second.result.gates["quote"]
    # The passages are the same, so no arm is asked again for the frozen ones.
    assert at.asked() == 2 * asked

    at.tuned.script = lambda _: BAD
    third = await at.night()
    assert third.exit_code == 1
    assert third.result.causes == ("candidate tuned",)
    assert {row.arm for row in third.result.worst} == {"tuned"}
    assert third.result.moved
    with store.reading() as ledger:
        standing = ledger.standing("tuned", "glossary/en")
        (decision,) = ledger.decisions("tuned", "glossary/en", 5)
    assert standing is not None
    assert standing.stage is Stage.ROUTED_BACK
    assert decision.cause == "night"
    with database.connect() as connection:
        # What is measured is no turn, and makes no pair.
        assert connection.scalar(select(func.count()).select_from(turns)) == 0
    database.dispose()
    report = at.settings.data_dir / "evals" / third.night
    assert {path.name for path in report.iterdir()} == {
        "report.html", "report.json", "summary.md", "junit.xml"
    }  # fmt: skip
    with history_of(at.settings) as history:
        trend = history.trend("facts", "tuned")
        assert [point.mean for point in trend.points if point.segment == "*"] == [1, 1, 0]
        assert history.missed() == ""
        later = datetime(2099, 1, 1, tzinfo=UTC)
        assert "No eval night has run since" in history.missed(later)


def _of_cases(bodies: list[Any]) -> int:
    """Count what a judge was asked about cases: not whether it is there."""
    told = (PROBE.passages[0].text, PROBE.answer)
    asked = [body["messages"][-1]["content"] for body in bodies]
    return sum(not any(text in content for text in told) for content in asked)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.timeout(600)
async def test_a_judge_that_moves_is_named_and_one_that_is_gone_is_no_pass(
    tmp_path: Path, cache_dir: Path, documents: Path
):
    with judging() as judge, house(tmp_path, cache_dir, documents, judge.url) as at:
        evals = at.settings.evals.model_copy(update={"judge_metrics": ("faithfulness",)})
        at.settings = at.settings.model_copy(update={"evals": evals})
        first = await at.night(judge_minutes=5)
        assert first.result.counts.unjudged == 0
        calls = _of_cases(judge.bodies)
        second = await at.night(judge_minutes=5)
        assert second.exit_code == 0
        # Frozen, answered again and live are the same answer: it is judged once.
        assert _of_cases(judge.bodies) == 2 * calls
        judge.reply = harsh
        third = await at.night(judge_minutes=5)
        assert third.result.causes == ("judge",)
        assert third.result.promotions_frozen
        database = open_database(at.settings.data_dir / "routeback.sqlite")
        with Store(database).reading() as ledger:
            assert [alarm.kind for alarm in ledger.alarms(raised_only=True)] == [FROZEN]
        database.dispose()
        _gone(at, judge)
        asked = at.asked()
        with pytest.raises(NotMeasured, match="the judge cannot be reached") as error:
            await at.night(judge_minutes=5)
        assert error.value.exit_code == 2
        assert at.asked() == asked
        with history_of(at.settings) as history:
            newest = history.all(1)[0]
        assert (newest.state, newest.exit_code) == ("failed", 2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.timeout(600)
async def test_a_steady_judge_is_believed_and_one_that_moves_is_still_named(
    tmp_path: Path, cache_dir: Path, documents: Path
):
    evals = {"judge_metrics": ("faithfulness",), "margin": 0.2}
    with judging() as judge, house(tmp_path, cache_dir, documents, judge.url, **evals) as at:
        await at.night(judge_minutes=5)
        calls = len(judge.bodies)
        second = await at.night(judge_minutes=5)
        assert second.exit_code == 0
        assert second.result.causes == ()
        assert second.result.counts.taken_over > 0
        assert second.result.counts.unjudged == 0
        assert len(judge.bodies) < 2 * calls
        judge.reply = harsh
        third = await at.night(judge_minutes=5)
        assert third.result.counts.taken_over == 0
        assert third.result.causes == ("judge",)


def _gone(at: House, judge: JudgeEndpoint) -> None:
    del judge
    away = at.settings.judge.model_copy(update={"base_url": f"http://127.0.0.1:{free_port()}/v1"})
    at.settings = at.settings.model_copy(update={"judge": away})


async def test_a_judge_that_is_wanted_and_not_set_is_no_pass(at: House):
    with pytest.raises(NotMeasured, match="a judge is wanted"):
        await at.night(judge_minutes=5)


@pytest.mark.slow
async def test_an_arm_that_is_down_is_unscored_and_no_pass(at: House):
    at.settings = at.settings.model_copy(
        update={"evals": at.settings.evals.model_copy(update={"count": 9})}
    )
    await at.night()
    at.base.status = 500
    found = await at.night()
    assert found.exit_code == 2
    lost = found.result.unscored
    assert {row.arm for row in lost} == {"base"}
    assert all("no answer" in row.reason for row in lost)
    down = [
        cell.mean
        for cell in found.result.cells
        if (cell.arm, cell.metric, cell.segment) == ("base", "fast", "glossary")
    ]
    assert down == [None]


async def test_when_the_time_is_up_what_one_arm_has_answered_all_do(at: House):
    over = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    async with open_parts(at.settings, Watcher(), judge_minutes=0.0) as parts:
        now = datetime.now(UTC)
        plan = planned(parts, NightOptions(), now)
        row, _ = parts.history.begin(plan, "run", now)
        cases = {case.id: case for case in parts.cases}
        run = Run(row.id, plan, cases, parts.subject, parts.history, parts.fast)
        base, tuned = blocks(plan.cases, ["base", "tuned"], over)[:2]
        assert await run.block("live", base) == 0
        assert not at.asked()
        assert await run.block("live", replace(base, until=0.0)) == EACH
        assert await run.block("live", tuned) == EACH
        assert {arm for arm, _ in parts.history.answered(row.id, "live")} == {"base", "tuned"}


def rows_of(folder: Path) -> list[tuple[str, str, str, str]]:
    engine = create_engine(f"sqlite:///{folder / 'routeback.sqlite'}")
    with engine.connect() as connection:
        query = select(answers.c.night, answers.c.kind, answers.c.arm, answers.c.case)
        found = [tuple(row) for row in connection.execute(query)]
    engine.dispose()
    return found


def cells_of(folder: Path) -> str:
    engine = create_engine(f"sqlite:///{folder / 'routeback.sqlite'}")
    night = History(engine).find("")
    engine.dispose()
    return json.dumps(night.result["cells"])
