from dataclasses import replace
from datetime import timedelta

import pytest

from guardrails.decisions import Decision, replay
from guardrails.map import transfer_map
from guardrails.monitor import Monitor
from guardrails.rules.policy import Policy
from guardrails.types import Pin, Stage
from tests.guardrails.conftest import Stream


def stage(monitor: Monitor, segment: str, arm: str = "tuned") -> Stage:
    with monitor.store.reading() as ledger:
        standing = ledger.standing(arm, segment)
    assert standing is not None
    return standing.stage


def replayed(monitor: Monitor, decision: Decision) -> bytes | None:
    with monitor.store.reading() as ledger:
        again = replay(decision, ledger.pairs)
    return again.record() if again else None


def test_a_good_candidate_is_promoted_step_by_step(monitor, stream):
    first = stream.feed("support/en", 0.2)
    second = stream.feed("support/en", 0.2)
    assert [d.after for d in first + second] == [Stage.CANARY, Stage.SERVING]
    assert "not worse than base in support/en" in first[0].reason
    assert stream.feed("support/en", 0.2, until=50) == []
    assert stage(monitor, "support/en") is Stage.SERVING


def test_a_bad_candidate_never_serves(monitor, stream):
    (decision,) = stream.feed("glossary/en", -0.3)
    assert (decision.before, decision.after) == (Stage.SHADOW, Stage.ROUTED_BACK)
    assert stream.count < 70
    assert "worse than base in glossary/en" in decision.reason


def test_whole_life_and_every_decision_replays_byte_for_byte(monitor, stream):
    seen = stream.feed("support/en", 0.2) + stream.feed("support/en", 0.2)
    seen += stream.feed("support/en", -0.4)
    assert seen[-1].after is Stage.ROUTED_BACK
    seen += stream.feed("support/en", 0.2)
    assert (seen[-1].after, seen[-1].cause) == (Stage.SHADOW, "wait")
    seen += stream.feed("support/en", 0.2) + stream.feed("support/en", 0.2)
    assert seen[-1].after is Stage.SERVING
    for decision in seen:
        assert replayed(monitor, decision) == decision.record()
        with monitor.store.reading() as ledger:
            assert ledger.decision(decision.id) == decision


def test_a_pair_that_was_changed_replays_as_something_else(monitor, stream, database):
    from sqlalchemy import update

    from guardrails.store import sql_tables as t

    (decision,) = stream.feed("glossary/en", -0.3)
    with database.begin() as connection:
        better = {"quality": {"value": 1.0, "reason": ""}}
        connection.execute(update(t.pairs).where(t.pairs.c.number == 3).values(candidate=better))
    assert replayed(monitor, decision) != decision.record()


def test_the_wait_doubles(monitor, stream):
    waits = []
    for _ in range(3):
        stream.feed("support/en", -0.4)
        with monitor.store.reading() as ledger:
            standing = ledger.standing("tuned", "support/en")
        waits.append(standing.until - standing.since)
        assert stream.feed("support/en", 0.0)[0].cause == "wait"
    assert waits == [timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)]


def test_the_same_pair_again_changes_nothing(monitor, stream):
    pair = stream.pair("support/en", -0.2)
    monitor.observe(pair, {})
    monitor.observe(pair, {})
    with monitor.store.reading() as ledger:
        assert ledger.last_number() == 1
        assert ledger.evidence("tuned", "support/en").evidence.summary().pairs == 1


def held(monitor: Monitor, segment: str) -> str:
    with monitor.store.reading() as ledger:
        return ledger.standing("tuned", segment).held


def serving(monitor: Monitor, stream: Stream, names: list[str]) -> None:
    for name in names:
        stream.feed(name, 0.0, until=1)
        pin = Pin("ada", "launch")
        monitor.pin("tuned", name, Stage.SERVING, pin, stream.now)
        with monitor.store.transaction() as ledger:
            standing = replace(ledger.standing("tuned", name), pin=None, lower=0.25)
            ledger.put_standing(replace(standing, since=stream.began))


