"""Turns what a night kept into the scores that are compared. Pure; nothing is dropped unsaid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from evals.cases.cases import Case
from evals.cases.marks import judged_of, metrics_of
from evals.night.history import CaseAnswer, Frozen, Kind, StoredScore
from evals.night.plan import NightPlan
from evals.statistics.measurements import Kind as QuestionKind
from evals.statistics.measurements import NightScores
from evals.statistics.scored import Scored, of_arm


@dataclass(frozen=True, slots=True)
class Measurements:
    """All that a night kept. mix: real questions of the last days by segment and language."""

    plan: NightPlan
    cases: Mapping[str, Case]
    answers: Sequence[CaseAnswer]
    scores: Sequence[StoredScore]
    mix: Mapping[QuestionKind, int]

    def scored(self, kind: Kind) -> tuple[Scored, ...]:
        """Return the scores of one kind, those without a number included.

        What was never asked, or never judged, for lack of time is left out: see ``unasked`` and
        ``unjudged``. That is a smaller sample, and not a failure to measure.
        """
        scores = []
        for score in self.scores:
            case = self.cases.get(score.case)
            if score.kind != kind or case is None or score.arm not in self.plan.arms:
                continue
            scores.append(of_kept((case.segment, case.language), self.plan.cases[case.id], score))
        answers = {(answer.arm, answer.case): answer for answer in self.answers}
        for answer in answers.values():
            if answer.kind != kind or answer.measured is not None:
                continue
            case = self.cases[answer.case]
            for metric in metrics_of(case, self.plan.judged):
                if metric in self.plan.judged:
                    why = f"no answer: {answer.error}"
                    lost = StoredScore(kind, answer.arm, case.id, metric, None, why, "", "")
                    scores.append(of_kept((case.segment, case.language), answer.version, lost))
        return tuple(scores)

    @property
    def unasked(self) -> list[tuple[str, str]]:
        """Arm and case of what was planned and not asked."""
        pairs = {(a.arm, a.case) for a in self.answers if a.kind == "live"}
        planned = product(self.plan.cases, self.plan.arms)
        return [(arm, case) for case, arm in planned if (arm, case) not in pairs]

    @property
    def unjudged(self) -> int:
        """How many live answers the judge had no time for."""
        judged = {(k.arm, k.case, k.metric) for k in self.scores if k.kind == "live"}
        return sum(
            (answer.arm, answer.case, metric) not in judged
            for answer in self.answers
            if answer.kind == "live" and answer.measured is not None
            for metric in judged_of(self.cases[answer.case], answer.measured, self.plan.judged)
        )

    def overlap(self, frozen: Mapping[tuple[str, str, str], Frozen], base: str) -> dict[str, float]:
        """Return by case the share in [0, 1] of passages that are the frozen ones."""
        shares = {}
        for answer in self.answers:
            row = frozen.get((answer.case, answer.version, base))
            if answer.kind == "live" and answer.arm == base and answer.measured and row:
                shares[answer.case] = _overlap(
                    [p["id"] for p in answer.measured.passages if p["given"]],
                    [p["id"] for p in row.measured.passages if p["given"]],
                )
        return shares

    def tonight(
        self, metric: str, frozen: Mapping[tuple[str, str, str], Frozen], base: str
    ) -> NightScores:
        """Return what attribution looks at, of one metric.

        Where the passages of a case are the frozen ones, an arm is not asked twice: its answer
        stands for both.
        """
        sides = {kind: _of(self.scored(kind), metric) for kind in ("live", "again", "frozen")}
        return NightScores(
            live=sides["live"],
            frozen=sides["again"],
            reanswered=sides["frozen"],
            overlap=self.overlap(frozen, base),
            mix=self.mix,
        )


def reference(
    plan: NightPlan,
    cases: Mapping[str, Case],
    frozen: Mapping[tuple[str, str, str], Frozen],
) -> tuple[Scored, ...]:
    """Return the frozen scores of the cases and arms of a plan; those without a number are out."""
    scores = []
    for (case_id, version, arm), row in frozen.items():
        if plan.cases.get(case_id) != version or arm not in plan.arms:
            continue
        for metric, score in row.scores.items():
            if score["value"] is not None and metric in plan.scorers:
                record = StoredScore("live", arm, case_id, metric, score["value"], "", "", "")
                kind = cases[case_id].segment, cases[case_id].language
                scores.append(of_kept(kind, version, record))
    return tuple(scores)


def reference_night(
    scored: Iterable[Scored], metric: str, mix: Mapping[QuestionKind, int]
) -> NightScores:
    """Return the night of the frozen answers: they are live, frozen and given again at once."""
    own = _of(scored, metric)
    overlap = {score.case: 1.0 for score in own}
    return NightScores(live=own, frozen=own, reanswered=own, overlap=overlap, mix=mix)


def of_kept(kind: QuestionKind, version: str, kept: StoredScore) -> Scored:
    """Return a kept score as the statistics see it. kind: of the question."""
    return Scored(
        case=kept.case,
        version=version,
        cluster=kept.case,
        segment=kind[0],
        language=kind[1],
        arm=kept.arm,
        metric=kept.metric,
        value=kept.value,
        reason=kept.reason or ("" if kept.value is not None else "nobody said why"),
    )


def by_arm(scored: Iterable[Scored], arms: Iterable[str]) -> dict[str, tuple[Scored, ...]]:
    """Return the scores of each arm."""
    every = tuple(scored)
    return {arm: of_arm(every, arm) for arm in arms}


def _of(scored: Iterable[Scored], metric: str) -> tuple[Scored, ...]:
    return tuple(score for score in scored if score.metric == metric)


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of common members in [0, 1] (Jaccard); 1 if both are empty."""
    union = {*one, *other}
    return len({*one} & {*other}) / len(union) if union else 1.0
