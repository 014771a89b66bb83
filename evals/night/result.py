"""What a night leaves behind, as plain values: the report, the page and the store read the same."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from evals.night.frozen import nights
from evals.night.history import CaseAnswer, Frozen
from evals.night.judge import Spent
from evals.night.tables import Measurements
from evals.night.verdict import NightVerdict, Plain, headline
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
    trust: Sequence[Plain],
    moved: Sequence[str],
) -> Plain:
    """Return all that a night found. moved: what the guardrail did, in words."""
    plan = measured.plan
    metric = headline(plan.scorers)
    return {
        "night": night,
        "date": plan.date,
        "place": plan.place,
        "exit_code": found.exit_code,
        "words": found.words,
        "headline": metric,
        "arms": dict(plan.arms),
        "kinds": {
            case_id: (measured.cases[case_id].segment, measured.cases[case_id].language)
            for case_id in plan.cases
        },
        "scorers": dict(plan.scorers),
        "reference": {"nights": nights(frozen.values()), "cases": found.compared},
        "counts": _counts(measured, spent),
        "cost": _cost(measured, spent),
        "cells": list(found.cells),
        "since": {arm: [comparison(c) for c in cs] for arm, cs in found.since.items()},
        "versus": {arm: [comparison(c) for c in cs] for arm, cs in found.versus.items()},
        "gates": {arm: [_gated(gate) for gate in gates] for arm, gates in found.gates.items()},
        "attributions": {
            name: _attribution(attribution) for name, attribution in found.attributions.items()
        },
        "causes": list(found.causes),
        "unresolved": found.unresolved,
        "alarms": list(found.alarms),
        "promotions_frozen": found.freeze_promotions,
        "moved": list(moved),
        "trust": list(trust),
        "mix": [
            {"segment": segment, "language": language, "questions": count}
            for (segment, language), count in sorted(measured.mix.items())
        ],
        "worst": worst(measured, frozen, metric),
        "unscored": _unscored(measured),
        "unasked": [{"arm": arm, "case": case} for arm, case in measured.unasked],
        "todo": todo(found, measured),
    }


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


def _counts(measured: Measurements, spent: Spent) -> Plain:
    live = [answer for answer in measured.answers if answer.kind == "live"]
    again = [answer for answer in measured.answers if answer.kind == "frozen"]
    return {
        "cases": len(measured.plan.cases),
        "arms": len(measured.plan.arms),
        "answers": sum(a.measured is not None for a in live),
        "failed": sum(a.measured is None for a in live),
        "unasked": len(measured.unasked),
        "answered_again": len(again),
        "judged": spent.judged,
        "judged_once_for_several": spent.copied,
        "taken_over": spent.taken,
        "unjudged": measured.unjudged,
    }


def _cost(measured: Measurements, spent: Spent) -> Plain:
    by_arm: dict[str, Plain] = {}
    for answer in _asked(measured.answers):
        if answer.measured is None:
            continue
        cost = by_arm.setdefault(
            answer.arm, {"prompt_tokens": 0, "completion_tokens": 0, "seconds": 0.0}
        )
        cost["prompt_tokens"] += answer.measured.prompt_tokens
        cost["completion_tokens"] += answer.measured.completion_tokens
        cost["seconds"] = round(cost["seconds"] + answer.measured.seconds, 3)
    return {"arms": by_arm, "judge_seconds": round(spent.seconds, 1)}


def _asked(answers: Sequence[CaseAnswer]) -> list[CaseAnswer]:
    """Return the answers that were asked for: a frozen one that is the live one cost nothing."""
    live = {(a.arm, a.case): a.measured for a in answers if a.kind == "live"}
    return [a for a in answers if a.kind == "live" or a.measured != live.get((a.arm, a.case))]


def _unscored(measured: Measurements) -> list[Plain]:
    lost = [score for score in measured.scored("live") if score.value is None]
    return [
        {"case": score.case, "arm": score.arm, "metric": score.metric, "reason": score.reason}
        for score in lost[:_UNSCORED]
    ]


def comparison(found: Comparison) -> Plain:
    """Return one compared cell as plain values."""
    return {
        "segment": found.cell.segment,
        "language": found.cell.language,
        "metric": found.cell.metric,
        "verdict": found.verdict,
        "mean": found.mean if found.estimate.pairs else None,
        "low": found.low,
        "high": found.high,
        "level": found.level,
        "detectable": found.detectable,
        "left": found.left,
        "right": found.right,
        "n": found.estimate.pairs,
        "unscored": found.unscored,
        "words": found.words(),
    }


def _gated(found: Gated) -> Plain:
    return {
        **asdict(found.gate),
        "outcome": found.outcome,
        "mean": found.mean,
        "highest": found.highest,
        "reason": found.reason,
    }


def _attribution(found: Attribution) -> Plain:
    return {
        "status": found.status,
        "words": found.words(),
        "outside": found.outside,
        "named": [f"{cause} {arm}".strip() for cause, arm in found.named],
        "effects": [
            {
                "cause": f"{effect.cause} {effect.arm}".strip(),
                "mean": effect.estimate.mean if effect.estimate.pairs else None,
                "low": effect.low,
                "high": effect.high,
                "p": effect.p,
                "named": effect.named,
                "reason": effect.reason,
                "words": effect.words(),
            }
            for effect in found.effects
        ],
        "splits": [
            {
                "arm": split.arm,
                "total": split.total.mean if split.total.pairs else None,
                "low": split.low,
                "high": split.high,
                "rest": split.rest,
                "parts": {name: part.mean for name, part in split.parts.items()},
            }
            for split in found.splits
        ],
    }