def test_a_segment_above_holds_those_below_and_accuses_nobody(monitor, stream):
    """Nobody has many pairs, but together they show the harm: base answers, and no more is said."""
    names = [f"support.{topic}/en" for topic in "abcdefgh"]
    serving(monitor, stream, names)
    moved = []
    while not moved:
        for name in names:
            moved += stream.feed(name, -0.3, noise=0.02, until=1)
    assert {d.cause for d in moved} == {"held"}
    assert {(d.before, d.after) for d in moved} == {(Stage.SERVING, Stage.SERVING)}
    assert sorted(d.segment for d in moved) == names
    assert all(stage(monitor, name) is Stage.SERVING for name in names)
    assert {held(monitor, name) for name in names} == {"support/en"}
    for decision in moved:
        assert replayed(monitor, decision) == decision.record()
    with monitor.store.reading() as ledger:
        after = [ledger.standing("tuned", name) for name in names]
        found = transfer_map(ledger, monitor.policy, stream.now).cells
    kept = {(one.until, one.lower, one.since) for one in after}
    assert kept == {(None, 0.25, stream.began)}  # what proved it counts among candidates as before
    shown = {cell.segment: cell for cell in found if cell.standing}
    # The numbers are the segment's own, and not those of the one above that holds it.
    assert all(shown[name].shown_from is None for name in names)
    assert all(shown[name].main.pairs < 20 for name in names)


@pytest.mark.slow
def test_an_innocent_among_bad_ones_keeps_its_stage_and_answers_again(monitor, stream):
    bad = [f"support.{topic}/en" for topic in "abcdefgh"]
    good = "support.good/en"
    serving(monitor, stream, [*bad, good])
    moved = []
    for _ in range(80):
        for name in bad:
            moved += stream.feed(name, -0.3, noise=0.02, until=1)
        moved += stream.feed(good, 0.0, noise=0.1, until=1)
    mine = [d for d in moved if d.segment == good]
    assert [d.cause for d in mine] == ["held", "released"]
    assert "do not lean towards harm" in mine[1].reason
    assert (stage(monitor, good), held(monitor, good)) == (Stage.SERVING, "")
    assert {stage(monitor, name) for name in bad} == {Stage.ROUTED_BACK}
    for decision in mine:
        assert replayed(monitor, decision) == decision.record()


def test_what_is_not_read_by_anybody_is_not_held(monitor, stream):
    for _ in range(20):
        for name in ("support.a/en", "support.b/en"):
            stream.feed(name, -0.2, noise=0.02, until=1)
    assert held(monitor, "support.a/en") == ""


@pytest.mark.slow
def test_what_has_spoken_for_itself_is_not_held(monitor, stream):
    stream.feed("support.a/en", 0.3, noise=0.02)
    stream.feed("support.a/en", 0.3, noise=0.02)
    stream.feed("support.a/en", 0.3, noise=0.02, until=60)
    for n in range(400):
        stream.feed(f"support.x{n}/en", -0.6, noise=0.02, until=1)
    assert (stage(monitor, "support.a/en"), held(monitor, "support.a/en")) == (Stage.SERVING, "")


def test_a_segment_that_is_bad_alone_does_not_pull_the_others_down(monitor, stream):
    decisions = []
    for _ in range(300):
        decisions += stream.feed("glossary/en", -0.4, until=1)
        decisions += stream.feed("support/en", 0.0, noise=0.02, until=1)
    assert {d.segment for d in decisions if d.after is Stage.ROUTED_BACK} == {"glossary/en"}


def test_a_pinned_stage_does_not_move(monitor, stream):
    stream.feed("support/en", 0.0, until=1)
    pin = Pin("ada", "launch week")
    decision = monitor.pin("tuned", "support/en", Stage.SERVING, pin, stream.now)
    assert (decision.by, decision.after) == ("ada", Stage.SERVING)
    assert stream.feed("support/en", -0.9, until=100) == []
    assert stage(monitor, "support/en") is Stage.SERVING
    assert replayed(monitor, decision) == decision.record()
    let_go = monitor.unpin("tuned", "support/en", "ada", "over", stream.now)
    assert let_go is not None
    assert stage(monitor, "support/en") is Stage.SHADOW
    assert monitor.unpin("tuned", "support/en", "ada", "again", stream.now) is None


