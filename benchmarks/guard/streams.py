"""Simulated pairs of scores whose mean difference is known exactly."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from guardrails.simulation.pairs import pass_fail, rare_disaster, tied

Floats = NDArray[np.float64]
Pairs = tuple[Floats, Floats]
Kind = Callable[[np.random.Generator, float, tuple[int, int]], Pairs]

CHANGES = 0.02
"""Chance per pair that the question mix moves on to another kind of question."""


def kinds_of_question(
    rng: np.random.Generator, shape: tuple[int, int], kinds: int
) -> NDArray[np.intp]:
    """Return which kind each question is: runs of 1 / CHANGES questions on average."""
    steps = np.where(rng.random(shape) < CHANGES, rng.integers(1, kinds, shape), 0)
    return np.asarray((rng.integers(0, kinds, (shape[0], 1)) + np.cumsum(steps, axis=1)) % kinds)


def autocorrelated_mix(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> Pairs:
    """Runs of easy, pass/fail and graded questions: spread and shape hang on the past."""
    kind = kinds_of_question(rng, shape, 3)
    easy = np.full(shape, 0.8), 0.8 + mean + 0.1 * (2 * rng.random(shape) - 1)
    options = [easy, pass_fail(rng, mean, shape), tied(rng, mean, shape)]
    base, candidate = (np.choose(kind, [option[i] for option in options]) for i in (0, 1))
    return base, candidate


def moving_mean(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> Pairs:
    """Runs at the mean, and runs .1 above it: H0 holds for each pair, the mean does not stay."""
    up = kinds_of_question(rng, shape, 2) == 1
    low, high = pass_fail(rng, mean, shape), pass_fail(rng, mean + 0.1, shape)
    return np.where(up, high[0], low[0]), np.where(up, high[1], low[1])


def worse_in_runs(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> Pairs:
    """Outside H0: the mean is right on average, but .08 too low in half of the runs."""
    up = kinds_of_question(rng, shape, 2) == 1
    low, high = pass_fail(rng, mean - 0.08, shape), pass_fail(rng, mean + 0.08, shape)
    return np.where(up, high[0], low[0]), np.where(up, high[1], low[1])


KINDS: dict[str, Kind] = {
    "binary": pass_fail,
    "tied": tied,
    "rare −1": rare_disaster,
    "autocorrelated mix": autocorrelated_mix,
}
