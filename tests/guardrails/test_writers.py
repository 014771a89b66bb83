"""Who may write where an entry could be quoted: given on evidence, taken back by it, replayed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from guardrails.decisions import Decision, replay
from guardrails.guard import Guard
from guardrails.monitor import Monitor
from guardrails.rules.evidence import MetricEvidence, Summary
from guardrails.rules.permission import Permission, lost, refusal, seen, suggested, versions_of
from guardrails.rules.policy import Policy
from guardrails.statistics.confidence import ConfidenceSequences
from guardrails.statistics.detector import Detectors
from guardrails.statistics.proof import Proofs
from guardrails.types import Pair, Pin, Quoted, Score, Stage, Unscored, Voice
from guardrails.writers import Refused
from tests.guardrails.conftest import START, Stream
from tests.guardrails.statistics.test_detector import binomial_upper

VERSIONS = {
    "tuned": '{"base":"b","candidate":"t"}',
    "quote": '{"base":"b","candidate":"quote-1"}',
}
WHERE = "glossary/en"


class Quoting(Stream):
    """Pairs of the quotation with base. Differences are base's: above 0 where it writes better."""

    def __init__(self, monitor: Monitor, version: str = VERSIONS["quote"]) -> None:
        super().__init__(monitor, "quote", version)

    def pair(self, segment, difference):
        return super().pair(segment, None if difference is None else -difference)


class Beside(Stream):
    """Pairs of a candidate with base, equal to it, and a quotation. Differences are to that."""

    def __init__(self, monitor: Monitor, quoting: str = "quote-1") -> None:
        super().__init__(monitor, "tuned", VERSIONS["tuned"])
        self.quoting = quoting

    def pair(self, segment, difference):
        pair = super().pair(segment, None if difference is None else 0.0)
        if difference is None:
            return pair
        half = min(abs(difference), 1.0) / 2
        tuned, other = (0.5 + half, 0.5 - half) if difference > 0 else (0.5 - half, 0.5 + half)
        same = {"quality": Score(tuned)}
        quoted = Quoted(self.quoting, {"quality": Score(other)})
        return replace(pair, base=same, candidate=same, quoted=quoted)


@pytest.fixture
def quoting(monitor: Monitor) -> Quoting:
    return Quoting(monitor)


def writer(monitor: Monitor, arm: str = "base", segment: str = WHERE):
    with monitor.store.reading() as ledger:
        found = [w for w in monitor.writers.all(ledger) if w.permission.arm == arm]
    return next(w for w in found if w.permission.segment == segment)


def replays(monitor: Monitor, *decisions: Decision) -> None:
    with monitor.store.reading() as ledger:
        for decision in decisions:
            assert Decision.read(decision.record()) == decision
            assert ledger.decision(decision.id) == decision
            again = replay(decision, ledger.pairs)
            assert again is not None
            assert again.record() == decision.record()


def allow(monitor: Monitor, stream: Stream, arm: str = "base", **more) -> Decision:
    given = monitor.writers.allow(arm, WHERE, "ada", more.pop("why", ""), stream.now, **more)
    assert isinstance(given, Decision), given
    return given


def until_suggested(monitor: Monitor, stream: Stream, arm: str = "base", by: float = 0.2) -> None:
    for _ in range(400):
        stream.feed(WHERE, by, until=1)
        if writer(monitor, arm).suggested:
            return
    raise AssertionError(writer(monitor, arm))


# ---- which pairs


def test_a_pair_of_the_quotation_is_one_of_base_turned_round():
    pair = Pair(
        *("i", "quote", WHERE, START, VERSIONS["quote"]), {"q": Score(0.7)}, {"q": Score(0.4)}
    )
    mine = seen(pair)
    assert mine.arm == "base"
    assert mine.difference("q") == pytest.approx(0.3)
    assert json.loads(mine.version) == {"base": "b", "quote": "quote-1"}


def test_a_candidate_is_compared_with_the_quotation_of_the_same_question():
    pair = Pair(
        *("i", "tuned", WHERE, START, VERSIONS["tuned"]), {"q": Score(0.7)}, {"q": Score(0.6)}
    )
    assert seen(pair) is None
    mine = seen(replace(pair, quoted=Quoted("quote-1", {"q": Score(0.5)})))
    assert mine.arm == "tuned"
    assert mine.difference("q") == pytest.approx(0.1)
    assert json.loads(mine.version) == {"base": "b", "candidate": "t", "quote": "quote-1"}


