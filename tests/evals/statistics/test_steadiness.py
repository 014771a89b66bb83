"""When a judge may be taken at its earlier word."""

import numpy as np
import pytest
from scipy.stats import binom

from evals.statistics.steadiness import ALPHA, Steadiness, fewest

MARGIN = 0.02


def seen(steadiness, changes, each=2):
    """Let a judge be asked again, ``each`` answers a case."""
    for place, change in enumerate(changes):
        steadiness.saw(f"case {place // each}", 0.5, 0.5 + change)
    return steadiness


def test_equal_scores_of_enough_cases_show_that_a_judge_is_steady():
    enough = fewest(MARGIN)
    assert not seen(Steadiness(MARGIN), [0.0] * 2 * enough).holds
    assert seen(Steadiness(MARGIN), [0.0] * (2 * enough + 1)).holds


@pytest.mark.parametrize(("margin", "cases"), [(0.05, 14), (0.02, 32), (0.01, 62)])
def test_a_smaller_margin_asks_for_more_cases(margin, cases):
    assert fewest(margin) == cases


@pytest.mark.parametrize("margin", [0.0, 1e-9])
def test_no_number_of_cases_shows_that_a_judge_did_not_move_at_all(margin):
    assert fewest(margin) == 0


def test_no_margin_and_no_hash_is_never_steady():
    assert not seen(Steadiness(0.0), [0.0] * 2000).holds


def test_pinned_weights_need_two_cases_without_any_difference():
    assert not seen(Steadiness(0.0, pinned=True), [0.0] * 4).holds
    assert seen(Steadiness(0.0, pinned=True), [0.0] * 5).holds
    assert not seen(Steadiness(0.0, pinned=True), [0.0, 0.1, 0.0, 0.0, 0.0]).holds


def test_a_judge_that_moved_by_the_margin_is_rarely_taken_to_be_steady():
    """One score in twelve falls by .24, so that the mean falls by just the margin."""
    rng = np.random.default_rng(7)
    nights = 400
    taken = sum(
        seen(Steadiness(MARGIN), -0.24 * (rng.random(8 * fewest(MARGIN)) < 1 / 12)).holds
        for _ in range(nights)
    )
    assert taken <= binom.ppf(0.999, nights, ALPHA)


def test_a_little_noise_does_not_hide_that_a_judge_is_steady():
    """Noise of .05 on each score: seen through at the second or third look."""
    rng = np.random.default_rng(11)
    nights = 50
    taken = sum(
        seen(Steadiness(MARGIN), rng.normal(0, 0.05, 8 * fewest(MARGIN)).clip(-0.5, 0.5)).holds
        for _ in range(nights)
    )
    assert taken >= 0.9 * nights
