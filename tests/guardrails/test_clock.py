"""No jump of the wall clock makes a wait longer than it is, or ends one that protects readers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guardrails.clock import PATIENCE_S, SLACK, Clock, ahead, anchored, over, within
from guardrails.guard import Guard
from guardrails.map import false_route_backs
from guardrails.monitor import Monitor
from guardrails.pairs import Sampling
from guardrails.rules.breaker import Breaker
from guardrails.rules.policy import Policy
from guardrails.types import Stage, Standing
from tests.guardrails.conftest import START, Stream
from tests.guardrails.test_pairs import QUESTION, VERSIONS

YEARS = timedelta(days=9 * 365)
DAY = timedelta(days=1)
POLICY = Policy(metrics=("quality",), min_pairs=20, wait_s=3600)


class Wall:
    """A wall clock that can be set, and a steady one that cannot."""

    def __init__(self) -> None:
        self.steady = 100.0
        self.set_by = 0.0
        self.clock = Clock(lambda: START.timestamp() + self.steady + self.set_by, self.read)

    def read(self) -> float:
        return self.steady

    def after(self, seconds: float) -> timedelta:
        self.steady += seconds
        return self.clock.now() - START - timedelta(seconds=self.steady)


def test_a_wait_is_over_when_it_is_and_when_it_began_ahead():
    assert not over(START, DAY, START + DAY / 2)
    assert over(START, DAY, START + DAY)
    assert over(START + YEARS, DAY, START)
    assert not over(START + SLACK, DAY, START)  # the clock of another machine
    assert not ahead(START + SLACK, START)
    assert within(START, DAY, START + DAY / 2)
    assert not within(START + YEARS, DAY, START)


def test_a_jump_forward_and_back_is_not_seen():
    wall = Wall()
    assert wall.after(0) == timedelta()
    wall.set_by = YEARS.total_seconds()
    assert wall.after(10) == timedelta()
    assert wall.after(PATIENCE_S - 20) == timedelta()
    wall.set_by = 0.0
    assert wall.after(60) == timedelta()
    wall.set_by = YEARS.total_seconds()  # again, and its hour begins again
    assert wall.after(PATIENCE_S - 20) == timedelta()


@pytest.mark.parametrize("jump", [YEARS, -YEARS])
def test_a_jump_that_lasts_is_followed_and_so_is_a_clock_that_drifts(jump):
    wall = Wall()
    wall.after(0)
    wall.set_by = jump.total_seconds()
    assert wall.after(1) == timedelta()
    assert wall.after(PATIENCE_S) == jump
    for _ in range(20):
        wall.set_by += 60
        wall.after(60)
    assert wall.after(0) == jump + timedelta(seconds=20 * 60)


def test_a_route_back_at_a_wrong_time_waits_its_own_length_and_no_longer(store):
    stream = Stream(Monitor(store, POLICY))
    wrong = START + YEARS
    held = Standing(
        "tuned", Stage.ROUTED_BACK, segment="glossary/en", version='{"v":1}', since=wrong,
        until=wrong + timedelta(hours=1), route_backs=1,
    )  # fmt: skip
    with store.transaction() as ledger:
        ledger.put_standing(held)
    ends = []
    for _ in range(70):  # a pair a minute
        ends += stream.monitor.observe(stream.pair("glossary/en", 0.0), {})
    with store.reading() as ledger:
        standing = ledger.standing("tuned", "glossary/en")
    assert standing.stage is Stage.SHADOW
    (ended,) = ends
    # It began at the first pair under the right clock, and was neither shorter nor longer.
    assert ended.cause == "wait"
    assert ended.at == START + timedelta(minutes=61)


def test_anchoring_leaves_alone_what_the_clock_can_have_said():
    waits = Standing("a", Stage.ROUTED_BACK, since=START, until=START + DAY)
    assert anchored(waits, START) is waits
    assert anchored(waits, START - SLACK) is waits
    serves = Standing("a", Stage.SERVING, since=START + YEARS)
    assert anchored(serves, START) is serves
    wrong = replace(waits, since=START + YEARS, until=START + YEARS + DAY)
    assert anchored(wrong, START) == waits


def test_a_breaker_that_opened_ahead_lets_one_probe_through():
    breaker = Breaker(opened=START + YEARS, openings=1)
    assert breaker.allows(POLICY, START)
    probing = breaker.probe(START)
    assert not probing.allows(POLICY, START + timedelta(seconds=30))
    again = probing.after("down", POLICY, START + timedelta(seconds=31))
    assert not again.allows(POLICY, START + timedelta(seconds=32))
    lost = Breaker(opened=START - DAY, openings=1, probing=START + YEARS)
    assert lost.allows(POLICY, START)


def test_tokens_of_a_wrong_day_do_not_stop_the_pairs_of_this_one(store):
    guard = Guard(store, Policy(), VERSIONS, Sampling(tokens_per_day=450))
    for day, at in enumerate((START + YEARS, START, START - YEARS)):
        with store.transaction() as ledger:
            queued = [
                job
                for number in range(5)
                for job in guard.answered(
                    ledger, replace(QUESTION, turn_id=f"{day}-{number}", at=at)
                )
            ]
        assert len(queued) == 4, at


def test_pairs_of_a_wrong_day_do_not_raise_what_a_month_is_expected_to_bring(store):
    stream = Stream(Monitor(store, POLICY))
    for _ in range(5):
        pair = stream.pair("glossary/en", 0.0)
        stream.monitor.observe(replace(pair, at=pair.at + YEARS), {})
    with store.reading() as ledger:
        assert false_route_backs(ledger, POLICY, START) == 0
        assert false_route_backs(ledger, POLICY, START + YEARS + DAY) > 0


def test_the_clock_of_this_process_says_the_time():
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)
