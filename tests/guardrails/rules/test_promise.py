"""What a segment and a reader are promised: budgets, proofs, nights, repeats, costs."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.records.database import open_database
from assistant.settings import Settings
from guardrails.attack.promises import promises
from guardrails.decisions import replay
from guardrails.monitor import Monitor
from guardrails.rules import promise
from guardrails.rules.costs import Cost, compared
from guardrails.rules.evidence import Evidence
from guardrails.rules.policy import CATASTROPHE, Policy
from guardrails.rules.stages import judged
from guardrails.simulation.batch import Batch
from guardrails.simulation.forest import BACK, SERVING, Forest
from guardrails.simulation.pairs import DRAWS, pass_fail, tied
from guardrails.statistics.confidence import ConfidenceSequences
from guardrails.statistics.detector import Budget, Detectors, spent
from guardrails.statistics.proof import Proof, Proofs
from guardrails.statistics.ratio import LEVEL, differs, evidence
from guardrails.store.store import Store
from guardrails.text.repeats import alike, signature
from guardrails.types import Pair, Pin, Score, Stage, Standing, Unscored
from tests.guardrails.statistics.test_detector import binomial_upper

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CAREFUL = Policy(
    metrics=("fast",),
    min_pairs=20,
    catastrophe=0.5,
    margins={"failures": 0.05, "time": 0.5, "tokens": 0.5},
)


def pair(difference: float, number: int = 0, **more) -> Pair:
    base = {"fast": Score(0.5 - difference / 2)}
    candidate = {"fast": Score(0.5 + difference / 2)}
    given = {"at": NOW + timedelta(minutes=number), "version": "{}", "base": base} | more
    return Pair(str(number), "tuned", "support/en", **given, candidate=candidate)


# ---- budgets


def test_all_attempts_together_spend_what_there_is():
    assert sum(spent(attempt) for attempt in range(1, 10_000)) == pytest.approx(1, abs=1e-3)
    budget = Budget(ahead=True)
    assert sum(budget.head(n) for n in range(1, 10_000)) <= budget.horizon
    assert Budget().head() == 0


@pytest.mark.parametrize("policy", [Policy(), CAREFUL, replace(CAREFUL, strengths=3)])
def test_all_that_is_guarded_shares_one_budget(policy):
    """Of each detector: (pairs + head starts) x rate, at most."""
    spends = sum(2 * policy.horizon * one.budget.rate for one in policy.guarded)
    assert spends * policy.strengths == pytest.approx(policy.false_alarms)
    proofs = sum(1 / policy.needed(attempt) for attempt in range(1, 10_000))
    assert proofs <= policy.false_promotions


@pytest.mark.parametrize("kind", list(DRAWS))
def test_one_at_the_edge_is_rarely_taken_back_though_its_evidence_begins_again_and_again(kind):
    streams, horizon = 500, 600
    budget = Budget(0.1, horizon, ahead=True)
    base, candidate = DRAWS[kind](np.random.default_rng(2), -0.05, (streams, horizon))
    detectors = Detectors(streams, 0.05, head=budget.head(1))
    back, attempt = np.zeros(streams, bool), 1
    for t in range(horizon):
        if t in {100, 200, 300}:  # promotions, versions
            attempt += 1
            detectors.restart(np.arange(streams), budget.head(attempt))
        back |= detectors.update((candidate - base)[:, t]) >= budget.threshold
    assert binomial_upper(int(back.sum()), streams, 0.95) <= 0.1


def test_a_head_start_finds_what_is_bad_from_the_start_sooner():
    base, candidate = pass_fail(np.random.default_rng(3), -0.25, (100, 400))

    def delay(budget: Budget) -> float:
        detectors, found = Detectors(100, 0.05, head=budget.head()), np.full(100, np.inf)
        for t in range(400):
            hit = detectors.update((candidate - base)[:, t]) >= budget.threshold
            found[hit & np.isinf(found)] = t
        return float(np.median(found))

    assert delay(Budget(ahead=True)) < 0.6 * delay(Budget())


# ---- proofs


@pytest.mark.parametrize("kind", list(DRAWS))
def test_a_loss_at_the_edge_is_rarely_shown_to_be_none(kind):
    base, candidate = DRAWS[kind](np.random.default_rng(4), -0.05, (3000, 600))
    proofs, shown = Proofs(3000, 0.05), np.zeros(3000, bool)
    for t in range(600):
        proofs.update((candidate - base)[:, t])
        shown |= proofs.evidence >= 1 / 0.05
    assert binomial_upper(int(shown.sum()), 3000, 0.95) <= 0.05


def test_a_good_day_proves_nothing_of_the_nights():
    """The average over the pairs counts, wherever one looks, and not the best hour."""
    rng, shape = np.random.default_rng(5), (500, 1000)
    day, night = (tied(rng, mean, shape) for mean in (0.02, -0.22))
    dark = (np.arange(shape[1]) // 20) % 2 == 1
    values = np.where(dark, night[1] - night[0], day[1] - day[0])
    means = np.cumsum(np.where(dark, -0.22, 0.02)) / np.arange(1, shape[1] + 1)
    proofs, wrong = Proofs(500, 0.05), np.zeros(500, bool)
    for t in range(shape[1]):
        proofs.update(values[:, t])
        wrong |= (proofs.evidence >= 1 / 0.02) & (means[t] < -0.05)
    assert binomial_upper(int(wrong.sum()), 500, 0.95) <= 0.02


def test_what_is_shown_holds_the_average_though_the_mean_moves():
    rng, shape = np.random.default_rng(12), (300, 400)
    good, bad = (tied(rng, mean, shape) for mean in (0.02, -0.22))
    late = np.arange(shape[1]) >= shape[1] // 2
    values = np.where(late, bad[1] - bad[0], good[1] - good[0])
    means = np.cumsum(np.where(late, -0.22, 0.02)) / np.arange(1, shape[1] + 1)
    shown, missed = ConfidenceSequences(300, 0.1, moving=True), np.zeros(300, bool)
    for t in range(shape[1]):
        shown.update(values[:, t])
        assert ((shown.lower <= shown.mean) & (shown.mean <= shown.upper)).all()
        missed |= (shown.lower > means[t]) | (shown.upper < means[t])
    assert binomial_upper(int(missed.sum()), 300, 0.95) <= 0.1
    again = ConfidenceSequences.restore(shown.state())
    again.update(values[:, 0])
    shown.update(values[:, 0])
    assert (again.lower == shown.lower).all()


def test_one_proof_is_a_stream_of_many_and_round_trips():
    values = np.random.default_rng(6).uniform(-1, 1, 60)
    one, many = Proof(0.1), Proofs(3, 0.1)
    for value in values:
        one.update(float(value))
        many.update([value], [1])
    assert one.evidence == many.evidence[1]
    again = Proof.restore(one.state())
    assert again.update(0.3) == one.update(0.3)
    with pytest.raises(ValueError, match="tolerance lies in"):
        Proofs(1, 1.0)


def test_the_batch_has_the_numbers_of_the_evidence():
    rng = np.random.default_rng(7)
    batch, rows, single = Batch(2, CAREFUL), np.array([1]), Evidence.fresh(CAREFUL)
    same = dict.fromkeys(CAREFUL.margins, Score(1.0))
    for number in range(80):
        d = float(rng.uniform(-0.9, 0.9))
        one = pair(d, number)
        single.add(replace(one, base={**one.base, **same}, candidate={**one.candidate, **same}))
        zero = {name: np.zeros(1) for name in CAREFUL.margins}
        batch.add(rows, {"fast": np.array([one.difference("fast")]), **zero})
    for name, detector in single.detectors.items():
        assert batch.detectors[name].evidence[1] == pytest.approx(detector.evidence)
        assert batch.proofs[name].evidence[1] == pytest.approx(single.proofs[name].evidence)
    assert set(batch.detectors) == {"fast", CATASTROPHE, *CAREFUL.margins}


# ---- everything counts


def test_a_failure_costs_the_time_of_both_and_is_no_score_of_quality():
    base, failed = Cost(2.0, 40), Cost(1.0, 0, "it took too long")
    first, second = compared(base, failed)
    assert (first["failures"].value, second["failures"].value) == (1, 0)
    assert second["time"].value == pytest.approx(2 / 3)
    assert second["failures"].reason == "it took too long"
    first, second = compared(base, Cost(4.0, 81))
    assert first["time"].value - second["time"].value == pytest.approx(0.5)
    assert second["tokens"].value == pytest.approx(0.5)
    first, second = compared(failed, base)
    assert second["failures"].value - first["failures"].value == 1
    assert isinstance(second["time"], Unscored)
    assert isinstance(compared(None, base)[0]["failures"], Unscored)


def test_better_answers_do_not_buy_failures_back():
    held = Evidence.fresh(CAREFUL)
    for number in range(300):
        fails = number % 5 == 0
        side = {"failures": Score(float(not fails)), "time": Score(1.0), "tokens": Score(1.0)}
        one = pair(0.4, number)
        good = dict.fromkeys(side, Score(1.0))
        held.add(replace(one, base={**one.base, **good}, candidate={**one.candidate, **side}))
    summary = held.summary()
    assert summary.tripped is not None
    assert summary.tripped.metric == "failures"
    assert not summary.proven(CAREFUL)


def test_rare_catastrophes_keep_a_candidate_down_and_equal_noise_does_not_take_it_back():
    rare = Evidence.fresh(replace(CAREFUL, margins={}))
    for number in range(400):
        rare.add(pair(-0.9 if number % 20 == 0 else 0.06, number))
    assert rare.intervals["fast"].mean > 0
    assert not rare.summary().proven(CAREFUL)
    both = Evidence.fresh(replace(CAREFUL, margins={}))
    for number in range(400):
        both.add(pair((-0.9, 0.9)[number % 2] if number % 5 == 0 else 0.0, number))
    assert both.summary().tripped is None
    assert both.intervals[CATASTROPHE].mean == pytest.approx(0, abs=0.03)


def test_a_catastrophe_is_not_made_up_for_by_another_metric():
    """It is about the first metric; what is beside it can neither hide nor make one."""

    def both(a: float | None, b: float) -> Pair:
        first = Unscored("no") if a is None else Score(0.5 + a / 2)
        base = {"a": Score(0.5 - (a or 0) / 2), "b": Score(0.5 - b / 2)}
        return replace(pair(0.0), base=base, candidate={"a": first, "b": Score(0.5 + b / 2)})

    said = [both(*d).catastrophe("a", 0.5) for d in ((-0.6, 0.9), (0.6, 0), (0.1, -0.9))]
    assert said == [-1, 1, 0]
    assert both(None, 0.9).catastrophe("a", 0.5) is None
    policy = Policy(metrics=("a", "b"), catastrophe=0.5)
    held = Evidence.fresh(policy)
    for number in range(400):
        held.add(replace(both(-0.9 if number % 7 == 0 else 0.2, 0.9), id=str(number)))
    assert held.intervals["a"].mean > 0
    assert held.summary().tripped.metric == CATASTROPHE


def test_scores_that_are_missing_evenly_raise_no_alarm():
    assert differs({"base": 40, "candidate": 40}) == ""
    assert differs({"base": 0, "candidate": 4}) == ""
    assert "12 pairs lack a score on the candidate's side" in differs({"base": 0, "candidate": 12})
    assert evidence({"base": 0, "candidate": 0}) == pytest.approx(1)
    rng, raised = np.random.default_rng(8), 0
    for _ in range(300):
        counts = {"base": 0, "candidate": 0}
        for coin in rng.random(300) < 0.5:
            counts["candidate" if coin else "base"] += 1
            if evidence(counts) >= 1 / LEVEL:
                raised += 1
                break
    assert binomial_upper(raised, 300, 0.95) <= 3 * LEVEL


# ---- what a promotion rests on


REPEATED = "How do I cancel my contract?"


@pytest.mark.parametrize(
    "question",
    [
        "how do i cancel my contract",
        "Hello, how do I cancel my contract please? Thanks!",
        "#12 How do I cancel my contract??",
        "How do I cancel my contracts?",
        "My contract: how do I cancel?",
    ],
)
def test_the_same_question_a_little_otherwise_is_a_repetition(question):
    assert alike([signature(REPEATED)], signature(question)) == [True]


@pytest.mark.parametrize(
    "question",
    ["How do I cancel my flight?", "Wie kündige ich meinen Vertrag?", "Where is my contract kept?"],
)
def test_another_question_is_none(question):
    assert alike([signature(REPEATED)], signature(question)) == [False]


def test_terms_are_told_apart_though_they_are_asked_for_alike():
    terms = ("token", "tensor", "tuple", "transformer", "temperature", "template", "test set")
    marks = [signature(f"What is a {term}?") for term in terms]
    assert sum(sum(alike(marks, mark)) for mark in marks) == len(terms)
    assert (signature("?!"), alike([b"", b"x"], b"")) == (b"", [False, False])
    assert alike([b"of another kind"], marks[0]) == [False]


def test_a_repetition_proves_nothing_and_tells_of_harm_again_after_an_hour():
    policy = Policy(metrics=("fast",))
    held = Evidence.fresh(policy)
    for number in range(50):
        held.add(replace(pair(0.5, number), gap_s=60.0 if number else None))
    assert (held.detectors["fast"].pairs, held.proofs["fast"].pairs) == (1, 1)
    for number in range(50, 90):
        held.add(replace(pair(-0.9, number), gap_s=3600.0))
    assert (held.detectors["fast"].pairs, held.proofs["fast"].pairs) == (41, 1)
    assert held.summary().tripped
    assert held.summary().counted == pytest.approx(41 / 90)


def test_a_question_that_is_popular_still_tells_of_harm(store):
    """Forty questions over and over: the gap is to the last time that one counted."""
    monitor = Monitor(store, Policy(metrics=("fast",)))
    marks = [signature(f"How does {chr(97 + n) * 5}{chr(122 - n) * 5} work?") for n in range(20)]
    back = None
    for number in range(400):
        one = replace(pair(-0.8, 4 * number), signature=marks[number % 20])
        if decided := monitor.observe(one, {}):
            back = decided[0].after, number
            break
    assert back is not None
    assert back[0] is Stage.ROUTED_BACK
    assert back[1] < 60


def test_what_a_wrong_clock_said_is_no_repetition(store):
    monitor, mark = Monitor(store, Policy(metrics=("fast",))), signature("What does it cost?")
    ahead = pair(0.1, 0)
    monitor.observe(replace(ahead, at=ahead.at + timedelta(days=3000), signature=mark), {})
    for number in range(1, 4):
        monitor.observe(replace(pair(0.1, 90 * number), signature=mark), {})
    with store.reading() as ledger:
        assert ledger.evidence("tuned", "support/en").evidence.detectors["fast"].pairs == 4


def test_a_pair_without_a_score_is_nothing_that_could_be_repeated(store):
    monitor, mark = Monitor(store, Policy(metrics=("fast",))), signature("What does it cost?")
    unscored = replace(pair(0.0), candidate={"fast": Unscored("no")}, signature=mark)
    monitor.observe(replace(unscored, conversation="a"), {})
    monitor.observe(replace(pair(-0.9, 1), signature=mark, conversation="b"), {})
    with store.reading() as ledger:
        held = ledger.evidence("tuned", "support/en").evidence
    assert (held.detectors["fast"].pairs, held.conversations) == (1, ["b"])


def test_every_strength_and_every_new_ladder_is_one_more_attempt(store):
    monitor = Monitor(store, Policy(metrics=("fast",)))
    arms = ("tone", "tone@0.5", "tone@0.25", "other")
    for number, arm in enumerate(arms):
        monitor.observe(replace(pair(0.1, number), id=arm, arm=arm), {})
    with store.transaction() as ledger:
        monitor.begin(ledger, "tone@0.5", "ada", NOW)
        monitor.begin(ledger, "tone@0.5", "ada", NOW)
        found = [ledger.evidence(arm, "support/en").evidence.attempt for arm in arms]
    assert found == [1, 4, 3, 1]


def test_a_base_that_fails_and_an_odd_sibling_move_nobody(store):
    """Neither is a sign that the candidate's scores are hidden here."""
    policy = Policy(metrics=("fast",), min_pairs=20, margins={"failures": 0.05})
    monitor, served = Monitor(store, policy), {"failures": Score(1.0)}
    with store.transaction() as ledger:
        ledger.put_standing(Standing("tuned", Stage.SERVING, 0.1, "support/en", "{}", NOW))
    for number in range(120):
        good = pair(0.1, 3 * number)
        good = replace(good, base=good.base | served, candidate=good.candidate | served)
        if number % 10 == 0:
            failed = {"fast": Unscored("base failed"), "failures": Score(0.0)}
            good = replace(good, base=failed)
        monitor.observe(good, {})
        odd = replace(pair(0.0, 3 * number + 1), segment="other/en", id=f"odd{number}")
        lacks = {"fast": Unscored("no")} if number % 4 == 0 else odd.candidate
        monitor.observe(replace(odd, candidate=lacks), {})
    with store.reading() as ledger:
        assert ledger.standing("tuned", "support/en").stage is Stage.SERVING
        held = ledger.evidence("tuned", "support/en").evidence
        (alarm,) = [a for a in ledger.alarms(raised_only=True) if a.kind == "ratio"]
    assert (held.attempt, held.absent) == (1, {"base": 0, "candidate": 0})
    assert alarm.message.startswith("other/en: ")


