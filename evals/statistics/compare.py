"""Two arms, or two nights, side by side: which cells differ, which do not, which cannot tell.

Student's t on a cluster-robust error was chosen over the wild cluster bootstrap (Cameron, Gelbach
and Miller 2008): it needs no random numbers, so that a report computes the same twice, is exact
for equal unclustered normal differences, and with Bell and McCaffrey's degrees of freedom holds
for few conversations of unequal size, where the bootstrap has few distinct resamples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from evals.statistics.estimate import NOTHING, Estimate, estimate
from evals.statistics.scored import ScoreCell, ScoreMatching, ScorePair, cells

Verdict = Literal["better", "worse", "no change", "inconclusive"]

RATE: Final = 0.05
MARGIN: Final = 0.02


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one cell says of right against left; differences are right minus left.

    low, high: an interval in [-1, 1] of coverage ``level``, widened for the number of cells.
    detectable: the true difference that would have been found here with 80 % probability, in
    (0, 1]. left, right: means in [0, 1] of the pairs; None if there are none. unscored: share in
    [0, 1] of this cell's couples that lack a number.
    """

    cell: ScoreCell
    verdict: Verdict
    estimate: Estimate
    low: float
    high: float
    level: float
    detectable: float
    left: float | None
    right: float | None
    unscored: float

    @property
    def mean(self) -> float:
        """The mean difference in [-1, 1]; 0 pairs have none, see ``estimate.pairs``."""
        return self.estimate.mean

    def words(self) -> str:
        """Return one sentence for a person; points are hundredths."""
        if not self.estimate.pairs:
            return f"{self.cell}: inconclusive, no pair has two scores."
        if not self.estimate.degrees:
            return f"{self.cell}: inconclusive, only one conversation has two scores."
        change = f"{100 * self.mean:+.1f} points [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"
        end = f", n = {self.estimate.pairs}"
        if self.verdict in ("no change", "inconclusive"):
            end += f"; a change of {100 * self.detectable:.1f} would be found with 80 %"
        return f"{self.cell}: {self.verdict}, {change}{end}."


def compare(
    pairing: ScoreMatching,
    *,
    looked_at: Sequence[ScoreCell] | None = None,
    margin: float = MARGIN,
    rate: float = RATE,
) -> tuple[Comparison, ...]:
    """Compare right with left in each cell, all cells together being one family.

    *No change*: the interval lies within ±margin. *Better*, *worse*: it excludes 0 and does not
    lie within. Else *inconclusive*. The number k of cells that get a verdict is found by stepping
    up (Benjamini and Hochberg 1995), and their intervals have level 1 - k·rate/cells, which keeps
    the expected share of wrong intervals among those selected at ``rate`` at most (Benjamini and
    Yekutieli 2005, theorem 1; their theorem 3 for positive dependence). The two kinds of verdict
    are two selections, each at ``rate``.

    looked_at: default every cell that occurs. margin: the largest change that does not matter, in
    [0, 1). rate: in (0, 1). Cells in the order given.
    """
    family = tuple(looked_at) if looked_at is not None else cells(pairing.pairs)
    estimates = {cell: estimated([p for p in pairing.pairs if cell.holds(p)]) for cell in family}
    size = len(family)

    def within(cell: ScoreCell, alpha: float) -> bool:
        low, high = estimates[cell].interval(alpha)
        return -margin <= low and high <= margin

    def apart(cell: ScoreCell, alpha: float) -> bool:
        low, high = estimates[cell].interval(alpha)
        return low > 0 or high < 0

    same, same_alpha = _selected(family, within, rate, size)
    rest = [cell for cell in family if cell not in same]
    moved, moved_alpha = _selected(rest, apart, rate, size)
    next_alpha = rate * min(len(moved) + 1, size) / max(size, 1)
    # As wide as the narrower selection: it then holds 0, and is never within the margin.
    open_alpha = rate * max(1, min(len(same), len(moved))) / max(size, 1)
    compared = []
    for cell in family:
        verdict: Verdict = "inconclusive"
        alpha = open_alpha
        if cell in same:
            verdict, alpha = "no change", same_alpha
        elif cell in moved:
            verdict, alpha = "better" if estimates[cell].mean > 0 else "worse", moved_alpha
        compared.append(_comparison(cell, pairing, estimates[cell], verdict, alpha, next_alpha))
    return tuple(compared)


def estimated(pairs: Sequence[ScorePair]) -> Estimate:
    """Return the mean difference of some pairs with its clustered error."""
    if not pairs:
        return NOTHING
    differences = np.array([pair.difference for pair in pairs])
    return estimate(differences, [pair.cluster for pair in pairs])


def _selected(
    family: Sequence[ScoreCell], holds: Callable[[ScoreCell, float], bool], rate: float, size: int
) -> tuple[frozenset[ScoreCell], float]:
    """Step up: the largest k for which at least k cells hold at k·rate/size; and that level."""
    for k in range(len(family), 0, -1):
        alpha = rate * k / size
        chosen = frozenset(cell for cell in family if holds(cell, alpha))
        if len(chosen) >= k:
            return chosen, alpha
    return frozenset(), rate / max(size, 1)


def _comparison(
    cell: ScoreCell,
    pairing: ScoreMatching,
    found: Estimate,
    verdict: Verdict,
    alpha: float,
    next_alpha: float,
) -> Comparison:
    pairs = [pair for pair in pairing.pairs if cell.holds(pair)]
    low, high = found.interval(alpha)
    return Comparison(
        cell=cell,
        verdict=verdict,
        estimate=found,
        low=low,
        high=high,
        level=1 - alpha,
        detectable=found.detectable(next_alpha),
        left=float(np.mean([pair.left for pair in pairs])) if pairs else None,
        right=float(np.mean([pair.right for pair in pairs])) if pairs else None,
        unscored=pairing.unscored_share(cell),
    )
