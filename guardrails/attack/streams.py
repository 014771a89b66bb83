"""What the product's own detector and interval make of many streams of pairs at once.

A stream is one candidate in one segment from its first pair on. Evidence is gathered as
``guardrails.evidence`` does, for all streams together; every move is decided by
``guardrails.stages``, on the same summary that the monitor would show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from guardrails.confidence import ConfidenceSequences
from guardrails.evidence import Measured, Summary
from guardrails.policy import Policy
from guardrails.sequential import Detectors
from guardrails.stages import blinded, judged
from guardrails.streams import Floats, Indices
from guardrails.types import LONG_AGO, Stage, Standing

End = Literal["routed_back", "undecided", "promoted"]
FEWEST: Final = 25
"""Cases that a stream is drawn from, at least: fewer are not measured."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How one stream ended, and after how many pairs. promoted: the candidate serves."""

    end: End
    pairs: int


@dataclass(frozen=True, slots=True)
class Size:
    """How many streams there are of one kind, and how many pairs each has at most."""

    streams: int = 20
    pairs: int = 1000


def drawn(
    changed: Mapping[str, Floats],
    same: Mapping[str, Floats],
    share: float,
    size: Size,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Return differences by metric, shape (streams, pairs), of cases drawn with replacement.

    changed: of each case where the candidate's answer is changed, shape (cases,); same: where it is
    that of base. NaN is no score. share: of the pairs that are changed, in [0, 1]. Each draw counts
    as a question of its own.
    """
    cases = len(next(iter(changed.values())))
    shape = (size.streams, size.pairs)
    which = rng.integers(cases, size=shape)
    hit = rng.random(shape) < share
    return {name: np.where(hit, changed[name][which], same[name][which]) for name in changed}


def follow(differences: Mapping[str, Floats], policy: Policy) -> list[Followed]:
    """Return how each stream ends: at its first route-back, when it serves, or with its pairs.

    differences: by guarded metric, shape (streams, pairs); score(candidate) - score(base), NaN
    without a score.
    """
    return _Followers(differences, policy).run()


class _Followers:
    """All streams, pair by pair."""

    def __init__(self, differences: Mapping[str, Floats], policy: Policy) -> None:
        self._policy = policy
        self._differences = {name: differences[name] for name in policy.metrics}
        count, self._pairs = next(iter(self._differences.values())).shape
        self._detectors = {n: Detectors(count, policy.tolerance) for n in policy.metrics}
        self._intervals = {n: ConfidenceSequences(count, policy.alpha) for n in policy.metrics}
        self._unscored = {name: np.zeros(count, np.int64) for name in policy.metrics}
        missing = [np.isnan(values) for values in self._differences.values()]
        self._missing: NDArray[np.bool_] = np.logical_or.reduce(missing)
        self._stages = [Stage.SHADOW] * count
        self._ends: list[Followed | None] = [None] * count

    def run(self) -> list[Followed]:
        active: Indices = np.arange(len(self._ends))
        for pair in range(self._pairs):
            if not len(active):
                break
            self._count(active, pair)
            blind = self._blind(active, pair)
            for row, unseen in zip(active.tolist(), blind.tolist(), strict=True):
                if unseen and self._stages[row] is not Stage.SHADOW:
                    self._unseen(row, pair)
            for row in active[self._ripe(active)].tolist():
                self._judge(row, pair, blind=bool(blind[np.searchsorted(active, row)]))
            active = active[[self._ends[row] is None for row in active.tolist()]]
        return [end or Followed("undecided", self._pairs) for end in self._ends]

    def _count(self, active: Indices, pair: int) -> None:
        for name, values in self._differences.items():
            now = values[active, pair]
            scored = ~np.isnan(now)
            self._detectors[name].update(now[scored], active[scored])
            self._intervals[name].update(now[scored], active[scored])
            self._unscored[name][active[~scored]] += 1

    def _blind(self, active: Indices, pair: int) -> NDArray[np.bool_]:
        window = self._policy.blind_window
        if pair + 1 < window:
            return np.zeros(len(active), np.bool_)
        last = self._missing[active, pair + 1 - window : pair + 1]
        return np.asarray(last.mean(axis=1) > self._policy.blind_share)

    def _ripe(self, active: Indices) -> NDArray[np.bool_]:
        """Return where the evidence may move a stage; ``judged`` has the say."""
        policy, threshold = self._policy, self._policy.budget.threshold
        tripped = [d.evidence[active] >= threshold for d in self._detectors.values()]
        proven = [
            (s.lower[active] >= -policy.tolerance) & (s.pairs[active] >= policy.min_pairs)
            for s in self._intervals.values()
        ]
        ripe: NDArray[np.bool_] = np.logical_or.reduce(tripped) | np.logical_and.reduce(proven)
        return ripe

    def _judge(self, row: int, pair: int, *, blind: bool) -> None:
        standing = Standing("attack", self._stages[row])
        move = judged(standing, self._summary(row), self._policy, LONG_AGO, blind=blind)
        if move is None:
            return
        self._moved(row, move.to)
        if move.to is Stage.ROUTED_BACK:
            self._ends[row] = Followed("routed_back", pair + 1)
        elif move.to is Stage.SERVING:
            self._ends[row] = Followed("promoted", pair + 1)

    def _unseen(self, row: int, pair: int) -> None:
        window = self._missing[row, pair + 1 - self._policy.blind_window : pair + 1]
        standing = Standing("attack", self._stages[row])
        if move := blinded(standing, float(window.mean()), self._policy):
            self._moved(row, move.to)

    def _moved(self, row: int, stage: Stage) -> None:
        self._stages[row] = stage
        for name in self._differences:
            self._detectors[name].restart([row])
            self._intervals[name].restart([row])
            self._unscored[name][row] = 0

    def _summary(self, row: int) -> Summary:
        return Summary(tuple(self._measured(name, row) for name in self._policy.metrics))

    def _measured(self, name: str, row: int) -> Measured:
        detector, interval = self._detectors[name], self._intervals[name]
        pairs = int(detector.pairs[row])
        return Measured(
            metric=name,
            pairs=pairs,
            unscored=int(self._unscored[name][row]),
            mean=float(interval.sums[row]) / pairs if pairs else None,
            lower=float(interval.lower[row]),
            upper=float(interval.upper[row]),
            evidence=float(detector.evidence[row]),
            threshold=self._policy.budget.threshold,
        )


def split(ends: Sequence[Followed], streams: int) -> list[Sequence[Followed]]:
    """Return the ends of several kinds of stream that were followed together, kind by kind."""
    return [ends[start : start + streams] for start in range(0, len(ends), streams)]