def test_where_bases_side_lacks_scores_nobody_rises_and_nobody_falls(store):
    monitor = Monitor(store, Policy(metrics=("fast",), min_pairs=20))
    with store.transaction() as ledger:
        ledger.put_standing(Standing("tuned", Stage.CANARY, 0.1, "support/en", "{}", NOW))
    for number in range(200):
        one = pair(0.0, number)
        missing = {"fast": Unscored("no")} if number % 5 == 0 else one.base
        monitor.observe(replace(one, base=missing), {})
    with store.reading() as ledger:
        assert ledger.standing("tuned", "support/en").stage is Stage.CANARY


def test_a_hold_ends_with_the_own_pairs_though_all_of_them_are_repetitions(store):
    monitor = Monitor(store, Policy(metrics=("fast",), min_pairs=20))
    standing = Standing("tuned", Stage.SERVING, 0.1, "support.a/en", "{}", NOW, held="support/en")
    with store.transaction() as ledger:
        ledger.put_standing(standing)
    moved = []
    for number in range(25):
        one = replace(pair(0.1, number), segment="support.a/en", signature=signature("Why so?"))
        moved += monitor.observe(one, {})
    assert [decision.cause for decision in moved] == ["released"]


def test_what_a_person_holds_does_not_count_above(store):
    monitor = Monitor(store, Policy(metrics=("fast",)))
    monitor.observe(replace(pair(0.0), segment="support.a/en"), {})
    monitor.pin("tuned", "support.a/en", Stage.SERVING, Pin("ada", "launch"), NOW)
    for number in range(1, 40):
        monitor.observe(replace(pair(-0.9, number), segment="support.a/en"), {})
    with store.reading() as ledger:
        assert ledger.evidence("tuned", "support/en").evidence.summary().pairs == 1


