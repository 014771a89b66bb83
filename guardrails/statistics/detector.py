"""Says when a candidate has become worse, with a stated chance of saying so wrongly.

Mixture e-SR detector of Shin, Ramdas and Rinaldo (2024), "E-detectors: a nonparametric
framework for sequential change detection". Evidence is one number per pair; a pair costs
O(number of bets); the state is plain numbers. Nothing here takes a logarithm, so that a replay
on another machine gives the same bytes.

A change of version is a fresh detector: evidence is about one pair of arms and one scorer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike

from guardrails.arrays import Floats
from guardrails.statistics.mixtures import Mixtures, SingleMixture
from guardrails.statistics.streams import Grid, bets

_DIRECTION: Final = "worse"
"""Stored with each state, so that states of all times have the same bytes."""

BETS = bets(12, 0.04, 0.99, 1.0)
"""Twelve are enough: neighbours differ by a third, which costs under 3 % of the growth rate;
and weights grow with the bet, since where a large bet is best there is no time to earn back a
small weight, and where a small one is best the sum over starting points pays for it."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How often a false route-back is acceptable.

    false_alarms: chance of one or more within ``horizon``, in (0, 1). horizon: scored pairs, at
    least 1. shares: one part in so many of it is this detector's, at least 1; by the union bound
    the chance that any detector of a candidate in a segment is wrong within its own ``horizon``
    pairs stays at ``false_alarms`` if their parts sum to 1. ahead: detectors begin with a head
    start, which costs half of the budget, over all attempts; see ``head``.

    Raises:
        ValueError: a value is out of its range.
    """

    false_alarms: float = 0.05
    horizon: int = 4000
    shares: float = 1
    ahead: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.false_alarms < 1.0:
            raise ValueError(f"false_alarms is a chance in (0, 1), got {self.false_alarms!r}")
        if self.horizon < 1 or self.shares < 1:
            sizes = f"{self.horizon!r} and {self.shares!r}"
            raise ValueError(f"horizon and shares are numbers of at least 1, got {sizes}")

    @property
    def rate(self) -> float:
        """False alarms per scored pair of one detector: ``a``."""
        return self.false_alarms / self.horizon / self.shares / (2 if self.ahead else 1)

    @property
    def threshold(self) -> float:
        """Route back when a detector's evidence is at least this: 1 / a."""
        return 1.0 / self.rate

    def head(self, attempt: int = 1) -> float:
        """Return the evidence that a detector begins with, in pairs: SR-r.

        Most of what is worse was so from the first pair on, and is found in a third of the time by
        a detector that begins as if ``head`` pairs had gone already (Lucas and Crosier 1982;
        Moustakides, Polunchenko and Tartakovsky 2011). Its evidence less pairs and head start is a
        supermartingale, so over all attempts, each a fresh start, P(evidence reaches 1 / a within
        n pairs) <= (n + sum of head starts) * a, and they sum to at most ``horizon``.

        attempt: how often evidence has begun for this candidate and segment, this time included.
        """
        return self.horizon * spent(attempt) if self.ahead else 0.0


def spent(attempt: int) -> float:
    """Return the share of a budget that an attempt has, in (0, 1]; all attempts' sum to 1.

    attempt: from 1. It falls slowly, so that a late attempt costs a few more pairs and no more.
    """
    return 1.0 / (attempt * (attempt + 1))


class Detectors(Mixtures):
    """Many e-SR detectors that advance together, one for each stream of differences.

    With d = score(candidate) - score(base), H0 is E[d | past] >= -tolerance. Every bet keeps, for
    weight w and bet L,

        M <- (M + w) * (1 - L * (d + tolerance) / (1 + tolerance)),   M = head * w at first

    and the evidence is the sum over bets. Each factor is >= 0 because |d| <= 1 and L < 1, and has
    expectation <= 1 given the past under H0; so evidence minus the number of pairs is a
    supermartingale, and by optional stopping P(evidence reaches 1 / a within n pairs)
    <= (n + head) * a and, without a head start, ARL >= 1 / a, whatever the distribution of d.
    Capping at ``CAP`` keeps the supermartingale.

    streams: how many, at least 1. tolerance: in [0, 1). head: what evidence begins with, at least
    0, one for all streams or shape (streams,); see ``Budget.head``.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(
        self,
        streams: int,
        tolerance: float,
        head: ArrayLike = 0.0,
        grid: Grid = BETS,
    ) -> None:
        super().__init__(streams, tolerance, grid)
        self._slope = self.bets / (1.0 + self.tolerance)
        self._terms = self._first(head, (streams,))

    def _first(self, head: ArrayLike, shape: tuple[int, ...]) -> Floats:
        heads = np.broadcast_to(np.asarray(head, np.float64), shape)
        if not np.all((heads >= 0.0) & (heads < np.inf)):
            raise ValueError(f"head is a finite number of at least 0, got {head!r}")
        terms: Floats = heads[:, None] * self.weights
        return terms

    def _grown(self, terms: Floats, values: Floats) -> Floats:
        excess = (values + self.tolerance)[:, None]
        grown: Floats = (terms + self.weights) * np.maximum(1.0 - excess * self._slope, 0.0)
        return grown

    def restart(self, streams: ArrayLike, head: ArrayLike = 0.0) -> None:
        """Let these streams begin anew, as if they had seen no pair. streams: shape (some,)."""
        rows = np.asarray(streams, np.intp)
        self._began(rows, self._first(head, rows.shape))

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain numbers, strings and lists."""
        return {**super().state(), "direction": _DIRECTION}

    @classmethod
    def _of(cls, state: Mapping[str, Any]) -> Self:
        grid = state["bets"], state["weights"]
        return cls(len(state["pairs"]), state["tolerance"], grid=grid)


class Detector(SingleMixture):
    """One detector: ``Detectors`` of a single stream; its evidence is the head start at first.

    Raises:
        ValueError: a setting is out of its range.
    """

    many = Detectors

    def __init__(self, tolerance: float, head: float = 0.0) -> None:
        super().__init__(Detectors(1, tolerance, head))