def test_versions_are_those_of_both_sides():
    found = {arm: json.loads(version) for arm, version in versions_of(VERSIONS).items()}
    assert found["base"] == {"base": "b", "quote": "quote-1"}
    assert found["tuned"] == {"base": "b", "candidate": "t", "quote": "quote-1"}
    assert versions_of({"tuned": VERSIONS["tuned"]}) == {}


# ---- given


def test_base_is_suggested_where_it_is_shown_to_write_better_and_writes_when_confirmed(
    monitor, quoting, store
):
    guard = Guard(store, monitor.policy, VERSIONS)
    until_suggested(monitor, quoting)
    found = writer(monitor)
    assert (found.refusal, found.summary.weakest().lower > 0) == ("", True)
    assert not guard.writes("base", WHERE)
    given = allow(monitor, quoting, why="read ten of them")
    assert (given.before, given.after, given.by) == (Voice.QUOTED, Voice.WRITING, "ada")
    assert "base may write in glossary/en: not worse than the document's own words" in given.reason
    assert given.reason.endswith("; read ten of them")
    assert guard.writes("base", WHERE)
    assert not guard.writes("base", "support/en")
    assert not guard.writes("tuned", WHERE)
    found = writer(monitor)
    assert (found.permission.by, found.permission.forced, found.summary.pairs) == ("ada", False, 0)
    assert not found.suggested
    replays(monitor, given)
    again = monitor.writers.allow("base", WHERE, "ada", "", quoting.now)
    assert again == Refused("base writes there already", final=True)


def test_without_evidence_it_is_refused_with_the_numbers_or_forced_with_a_reason(
    monitor, quoting, store
):
    quoting.feed(WHERE, 0.2, until=5)
    refused = monitor.writers.allow("base", WHERE, "ada", "", quoting.now)
    assert isinstance(refused, Refused)
    assert "there are 5 of 20 distinct questions" in refused.why
    assert "mean difference of quality +0." in refused.why
    given = allow(monitor, quoting, why="launch", forced=True)
    assert "without evidence, as there are 5 of 20 distinct" in given.reason
    assert writer(monitor).permission.forced
    replays(monitor, given)
    taken = monitor.writers.forbid("base", WHERE, "grace", "over", quoting.now)
    assert (taken.after, taken.reason, taken.by) == (Voice.QUOTED, "taken back: over", "grace")
    replays(monitor, taken)
    assert monitor.writers.forbid("base", WHERE, "grace", "over", quoting.now) is None
    # Where nothing was compared yet, it can only be forced.
    assert "0 of 20 distinct" in monitor.writers.allow("base", "x/en", "a", "", quoting.now).why
    given = monitor.writers.allow("base", "x/en", "a", "w", quoting.now, forced=True)
    replays(monitor, given)
    assert Guard(store, monitor.policy, VERSIONS).writes("base", "x/en")


@pytest.mark.parametrize(
    ("by", "pairs", "why"),
    [(-0.4, 30, "it is shown to be worse"), (0.0, 30, "a loss of more than 0.05 is not ruled out")],
)
def test_why_it_is_refused_is_said(monitor, quoting, by, pairs, why):
    quoting.feed(WHERE, by, noise=0.4 if by == 0 else 0.1, until=pairs)
    for _ in range(pairs):
        quoting.feed(WHERE, by, noise=0.4 if by == 0 else 0.1, until=1)
    assert why in monitor.writers.allow("base", WHERE, "ada", "", quoting.now).why


@pytest.mark.slow
@pytest.mark.long
def test_one_that_is_not_worse_and_not_better_may_be_confirmed_only_if_its_mean_is_higher(
    monitor, quoting
):
    for number in range(400):
        quoting.feed(WHERE, (-1) ** number * 0.02 - 0.01, noise=0.0, until=1)
    found = writer(monitor)
    assert found.summary.proven(monitor.policy)
    assert "it does not score higher" in found.refusal
    for number in range(400):
        quoting.feed(WHERE, (-1) ** number * 0.02 + 0.02, noise=0.0, until=1)
    found = writer(monitor)
    assert (found.refusal, found.suggested) == ("", False)
    allow(monitor, quoting)


