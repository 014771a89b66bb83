"""What changed tonight: judge, base, retrieval, question mix, or a candidate.

Each cause has a measurement of its own in which the others are held fixed; see ``measured``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from assistant.errors import RoutebackError
from evals.statistics.causes import ArmEstimates, Cause, measured
from evals.statistics.discovery import familywise
from evals.statistics.estimate import Estimate
from evals.statistics.measurements import NightScores

ALPHA: Final = 0.05
LEAST: Final = 0.01
"""The smallest effect that matters."""
UNSCORED: Final = 0.2
"""Share of cases without a number above which a cause counts as not measured."""

Status = Literal["no change shown", "named", "unresolved"]


@dataclass(frozen=True, slots=True)
class Effect:
    """How much one cause moved one arm's mean.

    arm: "" where the cause is not an arm's own. estimate: mean in [-1, 1]; low, high: its interval
    of coverage 1 - alpha (not widened for the number of causes; ``named`` is). p: adjusted for all
    causes (Holm 1979), in [0, 1]. reason: why it could not be measured; then nothing is named.
    """

    cause: Cause
    arm: str
    estimate: Estimate
    low: float
    high: float
    p: float
    named: bool
    reason: str = ""

    def words(self) -> str:
        """Return one line for a person; points are hundredths."""
        name = f"{self.cause} {self.arm}".strip()
        if self.reason:
            return f"{name}: not measured, {self.reason}"
        change = f"{100 * self.estimate.mean:+.1f} points"
        return f"{name}: {change} [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


@dataclass(frozen=True, slots=True)
class AttributedChange:
    """One arm's change between the two nights, and what each cause adds to it.

    total: weighted by each night's question mix, in [-1, 1]. parts: judge, own (the arm itself),
    retrieval and mix, measured on this very arm. rest: total minus parts; 0 if all cases are
    frozen and scored.
    """

    arm: str
    total: Estimate
    low: float
    high: float
    parts: Mapping[str, Estimate]
    rest: float


@dataclass(frozen=True, slots=True)
class Action:
    """What the guardrail may do with this night.

    down: candidates whose own answers got worse; these alone may be routed back because of it.
    up: candidates whose own answers got better; empty while promotions are frozen.
    freeze_promotions: no stage may rise until a night says otherwise. alarm: what a person must
    hear; "" is nothing.
    """

    down: tuple[str, ...]
    up: tuple[str, ...]
    freeze_promotions: bool
    alarm: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """The night's answer.

    named: causes that are shown, as (cause, arm), the largest first. status: *unresolved* when
    some arm's mean changed and no cause is shown. outside: share of real questions, in [0, 1],
    of a kind without a case.
    """

    status: Status
    named: tuple[tuple[Cause, str], ...]
    effects: tuple[Effect, ...]
    splits: tuple[AttributedChange, ...]
    action: Action
    outside: float

    def words(self) -> str:
        """Return one sentence for a person."""
        shown = [e.words() for e in self.effects if e.named]
        if shown:
            text = f"Changed: {'; '.join(shown)}."
        elif self.status == "unresolved":
            text = "The scores changed, and no cause is shown: unresolved."
        else:
            text = "No change is shown."
        blind = [e.words() for e in self.effects if e.reason]
        return text + (f" {'; '.join(blind)}" if blind else "")


def attribute(
    reference: NightScores,
    tonight: NightScores,
    *,
    base: str,
    alpha: float = ALPHA,
) -> Attribution:
    """Say what changed between a reference night and tonight, in one metric.

    A cause is named when its effect differs from 0 at ``alpha`` after Holm's adjustment over all
    causes and arms, and is at least ``LEAST``: so on a night when nothing changed, any cause is
    named with chance ``alpha`` at most (for several metrics, divide alpha by their number). A
    candidate must, besides, have moved *relative to base* in the same direction (one-sided at
    ``alpha``, a condition that can only take names away): where the weights or the engine under
    both change, base is the cause.

    alpha: in (0, 1).

    Raises:
        RoutebackError: the nights hold several metrics, or no score of base.
    """
    _checked(reference, tonight, base)
    estimates = measured(reference, tonight, base)
    effects = _effects(estimates, alpha)
    splits = tuple(_split(arm, estimates, alpha) for arm in estimates.arms)
    named = tuple(
        (effect.cause, effect.arm)
        for effect in sorted(effects, key=lambda e: -abs(e.estimate.mean))
        if effect.named
    )
    totals = familywise(np.array([split.total.differs() for split in splits]))
    moved = any(
        p <= alpha and abs(split.total.mean) >= LEAST
        for p, split in zip(totals, splits, strict=True)
    )
    status: Status = "named" if named else "unresolved" if moved else "no change shown"
    # An unknown mix cannot make a candidate look better: its own change has no mix in it.
    unmeasured = tuple(e.words() for e in effects if e.reason and e.cause != "mix")
    own = {e.arm: e.estimate.mean for e in effects if e.named and e.cause == "candidate"}
    judge = any(cause == "judge" for cause, _ in named)
    acted = _action(judge=judge, candidates=own, unmeasured=unmeasured, status=status)
    return Attribution(status, named, effects, splits, acted, estimates.mix.outside)


def _action(
    *, judge: bool, candidates: Mapping[str, float], unmeasured: Sequence[str], status: Status
) -> Action:
    """Return what may be done.

    A drifting judge, a judge that could not be measured, a cause that could not be measured, and
    an unresolved change all freeze promotions: none of them is a reason to trust a candidate more.
    A candidate's fall on frozen passages still counts, as judge drift is taken out of it.

    judge: whether judge drift is named. candidates: own change in [-1, 1] of each named candidate.
    unmeasured: what could not be measured, in words.
    """
    lines = []
    if judge:
        lines.append("The judge drifts: its scores of unchanged answers moved.")
    if unmeasured:
        lines.append(f"Could not measure: {'; '.join(unmeasured)}")
    if status == "unresolved":
        lines.append("Scores changed without a cause that could be shown.")
    frozen = bool(lines)
    down = tuple(sorted(arm for arm, moved in candidates.items() if moved < 0))
    up = tuple(sorted(arm for arm, moved in candidates.items() if moved > 0))
    return Action(down, () if frozen else up, frozen, " ".join(lines))


def _checked(reference: NightScores, tonight: NightScores, base: str) -> None:
    every = (*reference.live, *tonight.live)
    metrics = sorted({score.metric for score in every})
    if len(metrics) != 1:
        raise RoutebackError(
            f"Attribution looks at one metric at a time; got {', '.join(metrics) or 'none'}.",
            hint="Split the scores by metric.",
        )
    for name, night in (("reference", reference), ("tonight", tonight)):
        if not any(score.arm == base for score in night.live):
            raise RoutebackError(
                f"The {name} night has no live score of base ({base}).",
                hint="Run base on the cases: it is what the others are compared with.",
            )


def _effects(found: ArmEstimates, alpha: float) -> tuple[Effect, ...]:
    rows: list[tuple[Cause, str, Estimate, float, str]] = []
    for (cause, arm), (estimate, lost) in found.causes.items():
        reason = ""
        if not estimate.degrees:
            reason = "real questions are not counted." if cause == "mix" else "no pair has scores."
        elif lost > UNSCORED:
            reason = f"{lost:.0%} of the cases have no number."
        p = 1.0 if reason else estimate.differs()
        relative = found.relative.get(arm)
        if cause == "candidate" and relative is not None:
            falls = estimate.mean < 0
            apart = (relative.below(0) if falls else relative.above(0)) <= alpha
            p = p if apart else 1.0
        rows.append((cause, arm, estimate, p, reason))
    adjusted = familywise(np.array([row[3] for row in rows]))
    effects = []
    for (cause, arm, estimate, _, reason), p in zip(rows, adjusted, strict=True):
        low, high = estimate.interval(alpha)
        named = not reason and float(p) <= alpha and abs(estimate.mean) >= LEAST
        effects.append(Effect(cause, arm, estimate, low, high, float(p), named, reason))
    return tuple(effects)


def _split(arm: str, found: ArmEstimates, alpha: float) -> AttributedChange:
    parts = found.parts[arm]
    within, mix = found.within[arm], parts["mix"]
    total = within
    if mix.degrees and within.degrees:
        error = (within.error**2 + mix.error**2) ** 0.5
        total = replace(within, mean=within.mean + mix.mean, error=error)
    low, high = total.interval(alpha)
    rest = total.mean - sum(part.mean for part in parts.values())
    return AttributedChange(arm, total, low, high, parts, rest)
