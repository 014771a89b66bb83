"""Strengths of a candidate: budget, pairs, routes and the map."""

from dataclasses import replace

import pytest

from guardrails.decisions import Decision, replay
from guardrails.guard import Guard
from guardrails.map import transfer_map
from guardrails.monitor import Monitor
from guardrails.pairs import Sampling
from guardrails.router import route
from guardrails.rules.policy import Policy
from guardrails.rules.strengths import grouped, ordered, paired
from guardrails.rules.version import version
from guardrails.types import Pin, Stage, Standing, Verdict
from tests.guardrails.conftest import START, Stream
from tests.guardrails.test_pairs import QUESTION

ARMS = ("tone", "tone@0.5", "tone@0.25")
RUNGS = grouped({"tone": ("tone", 1.0), "tone@0.5": ("tone", 0.5), "tone@0.25": ("tone", 0.25)})
VERSION = '{"v":1}'
SEGMENT = "support.billing/en"


@pytest.fixture
def monitor(store, policy) -> Monitor:
    return Monitor(store, policy, RUNGS)


def test_the_budget_is_split_over_the_strengths():
    one, three = Policy(metrics=("a", "b")), Policy(metrics=("a", "b"), strengths=3)
    assert three.budget.threshold == pytest.approx(3 * one.budget.threshold)
    with pytest.raises(ValueError, match="strengths is at least 1"):
        Policy(strengths=0)


def test_a_route_back_needs_its_share_of_the_budget_and_replays_byte_for_byte(store, policy):
    """The same pairs: the one strength of three trips later than the only one."""
    decided = {}
    for arm in ("tone@0.5", "alone"):
        stream = Stream(Monitor(store, policy, RUNGS), arm)
        (decided[arm],) = stream.feed(SEGMENT, -0.3)
    shared, alone = decided["tone@0.5"], decided["alone"]
    assert shared.inputs["policy"]["strengths"] == 3
    assert "strengths" not in alone.inputs["policy"]  # as records were before there were several
    assert shared.summary[0]["threshold"] == pytest.approx(3 * alone.summary[0]["threshold"])
    assert shared.summary[0]["pairs"] > alone.summary[0]["pairs"]
    with store.reading() as ledger:
        for decision in decided.values():
            kept = ledger.decision(decision.id)
            assert replay(kept, ledger.pairs).record() == decision.record()


def test_a_share_that_was_tampered_with_does_not_replay(store, policy):
    (decision,) = Stream(Monitor(store, policy, RUNGS), "tone").feed(SEGMENT, -0.3)
    inputs = {**decision.inputs, "policy": {**decision.inputs["policy"], "strengths": 4}}
    with store.reading() as ledger:
        other = replay(replace(decision, inputs=inputs), ledger.pairs)
    assert other is None or other.record() != decision.record()


def test_another_number_of_strengths_is_another_version():
    parts = {"candidate": "c", "base": "b", "scorers": {}, "prompt": "p", "selection": "s"}
    one = version(**parts, policy=Policy())
    assert "strengths" not in one
    assert version(**parts, policy=Policy(strengths=3)) != one


def test_a_pin_begins_evidence_with_the_share_of_its_strength(monitor, store, policy):
    monitor.pin("tone@0.5", SEGMENT, Stage.SERVING, Pin("ada", "try"), START)
    with store.reading() as ledger:
        held = ledger.evidence("tone@0.5", SEGMENT)
    assert held.evidence.thresholds["quality"] == pytest.approx(3 * policy.budget.threshold)


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ({}, ARMS),
        ({"tone": Stage.ROUTED_BACK}, ARMS),
        ({"tone": Stage.SERVING}, ("tone",)),
        ({"tone": Stage.CANARY, "tone@0.5": Stage.ROUTED_BACK}, ("tone",)),
        ({"tone@0.5": Stage.SERVING}, ("tone", "tone@0.5")),
        # What answers is compared, whatever a stronger one has shown.
        ({"tone": Stage.SERVING, "tone@0.25": Stage.SERVING}, ("tone", "tone@0.25")),
    ],
)
def test_a_weaker_strength_is_paired_until_a_stronger_one_is_proven(store, stages, expected):
    assert tuple(arm for arm in ARMS if paired(arm, stages, RUNGS)) == expected
    versions = dict.fromkeys(ARMS, VERSION)
    guard = Guard(store, Policy(), versions, Sampling(), RUNGS)
    with store.transaction() as ledger:
        for arm, stage in stages.items():
            standing = Standing(arm, stage, segment=SEGMENT, version=VERSION)
            ledger.put_standing(standing)
        assert tuple(job.arm for job in guard.answered(ledger, QUESTION)) == expected


