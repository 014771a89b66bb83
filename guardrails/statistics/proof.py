"""Says when a candidate has been shown not to be worse, whatever the hours and the questions do.

The capital of Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by
betting", against one mean, with a fixed mixture of bets. Nothing here takes a logarithm, so that a
replay on another machine gives the same bytes.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike

from guardrails.arrays import Floats
from guardrails.statistics.mixtures import Mixtures, SingleMixture
from guardrails.statistics.streams import Grid, bets

BETS: Final = bets(10, 0.02, 0.98, 0.4)


class Proofs(Mixtures):
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
        super().__init__(streams, tolerance, grid)
        self._slope = self.bets / (1.0 - self.tolerance)
        self._terms = np.tile(self.weights, (streams, 1))

    def _grown(self, terms: Floats, values: Floats) -> Floats:
        grown: Floats = terms * np.maximum(
            1.0 + (values[:, None] + self.tolerance) * self._slope, 0.0
        )
        return grown

    def restart(self, streams: ArrayLike) -> None:
        """Let these streams begin anew, as if they had seen no pair. streams: shape (some,)."""
        self._began(streams, self.weights)

    @classmethod
    def _of(cls, state: Mapping[str, Any]) -> Self:
        grid = state["bets"], state["weights"]
        return cls(len(state["pairs"]), state["tolerance"], grid)


class Proof(SingleMixture):
    """One proof: ``Proofs`` of a single stream; its evidence is 1 at first.

    Raises:
        ValueError: a setting is out of its range.
    """

    many = Proofs

    def __init__(self, tolerance: float) -> None:
        super().__init__(Proofs(1, tolerance))
