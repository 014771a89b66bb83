"""The interval of people's labels against its definition, and against chance."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.statistics.prediction import (
    BETS,
    EXPECTED,
    MEANS,
    ROOM,
    STRATA,
    UNIFORM,
    Draw,
    Prediction,
    predictions,
    replayed,
    strata,
)
from tests.guardrails.statistics.test_detector import binomial_upper

KINDS = {"binary": (0.1, 0.75, 0.15), "graded": (0.3, 0.35, 0.35), "skewed": (0.05, 0.93, 0.02)}
few = settings(max_examples=40, deadline=None, derandomize=True)


def population(kind: str, scores: str, rng: np.random.Generator, size: int):
    """Return labels and the differences that tell them (r about .87), tell nothing, or mislead."""
    labels = rng.choice([-1, 0, 1], size, p=KINDS[kind])
    told = {"informative": labels, "useless": rng.permutation(labels), "misleading": -labels}
    f = told[scores].astype(float)
    if kind == "graded":
        return labels, np.clip(0.6 * f + 0.3 * rng.standard_normal(size), -1, 1)
    mixed = rng.random(size) < 0.12
    f[mixed] = rng.permutation(f)[mixed]
    return labels, f


def labelled(labels, differences, count: int, rng: np.random.Generator):
    """Return the prediction after so many labels, and whether the interval ever missed."""
    prediction, truth, missed = Prediction(differences), labels.mean(), False
    for _ in range(count):
        draw = prediction.draw(rng)
        prediction.take(draw, int(labels[draw.place]))
        missed |= not prediction.lower - 1e-9 <= truth <= prediction.upper + 1e-9
    return prediction, missed


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scores", ["informative", "useless", "misleading"])
def test_the_interval_covers_at_every_time_at_once(kind, scores):
    rng, rounds = np.random.default_rng([1, len(scores)]), 300
    missed = 0
    for _ in range(rounds):
        missed += labelled(*population(kind, scores, rng, 150), 70, rng)[1]
    assert binomial_upper(missed, rounds, 0.95) <= 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_good_scores_spare_labels_and_useless_ones_cost_hardly_any(kind):
    rng = np.random.default_rng(2)
    widths = {"informative": [], "useless": [], "alone": []}
    for _ in range(12):
        for scores in ("informative", "useless"):
            labels, f = population(kind, scores, rng, 2000)
            if scores == "informative":
                assert 0.82 < np.corrcoef(labels, f)[0, 1] < 0.93
            for name, told in ((scores, f), ("alone", 0 * f)):
                found, _ = labelled(labels, told, 200, rng)
                widths[name].append(found.upper - found.lower)
    width = {name: np.mean(some) for name, some in widths.items()}
    assert width["informative"] <= 0.6 * width["alone"]
    assert width["useless"] <= 1.1 * width["alone"]


@given(st.integers(0, 10_000), st.integers(2, 5))
@few
def test_each_draw_has_the_mean_as_its_expectation_and_leaves_capital(seed, size):
    """Summed up over all draws that were possible, from the definition."""
    rng = np.random.default_rng(seed)
    labels, f = rng.integers(-1, 2, size), rng.uniform(-1, 1, (2, size))
    draws, said = [], []
    for _ in range(size - 1):
        prediction = replayed(f, draws, said, 0.05)
        chances = prediction.chances(prediction.tilts)
        assert chances.sum() == pytest.approx(1)
        assert min(c for c in chances if c) >= UNIFORM / (size - len(draws)) - 1e-12
        estimates, capital = 0.0, np.zeros((2, len(MEANS)))
        for place in np.flatnonzero(chances):
            after = replayed(f, draws, said, 0.05)
            before = after._estimates
            after.take(Draw(int(place), prediction.tilts), int(labels[place]))
            estimates += chances[place] * (after._estimates - before)
            capital += chances[place] * after._capital.sum(axis=1)
            assert (after._capital >= 0).all()
        assert estimates == pytest.approx(labels.mean())
        at = int(np.argmin(np.abs(MEANS - labels.mean())))
        if abs(MEANS[at] - labels.mean()) < 1e-12:
            assert capital[:, at] == pytest.approx(prediction._capital.sum(axis=1)[:, at])
        place = int(rng.choice(np.flatnonzero(chances)))
        draws.append(Draw(place, prediction.tilts))
        said.append(int(labels[place]))


def test_capital_falls_with_the_mean_that_is_bet_against():
    rng = np.random.default_rng(3)
    found, _ = labelled(*population("graded", "informative", rng, 400), 120, rng)
    capital = found._capital.sum(axis=1)
    assert (np.diff(capital[0]) <= 1e-12 * capital[0][:-1]).all()
    assert (np.diff(capital[1]) >= -1e-12 * capital[1][1:]).all()
    assert BETS[1].sum() == pytest.approx(1)
    assert 0 < ROOM < 1


def test_the_interval_only_shrinks_and_ends_at_the_mean():
    rng = np.random.default_rng(4)
    labels, f = population("graded", "misleading", rng, 60)
    prediction, seen = Prediction(f), [(-1.0, 1.0)]
    for _ in range(60):
        draw = prediction.draw(rng)
        prediction.take(draw, int(labels[draw.place]))
        seen.append((prediction.lower, prediction.upper))
    assert all(a[0] <= b[0] <= b[1] <= a[1] for a, b in pairwise(seen))
    assert seen[-1] == pytest.approx((labels.mean(), labels.mean()))
    assert prediction.people().mean == pytest.approx(labels.mean())
    with pytest.raises(ValueError, match="all pairs are labelled"):
        prediction.draw(rng)


def test_labels_are_used_up_to_the_first_draw_that_has_none():
    rng = np.random.default_rng(5)
    labels, f = population("binary", "informative", rng, 80)
    prediction = Prediction(f)
    draws = []
    for _ in range(20):
        draws.append(prediction.draw(rng))
        prediction.take(draws[-1], int(labels[draws[-1].place]))
    said: list[int | None] = [int(labels[draw.place]) for draw in draws]
    assert replayed(f, draws, said, 0.05).people() == prediction.people()
    said[7] = None
    assert replayed(f, draws, said, 0.05).people().labels == 7
    assert Prediction(f).people().mean is None


def test_what_scores_do_not_settle_is_drawn_first():
    f = np.array([0.0] * 50 + [0.1] * 20 + [0.5] * 20 + [1.0] * 10)
    assert strata(np.atleast_2d(f)).tolist() == [0] * 50 + [2] * 20 + [4] * 30
    chances = Prediction(f).chances(Prediction(f).tilts)
    assert chances[0] < chances[50] < chances[70] == chances[99]
    plain = Prediction(np.zeros(100))
    assert plain.chances(plain.tilts) == pytest.approx(np.full(100, 0.01))
    assert not predictions(np.zeros((1, 4))).any()
    assert len(EXPECTED) == STRATA
    # Where predictions turn out right, nobody need look again.
    learned = Prediction(f)
    for place in range(90, 100):
        learned.take(Draw(place, learned.tilts), 1)
    assert learned.tilts[4] < Prediction(f).tilts[4]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Prediction([]),
        lambda: Prediction([0.1, float("nan")]),
        lambda: Prediction([1.1]),
        lambda: Prediction(np.zeros((1, 2, 3))),
        lambda: Prediction([0.1], 1.0),
        lambda: Prediction([0.1, 0.2]).take(Draw(0, EXPECTED), 2),
        lambda: Prediction([0.1, 0.2]).take(Draw(2, EXPECTED), 1),
        lambda: Prediction([0.1, 0.2]).chances((1.0,)),
        lambda: Prediction([0.1, 0.2]).chances((1.0, 1.0, 0.0, 1.0, 1.0)),
        lambda: replayed([0.1, 0.2], [Draw(0, EXPECTED)] * 2, [1, 1], 0.05),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="got"):
        wrong()