def test_a_candidate_must_serve_there_and_writes_no_more_when_it_does_not(monitor, store):
    beside = Beside(monitor)
    guard = Guard(store, monitor.policy, VERSIONS)
    until_shown = [beside.feed(WHERE, 0.3, until=1) for _ in range(30)]
    assert not any(until_shown)
    found = writer(monitor, "tuned")
    assert (found.refusal, found.suggested) == ("tuned does not serve there", False)
    refused = monitor.writers.allow("tuned", WHERE, "ada", "x", beside.now, forced=True)
    assert refused == Refused("tuned does not serve there", final=True)
    while store_stage(store) is not Stage.SERVING:
        beside.feed(WHERE, 0.3, until=1)
    given = allow(monitor, beside, "tuned")
    assert guard.writes("tuned", WHERE)
    replays(monitor, given)
    monitor.pin("tuned", WHERE, Stage.SHADOW, Pin("grace", "wait"), beside.now)
    assert not guard.writes("tuned", WHERE)
    ended, _ = decisions(store, "tuned")[:2]
    assert (ended.cause, ended.after) == ("stage", Voice.QUOTED)
    assert "does not serve in glossary/en any more" in ended.reason
    replays(monitor, ended)


def store_stage(store) -> Stage | None:
    with store.reading() as ledger:
        standing = ledger.standing("tuned", WHERE)
    return standing.stage if standing else None


def decisions(store, arm: str, segment: str = WHERE) -> list[Decision]:
    with store.reading() as ledger:
        return ledger.decisions(arm, segment, 50)


# ---- taken back


def test_evidence_that_it_writes_worse_takes_it_back(monitor, quoting, store):
    guard = Guard(store, monitor.policy, VERSIONS)
    until_suggested(monitor, quoting)
    given = allow(monitor, quoting)
    start = quoting.count
    while guard.writes("base", WHERE):
        moved = [d for d in quoting.feed(WHERE, -0.3, until=1) if not d.staged]
    (decision,) = moved
    assert quoting.count - start < 80
    assert (decision.cause, decision.after, decision.by) == ("candidate", Voice.QUOTED, "guard")
    assert "base writes worse than the document's own words in glossary/en" in decision.reason
    assert decision.inputs["span"] == [WHERE, start + 1, quoting.count]
    replays(monitor, given, decision)
    # It can be earned again, on fresh pairs.
    assert writer(monitor).summary.pairs == 0
    until_suggested(monitor, quoting)
    allow(monitor, quoting)


def test_a_changed_pair_replays_as_something_else(monitor, quoting, database):
    from sqlalchemy import update

    from guardrails.store import sql_tables as t

    until_suggested(monitor, quoting)
    given = allow(monitor, quoting)
    with database.begin() as connection:
        other = {"quality": {"value": 1.0, "reason": ""}}
        connection.execute(update(t.pairs).where(t.pairs.c.number == 3).values(candidate=other))
    with monitor.store.reading() as ledger:
        again = replay(given, ledger.pairs)
    assert again is None or again.record() != given.record()


def test_a_candidate_loses_it_on_the_same_questions_as_the_quotation(monitor, store):
    beside = Beside(monitor)
    while store_stage(store) is not Stage.SERVING:
        beside.feed(WHERE, 0.3, until=1)
    beside.feed(WHERE, 0.3, until=30)
    allow(monitor, beside, "tuned")
    # As good as base all the time, so its stage does not move; but the document is better.
    moved = beside.feed(WHERE, -0.3, until=100)
    (decision,) = [d for d in moved if not d.staged]
    assert store_stage(store) is Stage.SERVING
    assert not Guard(store, monitor.policy, VERSIONS).writes("tuned", WHERE)
    replays(monitor, decision)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"quote": '{"base":"b","candidate":"quote-2"}'}, "quote changed from quote-1 to quote-2"),
        ({"quote": '{"base":"c","candidate":"quote-1"}'}, "base changed from b to c"),
    ],
)
@pytest.mark.parametrize("by_pair", [True, False])
def test_a_change_of_version_ends_it_and_evidence_starts_anew(
    monitor, quoting, store, change, told, by_pair
):
    until_suggested(monitor, quoting)
    allow(monitor, quoting)
    guard = Guard(store, monitor.policy, {**VERSIONS, **change})
    assert not guard.writes("base", WHERE)  # at once, before anything is on record
    if by_pair:
        quoting.version = change["quote"]
        quoting.feed(WHERE, 0.2, until=1)
    else:
        guard.renew(quoting.now)
    decision = decisions(store, "base")[0]
    assert (decision.cause, decision.after) == ("version", Voice.QUOTED)
    assert told in decision.reason
    assert "evidence starts anew" in decision.reason
    replays(monitor, decision)
    assert writer(monitor).summary.pairs == int(by_pair)
    assert not guard.writes("base", WHERE)
    guard.renew(quoting.now)
    assert decisions(store, "base")[0] == decision


