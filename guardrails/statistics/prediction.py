"""What people would say of all pairs, from a handful of labels and everybody's scores.

A **round** freezes N scored pairs. Of pair i, every metric's difference f_i in [-1, 1] is known;
y_i in {-1, 0, 1} is what a person says of it: the candidate is worse, as good, or better. Wanted
is the mean of y over the N pairs. Pairs are drawn one after the other without replacement, and
the scores predict what nobody has looked at yet: prediction-powered inference (Angelopoulos,
Bates, Fannjiang, Jordan and Zrnic 2023), its power tuned on earlier labels (Angelopoulos, Duchi
and Zrnic 2023, PPI++), with draws that prefer what the scores do not settle (Zrnic and Candes
2024), and intervals by betting (Waudby-Smith and Ramdas 2024) for weighted sampling without
replacement with control variates (Shekhar, Xu, Lipton, Liang and Ramdas 2023). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from guardrails.arrays import Floats, Indices
from guardrails.statistics.streams import bets

SLOPES: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)
"""How much of a difference may be believed. Above 1, since scores often tell who is better by a
tenth where people say better; a prediction is clipped to [-1, 1] all the same."""
UNIFORM: Final = 0.4
"""Share of a draw's probability that is the same for all pairs, in (0, 1]: no pair is rarer than
that, so no weight is larger than 1 / UNIFORM times that of a uniform draw."""
STRATA: Final = 5
"""Pairs without any difference, then quarters of the others by their largest one."""
EXPECTED: Final = (0.4, 0.8, 1.2, 1.6, 2.0)
"""How much predictions are off before any label, stratum by stratum; only ratios matter."""
TRUST: Final = 6.0
"""Labels that ``EXPECTED`` is worth in each stratum."""
_SPREAD: Final = 0.25
BETS: Final = bets(8, 0.1, 3.0, 0.4)
"""Bets, in units of 1 / (difference of means); each is cut to what its range leaves room for."""
ROOM: Final = 0.98
"""Share of its capital that a bet may lose at once, at most."""
STEP: Final = 0.005
MEANS: Final = np.round(np.arange(-200, 201) * STEP, 3)
"""Means that are bet against, shape (401,)."""
_CAP: Final = 1e300
_TINY: Final = 1e-12

Tilts = tuple[float, ...]
"""How much each stratum is preferred, shape (STRATA,), each > 0; what a draw was made with."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One pair that was drawn. place: its index in the population. tilts: what it was drawn by."""

    place: int
    tilts: Tilts


@dataclass(frozen=True, slots=True)
class PeopleEstimate:
    """What people say of the candidate: mean label over all pairs of a round, in [-1, 1].

    mean: estimate; None without a label. lower, upper: hold at all times at once. labels: those
    that were used. pairs: of the round.
    """

    mean: float | None
    lower: float
    upper: float
    labels: int
    pairs: int


