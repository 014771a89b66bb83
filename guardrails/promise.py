"""What readers are promised: how likely a bad candidate answers them, and how often till it goes."""

import math
from typing import Final

import numpy as np

from guardrails.evidence import Measured, Summary
from guardrails.policy import Policy
from guardrails.streams import bets

WORSE: Final = 0.2
"""The loss of mean score that is told of: 20 points of 100."""
SPREAD: Final = 0.35
"""Standard deviation of a difference where too few pairs have been seen to know it: between what
graded scores and what pass and fail show."""
_KNOWN: Final = 30
_GRID: Final = bets(40, 0.005, 0.99, 0.0)[0]


def pairs_before(policy: Policy, worse: float, spread: float = SPREAD) -> float:
    """Return about how many scored pairs it takes to route back a candidate that turns worse.

    log(1 / a) over the growth of the best bet, which is bounded from below by the first two moments
    (log(1 - L z) >= -L z - (-log(1 - L) - L) z ** 2 for z <= 1; Fan, Grama and Liu 2015): so it is
    rather too many than too few. Infinite if it is not worse than tolerated.

    worse: loss of mean score, in [0, 1]. spread: standard deviation of a difference, in [0, 1].
    """
    excess = worse - policy.tolerance
    if excess <= 0.0:
        return math.inf
    scale = 1.0 + policy.tolerance
    mean, square = excess / scale, (spread**2 + excess**2) / scale**2
    growth = (_GRID * mean - (-np.log1p(-_GRID) - _GRID) * square).max()
    return math.log(policy.budget.threshold) / float(growth)


def spread_of(summary: Summary) -> float:
    """Return the standard deviation of a difference of the first metric, as far as it is known."""
    first: Measured = summary.metrics[0]
    known = first.spread is not None and first.pairs >= _KNOWN
    return float(first.spread) if known and first.spread is not None else SPREAD


def words(policy: Policy, rate: float = 1.0, spread: float = SPREAD, worse: float = WORSE) -> str:
    """Return the promise of one candidate in one segment, in words.

    rate: share of questions that get a pair, in [0, 1]; a candidate that serves gives one answer
    for each question.
    """
    points, tolerated = f"{100 * worse:g}", f"{100 * policy.tolerance:g}"
    chance = f"{100 * policy.false_promotions:g} %"
    head = (
        f"one that is worse by more than the tolerated {tolerated} points answers readers "
        f"with probability at most {chance} here"
    )
    pairs = pairs_before(policy, worse, spread)
    if not (rate > 0.0 and math.isfinite(pairs)):
        return f"{head}; one worse by {points} points is not taken back by pairs"
    return (
        f"{head}; one worse by {points} points gives about {rounded(pairs / rate):,} answers "
        "before it is taken back"
    )


def budget(policy: Policy) -> str:
    """Return what a segment is promised that is as good as base, in words."""
    return (
        f"at most {100 * policy.false_alarms:g} % chance of a false route-back per candidate and "
        f"segment in {policy.horizon:,} scored pairs of its own, all guarded metrics, strengths, "
        "attempts and segments above together"
    )


def rounded(count: float) -> int:
    """Return a number with two significant digits, rounded up."""
    digits = max(0, math.floor(math.log10(max(count, 1.0))) - 1)
    scale = int(10**digits)
    return math.ceil(round(count / scale, 6)) * scale
