"""Intervals: they hold as often as they say, also where people ask often and are alike."""

import numpy as np
import pytest

from assistant.outcomes.share import mean_share, quantile, quantile_of, share, wilson

RUNS = 1000


def drawn(random, people: int, mean: float, alike: float):
    """Draw cases of people. alike: how far people differ, the correlation within one, in [0, 1)."""
    sizes = np.minimum(random.zipf(1.8, people), 40)
    strength = (1 - alike) / alike if alike else 1e6
    own = random.beta(mean * strength, (1 - mean) * strength, people)
    of = np.repeat(np.arange(people), sizes)
    return random.random(len(of)) < own[of], [str(person) for person in of]


@pytest.mark.parametrize(
    ("people", "mean", "alike", "least"),
    [
        (40, 0.7, 0.0, 0.93),
        (25, 0.9, 0.3, 0.93),
        (40, 0.7, 0.3, 0.93),
        (100, 0.7, 0.5, 0.92),
        (100, 0.9, 0.3, 0.92),
        (400, 0.5, 0.2, 0.93),
    ],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(people, mean, alike, least):
    random = np.random.default_rng(7)
    held = naive = told = 0
    for _ in range(RUNS):
        number = share(*drawn(random, people, mean, alike))
        if number.value is None or number.low is None or number.high is None:
            continue
        told += 1
        held += number.low <= mean <= number.high
        low, high = wilson(number.value, number.cases, 1.96)
        naive += low <= mean <= high
    assert told > RUNS * 0.95
    assert held / told >= least
    if alike >= 0.3:
        assert naive / told < held / told - 0.05  # what a plain interval would have said


def test_cases_of_people_who_ask_once_have_wilsons_interval():
    hits = [n % 4 != 0 for n in range(200)]
    number = share(hits, [str(n) for n in range(200)])
    assert number.effective == pytest.approx(200, rel=0.01)
    assert (number.low, number.high) == pytest.approx(wilson(0.75, 200, quantile(199)), abs=1e-3)


def test_all_alike_count_as_many_as_there_are_people():
    number = share([True] * 400, [str(n % 25) for n in range(400)])
    assert (number.value, number.high, number.effective) == (1.0, 1.0, 25.0)
    assert number.low is not None
    assert number.low < 0.88


@pytest.mark.parametrize(("cases", "people"), [(0, 1), (19, 19), (500, 19)])
def test_too_few_are_not_told(cases, people):
    number = share([True] * cases, [str(n % people) for n in range(cases)])
    assert number.too_few
    assert number.cases == cases
    assert mean_share([True] * cases, [str(n % people) for n in range(cases)]) is None


@pytest.mark.parametrize(("q", "cases"), [(0.5, 25), (0.5, 200), (0.9, 120)])
def test_a_quantile_is_held_as_often_as_it_says(q, cases):
    random, truth = np.random.default_rng(3), -np.log(1 - q)
    held = 0
    for _ in range(RUNS):
        number = quantile_of(random.exponential(size=cases).tolist(), q)
        low = -np.inf if number.low is None else number.low
        high = np.inf if number.high is None else number.high
        held += low <= truth <= high
    assert held / RUNS >= 0.94


def test_what_waits_stands_above_all_others():
    values = [float(n) for n in range(60)]
    assert quantile_of(values, 0.5).value == 29.0
    assert quantile_of(values, 0.5, waiting=40).value == 49.0
    assert quantile_of(values, 0.5, waiting=61).value is None
    assert quantile_of(values[:19], 0.5).value is None
