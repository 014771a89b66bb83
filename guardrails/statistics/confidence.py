"""An interval for the mean difference that may be looked at after every pair.

Betting confidence sequence of Waudby-Smith and Ramdas (2024), "Estimating means of bounded
random variables by betting": hedged capital, with a fixed mixture of bets in place of a
plug-in, because then capital only falls with the mean that is bet against. That makes the set
of means an interval without searching, and lets bounds between grid points be proven.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guardrails.arrays import Floats, Indices
from guardrails.statistics.streams import Grid, bets, checked_grid, checked_pairs, rounds

_SIDES: Final = np.array([1.0, -1.0])
"""The lower bound is bet on with the difference, the upper one with its negative."""

BETS = bets(8, 0.02, 0.98, 0.4)
"""Bets that are best for intervals between a hundredth of a width and the whole of it; the
tilt makes the first hundred pairs, which large bets serve, count a little more."""
STEP = 1.0 / 32.0
MEANS = np.arange(-1.0 + STEP, 1.0 + STEP / 2, STEP)
"""Means that capital is kept for, shape (64,); exact in binary. Bounds lie between them."""
CAP, FLOOR = 1e300, 1e-250
"""Capital stops growing at CAP and is lost below FLOOR: both only widen the interval."""
DIGITS = 1e6
NEWTON = 2
CHUNK = 32
"""Streams advanced at a time, so that their capital stays in the processor's cache."""


