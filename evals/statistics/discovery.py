"""Which of many looks are real: false discovery rate and family-wise error."""

import numpy as np

from guardrails.arrays import Bools, Floats


def discovered(p: Floats, rate: float) -> Bools:
    """Return which hypotheses are rejected at a false discovery rate (Benjamini, Hochberg 1995).

    It holds for independent and for positively dependent tests (Benjamini, Yekutieli 2001).
    p: shape (m,), in [0, 1]. rate: in (0, 1). Shape (m,).

    Raises:
        ValueError: a p is not in [0, 1], or is NaN.
    """
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p) <= rate)


def familywise(p: Floats) -> Floats:
    """Return adjusted p: rejecting those at most alpha makes any error with chance alpha at most.

    Holds whatever the dependence (Holm 1979). p: shape (m,), in [0, 1]. Shape (m,).
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