class Prediction:
    """The interval of one round, label by label, and what to draw next.

    With R the pairs not drawn yet, g = clip(c * f) the prediction and I the pair drawn with
    probability q(I),

        Z = (1/N) * [sum of y over drawn + sum of g over R] + (y_I - g_I) / (N * q(I))

    has the population mean as its expectation given the past, for every c and q > 0 that were
    chosen before the label. Before the label, too, its range [a, b] is known: over all pairs of R
    and all labels in [-1, 1]. Against each mean m the gambler holds a mixture over bets L of

        product of 1 + min(L, ROOM / (m - a)) * (Z - m),

    a nonnegative martingale if m is the mean, and for the other side the mirror of it. It falls
    with m, since each factor does, so the means that are not refuted are an interval; by Ville's
    inequality it holds at all times with probability at least 1 - alpha. It is cut with what no
    remaining label could change: (sum of labels -+ pairs not labelled) / N.

    differences: shape (metrics, N) or (N,), in [-1, 1]. With zeros it is plain labelling: uniform
    draws, no prediction. alpha: in (0, 1).

    Raises:
        ValueError: there is no pair, a difference is not in [-1, 1], or alpha is out of range.
    """

    def __init__(self, differences: ArrayLike, alpha: float = 0.05) -> None:
        values = np.atleast_2d(np.array(differences, np.float64))
        if values.ndim != 2 or not values.shape[1] or not np.all(np.abs(values) <= 1.0):  # noqa: PLR2004
            raise ValueError(f"differences are numbers in [-1, 1], got shape {values.shape}")
        if not 0.0 < alpha < 1.0:
            raise ValueError(f"alpha lies in (0, 1), got {alpha!r}")
        self.alpha = float(alpha)
        self.size: int = values.shape[1]
        self.labels = 0
        self.lower, self.upper = -1.0, 1.0
        self.crossed = False
        self.strata = strata(values)
        self._predictions = predictions(values)
        self._left = np.ones(self.size, bool)
        self._ahead: Floats = self._predictions.sum(axis=1)
        self._losses = np.zeros(len(self._predictions))
        self._said = 0.0
        self._estimates = 0.0
        self._square, self._seen = np.zeros(STRATA), np.zeros(STRATA)
        self._capital = np.tile(BETS[1][:, None], (2, 1, len(MEANS)))

    @property
    def tilts(self) -> Tilts:
        """How much each stratum is preferred next: about how far predictions are off there."""
        whole = (self._square.sum() + TRUST * _SPREAD) / (self._seen.sum() + TRUST)
        off = (self._square + TRUST * whole * np.array(EXPECTED)) / (self._seen + TRUST)
        return tuple(np.round(np.sqrt(off), 6).tolist())

    def chances(self, tilts: Tilts) -> Floats:
        """Return the probability of each pair to be drawn next, shape (N,); 0 if it was.

        Raises:
            ValueError: tilts are not STRATA positive numbers, or all pairs are labelled.
        """
        if len(tilts) != STRATA or min(tilts) <= 0.0 or not np.all(np.isfinite(tilts)):
            raise ValueError(f"tilts are {STRATA} numbers above 0, got {tilts!r}")
        if self.labels == self.size:
            raise ValueError("all pairs are labelled: got none to draw")
        preferred = np.array(tilts)[self.strata] * self._left
        chances: Floats = (
            UNIFORM * self._left / (self.size - self.labels)
            + (1.0 - UNIFORM) * preferred / preferred.sum()
        )
        return chances

    def draw(self, rng: np.random.Generator) -> Draw:
        """Return the pair that is to be labelled next."""
        tilts = self.tilts
        chances = self.chances(tilts)
        return Draw(int(rng.choice(self.size, p=chances / chances.sum())), tilts)

    def take(self, draw: Draw, label: int) -> None:
        """Take the label of the pair that was drawn next.

        label: -1, 0 or 1.

        Raises:
            ValueError: it is another number, or the pair was drawn before.
        """
        if label not in {-1, 0, 1}:
            raise ValueError(f"a label is -1, 0 or 1, got {label!r}")
        if not 0 <= draw.place < self.size or not self._left[draw.place]:
            raise ValueError(f"a pair is drawn once, got {draw.place!r}")
        left: Indices = np.flatnonzero(self._left)
        chances = self.chances(draw.tilts)
        best = int(np.argmin(self._losses))
        guess = self._predictions[best]
        weights = 1.0 / (self.size * chances[left])
        base = (self._said + self._ahead[best]) / self.size
        low = base + float(((-1.0 - guess[left]) * weights).min())
        high = base + float(((1.0 - guess[left]) * weights).max())
        weight = 1.0 / (self.size * chances[draw.place])
        estimate = base + (label - guess[draw.place]) * weight
        self._bet(float(estimate), low, high)
        self._learn(draw.place, label, float(label - guess[draw.place]), weight, len(left))
        self._estimates += float(estimate)
        self._shrink()

    def _bet(self, found: float, low: float, high: float) -> None:
        grid = BETS[0][:, None]
        up = np.minimum(grid, ROOM / np.maximum(MEANS - low, _TINY))
        down = np.minimum(grid, ROOM / np.maximum(high - MEANS, _TINY))
        self._capital[0] *= np.maximum(1.0 + up * (found - MEANS), 0.0)
        self._capital[1] *= np.maximum(1.0 + down * (MEANS - found), 0.0)
        np.minimum(self._capital, _CAP, out=self._capital)

    def _learn(self, place: int, label: int, off: float, weight: float, left: int) -> None:
        """Learn what predicts and where it is off, as if pairs had been drawn alike."""
        self._losses += weight * self.size / left * (label - self._predictions[:, place]) ** 2
        self._square[self.strata[place]] += off * off
        self._seen[self.strata[place]] += 1.0
        self._left[place] = False
        self._ahead -= self._predictions[:, place]
        self._said += label
        self.labels += 1

    def _shrink(self) -> None:
        refuted = self._capital.sum(axis=1) >= 2.0 / self.alpha
        below, above = np.flatnonzero(refuted[0]), np.flatnonzero(refuted[1])
        left = self.size - self.labels
        least, most = (self._said - left) / self.size, (self._said + left) / self.size
        now = (
            max(least, float(MEANS[below[-1]]) if len(below) else -1.0),
            min(most, float(MEANS[above[0]]) if len(above) else 1.0),
        )
        lower, upper = max(self.lower, now[0]), min(self.upper, now[1])
        if lower > upper:
            self.crossed = True
            lower, upper = now if now[0] <= now[1] else (least, most)
        self.lower, self.upper = lower, upper

    def people(self) -> PeopleEstimate:
        """Return what the labels say so far."""
        mean = self._estimates / self.labels if self.labels else None
        if mean is not None:
            mean = min(max(mean, self.lower), self.upper)
        return PeopleEstimate(mean, self.lower, self.upper, self.labels, self.size)


def replayed(
    differences: ArrayLike, draws: Sequence[Draw], labels: Sequence[int | None], alpha: float
) -> Prediction:
    """Return the prediction after the labels that may be used: up to the first draw without one.

    draws, labels: in the order of the draws. So labels may come in any order, and who is quick
    or likes some pairs better bends nothing.
    """
    prediction = Prediction(differences, alpha)
    for draw, label in zip(draws, labels, strict=True):
        if label is None:
            break
        prediction.take(draw, label)
    return prediction


def predictions(differences: Floats) -> Floats:
    """Return what may be predicted of every label, shape (1 + sources * slopes, N), in [-1, 1].

    Nothing first; then each metric, and the mean of several, by each of ``SLOPES``.
    """
    sources = differences
    if len(differences) > 1:
        sources = np.concatenate([differences, differences.mean(axis=0, keepdims=True)])
    slopes = np.array(SLOPES)[:, None]
    by_slope = [np.clip(slopes * source, -1.0, 1.0) for source in sources]
    return np.concatenate([np.zeros((1, differences.shape[1])), *by_slope])


def strata(differences: Floats) -> Indices:
    """Return the stratum of each pair in [0, STRATA), shape (N,)."""
    largest = np.abs(differences).max(axis=0)
    differs = largest > _TINY
    ranks: Indices = np.zeros(len(largest), np.intp)
    if differs.any():
        quarters = np.quantile(largest[differs], (0.25, 0.5, 0.75))
        ranks[differs] = 1 + np.searchsorted(quarters, largest[differs], side="right")
    return ranks