def test_a_candidates_permission_ends_when_quoting_changes_and_its_stage_does_not(monitor, store):
    beside = Beside(monitor)
    while store_stage(store) is not Stage.SERVING:
        beside.feed(WHERE, 0.3, until=1)
    beside.feed(WHERE, 0.3, until=30)
    allow(monitor, beside, "tuned")
    quote = {"quote": '{"base":"b","candidate":"quote-2"}'}
    guard = Guard(store, monitor.policy, {**VERSIONS, **quote})
    guard.renew(beside.now)
    assert not guard.writes("tuned", WHERE)
    assert store_stage(store) is Stage.SERVING
    assert "quote changed from quote-1 to quote-2" in decisions(store, "tuned")[0].reason


def test_a_guard_that_cannot_see_lets_nobody_write(monitor, quoting, store):
    until_suggested(monitor, quoting)
    allow(monitor, quoting)
    for _ in range(monitor.policy.blind_window):
        quoting.feed(WHERE, None, until=1)
    ended = next(d for d in decisions(store, "base") if d.cause == "blind")
    assert ended.after is Voice.QUOTED
    replays(monitor, ended)
    refused = monitor.writers.allow("base", WHERE, "ada", "", quoting.now)
    assert "there is an alarm (blind)" in refused.why
    given = allow(monitor, quoting, why="known", forced=True)
    replays(monitor, given)


def test_a_night_that_is_not_believed_lets_nobody_write(monitor, quoting, store):
    until_suggested(monitor, quoting)
    with store.transaction() as ledger:
        ledger.raise_alarm("frozen", "evals", quoting.now, "the judge moved")
    assert not writer(monitor).suggested
    assert "the judge moved" in monitor.writers.allow("base", WHERE, "ada", "", quoting.now).why


def test_an_arm_that_is_added_again_has_to_earn_it_again(monitor, store):
    beside = Beside(monitor)
    while store_stage(store) is not Stage.SERVING:
        beside.feed(WHERE, 0.3, until=1)
    beside.feed(WHERE, 0.3, until=30)
    allow(monitor, beside, "tuned")
    with store.transaction() as ledger:
        monitor.begin(ledger, "tuned", "ada", beside.now)
    assert not Guard(store, monitor.policy, VERSIONS).writes("tuned", WHERE)
    assert writer(monitor, "tuned").summary.pairs == 0


def test_an_arm_that_is_removed_writes_no_more(monitor, store):
    beside = Beside(monitor)
    while store_stage(store) is not Stage.SERVING:
        beside.feed(WHERE, 0.3, until=1)
    allow(monitor, beside, "tuned", why="try", forced=True)
    with store.transaction() as ledger:
        monitor.forget(ledger, "tuned", beside.now)
    assert not writer(monitor, "tuned").permission.writes
    ended = decisions(store, "tuned")[0]
    assert "is not configured any more" in ended.reason
    replays(monitor, ended)


def test_pairs_of_a_segment_below_are_not_counted_in_one_that_has_its_own(monitor, quoting):
    until_suggested(monitor, quoting)
    quoting.feed("glossary.rare/en", 0.2, until=5)
    assert writer(monitor, segment="glossary.rare/en").summary.pairs == 5
    given = allow(monitor, quoting)
    quoting.feed("glossary.rare/en", -0.9, until=20)
    quoting.feed(WHERE, 0.2, until=20)
    replays(monitor, given)
    assert writer(monitor).permission.writes


# ---- what chance may do


def draws(rng, mean: float, shape: tuple[int, int]):
    """Differences with many ties, some small ones, and rarely a disaster; their mean is exact."""
    kind = rng.random(shape)
    small = np.where(kind < 0.4, 0.0, rng.uniform(-0.3, 0.3, shape))
    return np.where(kind > 0.97, -0.6, small) + 0.018 + mean


