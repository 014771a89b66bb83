"""A mean of differences with an error that respects conversations and small numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from guardrails.arrays import Floats

FEWEST: Final = 2
UNSEEN: Final = 0.25
POWER: Final = 0.8


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean in [-1, 1], its standard error, and how far the error itself can be trusted.

    degrees: of Student's distribution; 0 if there are fewer than two conversations, and then
    nothing is known: every interval is [-1, 1] and every p is 1. pairs, clusters: behind it.
    """

    mean: float
    error: float
    degrees: float
    pairs: int
    clusters: int

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the two-sided interval of coverage 1 - alpha, cut to [-1, 1].

        alpha: in (0, 1).
        """
        if not self.degrees:
            return -1.0, 1.0
        half = quantile(1 - alpha / 2, self.degrees) * self.error
        return max(-1.0, self.mean - half), min(1.0, self.mean + half)

    def below(self, bound: float) -> float:
        """Return the one-sided p, in [0, 1], against "the true mean is at least ``bound``"."""
        return self._tail(self.mean - bound)

    def above(self, bound: float) -> float:
        """Return the one-sided p, in [0, 1], against "the true mean is at most ``bound``"."""
        return self._tail(bound - self.mean)

    def differs(self) -> float:
        """Return the two-sided p, in [0, 1], against "the true mean is 0"."""
        return min(1.0, 2 * self._tail(-abs(self.mean)))

    def detectable(self, alpha: float, *, sides: int = 2) -> float:
        """Return the true difference that a test at ``alpha`` finds with 80 % probability.

        In (0, 1]; 1 also stands for "none".
        """
        if not self.degrees:
            return 1.0
        reach = quantile(1 - alpha / sides, self.degrees) + quantile(POWER, self.degrees)
        return min(1.0, reach * self.error)

    def _tail(self, distance: float) -> float:
        from scipy.special import stdtr

        if not self.degrees:
            return 1.0
        if self.error == 0:
            return 0.0 if distance < 0 else 1.0
        return float(stdtr(self.degrees, distance / self.error))


NOTHING: Final = Estimate(0.0, math.inf, 0.0, 0, 0)


def estimate(
    differences: Floats, clusters: Sequence[str], weights: Floats | None = None
) -> Estimate:
    """Return the weighted mean of differences, with a cluster-robust standard error.

    The error is CR2 with the degrees of freedom of Bell and McCaffrey (2002), as advised by
    Imbens and Kolesár (2016) for few and unequal clusters; for unclustered pairs of equal weight
    it is Student's t. Identical differences do not make it 0: one unseen conversation that moves
    by ``UNSEEN`` is always thought possible, so the error is at least its weight times that.

    differences: shape (n,), in [-1, 1]. clusters: the conversation of each. weights: shape (n,),
    not negative, not all 0; equal if None.
    """
    count = len(differences)
    numbers = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)[1]
    groups = int(numbers.max()) + 1 if count else 0
    if not count:
        return NOTHING
    shares = np.full(count, 1 / count) if weights is None else weights / weights.sum()
    mean = float(shares @ differences)
    own: Floats = np.bincount(numbers, shares, groups).astype(np.float64)
    if int((own > 0).sum()) < FEWEST:
        return Estimate(mean, math.inf, 0.0, count, groups)
    squares: Floats = np.bincount(numbers, shares**2, groups).astype(np.float64)
    whole = float(squares.sum())
    sums = np.bincount(numbers, shares * (differences - mean), groups)
    # With independent errors of equal spread, E[sums²] is spread² times this:
    expected = squares * (1 - 2 * own) + own**2 * whole
    scale = np.divide(squares, expected, out=np.zeros_like(squares), where=expected > 0)
    variance = float((scale * sums**2).sum())
    error = max(math.sqrt(variance), UNSEEN * float(own.max()))
    return Estimate(mean, error, _degrees(squares, own, scale), count, groups)


def _degrees(squares: Floats, own: Floats, scale: Floats) -> float:
    """Return Satterthwaite's degrees of freedom, whole² / sum of all squared covariances."""
    whole = float(squares.sum())
    root = np.sqrt(scale)
    crossed = -np.outer(squares, own) - np.outer(own, squares) + whole * np.outer(own, own)
    crossed *= np.outer(root, root)
    np.fill_diagonal(crossed, squares)
    return float(whole**2 / (crossed**2).sum())


def quantile(level: float, degrees: float) -> float:
    """Return Student's quantile. level: in (0, 1). degrees: above 0; fractions are allowed."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, level))
