"""How many more pairs a decision is likely to need, if the coming ones are like those seen."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from guardrails.rules.policy import Policy
from guardrails.statistics.detector import Detectors
from guardrails.statistics.proof import Proofs

FEWEST: Final = 5
"""Pairs below which nothing is said."""
_STREAMS: Final = 15
_MOST: Final = 300


def more_pairs(differences: Sequence[float], policy: Policy, most: int = _MOST) -> int | None:
    """Return the median number of further pairs until a promotion or a route-back.

    differences: score(candidate) - score(base) of each pair since the stage began, in [-1, 1].
    The real detector and proof of this one metric go on, in 15 streams, with pairs drawn from those
    seen. A guess, not a promise: with few pairs it is coarse. None if there are fewer than 5, or if
    it would take more than ``most``.
    """
    values = np.asarray(differences, dtype=float)
    if len(values) < FEWEST:
        return None
    rng = np.random.default_rng(0)
    detectors = Detectors(_STREAMS, policy.tolerance, head=policy.budget.head())
    proofs = Proofs(_STREAMS, policy.tolerance)
    for value in values:
        detectors.update(np.full(_STREAMS, value))
        proofs.update(np.full(_STREAMS, value))
    ended = 0
    open_ = np.ones(_STREAMS, bool)
    for further in range(1, most + 1):
        drawn = rng.choice(values, _STREAMS)
        tripped = detectors.update(drawn) >= policy.budget.threshold
        proofs.update(drawn)
        proven = (proofs.evidence >= policy.needed(1)) & (len(values) + further >= policy.min_pairs)
        open_ &= ~(tripped | proven)
        ended = _STREAMS - int(open_.sum())
        if 2 * ended > _STREAMS:
            return further
    return None
