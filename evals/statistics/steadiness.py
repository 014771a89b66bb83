"""Whether tonight's judge judges as it did: then what it said of the same answers still holds.

A judge behind an endpoint can change without a word, so it is asked again about some answers that
it has judged in earlier nights, until it is shown that it does not matter how far it moved. Weights
of our own engine are known by their hash: for them a few equal scores are enough, which show that
the engine runs them as it did.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np

from evals.statistics.estimate import UNSEEN, Estimate, estimate, quantile

LOOKS: Final = 3
"""How often it is looked whether the judge is steady: at ``fewest`` whole cases, twice and four
times as many."""
ALPHA: Final = 0.05
_MOST: Final = 2000
_PINNED: Final = 2
"""Cases that weights of a known hash are asked about again."""


@dataclass(slots=True)
class Steadiness:
    """One metric of the judge, tonight against earlier nights.

    margin: the largest change of the mean that does not matter, in (0, 1); 0: the judge is never
    taken to be steady. pinned: its weights are known by their hash. holds: it was shown to be
    steady. A judge that moves by ``margin`` or more is taken to be steady in ``ALPHA`` of nights
    at most, over all looks; one that is pinned, if any score differs, never.
    """

    margin: float
    pinned: bool = False
    holds: bool = False
    _cases: list[str] = field(default_factory=list)
    _changes: list[float] = field(default_factory=list)

    def saw(self, case: str, before: float, now: float) -> None:
        """Take two scores of the same answer, both in [0, 1]; those of a case come together."""
        whole = set(self._cases)
        if case not in whole and len(whole) in self._looks:
            self.holds = self._steady()
        self._cases.append(case)
        self._changes.append(now - before)

    @property
    def _looks(self) -> tuple[int, ...]:
        if self.pinned:
            return (_PINNED,)
        first = fewest(self.margin)
        return tuple(first * 2**look for look in range(LOOKS)) if first else ()

    def _steady(self) -> bool:
        if self.pinned:
            return not any(self._changes)
        low, high = self.change.interval(ALPHA / LOOKS)
        return -self.margin <= low and high <= self.margin

    @property
    def change(self) -> Estimate:
        """How far the judge moved on what it was asked again."""
        return estimate(np.array(self._changes), self._cases)


@cache
def fewest(margin: float) -> int:
    """Return how many cases with equal scores show that a judge moved by less than ``margin``.

    One more case that moves by ``UNSEEN`` is always thought possible (see ``estimate``). 0: it
    would take more cases than a night has.
    """
    for count in range(2, _MOST):
        if quantile(1 - ALPHA / LOOKS / 2, count - 1) * UNSEEN / count <= margin:
            return count
    return 0
