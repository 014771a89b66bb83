"""Each cause measured with the others held fixed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evals.statistics.estimate import Estimate
from evals.statistics.measurements import NightScores, ScoreChange, change, pooled
from evals.statistics.mixture import QuestionMix, mixture, shifted
from evals.statistics.scored import of_arm

Cause = Literal["judge", "base", "retrieval", "mix", "candidate"]


@dataclass(frozen=True, slots=True)
class ArmEstimates:
    """Estimates of two nights. arms: base first.

    causes: by (cause, arm), the estimate and the share in [0, 1] of cases that lack a number.
    relative: by candidate, its own change less base's. within: by arm, the change of its live
    scores at a fixed mix. parts: by arm, judge, own, retrieval and mix measured on that arm.
    """

    arms: tuple[str, ...]
    causes: Mapping[tuple[Cause, str], tuple[Estimate, float]]
    relative: Mapping[str, Estimate]
    within: Mapping[str, Estimate]
    parts: Mapping[str, Mapping[str, Estimate]]
    mix: QuestionMix


def measured(reference: NightScores, tonight: NightScores, base: str) -> ArmEstimates:
    """Measure every cause, as differences by case between the two nights.

    - judge: frozen answers, scored in both nights; the mean over arms.
    - an arm itself: answers given again to frozen questions and passages, less the frozen answers,
      both scored by the same night's judge: what the judge does to both cancels.
    - retrieval: base on fresh passages less base on frozen ones, same judge; 0 for a case whose
      passages are the same in both nights.
    - mix: other shares of the kinds of question, see ``shifted``.
    """
    arms = (base, *sorted({score.arm for score in tonight.live} - {base}))
    mix = mixture(reference.mix, tonight.mix, of_arm(tonight.live, base))
    weights = mix.middle
    judge = {
        arm: change(of_arm(reference.frozen, arm), of_arm(tonight.frozen, arm)) for arm in arms
    }
    own = {arm: _step(reference, tonight, arm, "reanswered") for arm in arms}
    fetched = {arm: _fetched(reference, tonight, arm) for arm in arms}
    live = {arm: change(of_arm(reference.live, arm), of_arm(tonight.live, arm)) for arm in arms}
    moved = {
        arm: shifted(mix, of_arm(reference.live, arm), of_arm(tonight.live, arm)) for arm in arms
    }
    drift = pooled(list(judge.values()))
    touched = {
        case
        for case in fetched[base].values
        if reference.overlap.get(case, 0.0) < 1 or tonight.overlap.get(case, 0.0) < 1
    }
    causes: dict[tuple[Cause, str], tuple[Estimate, float]] = {
        ("judge", ""): _of(drift, weights),
        ("base", ""): _of(own[base], weights),
        ("retrieval", ""): _of(fetched[base].only(touched), weights),
        ("mix", ""): (moved[base], 0.0),
    }
    for arm in arms[1:]:
        causes["candidate", arm] = _of(own[arm], weights)
    return ArmEstimates(
        arms=arms,
        causes=causes,
        relative={arm: own[arm].minus(own[base]).estimate(weights) for arm in arms[1:]},
        within={arm: live[arm].estimate(weights) for arm in arms},
        parts={
            arm: {
                "judge": judge[arm].estimate(weights),
                "own": own[arm].estimate(weights),
                "retrieval": fetched[arm].estimate(weights),
                "mix": moved[arm],
            }
            for arm in arms
        },
        mix=mix,
    )


def _of(moved: ScoreChange, weights: Mapping[tuple[str, str], float]) -> tuple[Estimate, float]:
    return moved.estimate(weights), moved.unscored_share


def _step(
    reference: NightScores, tonight: NightScores, arm: str, to: Literal["reanswered", "live"]
) -> ScoreChange:
    """Return (new answers - frozen answers) tonight, less the same in the reference night."""
    sides: list[ScoreChange] = []
    for night in (tonight, reference):
        first = night.frozen if to == "reanswered" else night.reanswered
        last = night.reanswered if to == "reanswered" else night.live
        sides.append(change(of_arm(first, arm), of_arm(last, arm)))
    return sides[0].minus(sides[1])


def _fetched(reference: NightScores, tonight: NightScores, arm: str) -> ScoreChange:
    return _step(reference, tonight, arm, "live")
