"""Candidates that are bad in ways that no single answer shows, and what becomes of them.

The other harms ask whether the measure sees a bad answer. These take it that it does, and ask
whether the promise holds: to a segment that is no worse, and to readers.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from statistics import median
from typing import Any, Final

import numpy as np

from guardrails.arrays import Floats
from guardrails.rules.evidence import Evidence
from guardrails.rules.policy import CATASTROPHE, Policy
from guardrails.simulation.batch import Batch
from guardrails.simulation.forest import BACK, SERVING, Forest
from guardrails.simulation.pairs import START, pass_fail, tied
from guardrails.text.repeats import alike, signature
from guardrails.types import Pair, Score

STREAMS: Final = 100
PAIRS: Final = 600
_FAILS, _TIMES, _RARE, _DAY = 0.4, 3.0, 0.05, 40
_SIBLINGS: Final = ("support.a/en", "support.b/en", "support.c/en", "support.d/en")
_REPEATED: Final = (
    "How do I reset my password?",
    "how do i reset my password {}",
    "Please, how do I reset my password?",
    "Hi! How do I reset my pasword? Thanks",
    "#{} How do I reset my password??",
)
Draw = Callable[[np.random.Generator, Policy], Mapping[str, Floats]]


@dataclass(frozen=True, slots=True)
class PromiseOutcome:
    """One such candidate. promoted, routed_back: of so many streams. pairs: median until it was.

    bound: share of streams that may be promoted (of bad siblings: innocents that may be routed
    back), in [0, 1]. why_not: why it is not measured; empty if it is.
    """

    name: str
    streams: int = 0
    promoted: int = 0
    routed_back: int = 0
    pairs: float | None = None
    bound: float = 0.0
    why_not: str = ""

    @property
    def broken(self) -> bool:
        """Whether more are promoted than is promised: more than chance makes of the bound."""
        mean = self.bound * self.streams
        return bool(self.promoted > mean + 3.0 * (mean * (1.0 - self.bound)) ** 0.5)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "broken": self.broken}


def promises(policy: Policy, seed: int) -> tuple[PromiseOutcome, ...]:
    """Return what becomes of each. policy: as the product is set."""
    outcomes = [_followed(name, draw, policy, seed) for name, draw in _DRAWS.items()]
    return (*outcomes, _repeated(policy), _siblings(policy, seed))


def _followed(name: str, draw: Draw, policy: Policy, seed: int) -> PromiseOutcome:
    if name in _MARGIN and _MARGIN[name] not in policy.margins:
        return PromiseOutcome(name, why_not=f"{_MARGIN[name]} are not guarded (guard.margins)")
    if name == "catastrophe" and not policy.catastrophe:
        return PromiseOutcome(name, why_not="catastrophes are not guarded (guard.catastrophe)")
    rng = np.random.default_rng([seed, len(name)])
    values = draw(rng, policy)
    batch, rows = Batch(STREAMS, policy), np.arange(STREAMS)
    up, back = np.zeros(STREAMS, bool), np.full(STREAMS, np.inf)
    for pair in range(PAIRS):
        batch.add(rows, {metric: part[:, pair] for metric, part in values.items()})
        back[batch.tripped(rows) & np.isinf(back)] = pair + 1
        late = pair + 1 >= _DAY * max(0, policy.min_days - 1)
        up |= batch.proven(rows) & np.isinf(back) & late
    ended = back[np.isfinite(back)]
    return PromiseOutcome(
        name,
        STREAMS,
        promoted=int(up.sum()),
        routed_back=len(ended),
        pairs=float(median(ended)) if len(ended) else None,
        bound=policy.false_promotions,
    )


def _repeated(policy: Policy) -> PromiseOutcome:
    """One question, well answered each time, asked on and on by many people, a little otherwise."""
    evidence = Evidence.fresh(policy)
    marks: list[bytes] = []
    better, same = Score(0.9), Score(0.6)
    for number in range(PAIRS):
        mark = signature(_REPEATED[number % len(_REPEATED)].format(number))
        repeats = any(alike(marks, mark))
        marks.append(mark)
        evidence.add(
            Pair(
                id=str(number),
                arm="attack",
                segment="*",
                at=START + number * timedelta(hours=1),
                version="{}",
                base=dict.fromkeys((*policy.metrics, *policy.margins), same),
                candidate=dict.fromkeys((*policy.metrics, *policy.margins), better),
                conversation=str(number),
                gap_s=600.0 if repeats else None,
            )
        )
    risen = evidence.summary().proven(policy)
    return PromiseOutcome("repeated", 1, int(risen), bound=policy.false_promotions)


def _siblings(policy: Policy, seed: int) -> PromiseOutcome:
    """Three of four segments are bad, and the fourth is as good as base."""
    alone = replace(policy, metrics=policy.metrics[:1], margins={}, catastrophe=0.0)
    forest = Forest(_SIBLINGS, STREAMS, alone, SERVING)
    drawn = [
        pass_fail(np.random.default_rng([seed, leaf]), mean, (STREAMS, PAIRS))
        for leaf, mean in enumerate((-0.2, -0.2, -0.2, 0.0))
    ]
    forest.run(np.stack([candidate - base for base, candidate in drawn], axis=1))
    bad = forest.back[:, :3]
    return PromiseOutcome(
        "bad-siblings",
        STREAMS,
        promoted=int((forest.stage[:, 3] == BACK).sum()),
        routed_back=int(np.isfinite(bad).all(axis=1).sum()),
        pairs=float(np.median(bad)),
        bound=policy.false_alarms,
    )


def _quiet(policy: Policy) -> dict[str, Floats]:
    return {name: np.zeros((STREAMS, PAIRS)) for name in (*policy.metrics, *policy.margins)}


def _failing(rng: np.random.Generator, policy: Policy) -> Mapping[str, Floats]:
    fails = rng.random((STREAMS, PAIRS)) < _FAILS
    return _quiet(policy) | {"failures": -fails.astype(float)}


def _slow(_rng: np.random.Generator, policy: Policy) -> Mapping[str, Floats]:
    return _quiet(policy) | {"time": np.full((STREAMS, PAIRS), 1.0 / _TIMES - 1.0)}


def _dear(_rng: np.random.Generator, policy: Policy) -> Mapping[str, Floats]:
    return _quiet(policy) | {"tokens": np.full((STREAMS, PAIRS), 1.0 / _TIMES - 1.0)}


def _night(rng: np.random.Generator, policy: Policy) -> Mapping[str, Floats]:
    shape = (STREAMS, PAIRS)
    by_day, by_night = (tied(rng, mean, shape) for mean in (0.02, -0.22))
    dark = (np.arange(PAIRS) % _DAY) >= _DAY // 2
    mixed = np.where(dark, by_night[1] - by_night[0], by_day[1] - by_day[0])
    return _quiet(policy) | dict.fromkeys(policy.metrics, mixed)


def _catastrophe(rng: np.random.Generator, policy: Policy) -> Mapping[str, Floats]:
    wrong = rng.random((STREAMS, PAIRS)) < _RARE
    lost = -min(1.0, policy.catastrophe + 0.4)
    return _quiet(policy) | dict.fromkeys(policy.metrics, np.where(wrong, lost, 0.06))


_MARGIN: Final = {"failing": "failures", "slow": "time", "dear": "tokens"}
_DRAWS: Final[Mapping[str, Draw]] = {
    "failing": _failing,
    "slow": _slow,
    "dear": _dear,
    "night": _night,
    CATASTROPHE: _catastrophe,
}
