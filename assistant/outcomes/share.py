"""Shares and quantiles with intervals that hold for what they are made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from guardrails.arrays import Bools, Floats, Indices

ENOUGH: Final = 20
"""Cases, and people behind them, from which a share is told at all."""
MOST: Final = 10
"""Cases that one person counts for at most: those of who has more weigh less, by their mean. So
nobody who asks very much, or does it on purpose, is the number."""
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """A share of cases, which belong to people.

    hits, cases, people: counts. value: the share, in which nobody counts for more than ``MOST``
    cases. low, high: 95 % interval. effective: of how many independent cases the people's are
    worth. All four are None where there is too little.
    """

    hits: int
    cases: int
    people: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    effective: float | None = None

    @property
    def too_few(self) -> bool:
        """Whether there is too little to say anything."""
        return self.value is None


def share(hits: Sequence[bool] | Bools, people: Sequence[str]) -> Share:
    """Return how large a share of cases is hit. people: whose each case is.

    Cases of one person are like each other, so the interval is Wilson's (1927) at the effective
    number of cases: that at which independent cases vary as the people's sums do (Kish 1965), by
    the linearised variance of a ratio, and with Student's quantile, after Korn and Graubard (1998),
    for so many people as carry the sum: fewer than there are if some have more cases than others.
    More than the cases, and fewer than 1, they never count for; where all are hits, or none is,
    nothing says how alike they are, and each person counts once. It assumes that people are
    independent of each other, and drawn from those of whom something is said.
    """
    hit = np.asarray(hits, np.float64)
    of, count = _codes(people)
    counts = Share(int(hit.sum()), len(hit), count)
    if counts.cases < ENOUGH or counts.people < ENOUGH:
        return counts
    cases = np.bincount(of, minlength=count).astype(np.float64)
    weights = np.minimum(1.0, MOST / cases)
    hits_of = weights * np.bincount(of, hit, count)
    cases_of = weights * cases
    value = float(hits_of.sum() / cases_of.sum())
    carrying = float(cases_of.sum() ** 2 / (cases_of**2).sum())
    effective = _effective(value, hits_of - value * cases_of, float(cases_of.sum()), carrying)
    low, high = wilson(value, effective, quantile(carrying - 1))
    return Share(counts.hits, counts.cases, counts.people, value, low, high, effective)


def _effective(value: float, sums: Floats, cases: float, people: float) -> float:
    if sums.any():
        variance = people / (people - 1) * float((sums**2).sum()) / cases**2
        return min(cases, max(1.0, value * (1 - value) / variance))
    return float(people) if value in {0.0, 1.0} else cases


def quantile(freedom: float) -> float:
    """Return Student's two-sided quantile at the level."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + LEVEL / 2))


def wilson(value: float, cases: float, z: float) -> tuple[float, float]:
    """Return Wilson's interval. cases: also a fraction of one; z: quantile."""
    scale = 1 + z * z / cases
    middle = (value + z * z / (2 * cases)) / scale
    half = z / scale * math.sqrt(value * (1 - value) / cases + z * z / (4 * cases * cases))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of some values, with what lies at least so far on either side of it.

    cases: also those that have no value yet, and will have one beyond all others. value, low, high:
    None where there is too little, or where that many have no value yet.
    """

    cases: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def quantile_of(values: Sequence[float], q: float, waiting: int = 0) -> Quantile:
    """Return a quantile with the 95 % interval of order statistics (David and Nagaraja 2003).

    q: in (0, 1). waiting: how many more there are whose value is not known but larger than that of
    most: they stand above all others, so that what stays undone makes nothing look faster. It needs
    no shape of the values, and that they are independent.
    """
    from scipy.special import bdtr

    cases = len(values) + waiting
    if cases < ENOUGH:
        return Quantile(cases)
    ordered = sorted(values)

    def at(rank: int) -> float | None:
        return ordered[rank - 1] if 1 <= rank <= len(ordered) else None

    below = bdtr(np.arange(cases + 1, dtype=np.float64), cases, q)
    tail = (1 - LEVEL) / 2
    first = int(
        np.searchsorted(below, tail, side="right")
    )  # P(fewer than `first` lie below) <= tail
    last = int(np.searchsorted(below, 1 - tail, side="left")) + 1
    return Quantile(cases, at(math.ceil(q * cases)), at(first), at(last))


def mean_share(values: Sequence[bool], people: Sequence[str]) -> float | None:
    """Return the share if each person counts once; None where there are too few of them."""
    of, count = _codes(people)
    if count < ENOUGH:
        return None
    sums = np.bincount(of, np.asarray(values, np.float64), count)
    return float((sums / np.bincount(of, minlength=count)).mean())


def _codes(people: Sequence[str]) -> tuple[Indices, int]:
    """Return a number for each case's person, and of how many."""
    codes: dict[str, int] = {}
    of = [codes.setdefault(person, len(codes)) for person in people]
    return np.array(of, np.intp), len(codes)