def test_a_guard_that_cannot_see_lets_no_candidate_answer(monitor, stream, policy):
    stream.feed("support/en", 0.2)
    stream.lacking = "both"
    decisions = stream.feed("support/en", None)
    assert [(d.after, d.cause) for d in decisions] == [(Stage.SHADOW, "blind")]
    assert replayed(monitor, decisions[0]) == decisions[0].record()
    with monitor.store.reading() as ledger:
        assert [alarm.kind for alarm in ledger.alarms(raised_only=True)] == ["blind"]
    promoted = stream.feed("support/en", 0.2)
    assert promoted[0].after is Stage.CANARY
    with monitor.store.reading() as ledger:
        assert ledger.alarms(raised_only=True) == []


def test_scores_that_are_missing_on_one_side_alone_prove_nothing(monitor, stream, policy):
    """What is bad may have no score: then what has one looks better than it is."""
    stream.feed("support/en", 0.2)
    decisions = stream.feed("support/en", None)
    assert [(d.after, d.cause) for d in decisions] == [(Stage.SHADOW, "ratio")]
    assert "10 pairs lack a score on the candidate's side alone, 0 on base's" in decisions[0].reason
    assert replayed(monitor, decisions[0]) == decisions[0].record()
    with monitor.store.reading() as ledger:
        assert [alarm.kind for alarm in ledger.alarms(raised_only=True)] == ["ratio"]
        assert ledger.evidence("tuned", "support/en").evidence.summary().pairs == 0
    promoted = stream.feed("support/en", 0.2)
    assert promoted[0].after is Stage.CANARY
    with monitor.store.reading() as ledger:
        assert ledger.alarms(raised_only=True) == []


def test_a_missing_score_is_not_a_zero(monitor, stream):
    stream.lacking = "both"
    stream.feed("support/en", None, until=10)
    with monitor.store.reading() as ledger:
        measured = ledger.evidence("tuned", "support/en").evidence.summary().metrics[0]
    assert (measured.pairs, measured.unscored, measured.mean) == (0, 10, None)
    assert measured.evidence == monitor.policy.budget.head()


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_new_version_starts_anew_in_shadow(monitor, stream, by_hand):
    stream.feed("support/en", 0.2)
    stream.version = '{"v":2}'
    if by_hand:
        (decision,) = monitor.renew("tuned", stream.version, stream.now)
    else:
        (decision,) = stream.feed("support/en", 0.2, until=1)
    assert (decision.after, decision.cause) == (Stage.SHADOW, "version")
    assert "v changed from 1 to 2" in decision.reason
    assert replayed(monitor, decision) == decision.record()
    assert stage(monitor, "support/en") is Stage.SHADOW
    with monitor.store.reading() as ledger:
        assert ledger.evidence("tuned", "support/en").evidence.summary().pairs == (not by_hand)


def test_candidates_do_not_share_evidence(monitor, stream):
    other = Stream(monitor, arm="other")
    for _ in range(60):
        stream.feed("support/en", -0.4, until=1)
        other.feed("support/en", 0.3, until=1)
    assert stage(monitor, "support/en") is Stage.ROUTED_BACK
    assert stage(monitor, "support/en", "other") in {Stage.CANARY, Stage.SERVING}


def test_a_stricter_policy_does_not_rewrite_what_was_decided(store, stream, policy):
    (decision,) = stream.feed("glossary/en", -0.3)
    later = Monitor(store, replace(policy, tolerance=0.5))
    assert replayed(later, decision) == decision.record()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": ()}, "at least one"),
        ({"alpha": 0.0}, "alpha lies in"),
        ({"tolerance": 1.0}, "tolerance lies in"),
        ({"canary_share": 1.5}, "canary_share"),
        ({"min_pairs": 0}, "min_pairs is at least 1"),
        ({"false_alarms": 2.0}, "false_alarms"),
        ({"breaker_failures": 20}, "at most breaker_window"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Policy(**change)
