"""The probability that a person accepts an answer, as a non-decreasing function of its score.

Isotonic regression (pool adjacent violators: Ayer et al. 1955; Barlow et al. 1972) assumes only
that a higher score is not worse. Each pooled block is drawn towards the overall share of accepted
answers by PRIOR pseudo-labels and kept off 0 and 1, so that few labels do not make certainties.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from guardrails.arrays import Bools, Floats

PRIOR: Final = 2.0


def isotonic(scores: Floats, accepted: Bools) -> tuple[Floats, Floats]:
    """Return increasing scores and non-decreasing P(accept) at them. Shapes (blocks,)."""
    values, inverse = np.unique(scores, return_inverse=True)
    xs: Floats = values.astype(np.float64)
    weights: Floats = np.bincount(inverse).astype(np.float64)
    hits: Floats = np.bincount(inverse, accepted).astype(np.float64)
    ends = _pool(hits / weights, weights)
    xs, hits, weights = _merged(xs, hits, weights, ends)
    share = float(accepted.mean())
    shrunk = (hits + PRIOR * share) / (weights + PRIOR)
    ends = _pool(shrunk, weights)  # small blocks moved further and may have changed places
    xs, sums, weights = _merged(xs, shrunk * weights, weights, ends)
    edge = 1 / (len(scores) + 2)
    return xs, np.clip(sums / weights, edge, 1 - edge)


def _pool(values: Floats, weights: Floats) -> Sequence[int]:
    """Return where each block of the isotonic fit ends."""
    from scipy.optimize import isotonic_regression

    ends: list[int] = isotonic_regression(values, weights=weights).blocks[1:].tolist()
    return ends


def _merged(
    xs: Floats, sums: Floats, weights: Floats, ends: Sequence[int]
) -> tuple[Floats, Floats, Floats]:
    starts = [0, *ends[:-1]]
    heavy = np.add.reduceat(weights, starts)
    centres = np.add.reduceat(xs * weights, starts) / heavy
    return centres, np.add.reduceat(sums, starts), heavy
