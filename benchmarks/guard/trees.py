"""Names of segments for trees of many sizes, and what the first rule did with their pairs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from guardrails.arrays import Floats
from guardrails.rules.policy import FIRST, Policy
from guardrails.rules.segment import lineage
from guardrails.statistics.detector import Detectors


def segments(count: int) -> list[str]:
    """Return names of segments: one kind in English, and from five on a second one in German."""
    english = count if count < 5 else (count + 1) // 2
    names = [f"support.k{i}/en" for i in range(english)]
    return names + [f"support.k{i}/de" for i in range(count - english)]


def today(names: Sequence[str], differences: Floats, policy: Policy) -> Floats:
    """Return after how many own pairs the first rule took each segment back; infinite: never.

    Shape (trees, segments). A segment above took back all below it that were not proven; whether
    one was proven is left out, which no bad one ever was.
    """
    old = replace(policy, rule=FIRST)
    threshold = old.budget.threshold
    trees, count, rounds = differences.shape
    above = [lineage(name)[1:] for name in names]
    nodes = list(dict.fromkeys(node for some in above for node in some))
    leaves = [Detectors(trees, old.tolerance) for _ in names]
    batches = {node: Detectors(trees, old.tolerance) for node in nodes}
    back = np.full((trees, count), np.inf)
    for turn in range(rounds):
        for leaf in range(count):
            rows = np.flatnonzero(np.isinf(back[:, leaf]))
            if not len(rows):
                continue
            values = differences[rows, leaf, turn]
            leaves[leaf].update(values, rows)
            hit = rows[leaves[leaf].evidence[rows] >= threshold]
            back[hit, leaf] = turn + 1
            for node in above[leaf]:
                batches[node].update(values, rows)
                batches[node].restart(hit)
                struck = rows[batches[node].evidence[rows] >= threshold]
                for other in (i for i in range(count) if node in above[i]):
                    # Before its own pair of this round, one has seen a pair less.
                    seen = turn + 1 if other <= leaf else turn
                    back[struck, other] = np.minimum(back[struck, other], max(seen, 1))
                batches[node].restart(struck)
        if np.isfinite(back).all():
            break
    return back
