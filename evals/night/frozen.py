"""The frozen answers: what attribution holds tonight against. Pure.

An answer is frozen the first time that its case, in this wording, is asked of an arm; it stays
until a person freezes anew (``routeback evals freeze``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evals.night.history import CaseAnswer, Frozen, StoredScore

Key = tuple[str, str, str]
"""Case, version, arm."""


def taken(
    night: str,
    answers: Iterable[CaseAnswer],
    scores: Iterable[StoredScore],
    held: Mapping[Key, Frozen],
) -> list[Frozen]:
    """Return tonight's live answers that are not frozen yet, with their scores."""
    by_answer = _by_answer(score for score in scores if score.kind == "live")
    return [
        Frozen(
            answer.case,
            answer.version,
            answer.arm,
            night,
            answer.measured,
            _plain(by_answer.get((answer.arm, answer.case), ())),
        )
        for answer in answers
        if answer.kind == "live"
        and answer.measured is not None
        and (answer.case, answer.version, answer.arm) not in held
    ]


def filled(held: Iterable[Frozen], scores: Iterable[StoredScore]) -> list[Frozen]:
    """Return the frozen answers that got a score tonight by a metric that they had none of."""
    by_answer = _by_answer(entry for entry in scores if entry.kind == "again")
    rows = []
    for row in held:
        new = _plain(by_answer.get((row.arm, row.case), ()))
        more = {metric: score for metric, score in new.items() if metric not in row.scores}
        if more:
            rows.append(replace(row, scores={**row.scores, **more}))
    return rows


def nights(held: Iterable[Frozen]) -> list[str]:
    """Return the nights that the frozen answers come from, the most frequent first."""
    counts: dict[str, int] = {}
    for row in held:
        counts[row.night] = counts.get(row.night, 0) + 1
    return sorted(counts, key=lambda night: (-counts[night], night))


def _by_answer(scores: Iterable[StoredScore]) -> dict[tuple[str, str], list[StoredScore]]:
    groups: dict[tuple[str, str], list[StoredScore]] = {}
    for score in scores:
        groups.setdefault((score.arm, score.case), []).append(score)
    return groups


def _plain(scores: Sequence[StoredScore]) -> dict[str, dict[str, Any]]:
    return {
        score.metric: {"value": score.value, "reason": score.reason, "scorer": score.scorer}
        for score in scores
        if score.value is not None
    }
