"""What the detector and the proof share: evidence as a sum over bets, for many streams at once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guardrails.arrays import Floats, Indices
from guardrails.statistics.streams import Grid, checked_grid, checked_pairs, rounds

CAP: Final = 1e300
"""A term stops growing here. Less evidence than was earned says nothing wrongly."""


class Mixtures(ABC):
    """Many streams of differences, each with one term for every bet; evidence is their sum.

    streams: how many, at least 1. tolerance: in [0, 1). grid: bets in (0, 1) and their weights.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(self, streams: int, tolerance: float, grid: Grid) -> None:
        if streams < 1:
            raise ValueError(f"streams is a whole number of at least 1, got {streams!r}")
        if not 0.0 <= tolerance < 1.0:
            raise ValueError(f"tolerance lies in [0, 1), got {tolerance!r}")
        self.tolerance = float(tolerance)
        self.bets, self.weights = checked_grid(grid)
        self.pairs: NDArray[np.int64] = np.zeros(streams, np.int64)
        self._terms: Floats

    @abstractmethod
    def _grown(self, terms: Floats, values: Floats) -> Floats:
        """Return the terms after one more difference each. Shapes (some, terms) and (some,)."""

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def evidence(self) -> Floats:
        """Evidence of each stream, shape (streams,), at least 0."""
        evidence: Floats = self._terms.sum(axis=-1)
        return evidence

    def update(self, differences: ArrayLike, streams: ArrayLike | None = None) -> Floats:
        """Take one difference per pair; return the evidence after each, shape (pairs,).

        streams: which stream each difference belongs to, shape (pairs,); by default one for
        each. A stream may occur many times; its differences are taken in the order given.

        Raises:
            ValueError: a difference is not finite or not in [-1, 1], a stream does not exist, or
                the shapes differ. Nothing has been updated then.
        """
        values, rows = checked_pairs(differences, streams, len(self))
        after = np.empty(len(values))
        for some in rounds(rows):
            after[some] = self._advance(rows[some], values[some])
        return after

    def _advance(self, rows: Indices, values: Floats) -> Floats:
        terms = np.minimum(self._grown(self._terms[rows], values), CAP)
        self._terms[rows] = terms
        self.pairs[rows] += 1
        evidence: Floats = terms.sum(axis=-1)
        return evidence

    def _began(self, streams: ArrayLike, terms: Floats) -> None:
        rows = np.asarray(streams, np.intp)
        self.pairs[rows] = 0
        self._terms[rows] = terms

    def state(self) -> dict[str, Any]:
        """Return all that restoring needs, as plain numbers, strings and lists."""
        return {
            "tolerance": self.tolerance,
            "bets": self.bets.tolist(),
            "weights": self.weights.tolist(),
            "pairs": self.pairs.tolist(),
            "terms": self._terms.tolist(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return what a state was taken of, bit for bit."""
        copy = cls._of(state)
        copy.pairs[:] = state["pairs"]
        copy._terms[:] = state["terms"]  # noqa: SLF001 - its own
        return copy

    @classmethod
    @abstractmethod
    def _of(cls, state: Mapping[str, Any]) -> Self:
        """Return streams of the settings that a state names, without a pair."""


class SingleMixture:
    """``Mixtures`` of a single stream, and the same numbers. many: which ones."""

    many: ClassVar[type[Mixtures]]

    def __init__(self, one: Mixtures) -> None:
        self._one = one

    @property
    def tolerance(self) -> float:
        """The loss that is accepted."""
        return self._one.tolerance

    @property
    def evidence(self) -> float:
        """The evidence so far."""
        return float(self._one.evidence[0])

    @property
    def pairs(self) -> int:
        """How many pairs it has seen."""
        return int(self._one.pairs[0])

    def update(self, difference: float) -> float:
        """Take the difference of one pair; return the evidence after it.

        Raises:
            ValueError: it is not finite or not in [-1, 1].
        """
        return float(self._one.update([difference])[0])

    def state(self) -> dict[str, Any]:
        """Return all that restoring needs, as plain numbers, strings and lists."""
        return self._one.state()

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return what a state was taken of, bit for bit."""
        single = cls.__new__(cls)
        single._one = cls.many.restore(state)  # noqa: SLF001 - its own
        return single