def test_much_evidence_is_written_shortly():
    many = Evidence.fresh(Policy(metrics=("fast",)))
    for number in range(2000):
        many.add(pair(-0.9, number))
    standing = Standing("tuned", Stage.SERVING, 0.1, "support/en")
    move = judged(standing, many.summary(), Policy(metrics=("fast",)), NOW)
    assert move is not None
    assert len(move.reason) < 220


def test_one_question_again_and_again_does_not_promote(store):
    monitor = Monitor(store, Policy(metrics=("fast",), min_pairs=20))
    for number in range(200):
        mark = signature(f"How do I cancel my contract? {number}")
        assert not monitor.observe(replace(pair(0.3, number), signature=mark), {})
    with store.reading() as ledger:
        summary = ledger.evidence("tuned", "support/en").evidence.summary()
    assert summary.distinct == 1
    assert summary.pairs < 10


def test_questions_conversations_and_days_are_asked_for():
    policy = Policy(metrics=("fast",), min_pairs=20, min_conversations=10, min_days=3)
    held = Evidence.fresh(policy)
    for number in range(200):
        held.add(replace(pair(0.3, number), conversation=str(number % 5)))
    summary = held.summary()
    assert summary.metrics[0].proven
    assert not summary.proven(policy)
    assert summary.missing(policy) == "5 of 10 conversations, 1 of 3 days"
    for number in range(200, 230):
        one = replace(pair(0.3, number), conversation=str(number))
        held.add(replace(one, at=one.at + timedelta(days=number % 3)))
    assert held.summary().proven(policy)


