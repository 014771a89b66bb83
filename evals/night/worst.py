"""The answers that lost most, with the answer that they lost against."""

from collections.abc import Mapping
from typing import Final

from assistant.background.probe import ProbeResult
from assistant.wire.night_result import AnswerSide, SideScore, SideSource, WorstAnswer
from evals.night.history import Frozen
from evals.night.tables import Measurements
from guardrails.guard import BASE

WORST: Final = 12


def worst(
    measured: Measurements, frozen: Mapping[tuple[str, str, str], Frozen], metric: str
) -> tuple[WorstAnswer, ...]:
    """Return the answers that lost most against the frozen ones, both sides in full.

    On a first night: where a candidate is furthest behind base.
    """
    scores: dict[tuple[str, str], dict[str, SideScore]] = {}
    for record in measured.scores:
        if record.kind == "live":
            score = SideScore(value=record.value, reason=record.reason)
            scores.setdefault((record.arm, record.case), {})[record.metric] = score
    live = {
        (a.arm, a.case): (
            a.version,
            _side(f"{a.arm}, tonight", a.measured, scores.get((a.arm, a.case), {})),
        )
        for a in measured.answers
        if a.kind == "live" and a.measured
    }
    losses = []
    for (arm, case), (version, after) in live.items():
        row = frozen.get((case, version, arm))
        if row is not None:
            old = {name: SideScore.model_validate(score) for name, score in row.scores.items()}
            before = _side(f"{arm}, {row.night}", row.measured, old)
        elif arm != BASE and (BASE, case) in live:
            before = live[BASE, case][1]
        else:
            continue
        lost = _lost(before.scores, after.scores, metric)
        if lost > 0:
            losses.append((lost, case, arm, before, after))
    losses.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    entries = []
    for lost, case_id, arm, before, after in losses[:WORST]:
        values = {**measured.cases[case_id].model_dump(), "case": case_id, "arm": arm, "lost": lost}
        entries.append(WorstAnswer.model_validate({**values, "before": before, "after": after}))
    return tuple(entries)


def _lost(before: Mapping[str, SideScore], now: Mapping[str, SideScore], metric: str) -> float:
    """Return how much was lost by the first metric that both have, headline first."""
    for name in dict.fromkeys([metric, *before]):
        if name in before and name in now:
            old, new = before[name].value, now[name].value
            if old is not None and new is not None:
                return old - new
    return 0.0


def _side(name: str, answer: ProbeResult, scores: Mapping[str, SideScore]) -> AnswerSide:
    chunks = [passage["chunk"] for passage in answer.passages if passage["given"]]
    return AnswerSide(
        name=name,
        answer=answer.answer,
        outcome=answer.outcome,
        standalone=answer.standalone,
        sources=tuple(
            SideSource.model_validate({**chunk, "title": " › ".join(chunk["title_path"])})
            for chunk in chunks
        ),
        scores=dict(scores),
    )
