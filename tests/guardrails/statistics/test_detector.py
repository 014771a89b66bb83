"""The sequential tests against what their papers define, and against chance."""

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from guardrails.statistics import confidence
from guardrails.statistics import detector as sequential
from guardrails.statistics.confidence import ConfidenceSequence, ConfidenceSequences
from guardrails.statistics.detector import Budget, Detector, Detectors

TOLERANCE = 0.02
DIFFERENCES = st.lists(st.floats(-1, 1, allow_nan=False), min_size=1, max_size=40)
ALPHAS = st.floats(1e-4, 0.5)
BAD = [float("nan"), float("inf"), -float("inf"), 1.0001, -1.0001]
few = settings(max_examples=60, deadline=None, derandomize=True)


def binomial_upper(hits: int, n: int, level: float) -> float:
    """Return the Clopper-Pearson upper bound: the p at which <= hits has probability 1 - level."""
    return float(beta.ppf(level, hits + 1, n - hits)) if hits < n else 1.0


# ---- budget


def test_threshold_follows_from_the_budget():
    assert Budget().rate == 0.05 / 4000
    assert Budget().threshold == 80_000
    assert Budget(shares=4).threshold == 320_000


@pytest.mark.parametrize(
    "wrong", [{"false_alarms": 0.0}, {"false_alarms": 1.0}, {"horizon": 0}, {"shares": 0}]
)
def test_a_budget_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="got"):
        Budget(**wrong)


# ---- detector


def explicit_sr(differences, tolerance, head=0.0):
    """Return the e-SR evidence as defined: a sum over starting points of mixtures of products."""
    total = 0.0
    for start in range(len(differences)):
        for bet, weight in zip(*sequential.BETS, strict=True):
            product = 1.0
            for i in range(start, len(differences)):
                product *= 1 - bet * (differences[i] + tolerance) / (1 + tolerance)
            total += weight * product * (1.0 if start else 1.0 + head)
    return total


@given(DIFFERENCES, st.floats(0, 0.5))
@few
def test_detector_is_the_sum_over_starting_points(differences, tolerance):
    detector = Detector(tolerance)
    for n, d in enumerate(differences, start=1):
        expected = explicit_sr(differences[:n], tolerance)
        assert detector.update(d) == pytest.approx(expected, rel=1e-9)
    assert detector.pairs == len(differences)


@given(DIFFERENCES, st.floats(0, 5000))
@few
def test_a_head_start_is_pairs_that_had_gone_already(differences, head):
    detector = Detector(TOLERANCE, head=head)
    assert detector.evidence == pytest.approx(head)
    for n, d in enumerate(differences, start=1):
        expected = explicit_sr(differences[:n], TOLERANCE, head)
        assert detector.update(d) == pytest.approx(expected, rel=1e-9)


def test_each_factor_is_fair_at_the_edge_of_the_hypothesis():
    # P(1) = p, P(-1) = 1 - p with mean -tolerance: the expected evidence is exactly n.
    p = (1 - TOLERANCE) / 2
    for bits in (1, 5):
        expected = 0.0
        for case in range(2**bits):
            signs = [1.0 if case >> i & 1 else -1.0 for i in range(bits)]
            detector = Detector(TOLERANCE)
            for d in signs:
                detector.update(d)
            ups = signs.count(1.0)
            expected += p**ups * (1 - p) ** (bits - ups) * detector.evidence
        assert expected == pytest.approx(bits, rel=1e-9)


def test_evidence_never_overflows_and_recovers():
    detector = Detector(TOLERANCE)
    for _ in range(3000):
        detector.update(-1.0)
    assert 1e290 < detector.evidence < math.inf
    for _ in range(3000):
        detector.update(1.0)
    assert 0 < detector.evidence < 1e6
    assert Detector.restore(json.loads(json.dumps(detector.state()))).evidence == detector.evidence


def test_detector_state_round_trips_bit_for_bit():
    rng = np.random.default_rng(3)
    one = Detectors(5, TOLERANCE, head=3.0)
    one.update(rng.uniform(-1, 1, 200), rng.integers(0, 5, 200))
    two = Detectors.restore(json.loads(json.dumps(one.state())))
    more = rng.uniform(-1, 1, (50, 5))
    for row in more:
        assert np.array_equal(one.update(row), two.update(row))
    assert json.dumps(one.state()) == json.dumps(two.state())


