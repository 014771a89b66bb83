"""What readers are promised: how likely a bad candidate answers them, and for how long."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from guardrails.rules.evidence import MetricEvidence, Summary
from guardrails.rules.policy import Policy
from guardrails.statistics.streams import bets

WORSE: Final = 0.2
"""The loss of mean score that is told of: 20 points of 100."""
SPREAD: Final = 0.35
"""Standard deviation of a difference where too few pairs have been seen to know it: between what
graded scores and what pass and fail show."""
_KNOWN: Final = 30
_GRID: Final = bets(40, 0.005, 0.99, 0.0)[0]


def pairs_before(
    policy: Policy, worse: float, spread: float = SPREAD, evidence: float = 1.0
) -> float:
    """Return about how many scored pairs it takes to route back a candidate that turns worse.

    What evidence still lacks, as a logarithm, over the growth of the best bet where differences
    have these two moments and are otherwise as slow as they can be: at two points, one of them the
    best difference there is (Bennett 1962). So it is rather too many than too few. Infinite if it
    is not worse than tolerated.

    worse: loss of mean score, in [0, 1]. spread: standard deviation of a difference, in [0, 1].
    evidence: of harm, so far.
    """
    excess = worse - policy.tolerance
    if excess <= 0.0:
        return math.inf
    scale = 1.0 + policy.tolerance
    mean, variance = -excess / scale, (spread / scale) ** 2
    low = mean - variance / (1.0 - mean)
    high = variance / (variance + (1.0 - mean) ** 2)
    growth = high * np.log1p(-_GRID) + (1.0 - high) * np.log1p(-_GRID * low)
    lacking = math.log(max(policy.budget.threshold / max(evidence, 1.0), 1.0))
    return max(1.0, lacking / float(growth.max()))


def spread_of(summary: Summary) -> float:
    """Return the standard deviation of a difference of the first metric, as far as it is known."""
    first: MetricEvidence = summary.metrics[0]
    known = first.spread is not None and first.pairs >= _KNOWN
    return float(first.spread) if known and first.spread is not None else SPREAD


@dataclass(frozen=True, slots=True)
class Promise:
    """What readers are promised of one candidate in one segment.

    tolerated, worse: losses of mean score, in [0, 1]. chance: that a candidate worse than tolerated
    ever answers readers there, in (0, 1). answers: about how many one that is worse by ``worse``
    gives before it is taken back; None if its pairs never take it back.
    """

    tolerated: float
    chance: float
    worse: float
    answers: int | None

    @property
    def words(self) -> str:
        """The promise in words, of one segment."""
        return self.said("here")

    def said(self, where: str) -> str:
        """Return the promise in words. where: it is about, as an adverb."""
        head = (
            f"one that is worse by more than the tolerated {100 * self.tolerated:g} points answers "
            f"readers with probability at most {100 * self.chance:g} % {where}"
        )
        case = f"one worse by {100 * self.worse:g} points"
        if self.answers is None:
            return f"{head}; {case} is not taken back by pairs"
        return f"{head}; {case} gives about {self.answers:,} answers before it is taken back"


def promised(
    policy: Policy,
    rate: float = 1.0,
    summary: Summary | None = None,
    worse: float = WORSE,
    *,
    anew: bool = False,
) -> Promise:
    """Return the promise of one candidate in one segment.

    rate: share of questions that get a pair, in [0, 1]; a candidate that serves gives one answer
    for each question. Those that repeat what was just asked tell of no harm, as often as they have
    so far. summary: of the pairs so far; None: of no pair yet. anew: evidence has begun anew since.
    """
    spread = spread_of(summary) if summary else SPREAD
    evidence = summary.metrics[0].evidence if summary and not anew else 1.0
    pairs = pairs_before(policy, worse, spread, evidence)
    share = rate * (summary.counted if summary else 1.0)
    answers = rounded(pairs / share) if share > 0.0 and math.isfinite(pairs) else None
    return Promise(policy.tolerance, policy.false_promotions, worse, answers)


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
