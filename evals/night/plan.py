"""What a night sets out to do: which cases, by which arms, in which order, and how long it takes.

Pure functions. A night of fewer cases than there are takes a stratified sample: seven tenths are
the same every night, so that nights overlap, and the rest changes with the date, so that in time
every case is asked.
"""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from assistant.wire.nights import PlanView
from evals.cases.cases import Case
from guardrails import digests

CORE: Final = 0.7
EACH: Final = 12
"""Cases in a block. An arm answers a block in one go, so that its engine reads the opening of the
prompt once; all arms answer a block before the next begins, so that what was answered when the
time is up can be compared."""
DEFAULT_ANSWER_S: Final = {"embedded": 15.0, "remote": 3.0, "quote": 0.1}


class NightPlan(PlanView):
    """A night to come. It is stored before the first question, and a restart goes on with it.

    cases: in the order in which they are asked. scorers: the judge's included.
    """

    @property
    def fingerprint(self) -> str:
        """Hash of all that must be the same for a started night to be gone on with."""
        values = self.model_dump(mode="json", exclude={"date", "cases"})
        return digests.of(json.dumps(values, sort_keys=True, separators=(",", ":")))

    def only(self, ids: Collection[str]) -> Self:
        """Return the plan without cases that there are no more."""
        cases = {case: version for case, version in self.cases.items() if case in ids}
        return self.model_copy(update={"cases": cases})

    def cut(self, count: int) -> Self:
        """Return the plan with its first cases only."""
        return self.model_copy(update={"cases": dict(list(self.cases.items())[:count])})


@dataclass(frozen=True, slots=True)
class Block:
    """Cases that one arm answers in one go.

    until: seconds since 1970 after which it is left out, unless an arm has begun with its cases:
    what one arm has answered, all do. 0: never.
    """

    number: int
    arm: str
    cases: tuple[str, ...]
    until: float = 0.0


def sampled(cases: Sequence[Case], count: int, date: str) -> tuple[Case, ...]:
    """Return cases in the order in which they are asked, stratified by segment and language.

    Any beginning of the order holds the strata in proportion. count: 0 or more than there are:
    all.
    """
    goal = min(count, len(cases)) if count else len(cases)
    core = _interleaved(cases, "core")
    fixed = core[: math.ceil(goal * CORE)]
    ids = {case.id for case in fixed}
    turning = [c for c in _interleaved(cases, date) if c.id not in ids][: goal - len(fixed)]
    return tuple(_interleaved([*fixed, *turning], "core"))


def ahead(order: Sequence[Case], first: Sequence[Case]) -> tuple[Case, ...]:
    """Return as many cases, those that must be asked first; where they are all asked, as they are.

    first: of all cases, those that no night has asked yet and somebody waits for.
    """
    missing = {case.id for case in first} - {case.id for case in order}
    if not missing:
        return tuple(order)
    rest = [case for case in order if case not in first]
    return (*first, *rest)[: max(len(order), len(first))]


def blocks(
    cases: Iterable[str], arms: Sequence[str], until: float = 0.0, each: int = EACH
) -> tuple[Block, ...]:
    """Return the blocks in the order in which they are done. until: see ``Block``."""
    listed = list(cases)
    groups = [tuple(listed[i : i + each]) for i in range(0, len(listed), each)]
    return tuple(
        Block(number, arm, group, until) for number, group in enumerate(groups) for arm in arms
    )


def affordable(cases: int, seconds_by_arm: Mapping[str, float], minutes: float) -> int:
    """Return how many of the cases can be answered in time, at least one. minutes: 0: all."""
    each = sum(seconds_by_arm.values())
    if not minutes or not each:
        return cases
    return max(1, min(cases, int(60 * minutes / each)))


def told(plan: NightPlan, seconds_by_arm: Mapping[str, float], parallel: int) -> str:
    """Return what the night will do and how long that takes, for a person."""
    count, arms = len(plan.cases), list(plan.arms)
    seconds = count * sum(seconds_by_arm.values()) / parallel
    if plan.options.minutes:
        seconds = min(seconds, 60 * plan.options.minutes)
    judge = "no judge"
    if plan.judged:
        judge = f"a judge for {', '.join(plan.judged)}, at most {plan.options.judge_minutes:g} min"
        seconds += 60 * plan.options.judge_minutes
    lasts = "less than a minute" if seconds < 60 else f"about {_length(seconds)}"  # noqa: PLR2004
    return (
        f"{count} {'case' if count == 1 else 'cases'} × {len(arms)} "
        f"{'arm' if len(arms) == 1 else 'arms'} ({', '.join(arms)}) in {plan.place}, {judge}: "
        f"{lasts}."
    )


def _length(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004


def _interleaved(cases: Iterable[Case], seed: str) -> list[Case]:
    """Return cases so that each stratum is spread evenly over the whole."""
    strata: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        strata.setdefault((case.segment, case.language), []).append(case)
    placed = []
    for stratum in strata.values():
        stratum.sort(key=lambda case: _draw(seed, case.id))
        shift = _draw(seed, f"{stratum[0].segment}/{stratum[0].language}") / 2**64
        placed += [((i + shift) / len(stratum), c.id, c) for i, c in enumerate(stratum)]
    return [case for _, _, case in sorted(placed, key=lambda entry: entry[:2])]


def _draw(seed: str, name: str) -> int:
    return digests.drawn(f"night\0{seed}\0{name}")