def test_a_batch_of_detectors_gives_the_numbers_of_single_ones():
    rng = np.random.default_rng(4)
    values, streams = rng.uniform(-1, 1, 700), rng.integers(0, 7, 700)
    batch, singles = Detectors(7, TOLERANCE), [Detector(TOLERANCE) for _ in range(7)]
    halves = [batch.update(values[part], streams[part]) for part in np.split(np.arange(700), 2)]
    expected = [singles[s].update(d) for d, s in zip(values, streams, strict=True)]
    assert np.concatenate(halves).tolist() == expected
    assert batch.evidence.tolist() == [single.evidence for single in singles]
    assert batch.pairs.tolist() == [single.pairs for single in singles]


# ---- confidence sequence


def capitals(differences, mean, sign=1.0):
    """Return the hedger's capital against one mean after each pair, from the definition."""
    bets, weights = confidence.BETS
    held = np.array(weights)
    after = []
    for d in differences:
        held = np.minimum(held * (1 + bets * (sign * d - mean) / (1 + mean)), confidence.CAP)
        after.append(held.sum())
    return np.array(after)


def searched_bound(differences, needed, sign=1.0):
    """Return the largest mean that is ever rejected, by bisection on the definition."""
    low, high = -1.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        rejected = middle > -1 and capitals(differences, middle, sign).max() >= needed
        low, high = (middle, high) if rejected else (low, middle)
    return low


@given(DIFFERENCES, st.sampled_from([0.3, 0.05, 0.01]))
@few
def test_bounds_are_those_of_a_direct_search(differences, alpha):
    sequence = ConfidenceSequence(alpha)
    for d in differences:
        sequence.update(d)
    if sequence.crossed:
        return
    for shown, sign in ((sequence.lower, 1.0), (-sequence.upper, -1.0)):
        bound = searched_bound(differences, 2 / alpha, sign)
        if bound < confidence.MEANS[0]:
            assert shown == -1
        else:
            assert bound - 0.004 <= shown <= bound + 1e-9
    assert sequence.mean == pytest.approx(np.mean(differences))


def test_bounds_of_long_streams_are_proven_and_tight():
    rng = np.random.default_rng(5)
    for values in (rng.choice([-1.0, 0, 1], 1500, p=[0.1, 0.8, 0.1]), rng.uniform(-0.2, 0.3, 1500)):
        sequences = ConfidenceSequences(1)
        sequences.update(values, np.zeros(1500, int))
        lower = searched_bound(values, 40.0)
        upper = -searched_bound(values, 40.0, -1.0)
        assert lower - 0.002 <= sequences.lower[0] <= lower + 1e-9
        assert upper - 1e-9 <= sequences.upper[0] <= upper + 0.002


@given(DIFFERENCES, ALPHAS, ALPHAS)
@few
def test_intervals_are_ordered_shrink_and_nest_in_alpha(differences, one, other):
    wide, narrow = ConfidenceSequence(min(one, other)), ConfidenceSequence(max(one, other))
    before = (-1.0, 1.0)
    for d in differences:
        outer, inner = wide.update(d), narrow.update(d)
        assert -1 <= inner[0] <= inner[1] <= 1
        if narrow.crossed:
            return
        assert outer[0] <= inner[0] <= inner[1] <= outer[1]
        assert before[0] <= inner[0] <= inner[1] <= before[1]
        before = inner


@given(DIFFERENCES, ALPHAS)
@few
def test_the_interval_of_the_opposite_differences_is_its_mirror_image(differences, alpha):
    sequence, mirrored = ConfidenceSequence(alpha), ConfidenceSequence(alpha)
    for d in differences:
        sequence.update(d)
        mirrored.update(-d)
        if not sequence.crossed:
            assert (sequence.lower, sequence.upper) == (-mirrored.upper, -mirrored.lower)


def test_a_mean_that_moves_far_is_told_and_bounds_stay_ordered():
    sequence = ConfidenceSequence()
    for d in [0.9] * 100 + [-0.9] * 400:
        lower, upper = sequence.update(d)
        assert lower <= upper
    assert sequence.crossed


def test_extreme_streams_stay_finite():
    for value in (1.0, -1.0, 0.0):
        sequence = ConfidenceSequence()
        for _ in range(1500):
            sequence.update(value)
        assert sequence.lower <= value <= sequence.upper
        assert sequence.upper - sequence.lower < 0.02
        assert "Infinity" not in json.dumps(sequence.state())


def test_sequence_state_round_trips_bit_for_bit():
    rng = np.random.default_rng(6)
    one = ConfidenceSequences(4, 0.1)
    one.update(rng.uniform(-0.4, 0.6, 300), rng.integers(0, 4, 300))
    two = ConfidenceSequences.restore(json.loads(json.dumps(one.state())))
    for row in rng.uniform(-1, 1, (20, 4)):
        one.update(row)
        two.update(row)
    assert json.dumps(one.state()) == json.dumps(two.state())
    single = ConfidenceSequence(0.2, moving=True)
    single.update(0.5)
    again = ConfidenceSequence.restore(json.loads(json.dumps(single.state())))
    assert again.update(0.25) == single.update(0.25)