def test_what_a_stronger_one_proved_as_another_version_counts_for_nothing(store):
    guard = Guard(store, Policy(), dict.fromkeys(ARMS, VERSION), Sampling(), RUNGS)
    with store.transaction() as ledger:
        old = Standing("tone", Stage.SERVING, segment=SEGMENT, version='{"v":0}')
        ledger.put_standing(old)
        assert len(guard.answered(ledger, QUESTION)) == 3


def test_a_day_that_cannot_pay_for_all_compares_the_full_strength_first(store):
    sampling = Sampling(tokens_per_day=150)
    guard = Guard(store, Policy(), dict.fromkeys(ARMS[::-1], VERSION), sampling, RUNGS)
    with store.transaction() as ledger:
        assert [job.arm for job in guard.answered(ledger, QUESTION)] == ["tone"]


def test_the_strengths_of_a_candidate_share_one_canary_share_and_the_best_gets_it():
    standings = [
        Standing("tone", Stage.CANARY, 0.2, lower=-0.04),
        Standing("tone@0.5", Stage.CANARY, 0.2, lower=0.1),
        Standing("other", Stage.CANARY, 0.2, lower=0.05),
    ]
    counts = dict.fromkeys(("base", "tone", "tone@0.5", "other"), 0)
    for number in range(2000):
        chosen = route("base", standings, segment="s", conversation_id=str(number), rungs=RUNGS)
        counts[chosen.arm] += 1
    assert counts["tone"] == 0
    assert counts["tone@0.5"] == pytest.approx(400, abs=90)
    assert counts["other"] == pytest.approx(320, abs=80)


def test_a_weaker_strength_serves_where_it_is_proven_better_than_the_full_one(store):
    guard = Guard(store, Policy(), dict.fromkeys(ARMS, VERSION), Sampling(), RUNGS)
    with store.transaction() as ledger:
        for arm, stage, lower in (
            ("tone", Stage.ROUTED_BACK, None),
            ("tone@0.5", Stage.SERVING, 0.3),
            ("tone@0.25", Stage.SERVING, 0.1),
        ):
            ledger.put_standing(Standing(arm, stage, 0.1, SEGMENT, VERSION, lower=lower))
    assert guard.route(SEGMENT, "c", START).arm == "tone@0.5"


def test_the_map_has_the_strengths_of_a_candidate_as_a_curve(monitor, store, policy):
    for arm, difference in (("tone", -0.3), ("tone@0.5", 0.0), ("other", 0.2)):
        Stream(monitor, arm).feed(SEGMENT, difference)
    Stream(monitor, "tone@0.25").feed(SEGMENT, 0.0, until=3)
    with store.reading() as ledger:
        found = transfer_map(ledger, policy, START, ["tone"], RUNGS)
    assert found.candidates == ("other", *ARMS)
    curve = [c for c in found.cells if c.rung.candidate == "tone" and c.standing]
    assert [(cell.arm, cell.rung.strength) for cell in curve] == [
        ("tone", 1.0), ("tone@0.5", 0.5), ("tone@0.25", 0.25),
    ]  # fmt: skip
    assert [cell.verdict for cell in curve] == [Verdict.WORSE, Verdict.EQUAL, Verdict.UNPROVEN]
    words = [cell.words for cell in curve]
    assert words == ["worse than base", "shown harmless", "no harm shown yet"]


def test_false_route_backs_to_expect_count_a_strength_by_its_share(monitor, store, policy):
    Stream(monitor, "tone").feed(SEGMENT, 0.0, until=30)
    with store.reading() as ledger:
        shared = transfer_map(ledger, policy, START, (), RUNGS).monthly
        assert transfer_map(ledger, policy, START).monthly == pytest.approx(3 * shared)


def test_an_arm_that_is_added_again_begins_in_shadow(monitor, store):
    stream = Stream(monitor, "tone")
    (promoted,) = stream.feed(SEGMENT, 0.2)
    monitor.pin("tone", "glossary/en", Stage.SERVING, Pin("ada", "x"), stream.now)
    with store.transaction() as ledger:
        decisions = monitor.begin(ledger, "tone", "grace", stream.now)
        assert {standing.stage for standing in ledger.standings("tone")} == {Stage.SHADOW}
        assert all(standing.pin is None for standing in ledger.standings("tone"))
        assert ledger.evidence("tone", SEGMENT).evidence.summary().pairs == 0
        assert ledger.decision(promoted.id) == promoted
        assert {(d.by, d.after) for d in decisions} == {("grace", Stage.SHADOW)}
        for decision in decisions:
            again = replay(Decision.read(decision.record()), ledger.pairs)
            assert again.record() == decision.record()


def test_order_is_by_candidate_then_strength():
    assert ordered(["b", *ARMS[::-1], "a"], RUNGS) == ["a", "b", *ARMS]
