"""Pairing, estimates and verdicts."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from assistant.errors import RoutebackError
from evals.statistics.compare import compare
from evals.statistics.discovery import discovered, familywise
from evals.statistics.estimate import UNSEEN, estimate
from evals.statistics.scored import ALL, ScoreCell, Scored, cells, of_arm, pair

WHOLE = ScoreCell(ALL, ALL, "f")


def scored(case, value, *, arm="base", version="1", segment="s", language="en", cluster=None):
    reason = "" if value is not None else "no claims"
    return Scored(case, version, cluster or case, segment, language, arm, "f", value, reason)


def nights(differences, *, segment="s", clusters=None):
    left = [scored(f"{segment}-{i}", 0.5, segment=segment) for i in range(len(differences))]
    right = [
        scored(
            f"{segment}-{i}",
            0.5 + float(d),
            segment=segment,
            cluster=None if clusters is None else str(clusters[i]),
        )
        for i, d in enumerate(differences)
    ]
    return left, right


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.01, 1.01])
def test_a_number_that_is_no_score_is_refused(value):
    with pytest.raises(RoutebackError, match="from 0 to 1"):
        scored("a", value)


def test_a_missing_score_needs_a_reason():
    with pytest.raises(RoutebackError, match="no reason"):
        Scored("a", "1", "a", "s", "en", "base", "f", None)


def test_nothing_is_dropped_silently():
    left = [scored("a", 0.5), scored("b", 0.5), scored("c", None), scored("d", 0.5, version="1")]
    right = [scored("a", 1.0), scored("c", 0.5), scored("d", 0.5, version="2"), scored("e", 0.1)]
    paired = pair(left, right)
    assert [(p.case, p.difference) for p in paired.pairs] == [("a", 0.5)]
    assert [one.case for one, _ in paired.unscored] == ["c"]
    assert [one.case for one in paired.left_only] == ["b", "d"]
    assert [(one.case, one.version) for one in paired.right_only] == [("d", "2"), ("e", "1")]
    assert paired.unscored_share(WHOLE) == 0.5
    assert paired.unscored_share(ScoreCell("other", ALL, "f")) == 1.0


def test_two_scores_of_one_case_on_a_side_are_refused():
    both = [scored("a", 0.5), scored("a", 0.6, arm="tuned")]
    with pytest.raises(RoutebackError, match="two f scores"):
        pair(both, both)
    assert len(pair(of_arm(both, "base"), of_arm(both, "tuned")).pairs) == 1


def test_cells_are_all_that_occur_and_the_whole():
    some = [scored("a", 0.1), scored("b", 0.1, language="de")]
    assert cells(some) == (WHOLE, ScoreCell("s", "de", "f"), ScoreCell("s", "en", "f"))


def test_unclustered_pairs_give_students_t():
    values = np.array([0.1, -0.2, 0.3, 0.0, 0.4])
    found = estimate(values, list("abcde"))
    assert found.mean == pytest.approx(values.mean())
    assert found.error == pytest.approx(values.std(ddof=1) / 5**0.5)
    assert found.degrees == pytest.approx(4)
    assert found.differs() == pytest.approx(ttest_1samp(values, 0).pvalue)
    assert found.below(0) == pytest.approx(ttest_1samp(values, 0, alternative="less").pvalue)
    low, high = found.interval(0.05)
    assert high - low == pytest.approx(2 * 2.776445 * found.error, rel=1e-5)


def test_repeating_a_conversation_does_not_make_it_surer():
    values = np.array([0.1, -0.2, 0.3, 0.0, 0.4])
    once = estimate(values, list("abcde"))
    tenfold = estimate(np.repeat(values, 10), list(np.repeat(list("abcde"), 10)))
    assert tenfold.error == pytest.approx(once.error)
    assert tenfold.degrees == pytest.approx(once.degrees)


def test_unequal_conversations_have_fewer_degrees_than_conversations():
    sizes = [1] * 9 + [30]
    clusters = [str(i) for i, n in enumerate(sizes) for _ in range(n)]
    found = estimate(np.random.default_rng(1).normal(0, 0.1, sum(sizes)), clusters)
    assert 0 < found.degrees < 5


def test_intervals_hold_the_truth_with_few_unequal_conversations():
    random = np.random.default_rng(20261124)
    held = 0
    for _ in range(1500):
        sizes = random.integers(1, 8, 10)
        shared = np.repeat(random.normal(0, 0.15, 10), sizes)
        values = shared + random.normal(0, 0.1, sizes.sum())
        low, high = estimate(values, [str(i) for i in np.repeat(np.arange(10), sizes)]).interval(
            0.05
        )
        held += low <= 0 <= high
    # 95 % gives 1425 ± 8.4; ignoring conversations gives about 1150.
    assert 1390 <= held <= 1475


def test_equal_differences_and_one_conversation_prove_little():
    assert estimate(np.zeros(20), [str(i) for i in range(20)]).error == pytest.approx(UNSEEN / 20)
    alone = estimate(np.full(50, 0.3), ["one"] * 50)
    assert alone.interval(0.05) == (-1.0, 1.0)
    assert alone.differs() == 1.0
    assert alone.detectable(0.05) == 1.0
    assert estimate(np.array([]), []).interval(0.05) == (-1.0, 1.0)


def test_what_is_detectable_is_detected_four_times_in_five():
    random = np.random.default_rng(3)
    names = [str(i) for i in range(60)]
    drop = estimate(random.normal(0, 0.2, 60), names).detectable(0.05)
    found = [estimate(random.normal(-0.0739, 0.2, 60), names).differs() <= 0.05 for _ in range(600)]
    assert 0.74 <= np.mean(found) <= 0.86  # .0739 is the exact one for sd .2
    assert 0.05 <= drop <= 0.1


def test_false_discoveries_against_a_worked_example():
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324])
    p = np.array([*p, 0.4262, 0.5719, 0.6528, 0.759, 1.0])
    assert discovered(p, 0.05).sum() == 4  # Benjamini and Hochberg 1995, section 4.1
    assert (familywise(p) <= 0.05).sum() == 3
    assert familywise(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert not len(discovered(np.array([]), 0.05))
    assert discovered(np.array([0.05]), 0.05).tolist() == [True]
    with pytest.raises(ValueError, match="between 0 and 1"):
        discovered(np.array([0.01, np.nan]), 0.05)


def test_false_discoveries_are_those_up_to_the_last_below_the_line():
    random = np.random.default_rng(4)
    for _ in range(200):
        p = np.round(random.random(int(random.integers(1, 30))) ** 3, 2)
        line = [k for k in range(1, len(p) + 1) if (p <= 0.05 * k / len(p)).sum() >= k]
        wanted = p <= 0.05 * max(line, default=0) / len(p) if line else np.zeros(len(p), bool)
        assert (discovered(p, 0.05) == wanted).all()


def test_each_verdict():
    random = np.random.default_rng(5)
    parts = {
        "up": random.normal(0.15, 0.1, 60),
        "down": random.normal(-0.15, 0.1, 60),
        "same": random.normal(0, 0.01, 60),
        "noisy": np.tile([0.3, -0.3], 10),
    }
    left, right = [], []
    for name, values in parts.items():
        one, other = nights(values.clip(-0.5, 0.5), segment=name)
        left += one
        right += other
    found = {c.cell.segment: c for c in compare(pair(left, right))}
    assert {n: found[n].verdict for n in parts} == {
        "up": "better",
        "down": "worse",
        "same": "no change",
        "noisy": "inconclusive",
    }
    assert found["down"].high < 0
    assert -0.02 <= found["same"].low <= found["same"].high <= 0.02
    assert found["noisy"].low < 0 < found["noisy"].high
    assert "would be found with 80 %" in found["noisy"].words()
    assert found["down"].words().startswith("f in down, en: worse, -1")


def test_a_real_difference_too_small_to_matter_is_no_change():
    left, right = nights(np.full(300, 0.005))
    assert {c.verdict for c in compare(pair(left, right))} == {"no change"}


def test_an_empty_cell_is_inconclusive_and_says_so():
    (found,) = compare(pair([], []), looked_at=[WHOLE])
    assert (found.verdict, found.left, found.unscored) == ("inconclusive", None, 1.0)
    assert "no pair" in found.words()


def test_many_cells_do_not_invent_changes():
    random = np.random.default_rng(11)
    invented, wrong, selected = [], [], 0
    for _ in range(60):
        left, right = [], []
        truth = {}
        for number in range(15):
            name, mean = f"s{number}", 0.12 if number < 3 else 0.0
            truth[name] = mean
            one, other = nights(random.normal(mean, 0.15, 25).clip(-0.5, 0.5), segment=name)
            left += one
            right += other
        looked = [ScoreCell(name, ALL, "f") for name in truth]
        found = compare(pair(left, right), looked_at=looked)
        said = [c for c in found if c.verdict in ("better", "worse")]
        selected += len(said)
        true = [truth[c.cell.segment] for c in said]
        missed = [not c.low <= t <= c.high for c, t in zip(said, true, strict=True)]
        invented.append(true.count(0.0) / max(len(said), 1))
        wrong.append(sum(missed) / max(len(said), 1))
    assert selected > 120
    # The rate is .05 at most; without adjustment it is about .18. The mean of 60 has sd .014.
    assert np.mean(invented) <= 0.09
    assert np.mean(wrong) <= 0.09
