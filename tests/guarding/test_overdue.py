"""The alarm that no night has run: when it is raised, when it is over, and when it must not be."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from assistant.background.overdue import OVERDUE, RUNNING, Lateness, since
from assistant.records.nights import LATE, NightRecord, Nights, nights
from guardrails.store.store import Store

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def night(hours_ago: float, *, ended: bool = True, kind: str = "nightly") -> NightRecord:
    at = NOW - hours_ago * HOUR
    end = at + timedelta(minutes=5) if ended else None
    state = "done" if ended else "running"
    return NightRecord(f"{kind}-{hours_ago}", at, end, kind, state, "f", {}, {}, 0, "")


@pytest.mark.parametrize(
    ("held", "up_hours", "expected"),
    [
        ([], 1, None),
        ([], 26, None),
        ([], 27, 27),
        ([night(25)], 90, None),
        ([night(27)], 1, 27),
        ([night(2), night(30)], 90, None),
        ([night(2, ended=False), night(27)], 90, None),
        ([night(13, ended=False), night(37)], 90, 37),
        ([night(2, kind="run"), night(27)], 90, 27),
        ([night(2, kind="run")], 1, None),
        ([night(13, ended=False), night(37, ended=False)], 1, 37),
        ([night(2, ended=False), night(26, ended=False)], 90, None),
    ],
)
def test_since_when_a_night_is_overdue(held, up_hours, expected):
    found = since(held, NOW - up_hours * HOUR, NOW)
    assert found == (None if expected is None else NOW - expected * HOUR)
    assert RUNNING < LATE


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine(database):
    return database


def test_it_is_raised_once_and_over_when_a_night_has_ended(engine):
    clock, store = Clock(), Store(engine)
    late = Lateness(Nights(engine), store, NOW, clock=clock)

    def raised() -> list[str]:
        with store.reading() as ledger:
            return [a.message for a in ledger.alarms(raised_only=True) if a.kind == OVERDUE]

    assert not late.look()
    clock.now += LATE
    assert not late.look()
    clock.now += timedelta(seconds=1)
    assert late.look()
    assert late.look()
    (said,) = raised()
    assert said.startswith("No eval night has run since 2026-11-28")
    young = Lateness(Nights(engine), store, clock.now, clock=clock)
    assert young.look(), "another process, or this one after a restart, knows no better"
    row = {"id": "n", "at": clock.now, "kind": "nightly", "state": "running", "fingerprint": "f"}
    row |= {"plan": {}, "result": {}, "words": ""}
    with engine.begin() as connection:
        connection.execute(insert(nights).values(row))
    assert late.look(), "it has not ended"
    with engine.begin() as connection:
        connection.execute(update(nights).values(ended=clock.now + HOUR, state="failed"))
    assert not late.look()
    assert raised() == []
    with store.reading() as ledger:
        topics = [message.topic for message in ledger.outbox.untaken(9)]
    assert topics == ["alarm.raised", "alarm.cleared"]


async def test_who_runs_no_daily_night_is_not_alarmed_and_an_old_alarm_is_over(engine):
    clock, store = Clock(NOW + 2 * LATE), Store(engine)
    assert Lateness(Nights(engine), store, NOW, clock=clock).look()
    for _ in range(2):
        await Lateness(Nights(engine), store, NOW, daily=False, clock=clock).watch()
    with store.reading() as ledger:
        assert ledger.alarms(raised_only=True) == []


async def test_it_goes_on_looking_when_the_database_fails(engine, caplog):
    clock, store = Clock(NOW + 2 * LATE), Store(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE eval_nights RENAME TO away")
    late = Lateness(Nights(engine), store, NOW, clock=clock)
    task = asyncio.create_task(late.watch(0.01))
    async with asyncio.timeout(20):
        while "could not be looked for" not in caplog.text:  # noqa: ASYNC110  (a log has no event)
            await asyncio.sleep(0.01)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO eval_nights")
        while not late.look():  # noqa: ASYNC110  (nor has a database)
            await asyncio.sleep(0.01)
    assert late.look()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
