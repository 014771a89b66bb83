"""From the measurements of a night to its verdict: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from assistant.wire.night_result import MeanView
from evals.cases.marks import BEHAVIOUR, FACTS, FAST, SOURCES
from evals.night.history import Frozen
from evals.night.tables import Measurements, by_arm, reference, reference_night
from evals.statistics.attribution import ALPHA, Attribution, attribute
from evals.statistics.compare import Comparison, compare
from evals.statistics.estimate import estimate
from evals.statistics.gates import RATE, REGRESSED, UNMEASURED, Gated, NightGate, judge
from evals.statistics.measurements import Kind as QuestionKind
from evals.statistics.scored import ScoreCell, Scored, cells, of_arm, pair
from guardrails.guard import BASE

FIRST: Final = (
    "Nothing to compare with: this is the first night. Its answers are frozen, and the next "
    "night is compared with them."
)
_LEVEL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Bars:
    """What decides. margin: a difference that does not matter, in [0, 1)."""

    gates: tuple[NightGate, ...]
    margin: float


@dataclass(frozen=True, slots=True)
class NightVerdict:
    """What a night says.

    since: by arm, tonight against the frozen night. versus: by candidate, against base tonight.
    gates: by arm. attributions: by metric.
    """

    exit_code: int
    words: str
    cells: tuple[MeanView, ...]
    since: Mapping[str, tuple[Comparison, ...]]
    versus: Mapping[str, tuple[Comparison, ...]]
    gates: Mapping[str, tuple[Gated, ...]]
    attributions: Mapping[str, Attribution]
    compared: int

    @property
    def causes(self) -> tuple[str, ...]:
        """The named causes of all metrics, each once: ``candidate tuned``."""
        named = [
            f"{cause} {arm}".strip()
            for attribution in self.attributions.values()
            for cause, arm in attribution.named
        ]
        return tuple(dict.fromkeys(named))

    @property
    def unresolved(self) -> bool:
        """Whether some metric changed without a cause that could be shown."""
        return any(attribution.status == "unresolved" for attribution in self.attributions.values())

    @property
    def alarms(self) -> tuple[str, ...]:
        """What a person must hear, each once."""
        alarms = (
            (metric, attribution.action.alarm) for metric, attribution in self.attributions.items()
        )
        return tuple(dict.fromkeys(f"{metric}: {alarm}" for metric, alarm in alarms if alarm))

    @property
    def freeze_promotions(self) -> bool:
        """Whether no stage may rise until a night says otherwise."""
        return any(
            attribution.action.freeze_promotions for attribution in self.attributions.values()
        )


def verdict(
    measured: Measurements,
    frozen: Mapping[tuple[str, str, str], Frozen],
    mix_before: Mapping[QuestionKind, int],
    bars: Bars,
) -> NightVerdict:
    """Compare, attribute, judge by the gates.

    frozen: as it was before tonight; empty on a first night. mix_before: real questions then.
    """
    plan = measured.plan
    live = by_arm(measured.scored("live"), plan.arms)
    before = by_arm(reference(plan, measured.cases, frozen), plan.arms)
    arms = [arm for arm in plan.arms if before[arm]]
    attributions = _attributions(measured, frozen, mix_before, before) if BASE in arms else {}
    then = _same_judge(measured, before, attributions)
    gated_cells = [gate.cell for gate in bars.gates]
    since = {arm: _compared(then[arm], live[arm], gated_cells, bars.margin) for arm in arms}
    versus = {
        arm: _compared(live[BASE], live[arm], (), bars.margin)
        for arm in plan.arms
        if arm != BASE and live.get(BASE)
    }
    rate = RATE / max(1, len(arms))
    fitting = {arm: _fitting(bars.gates, before[arm], live[arm], measured) for arm in arms}
    gates = {arm: judge(fitting[arm], since[arm], rate=rate) for arm in arms}
    codes = [report.exit_code for report in gates.values()]
    code = REGRESSED if REGRESSED in codes else UNMEASURED if UNMEASURED in codes else 0
    words = _words({arm: report.words() for arm, report in gates.items()})
    if not arms:
        code, words = UNMEASURED, FIRST
    return NightVerdict(
        exit_code=code,
        words=words,
        cells=tuple(_means(live)),
        since=since,
        versus=versus,
        gates={arm: report.gates for arm, report in gates.items()},
        attributions=attributions,
        compared=len({score.case for arm in arms for score in before[arm]}),
    )


def _same_judge(
    measured: Measurements,
    before: Mapping[str, tuple[Scored, ...]],
    attributions: Mapping[str, Attribution],
) -> dict[str, tuple[Scored, ...]]:
    """Return what tonight is compared with: where the judge moved, as tonight's judge sees it.

    The frozen answers are then taken with their scores of tonight, so that a judge's change of
    mind is neither a regression nor hides one.
    """
    moved = {
        m
        for m, attribution in attributions.items()
        if any(c == "judge" for c, _ in attribution.named)
    }
    again = by_arm(measured.scored("again"), measured.plan.arms) if moved else {}
    return {
        arm: (
            *(score for score in scored if score.metric not in moved),
            *(score for score in again.get(arm, ()) if score.metric in moved),
        )
        for arm, scored in before.items()
    }


def _compared(
    left: Sequence[Scored], right: Sequence[Scored], gated: Iterable[ScoreCell], margin: float
) -> tuple[Comparison, ...]:
    pairing = pair(left, right)
    occurring = cells(pairing.pairs)
    shared = {score.key for score in left}
    there = {score.metric for score in right if score.key in shared}
    extra = {cell for cell in gated if cell.metric in there}
    return compare(pairing, looked_at=tuple(sorted({*occurring, *extra})), margin=margin)


def _fitting(
    gates: Sequence[NightGate],
    before: Sequence[Scored],
    tonight: Sequence[Scored],
    measured: Measurements,
) -> tuple[NightGate, ...]:
    """Return the gates; without those that the judge had no time for, in this night or the frozen.

    A gate stays if a score that should be there is missing: then it could not be measured.
    """
    selection = []
    for gate in gates:
        if gate.metric not in measured.plan.judged:
            selection.append(gate)
            continue
        failed = any(gate.cell.holds(score) and score.value is None for score in tonight)
        old = {score.key for score in before if gate.cell.holds(score)}
        both = sum(score.key in old and score.value is not None for score in tonight)
        if failed or both >= gate.fewest:
            selection.append(gate)
    return tuple(selection)


def _attributions(
    measured: Measurements,
    frozen: Mapping[tuple[str, str, str], Frozen],
    mix_before: Mapping[QuestionKind, int],
    before: Mapping[str, Sequence[Scored]],
) -> dict[str, Attribution]:
    metrics = [m for m in measured.plan.scorers if m not in (SOURCES, BEHAVIOUR)]
    every = [score for scored in before.values() for score in scored]
    results = {}
    for metric in metrics:
        tonight = measured.tonight(metric, frozen, BASE)
        keys = {(score.arm, score.key) for score in tonight.live}
        # What the judge had time for in one of the nights only is no failure to measure.
        shared = [score for score in every if (score.arm, score.key) in keys]
        common = {(score.arm, score.key) for score in shared}
        then = reference_night(shared, metric, mix_before)
        tonight = replace(
            tonight,
            live=[score for score in tonight.live if (score.arm, score.key) in common],
            frozen=[score for score in tonight.frozen if (score.arm, score.key) in common],
            reanswered=[score for score in tonight.reanswered if (score.arm, score.key) in common],
        )
        bases = (of_arm(then.live, BASE), of_arm(tonight.live, BASE))
        if all(any(score.value is not None for score in side) for side in bases):
            alpha = ALPHA / len(metrics)
            results[metric] = attribute(then, tonight, base=BASE, alpha=alpha)
    return results


def _means(live: Mapping[str, Sequence[Scored]]) -> Iterable[MeanView]:
    for arm, scored in live.items():
        for cell in cells(scored):
            own = [score for score in scored if cell.holds(score)]
            values = [score.value for score in own if score.value is not None]
            mean = low = high = None
            if values:
                names = [score.cluster for score in own if score.value is not None]
                guess = estimate(np.array(values), names)
                low, high = guess.interval(_LEVEL)
                mean, low = guess.mean, max(0.0, low)
            yield MeanView(
                arm=arm,
                metric=cell.metric,
                segment=cell.segment,
                language=cell.language,
                n=len(values),
                unscored=len(own) - len(values),
                mean=mean,
                low=low,
                high=high,
            )


def _words(by_arm_words: Mapping[str, str]) -> str:
    same = set(by_arm_words.values())
    if len(same) == 1 and len(by_arm_words) > 1:
        return f"{next(iter(same))} (each arm: {', '.join(by_arm_words)})"
    return " ".join(f"{arm}: {words}" for arm, words in by_arm_words.items())


def headline(metrics: Iterable[str]) -> str:
    """Return the metric that stands for the others on a first look."""
    names = list(metrics)
    order = ("factual_correctness", "faithfulness", FACTS, FAST)
    return next((metric for metric in order if metric in names), names[0] if names else FAST)
