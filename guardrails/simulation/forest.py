"""Many trees of segments at once: what the monitor does with their pairs, without a database.

For the attack and for simulations; ``benchmarks/guard/promise.py`` holds it against the monitor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardrails.arrays import Floats
from guardrails.rules.policy import Policy
from guardrails.rules.segment import lineage
from guardrails.simulation.batch import Batch

SHADOW, CANARY, SERVING, BACK = range(4)


@dataclass(frozen=True, slots=True)
class Ends:
    """What became of each segment of each tree, shape (trees, segments); infinite: never.

    back: own pairs until it was taken back. safe: until base answered in its place, held or back.
    held: own pairs during which it was held though it was not taken back later. risen: own pairs
    until it first answered readers.
    """

    back: Floats
    safe: Floats
    held: NDArray[np.int64]
    risen: Floats


class Forest:
    """All trees, pair by pair; one pair for each segment in turn.

    first: the stage that all segments begin in. differences: shape (trees, segments, rounds).
    """

    def __init__(self, names: Sequence[str], trees: int, policy: Policy, first: int) -> None:
        self.policy, self.names, self.trees = policy, list(names), trees
        count = len(names)
        self.above = [lineage(name)[1:] for name in names]
        self.nodes = list(dict.fromkeys(node for nodes in self.above for node in nodes))
        self.below = {
            node: [i for i in range(count) if node in self.above[i]] for node in self.nodes
        }
        self.leaves = [Batch(trees, policy) for _ in names]
        self.batches = {node: Batch(trees, policy) for node in self.nodes}
        self.stage = np.full((trees, count), first)
        self.held = np.zeros((trees, count), bool)
        self.pairs = np.zeros((trees, count), np.int64)
        shape = (trees, count)
        self.back, self.safe, self.risen = (np.full(shape, np.inf) for _ in range(3))
        self.waited = np.zeros(shape, np.int64)

    def run(self, differences: Floats) -> Ends:
        """Follow all trees to the end of their pairs."""
        for turn in range(differences.shape[2]):
            for leaf in range(len(self.names)):
                self.step(leaf, differences[:, leaf, turn])
        return Ends(self.back, self.safe, self.waited, self.risen)

    def step(self, leaf: int, values: Floats) -> None:
        """Take one pair of a segment in each tree."""
        rows = np.flatnonzero(self.stage[:, leaf] != BACK)
        if not len(rows):
            return
        own, metric = self.leaves[leaf], self.policy.metrics[0]
        self.pairs[rows, leaf] += 1
        self.waited[rows, leaf] += self.held[rows, leaf]
        for batch in (own, *(self.batches[node] for node in self.above[leaf])):
            batch.add(rows, {metric: values[rows]})
        tripped = rows[own.tripped(rows)]
        proven = rows[own.proven(rows) & (self.stage[rows, leaf] < SERVING)]
        self._back(tripped, leaf)
        self._rise(proven, leaf)
        subset = rows[self.held[rows, leaf]]
        self.held[subset[own.spoken(subset)], leaf] = False
        for node in self.above[leaf]:
            batch = self.batches[node]
            struck = rows[batch.tripped(rows)]
            for other in self.below[node]:
                stage = self.stage[struck, other]
                answers = struck[(stage == CANARY) | (stage == SERVING)]
                some = answers[~self.leaves[other].spoken(answers)]
                some = some[~self.held[some, other]]
                self.held[some, other] = True
                self.safe[some, other] = np.minimum(self.safe[some, other], self.pairs[some, other])
            if len(struck):
                batch.restart(struck)

    def _back(self, rows: NDArray[np.intp], leaf: int) -> None:
        self.stage[rows, leaf] = BACK
        self.held[rows, leaf] = False
        self.back[rows, leaf] = self.pairs[rows, leaf]
        self.safe[rows, leaf] = np.minimum(self.safe[rows, leaf], self.pairs[rows, leaf])
        if len(rows):
            for node in self.above[leaf]:
                self.batches[node].restart(rows)

    def _rise(self, rows: NDArray[np.intp], leaf: int) -> None:
        self.stage[rows, leaf] += 1
        self.held[rows, leaf] = False
        self.risen[rows, leaf] = np.minimum(self.risen[rows, leaf], self.pairs[rows, leaf])
        if len(rows):
            self.leaves[leaf].restart(rows)