# ---- the tree


def test_the_monitor_on_sqlite_does_what_the_core_does(store):
    names = [f"support.{kind}/en" for kind in "abcd"]
    policy = Policy(metrics=("fast",))
    forest, monitor = Forest(names, 1, policy, SERVING), Monitor(store, policy)
    with store.transaction() as ledger:
        for name in names:
            ledger.put_standing(Standing("tuned", Stage.SERVING, 0.1, name, "{}", NOW))
    rng, seen = np.random.default_rng(9), set()
    for turn in range(110):
        for leaf, name in enumerate(names):
            d = float(np.clip(rng.normal(-0.2 if leaf else 0.0, 0.2), -1, 1))
            one = replace(pair(d, 4 * turn + leaf), segment=name)
            monitor.observe(one, {})
            forest.step(leaf, np.array([one.difference("fast")]))
        with store.reading() as ledger:
            found = [ledger.standing("tuned", name) for name in names]
        stages = [SERVING if one.stage is Stage.SERVING else BACK for one in found]
        assert stages == forest.stage[0].tolist()
        assert [bool(one.held) for one in found] == forest.held[0].tolist()
        seen |= {*stages, *(one.held for one in found)}
    assert {SERVING, BACK, "", "support/en"} <= seen
    assert forest.stage[0].tolist() == [SERVING, BACK, BACK, BACK]


