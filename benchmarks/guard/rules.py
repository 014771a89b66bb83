"""Rules that people use to notice that a model got worse, to be compared with ours.

Each returns a statistic after every pair, shape (streams, pairs): the rule alarms where it
reaches a threshold.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.guard.streams import Floats

EVERY = 50
LEVELS = 201
DROP = 0.05
SHIFT = 0.1
SPREAD = 0.2
TINY = 1e-12

Statistic = Callable[[Floats, Floats, float], Floats]


@dataclass(frozen=True, slots=True)
class Rule:
    """A statistic, and the threshold that it is usually given."""

    name: str
    statistic: Statistic
    threshold: float
    knows_tolerance: bool = True

    def edge(self, tolerance: float) -> float:
        """Return the lowest mean difference at which an alarm is still false."""
        return -tolerance if self.knows_tolerance else 0.0


def _rolled(values: Floats, window: int) -> Floats:
    """Return means of the last ``window`` values; -inf before there are as many."""
    total = np.cumsum(values, axis=1)
    total[:, window:] -= total[:, :-window].copy()
    total[:, : window - 1] = -np.inf
    return total / window


def rolling_mean(window: int) -> Statistic:
    """Return the drop below tolerance in the last pairs."""
    return lambda base, candidate, tolerance: _rolled(base - candidate - tolerance, window)


def three_sigma(base: Floats, candidate: Floats, tolerance: float) -> Floats:
    """Return the same for 100 pairs, in its own standard errors."""
    drop = base - candidate - tolerance
    mean = _rolled(drop, 100)
    square = _rolled(drop * drop, 100)
    known = np.isfinite(mean)
    spread = np.sqrt(np.maximum(np.where(known, square - np.where(known, mean, 0) ** 2, 1), TINY))
    return np.asarray(mean / (spread / 10))


def mann_whitney(base: Floats, candidate: Floats, _tolerance: float) -> Floats:
    """Return z of a Mann-Whitney test on all pairs so far, at every ``EVERY``-th pair."""
    levels = [
        np.clip(np.rint(part * (LEVELS - 1)), 0, LEVELS + 9).astype(np.intp)
        for part in (base, candidate)
    ]
    streams, pairs = base.shape
    size = LEVELS + 10
    offset = np.arange(streams)[:, None] * size
    counts = [np.zeros((streams, size)) for _ in levels]
    z = np.full(base.shape, -np.inf)
    for end in range(EVERY, pairs + 1, EVERY):
        for count, level in zip(counts, levels, strict=True):
            cells = (level[:, end - EVERY : end] + offset).ravel()
            np.add(count, np.bincount(cells, minlength=count.size).reshape(count.shape), out=count)
        ours, theirs = counts[1], counts[0]
        below = np.cumsum(theirs, axis=1) - theirs / 2
        wins = (ours * below).sum(axis=1)
        together = ours + theirs
        ties = (together**3 - together).sum(axis=1) / (2 * end * (2 * end - 1))
        spread = np.sqrt(np.maximum(end * end / 12 * (2 * end + 1 - ties), TINY))
        z[:, end - 1] = (end * end / 2 - wins) / spread
    return z


def _divergence(p: Floats, q: Floats) -> Floats:
    p, q = np.clip(p, TINY, 1 - TINY), np.clip(q, TINY, 1 - TINY)
    return np.asarray(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))


def likelihood_ratio(base: Floats, candidate: Floats, tolerance: float) -> Floats:
    """Return the generalised log-likelihood ratio of best-arm stopping, less log(1 + log n).

    Garivier and Kaufmann (2016), with the Bernoulli divergence, which bounds that of any score
    in [0, 1]; the arms are taken as independent.
    """
    n = np.arange(1, base.shape[1] + 1)
    p, q = np.cumsum(base, axis=1) / n, np.cumsum(candidate + tolerance, axis=1) / n
    both = (p + q) / 2
    ratio = n * (_divergence(p, both) + _divergence(np.minimum(q, 1.0), both))
    return np.asarray(np.where(q < p, ratio, 0.0) - np.log1p(np.log(n)))


def cusum(base: Floats, candidate: Floats, tolerance: float) -> Floats:
    """Return Page's CUSUM for a normal drop of ``SHIFT`` with a standard deviation of ``SPREAD``.

    The standard deviation is what somebody measured once, not that of the stream at hand.
    """
    gains = SHIFT / SPREAD**2 * (base - candidate - tolerance - SHIFT / 2)
    path = np.cumsum(gains, axis=1)
    floor = np.minimum(np.minimum.accumulate(path, axis=1), 0.0)
    return np.asarray(path - floor)


def rules(rate: float) -> list[Rule]:
    """Return the rules; rate: false alarms per pair that CUSUM's threshold aims at."""
    return [
        *(Rule(f"rolling mean, {w} pairs", rolling_mean(w), DROP) for w in (50, 100, 200)),
        Rule("rolling 3σ, 100 pairs", three_sigma, 3.0),
        Rule(f"Mann-Whitney each {EVERY} pairs", mann_whitney, 1.645, knows_tolerance=False),
        Rule("likelihood ratio, best arm", likelihood_ratio, math.log(1 / 0.05)),
        Rule(f"CUSUM, normal, sd {SPREAD}", cusum, math.log(1 / rate)),
    ]