class ConfidenceSequences:
    """Many confidence sequences for mean differences, which advance together.

    For each mean m of a grid, a gambler starts with 1 and bets that the true mean is larger:
    capital is the mixture over bets L, with weights w, of

        product over pairs of 1 + L * (d - m) / (1 + m),

    a nonnegative supermartingale if E[d | past] <= m. By Ville's inequality it ever reaches
    1 / alpha with probability at most alpha, so all such m lie below the mean: the lower bound.
    The upper bound is the same of -d. Each of the two sides gets alpha / 2.

    Guarantee: if E[d | past] is one number, P(lower < it < upper after every pair) >= 1 - alpha.
    If it moves, what holds with that probability is: lower < the largest E[d | past] so far, and
    upper > the smallest (capital falls with the mean that is bet against, so against the largest
    it is at most the product of each pair's factor against its own). So "lower >= -tolerance"
    then says that the candidate was good enough at some time; a fresh sequence says if it still is.

    Bounds are intersected over time. If they would cross, which has probability <= alpha while
    the mean stands still, the intersection starts again from what all pairs say together, and
    ``crossed`` says so. Bets do not depend on alpha, so intervals of a smaller alpha contain
    those of a larger one (until one of them has crossed).

    Where the mean may move, ask for ``moving`` bounds: what all pairs say together, not
    intersected. They hold the average of E[d | past] over the pairs so far, after every pair, with
    probability >= 1 - alpha (by the inequality of means; see ``proof``), and so the mean of
    the differences always.

    streams: at least 1. alpha: in (0, 1). moving: see above.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(
        self,
        streams: int,
        alpha: float = 0.05,
        grid: Grid = BETS,
        *,
        moving: bool = False,
    ) -> None:
        if streams < 1:
            raise ValueError(f"streams is a whole number of at least 1, got {streams!r}")
        if not 0.0 < alpha < 1.0:
            raise ValueError(f"alpha lies in (0, 1), got {alpha!r}")
        self.alpha, self.moving = float(alpha), bool(moving)
        self.bets, self.weights = checked_grid(grid)
        self._needed = len(_SIDES) / self.alpha
        self._width = 1.0 + MEANS
        self._slope = self.bets[:, None, None] / self._width
        self._stay = (1.0 - self.bets)[:, None, None]
        self.pairs: NDArray[np.int64] = np.zeros(streams, np.int64)
        self.sums: Floats = np.zeros(streams)
        self.crossed: NDArray[np.bool_] = np.zeros(streams, np.bool_)
        shape = (streams, len(self.bets), len(_SIDES), len(MEANS))
        self._capital: Floats = np.empty(shape)
        self._capital[:] = self.weights[:, None, None]
        self._bounds: Floats = np.full((streams, len(_SIDES)), -1.0)

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def lower(self) -> Floats:
        """Lower bounds, shape (streams,), in [-1, 1]."""
        return self._bounds[:, 0].copy()

    @property
    def upper(self) -> Floats:
        """Upper bounds, shape (streams,), in [-1, 1]."""
        return -self._bounds[:, 1]

    @property
    def mean(self) -> Floats:
        """Mean differences so far, shape (streams,); NaN without a pair."""
        return np.where(self.pairs > 0, self.sums / np.maximum(self.pairs, 1), np.nan)

    def update(self, differences: ArrayLike, streams: ArrayLike | None = None) -> None:
        """Take one difference per pair, each for its stream; see ``Detectors.update``.

        Raises:
            ValueError: a difference is not finite or not in [-1, 1], a stream does not
                exist, or the shapes differ. Nothing has been updated then.
        """
        values, rows = checked_pairs(differences, streams, len(self))
        for some in rounds(rows):
            for start in range(0, len(some), CHUNK):
                part = some[start : start + CHUNK]
                self._advance(rows[part], values[part])

    def _advance(self, rows: Indices, values: Floats) -> None:
        reach = (1.0 + values[:, None] * _SIDES)[:, None, :, None]
        capital = self._capital[rows]
        capital *= self._slope * reach + self._stay
        np.minimum(capital, CAP, out=capital)
        capital *= capital >= FLOOR
        self._capital[rows] = capital
        self.pairs[rows] += 1
        self.sums[rows] += values
        now = self._proven(capital, self.pairs[rows])
        if self.moving:
            self._bounds[rows] = now
            return
        bounds = np.maximum(self._bounds[rows], now)
        over = bounds.sum(axis=1) > 0.0
        bounds[over] = now[over]
        self.crossed[rows] |= over
        self._bounds[rows] = bounds

    def _proven(self, capital: Floats, pairs: NDArray[np.int64]) -> Floats:
        """Return the largest mean that is bet against with success, shape (rows, sides)."""
        rejected = capital.sum(axis=1) >= self._needed
        last = np.where(rejected, np.arange(len(MEANS)), -1).max(axis=2)
        proven = np.full(last.shape, -1.0)
        row, side = np.nonzero(last >= 0)
        if len(row):
            at = np.minimum(last[row, side], len(MEANS) - 2)
            here, there = (capital[row, :, side, at + i].T for i in (0, 1))
            share = self._share(here, there, self._width[at], pairs[row])
            mean = MEANS[at] + STEP * share
            proven[row, side] = np.floor(mean * DIGITS - 1e-3) / DIGITS
        return proven

    def _share(
        self, here: Floats, there: Floats, width: Floats, pairs: NDArray[np.int64]
    ) -> Floats:
        """Return how far towards the next grid point means are still rejected, in [0, 1].

        For one bet, capital times width ** pairs is a product of functions that are linear in
        the mean, so its logarithm is concave and lies above its chord. Chords added up over the
        bets, less pairs * log(width), are convex: Newton's steps from the rejected end never
        pass the root. So each result is proven, wherever the steps end. A bet whose capital is
        lost at the next point is left out, which proves less.
        """
        alive = there > 0.0
        log_here = np.log(np.where(alive, here, 1.0))
        grown = pairs * np.log1p(STEP / width)
        rate = np.log(np.where(alive, there, 1.0)) - log_here + grown
        share = np.zeros(len(width))
        for _ in range(NEWTON):
            parts = np.where(alive, np.exp(log_here + share * rate), 0.0)
            total = np.maximum(parts.sum(axis=0), FLOOR)
            point = width + STEP * share
            height = np.log(total) - pairs * np.log(point / width) - np.log(self._needed)
            fall = (parts * rate).sum(axis=0) / total - pairs * STEP / point
            moved = np.where((height > 0.0) & (fall < 0.0), -height / np.minimum(fall, -FLOOR), 0.0)
            share = np.clip(share + moved, 0.0, 1.0)
        return share

    def restart(self, streams: ArrayLike) -> None:
        """Let these streams begin anew, as if they had seen no pair. streams: shape (some,)."""
        rows = np.asarray(streams, np.intp)
        self.pairs[rows] = 0
        self.sums[rows] = 0.0
        self.crossed[rows] = False
        self._capital[rows] = self.weights[:, None, None]
        self._bounds[rows] = -1.0

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain numbers, strings and lists."""
        return {
            "alpha": self.alpha,
            "side": "both",  # states of all times have the same bytes
            "moving": self.moving,
            "bets": self.bets.tolist(),
            "weights": self.weights.tolist(),
            "pairs": self.pairs.tolist(),
            "sums": self.sums.tolist(),
            "crossed": self.crossed.tolist(),
            "bounds": self._bounds.tolist(),
            "capital": self._capital.tolist(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the sequences that a state was taken of, bit for bit."""
        grid = state["bets"], state["weights"]
        moving = bool(state.get("moving"))
        sequences = cls(len(state["pairs"]), state["alpha"], grid, moving=moving)
        sequences.pairs[:] = state["pairs"]
        sequences.sums[:] = state["sums"]
        sequences.crossed[:] = state["crossed"]
        sequences._bounds[:] = state["bounds"]
        sequences._capital[:] = state["capital"]
        return sequences


class ConfidenceSequence:
    """One confidence sequence: ``ConfidenceSequences`` of a single stream, the same numbers.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(self, alpha: float = 0.05, *, moving: bool = False) -> None:
        self._one = ConfidenceSequences(1, alpha, moving=moving)

    @property
    def pairs(self) -> int:
        """How many pairs it has seen."""
        return int(self._one.pairs[0])

    @property
    def mean(self) -> float:
        """The mean difference so far; NaN without a pair."""
        return float(self._one.mean[0])

    @property
    def lower(self) -> float:
        """The lower bound, in [-1, 1]."""
        return float(self._one.lower[0])

    @property
    def upper(self) -> float:
        """The upper bound, in [-1, 1]."""
        return float(self._one.upper[0])

    @property
    def crossed(self) -> bool:
        """Whether the bounds ever crossed: the mean has moved, or chance did it."""
        return bool(self._one.crossed[0])

    def update(self, difference: float) -> tuple[float, float]:
        """Take the difference of one pair; return the bounds after it.

        Raises:
            ValueError: it is not finite or not in [-1, 1].
        """
        self._one.update([difference])
        return self.lower, self.upper

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain numbers, strings and lists."""
        return self._one.state()

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the sequence that a state was taken of, bit for bit."""
        sequence = cls.__new__(cls)
        sequence._one = ConfidenceSequences.restore(state)  # noqa: SLF001 - its own
        return sequence