def summaries(policy: Policy, mean: float, seed: int, streams: int, pairs: int, where):
    """Yield for each stream in turn the summaries in which ``where`` may hold, pair by pair."""
    rng = np.random.default_rng(seed)
    values = draws(rng, mean, (pairs, streams))
    intervals = ConfidenceSequences(streams, policy.alpha)
    detectors = Detectors(streams, policy.tolerance, head=policy.budget.head())
    proofs = Proofs(streams, policy.tolerance)
    for number, row in enumerate(values, start=1):
        intervals.update(row)
        detectors.update(row)
        proofs.update(row)
        for i in np.flatnonzero(where(intervals, detectors)):
            measured = MetricEvidence(
                *("quality", number, 0, float(intervals.mean[i])),
                float(intervals.lower[i]),
                float(intervals.upper[i]),
                float(detectors.evidence[i]),
                policy.budget.threshold,
                *(policy.tolerance, float(proofs.evidence[i]), policy.needed(1), number),
            )
            yield i, number, Summary((measured,))


STREAMS, PAIRS = 400, 600


@pytest.mark.parametrize("mean", [0.0, -0.03])
def test_an_arm_that_does_not_write_better_is_rarely_suggested(mean):
    """At most alpha / 2 of the streams, whenever one looks."""
    policy = Policy(min_pairs=20)
    wrong = {
        stream
        for stream, _, summary in summaries(
            policy, mean, 7, STREAMS, PAIRS, lambda i, _: i.lower > 0
        )
        if suggested(summary, policy)
    }
    assert len(wrong) / STREAMS <= policy.alpha / 2 + 0.005
    assert binomial_upper(len(wrong), STREAMS, 0.05) <= policy.alpha


@pytest.mark.slow
@pytest.mark.long
def test_an_arm_that_writes_worse_than_is_tolerated_can_rarely_be_confirmed():
    policy = Policy(min_pairs=20)
    wrong = {
        stream
        for stream, _, summary in summaries(
            policy, -policy.tolerance, 8, STREAMS, PAIRS, lambda i, _: i.mean > -policy.tolerance
        )
        if not refusal(summary, policy)
    }
    assert len(wrong) / STREAMS <= policy.false_promotions


def test_an_arm_that_writes_better_is_suggested_nearly_always():
    policy = Policy(min_pairs=20)
    right = {
        stream
        for stream, _, summary in summaries(policy, 0.08, 9, 100, PAIRS, lambda i, _: i.lower > 0)
        if suggested(summary, policy)
    }
    assert len(right) >= 95


@pytest.mark.slow
@pytest.mark.long
def test_one_that_becomes_worse_loses_it_soon_and_one_that_does_not_keeps_it():
    policy = Policy(min_pairs=20)
    held = Permission("base", WHERE, writes=True)

    def losses(mean: float, pairs: int) -> dict[int, int]:
        found: dict[int, int] = {}
        reached = lambda _, d: d.evidence >= policy.budget.threshold  # noqa: E731
        for stream, number, summary in summaries(policy, mean, 10, STREAMS, pairs, reached):
            if lost(held, summary, policy):
                found.setdefault(stream, number)
        return found

    worse = losses(-0.2, 220)
    assert len(worse) >= 0.95 * STREAMS
    # (n + head) * a = 2,600 / 160,000: less than two percent.
    assert len(losses(-policy.tolerance, PAIRS)) <= 4


@pytest.mark.slow
@pytest.mark.long
def test_through_the_store_one_that_becomes_worse_loses_it(store):
    policy = Policy(min_pairs=20)
    for seed in range(3):
        monitor = Monitor(store, policy)
        quoting = Quoting(monitor)
        quoting.rng = np.random.default_rng(seed)
        segment = f"seed{seed}/en"
        quoting.count = 10_000 * seed
        given = monitor.writers.allow("base", segment, "ada", "sure", quoting.now, forced=True)
        assert isinstance(given, Decision)
        for difference in draws(np.random.default_rng(seed), -0.2, (220, 1))[:, 0]:
            monitor.observe(quoting.pair(segment, float(difference)), {})
        assert not writer(monitor, segment=segment).permission.writes
        replays(monitor, *decisions(store, "base", segment))


def test_what_has_no_score_is_no_evidence(monitor, quoting):
    quoting.feed(WHERE, None, until=10)
    measured = writer(monitor).summary.metrics[0]
    assert (measured.pairs, measured.unscored, measured.mean) == (0, 10, None)
    assert isinstance(quoting.pair(WHERE, None).candidate["quality"], Unscored)