def test_innocents_are_rarely_taken_back_whatever_their_siblings_do():
    names = [f"support.{kind}/en" for kind in "abcd"]
    policy = Policy(metrics=("fast",), false_alarms=0.1, horizon=500)
    rng, trees = np.random.default_rng(10), 500
    values = np.stack(
        [np.subtract(*pass_fail(rng, m, (trees, 500))[::-1]) for m in (-0.05, 0.02, -0.25, -0.25)],
        axis=1,
    )
    ends = Forest(names, trees, policy, SERVING).run(values)
    for leaf in (0, 1):
        back = int(np.isfinite(ends.back[:, leaf]).sum())
        assert binomial_upper(back, trees, 0.95) <= policy.false_alarms
    assert np.median(ends.safe[:, 2]) < np.median(ends.back[:, 2]) < 120


# ---- what is said


def test_the_readme_says_what_the_default_settings_promise():
    guard = Settings().guard
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    assert promise.budget(guard.policy) in readme
    assert promise.promised(guard.policy, guard.pair_rate).words in readme


@pytest.mark.parametrize("kind", ["binary", "tied"])
def test_the_answers_that_are_promised_are_about_those_that_are_given(kind):
    policy = Policy(metrics=("fast",))
    rng = np.random.default_rng(11)
    good, bad = (DRAWS[kind](rng, mean, (100, 500)) for mean in (0.0, -0.2))
    values = np.concatenate([side[1] - side[0] for side in (good, bad)], axis=1)
    batch, rows, taken = Batch(100, policy), np.arange(100), np.full(100, np.inf)
    for t in range(1000):
        batch.add(rows, {"fast": values[:, t]})
        taken[batch.tripped(rows) & np.isinf(taken)] = t - 499
        if t == 499:
            before = float(np.median(batch.detectors["fast"].evidence))
    promised = promise.pairs_before(policy, 0.2, float(values[:, :500].std()), before)
    assert 0.6 < float(np.median(taken)) / promised < 1.5
    assert promise.pairs_before(policy, 0.05) == float("inf")
    assert "not taken back by pairs" in promise.promised(policy, rate=0.0).words
    assert promise.rounded(1234.2) == 1300