def test_a_batch_of_sequences_gives_the_numbers_of_single_ones():
    rng = np.random.default_rng(7)
    values, streams = rng.uniform(-0.3, 0.5, 600), rng.integers(0, 6, 600)
    batch, singles = ConfidenceSequences(6), [ConfidenceSequence() for _ in range(6)]
    batch.update(values, streams)
    for d, s in zip(values, streams, strict=True):
        singles[s].update(d)
    assert batch.lower.tolist() == [single.lower for single in singles]
    assert batch.upper.tolist() == [single.upper for single in singles]
    assert batch.state()["capital"][3] == singles[3].state()["capital"][0]


# ---- refusals


@pytest.mark.parametrize("value", BAD)
def test_what_is_no_difference_is_refused_and_changes_nothing(value):
    told = f"in \\[-1.0, 1.0\\], got {value!r}"
    for build in (lambda: Detectors(2, TOLERANCE), lambda: ConfidenceSequences(2)):
        batch = build()
        before = json.dumps(batch.state())
        with pytest.raises(ValueError, match=told):
            batch.update([0.1, value])
        assert json.dumps(batch.state()) == before


@pytest.mark.parametrize(
    "build",
    [
        lambda: Detector(-0.1),
        lambda: Detector(1.0),
        lambda: Detector(0.1, head=-0.5),
        lambda: Detectors(0, 0.1),
        lambda: Detectors(1, 0.1, grid=([1.0], [1.0])),
        lambda: Detectors(1, 0.1, grid=([0.5, 0.6], [0.9, 0.9])),
        lambda: Detectors(1, 0.1, grid=([0.5, 0.6], [1.0])),
        lambda: ConfidenceSequence(0.0),
        lambda: ConfidenceSequence(1.0),
        lambda: Detectors(2, 0.1).update([0.1, 0.2, 0.3]),
        lambda: Detectors(2, 0.1).update([0.1], [2]),
        lambda: Detectors(2, 0.1).update([0.1], [-1]),
    ],
)
def test_settings_and_shapes_that_make_no_sense_are_refused(build):
    with pytest.raises(ValueError, match="got"):
        build()


# ---- chance


def pass_fail(rng, mean, shape):
    return rng.choice([-1.0, 0.0, 1.0], shape, p=[(0.15 - mean) / 2, 0.85, (0.15 + mean) / 2])


def rare_disaster(rng, mean, shape):
    return np.where(rng.random(shape) < (0.05 - mean) / 1.05, -1.0, 0.05)


def mixed_kinds(rng, mean, shape):
    """Runs of pass/fail questions and of graded ones: the spread depends on the past."""
    switch = rng.random(shape) < 0.02
    hard = np.cumsum(switch, axis=1) % 2 == 0
    graded = mean + 0.3 * rng.uniform(-1, 1, shape)
    return np.where(hard, pass_fail(rng, mean, shape), graded)


KINDS: list[Callable] = [pass_fail, rare_disaster, mixed_kinds]


@pytest.mark.parametrize("kind", KINDS)
def test_false_alarms_stay_within_the_budget(kind):
    streams, horizon = 600, 1000
    budget = Budget(0.1, horizon)
    values = kind(np.random.default_rng(9), -TOLERANCE, (streams, horizon))
    detectors = Detectors(streams, TOLERANCE)
    alarmed = np.zeros(streams, bool)
    for t in range(horizon):
        alarmed |= detectors.update(values[:, t]) >= budget.threshold
    assert binomial_upper(int(alarmed.sum()), streams, 0.99) <= budget.false_alarms


@pytest.mark.parametrize("kind", KINDS)
def test_the_interval_covers_at_every_time_at_once(kind):
    streams, horizon, mean = 250, 300, 0.03
    values = kind(np.random.default_rng(10), mean, (streams, horizon))
    sequences = ConfidenceSequences(streams, 0.2)
    missed = np.zeros(streams, bool)
    for t in range(horizon):
        sequences.update(values[:, t])
        missed |= (sequences.lower > mean) | (sequences.upper < mean)
    assert binomial_upper(int(missed.sum()), streams, 0.99) <= 0.2


def test_a_real_drop_is_found():
    values = pass_fail(np.random.default_rng(12), -TOLERANCE - 0.1, (50, 800))
    detectors = Detectors(50, TOLERANCE)
    alarmed = np.zeros(50, bool)
    for t in range(800):
        alarmed |= detectors.update(values[:, t]) >= Budget().threshold
    assert alarmed.mean() > 0.9
