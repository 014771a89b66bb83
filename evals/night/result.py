"""What a night leaves behind, as the report, the wire and the store have it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from assistant.wire.night_result import (
    ArmCost,
    AttributionView,
    ComparisonView,
    FrozenReference,
    GateView,
    KindCount,
    MissingScore,
    NightCost,
    NightCounts,
    NightResult,
    TrustView,
    UnaskedQuestion,
)
from evals.night.frozen import nights
from evals.night.history import CaseAnswer, Frozen
from evals.night.judge import Spent
from evals.night.tables import Measurements
from evals.night.verdict import NightVerdict, headline
from evals.night.worst import worst
from evals.statistics.attribution import Attribution
from evals.statistics.compare import Comparison
from evals.statistics.gates import Gated
from guardrails.guard import QUOTE

_UNSCORED: Final = 200


def result(
    night: str,
    measured: Measurements,
    found: NightVerdict,
    frozen: Mapping[tuple[str, str, str], Frozen],
    spent: Spent,
    trust: Sequence[TrustView],
    moved: Sequence[str],
) -> NightResult:
    """Return all that a night found. moved: what the guardrail did, in words."""
    plan = measured.plan
    metric = headline(plan.scorers)
    cases = {case_id: measured.cases[case_id] for case_id in plan.cases}
    return NightResult(
        night=night,
        date=plan.date,
        place=plan.place,
        exit_code=found.exit_code,
        words=found.words,
        headline=metric,
        arms=dict(plan.arms),
        kinds={case_id: (case.segment, case.language) for case_id, case in cases.items()},
        scorers=dict(plan.scorers),
        reference=FrozenReference(nights=tuple(nights(frozen.values())), cases=found.compared),
        counts=_counts(measured, spent),
        cost=_cost(measured, spent),
        cells=found.cells,
        since={arm: comparisons(cells) for arm, cells in found.since.items()},
        versus={arm: comparisons(cells) for arm, cells in found.versus.items()},
        gates={arm: tuple(map(_gated, gates)) for arm, gates in found.gates.items()},
        attributions={name: _attribution(change) for name, change in found.attributions.items()},
        causes=found.causes,
        unresolved=found.unresolved,
        alarms=found.alarms,
        promotions_frozen=found.freeze_promotions,
        moved=tuple(moved),
        trust=tuple(trust),
        mix=tuple(
            KindCount(segment=segment, language=language, questions=count)
            for (segment, language), count in sorted(measured.mix.items())
        ),
        worst=worst(measured, frozen, metric),
        unscored=tuple(
            MissingScore.model_validate(score)
            for score in [s for s in measured.scored("live") if s.value is None][:_UNSCORED]
        ),
        unasked=tuple(UnaskedQuestion(arm=arm, case=case) for arm, case in measured.unasked),
        todo=tuple(todo(found, measured)),
    )


def todo(found: NightVerdict, measured: Measurements) -> list[str]:
    """Return what a person should do now, most urgent first."""
    steps = []
    for cause in found.causes:
        kind, _, arm = cause.partition(" ")
        if kind == "candidate":
            kind = "better" if _mean(found, cause) > 0 else "worse"
            kind = "quoting" if arm == QUOTE else kind
        steps.append(_STEPS[kind].format(arm=arm, points=abs(100 * _mean(found, cause))))
    if found.unresolved:
        steps.append(
            "Scores changed and no cause is shown. Ask more cases tonight (--cases 0), and read "
            "the worst answers below."
        )
    lost = [score for score in measured.scores if score.kind == "live" and score.value is None]
    if lost:
        reasons: dict[str, int] = {}
        for score in lost:
            reasons[score.reason] = reasons.get(score.reason, 0) + 1
        most = max(reasons, key=lambda reason: reasons[reason])
        steps.append(f"{len(lost)} scores are missing, most often because {most}.")
    if measured.unasked:
        steps.append(
            f"{len(measured.unasked)} questions were not asked, as the time was up: give the "
            "night more minutes, or fewer cases."
        )
    if not steps:
        steps.append("Nothing.")
    return steps


_STEPS: Final = {
    "worse": "{arm} got worse by {points:.1f} points on unchanged passages. Keep it away from "
    "readers until it is trained anew: 'routeback guard map' shows where it answers.",
    "quoting": "What is quoted from unchanged passages changed by {points:.1f} points: the way of "
    "quoting is another one. Evidence against it has begun anew, and whom you had let write is "
    "quoted again.",
    "better": "{arm} got better by {points:.1f} points on unchanged passages. Nothing has to be "
    "done: pairs promote it.",
    "judge": "The judge moved: the same answers got other scores. Promotions are frozen, and the "
    "arms were compared as tonight's judge sees them. See whether its model or endpoint changed; "
    "to accept the new one, run 'routeback evals freeze'.",
    "base": "Base's own answers changed on unchanged passages. See whether the model, the engine "
    "or the prompts changed; if it was meant, run 'routeback evals freeze'.",
    "retrieval": "Other passages are found for the same questions. See what was added to or "
    "removed from the documents: 'routeback knowledge list'.",
    "mix": "People ask other kinds of questions than before. Look at 'routeback evals coverage'.",
}


def _mean(found: NightVerdict, cause: str) -> float:
    """Return how far a named cause moved the metric that it moved most."""
    means = [
        effect.estimate.mean
        for attribution in found.attributions.values()
        for effect in attribution.effects
        if effect.named and f"{effect.cause} {effect.arm}".strip() == cause
    ]
    return max(means, key=abs)


def _counts(measured: Measurements, spent: Spent) -> NightCounts:
    live = [answer for answer in measured.answers if answer.kind == "live"]
    return NightCounts(
        cases=len(measured.plan.cases),
        arms=len(measured.plan.arms),
        answers=sum(a.measured is not None for a in live),
        failed=sum(a.measured is None for a in live),
        unasked=len(measured.unasked),
        answered_again=sum(answer.kind == "frozen" for answer in measured.answers),
        judged=spent.judged,
        judged_once_for_several=spent.copied,
        taken_over=spent.taken,
        unjudged=measured.unjudged,
    )


def _cost(measured: Measurements, spent: Spent) -> NightCost:
    by_arm: dict[str, ArmCost] = {}
    for answer in _asked(measured.answers):
        if answer.measured is not None:
            cost = by_arm.get(answer.arm, ArmCost())
            by_arm[answer.arm] = ArmCost(
                prompt_tokens=cost.prompt_tokens + answer.measured.prompt_tokens,
                completion_tokens=cost.completion_tokens + answer.measured.completion_tokens,
                seconds=round(cost.seconds + answer.measured.seconds, 3),
            )
    return NightCost(arms=by_arm, judge_seconds=round(spent.seconds, 1))


def _asked(answers: Sequence[CaseAnswer]) -> list[CaseAnswer]:
    """Return the answers that were asked for: a frozen one that is the live one cost nothing."""
    live = {(a.arm, a.case): a.measured for a in answers if a.kind == "live"}
    return [a for a in answers if a.kind == "live" or a.measured != live.get((a.arm, a.case))]


def comparisons(cells: Sequence[Comparison]) -> tuple[ComparisonView, ...]:
    """Return compared cells as the report has them."""
    return tuple(
        ComparisonView.model_validate(
            {
                **asdict(found),
                **asdict(found.cell),
                "mean": found.mean if found.estimate.pairs else None,
                "n": found.estimate.pairs,
                "words": found.words(),
            }
        )
        for found in cells
    )


def _gated(found: Gated) -> GateView:
    return GateView.model_validate({**asdict(found), **asdict(found.gate)})


def _attribution(found: Attribution) -> AttributionView:
    effects = [
        {
            **asdict(effect),
            "cause": f"{effect.cause} {effect.arm}".strip(),
            "mean": effect.estimate.mean if effect.estimate.pairs else None,
            "words": effect.words(),
        }
        for effect in found.effects
    ]
    splits = [
        {
            **asdict(split),
            "total": split.total.mean if split.total.pairs else None,
            "parts": {name: part.mean for name, part in split.parts.items()},
        }
        for split in found.splits
    ]
    named = [f"{cause} {arm}".strip() for cause, arm in found.named]
    more = {"words": found.words(), "named": named, "effects": effects, "splits": splits}
    return AttributionView.model_validate({**asdict(found), **more})