@pytest.mark.slow
def test_the_attack_finds_the_promises_kept_and_says_where_nothing_is_guarded():
    found = {one.name: one for one in promises(Settings().guard.policy, 0)}
    assert not any(one.broken or one.why_not for one in found.values())
    assert found["failing"].routed_back == found["failing"].streams
    bare = {one.name: one for one in promises(Policy(), 0)}
    assert "guard.margins" in bare["failing"].why_not
    assert "guard.catastrophe" in bare["catastrophe"].why_not
    loose = Policy(tolerance=0.5, false_promotions=0.02)
    assert {one.name for one in promises(loose, 0) if one.broken} == {"night"}


# ---- the first rule


def test_an_old_database_migrates_and_its_decisions_replay_byte_for_byte(tmp_path):
    """Made by the first rule: promotions, route-backs, and six that a segment above took back."""
    path = tmp_path / "routeback.sqlite"
    path.write_bytes(gzip.decompress(Path(__file__).with_name("first_rule.sqlite.gz").read_bytes()))
    engine = open_database(path)
    with Store(engine).reading() as ledger:
        records = ledger.records("", 1000)
        decisions = [ledger.decision(name) for name, _ in records]
        assert {d.cause for d in decisions} == {"candidate", "parent", "wait", "blind", "person"}
        for (_, record), decision in zip(records, decisions, strict=True):
            again = replay(decision, ledger.pairs)
            assert again is not None
            assert decision.record() == again.record() == record
    engine.dispose()
