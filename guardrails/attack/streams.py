"""What the product's own detector and proof make of many streams of pairs at once.

A stream is one candidate in one segment from its first pair on. Each draw is a question, a
conversation and a day of its own: what is attacked is the measure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from guardrails.arrays import Floats, Indices
from guardrails.rules.policy import Policy
from guardrails.rules.stages import blinded
from guardrails.simulation.batch import Batch
from guardrails.types import Stage, Standing

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
        self._policy = replace(policy, margins={})
        self._differences = {name: differences[name] for name in policy.metrics}
        count, self._pairs = next(iter(self._differences.values())).shape
        self._batch = Batch(count, self._policy)
        missing = [np.isnan(values) for values in self._differences.values()]
        self._missing: NDArray[np.bool_] = np.logical_or.reduce(missing)
        self._stages = [Stage.SHADOW] * count
        self._ends: list[Followed | None] = [None] * count

    def run(self) -> list[Followed]:
        active: Indices = np.arange(len(self._ends))
        for pair in range(self._pairs):
            if not len(active):
                break
            now = {name: values[active, pair] for name, values in self._differences.items()}
            self._batch.add(active, now)
            blind = self._blind(active, pair)
            for row, unseen in zip(active.tolist(), blind.tolist(), strict=True):
                if unseen and self._stages[row] is not Stage.SHADOW:
                    self._unseen(row, pair)
            self._end(active[self._batch.tripped(active)], Stage.ROUTED_BACK, pair)
            rising = active[self._batch.proven(active) & ~blind]
            self._end(rising[self._stage_is(rising, Stage.CANARY)], Stage.SERVING, pair)
            self._moved(rising[self._stage_is(rising, Stage.SHADOW)], Stage.CANARY)
            active = active[[self._ends[row] is None for row in active.tolist()]]
        return [end or Followed("undecided", self._pairs) for end in self._ends]

    def _stage_is(self, rows: Indices, stage: Stage) -> NDArray[np.bool_]:
        return np.array([self._stages[row] is stage for row in rows.tolist()], np.bool_)

    def _blind(self, active: Indices, pair: int) -> NDArray[np.bool_]:
        window = self._policy.blind_window
        if pair + 1 < window:
            return np.zeros(len(active), np.bool_)
        last = self._missing[active, pair + 1 - window : pair + 1]
        return np.asarray(last.mean(axis=1) > self._policy.blind_share)

    def _end(self, rows: Indices, stage: Stage, pair: int) -> None:
        end: End = "routed_back" if stage is Stage.ROUTED_BACK else "promoted"
        for row in rows.tolist():
            self._ends[row] = Followed(end, pair + 1)

    def _unseen(self, row: int, pair: int) -> None:
        window = self._missing[row, pair + 1 - self._policy.blind_window : pair + 1]
        standing = Standing("attack", self._stages[row])
        if move := blinded(standing, float(window.mean()), self._policy):
            self._moved(np.array([row]), move.to)

    def _moved(self, rows: Indices, stage: Stage) -> None:
        if len(rows):
            self._batch.restart(rows)
        for row in rows.tolist():
            self._stages[row] = stage


def split(ends: Sequence[Followed], streams: int) -> list[Sequence[Followed]]:
    """Return the ends of several kinds of stream that were followed together, kind by kind."""
    return [ends[start : start + streams] for start in range(0, len(ends), streams)]
