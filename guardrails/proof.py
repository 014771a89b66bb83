"""Says when a candidate has been shown not to be worse, whatever the hours and the questions do.

The capital of Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by
betting", against one mean, with a fixed mixture of bets. Nothing here takes a logarithm, so that a
replay on another machine gives the same bytes.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guardrails.streams import Floats, Grid, Indices, bets, checked_grid, checked_pairs, rounds

BETS: Final = bets(10, 0.02, 0.98, 0.4)
CAP: Final = 1e300
"""Evidence stops growing here; less than was earned proves nothing wrongly."""


class Proofs:
    """Evidence that mean differences are above -tolerance, one for each stream.

    For bets L with weights w it is the sum of w times

        product over pairs of 1 + L * (d + tolerance) / (1 - tolerance),      0 pairs: 1

    H0: the average of E[d | past] over the pairs so far is at most -tolerance. Divide each factor
    by its own expectation given the past: the product is a martingale that begins at 1. What it was
    divided by is at most 1 wherever H0 holds, since a product of numbers is at most the power of
    their average. So P(evidence ever reaches 1 / alpha at a moment at which H0 holds) <= alpha
    (Ville), however those expectations move with the hour and the questions, and however often one
    looks. It is about the pairs that it was made of, and about no later ones.

    streams: at least 1. tolerance: in [0, 1).

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(self, streams: int, tolerance: float, grid: Grid = BETS) -> None:
        if streams < 1:
            raise ValueError(f"streams is a whole number of at least 1, got {streams!r}")
        if not 0.0 <= tolerance < 1.0:
            raise ValueError(f"tolerance lies in [0, 1), got {tolerance!r}")
        self.tolerance = float(tolerance)
        self.bets, self.weights = checked_grid(grid)
        self._slope = self.bets / (1.0 - self.tolerance)
        self.pairs: NDArray[np.int64] = np.zeros(streams, np.int64)
        self._terms: Floats = np.tile(self.weights, (streams, 1))

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def evidence(self) -> Floats:
        """Evidence of each stream, shape (streams,), at least 0; 1 at first."""
        evidence: Floats = self._terms.sum(axis=-1)
        return evidence

    def update(self, differences: ArrayLike, streams: ArrayLike | None = None) -> None:
        """Take one difference per pair, each for its stream; see ``Detectors.update``.

        Raises:
            ValueError: a difference is not finite or not in [-1, 1], a stream does not exist, or
                the shapes differ. Nothing has been updated then.
        """
        values, rows = checked_pairs(differences, streams, len(self))
        for some in rounds(rows):
            self._advance(rows[some], values[some])

    def _advance(self, rows: Indices, values: Floats) -> None:
        factors = np.maximum(1.0 + (values[:, None] + self.tolerance) * self._slope, 0.0)
        self._terms[rows] = np.minimum(self._terms[rows] * factors, CAP)
        self.pairs[rows] += 1

    def restart(self, streams: ArrayLike) -> None:
        """Let these streams begin anew, as if they had seen no pair. streams: shape (some,)."""
        rows = np.asarray(streams, np.intp)
        self.pairs[rows] = 0
        self._terms[rows] = self.weights

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain numbers and lists."""
        return {
            "tolerance": self.tolerance,
            "bets": self.bets.tolist(),
            "weights": self.weights.tolist(),
            "pairs": self.pairs.tolist(),
            "terms": self._terms.tolist(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the proofs that a state was taken of, bit for bit."""
        grid = state["bets"], state["weights"]
        proofs = cls(len(state["pairs"]), state["tolerance"], grid)
        proofs.pairs[:] = state["pairs"]
        proofs._terms[:] = state["terms"]
        return proofs


class Proof:
    """One proof: ``Proofs`` of a single stream, and the same numbers.

    Raises:
        ValueError: a setting is out of its range.
    """

    def __init__(self, tolerance: float) -> None:
        self._one = Proofs(1, tolerance)

    @property
    def tolerance(self) -> float:
        """The loss that is accepted."""
        return self._one.tolerance

    @property
    def evidence(self) -> float:
        """The evidence so far; 1 at first."""
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
        self._one.update([difference])
        return self.evidence

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain numbers and lists."""
        return self._one.state()

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the proof that a state was taken of, bit for bit."""
        proof = cls(state["tolerance"])
        proof._one = Proofs.restore(state)
        return proof
