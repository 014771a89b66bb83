"""The evidence of many streams of pairs at once: the numbers of ``guardrails.rules.evidence``.

For the attack and for simulations, where thousands of streams are followed pair by pair.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from guardrails.arrays import Floats, Indices
from guardrails.rules.evidence import RECENT
from guardrails.rules.policy import CATASTROPHE, Policy
from guardrails.statistics.detector import Detectors, spent
from guardrails.statistics.proof import Proofs

Truths = NDArray[np.bool_]


class Batch:
    """Detectors and proofs of many candidates in one segment each. Rule 2.

    streams: how many. policy: what they are guarded by; what is in no difference (margins that
    nobody measures) must not be in it. attempt: that they begin with; see ``Evidence``.
    """

    def __init__(self, streams: int, policy: Policy, attempt: int = 1) -> None:
        self._policy, self._guarded = policy, policy.guarded
        self.attempt: NDArray[np.int64] = np.full(streams, attempt)
        self.head: Floats = np.full(streams, policy.budget.head(attempt))
        self.needed: Floats = np.full(streams, policy.needed(attempt))
        self.detectors = {
            one.name: Detectors(streams, one.tolerance, head=self.head) for one in self._guarded
        }
        self.proofs = {one.name: Proofs(streams, one.tolerance) for one in self._guarded}
        self.recent = {one.name: np.zeros(streams) for one in self._guarded}

    def add(self, rows: Indices, differences: Mapping[str, Floats]) -> None:
        """Take one pair for each of these streams. rows: no stream twice, shape (some,).

        differences: by metric, shape (some,), in [-1, 1]; NaN without a score.
        """
        for metric in self._guarded:
            values = (
                catastrophes(differences, self._policy)
                if metric.name == CATASTROPHE
                else differences[metric.name]
            )
            scored = ~np.isnan(values)
            self.detectors[metric.name].update(values[scored], rows[scored])
            self.proofs[metric.name].update(values[scored], rows[scored])
            recent = self.recent[metric.name]
            recent[rows[scored]] += (values[scored] - recent[rows[scored]]) / RECENT

    def tripped(self, rows: Indices) -> Truths:
        """Return which of these streams are routed back, shape (some,)."""
        flags = [
            self.detectors[one.name].evidence[rows] >= one.budget.threshold for one in self._guarded
        ]
        return np.asarray(np.logical_or.reduce(flags))

    def proven(self, rows: Indices) -> Truths:
        """Return which of these streams may rise, shape (some,)."""
        flags = [
            (proofs.evidence[rows] >= self.needed[rows])
            & (proofs.pairs[rows] >= self._policy.min_pairs)
            for proofs in self.proofs.values()
        ]
        return np.asarray(np.logical_and.reduce(flags)) & ~self.tripped(rows)

    def spoken(self, rows: Indices) -> Truths:
        """Return which streams have enough pairs, and do not lean to harm; see ``stages``."""
        flags = [
            (self.detectors[metric.name].pairs[rows] >= self._policy.min_pairs)
            & (self.recent[metric.name][rows] >= -metric.tolerance)
            for metric in self._guarded
        ]
        return np.asarray(np.logical_and.reduce(flags))

    def restart(self, rows: Indices) -> None:
        """Let the evidence of these streams begin anew: one more attempt each."""
        self.attempt[rows] += 1
        shares = np.array([spent(int(attempt)) for attempt in self.attempt[rows]])
        first = spent(1)
        self.head[rows] = self._policy.budget.head(1) / first * shares
        self.needed[rows] = self._policy.needed(1) * first / shares
        for detectors in self.detectors.values():
            detectors.restart(rows, self.head[rows])
        for name, proofs in self.proofs.items():
            proofs.restart(rows)
            self.recent[name][rows] = 0.0


def catastrophes(differences: Mapping[str, Floats], policy: Policy) -> Floats:
    """Return what ``Pair.catastrophe`` says of each, shape as the differences; NaN: nothing."""
    values = differences[policy.metrics[0]]
    net = (values > policy.catastrophe).astype(float) - (values < -policy.catastrophe)
    return np.where(np.isnan(values), np.nan, net)
