"""The answers that lost most, with the answer that they lost against."""

from collections.abc import Mapping
from typing import Any, Final

from evals.night.history import Frozen, StoredScore
from evals.night.tables import Measurements
from evals.night.verdict import Plain
from guardrails.guard import BASE

WORST: Final = 12


def worst(
    measured: Measurements, frozen: Mapping[tuple[str, str, str], Frozen], metric: str
) -> list[Plain]:
    """Return the answers that lost most against the frozen ones, both sides in full.

    On a first night: where a candidate is furthest behind base.
    """
    live = {(a.arm, a.case): a for a in measured.answers if a.kind == "live" and a.measured}
    scores: dict[tuple[str, str], dict[str, StoredScore]] = {}
    for record in measured.scores:
        if record.kind == "live":
            scores.setdefault((record.arm, record.case), {})[record.metric] = record
    losses = []
    for (arm, case), answer in live.items():
        now = _values(scores.get((arm, case), {}))
        row = frozen.get((case, answer.version, arm))
        if row is not None:
            before = {name: dict(score) for name, score in row.scores.items()}
            left, name = _side(row.measured, before), f"{arm}, {row.night}"
        elif arm != BASE and (BASE, case) in live:
            before = _values(scores.get((BASE, case), {}))
            left, name = _side(live[BASE, case].measured, before), f"{BASE}, tonight"
        else:
            continue
        lost = _lost(before, now, metric)
        if lost > 0:
            losses.append((lost, case, arm, name, left, _side(answer.measured, now)))
    losses.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    return [_entry(measured, *entry) for entry in losses[:WORST]]


def _entry(
    measured: Measurements,
    lost: float,
    case_id: str,
    arm: str,
    name: str,
    left: Plain,
    right: Plain,
) -> Plain:
    case = measured.cases[case_id]
    return {
        "case": case_id,
        "arm": arm,
        "segment": case.segment,
        "language": case.language,
        "question": case.question,
        "reference": case.reference,
        "behaviour": case.behaviour,
        "lost": lost,
        "before": {"name": name, **left},
        "after": {"name": f"{arm}, tonight", **right},
    }


def _lost(before: Mapping[str, Plain], now: Mapping[str, Plain], metric: str) -> float:
    """Return how much was lost by the first metric that both have, headline first."""
    for name in dict.fromkeys([metric, *before]):
        old, new = before.get(name, {}).get("value"), now.get(name, {}).get("value")
        if old is not None and new is not None:
            return float(old - new)
    return 0.0


def _side(answer: Any, scores: Mapping[str, Plain]) -> Plain:
    passages = [passage for passage in answer.passages if passage["given"]]
    return {
        "answer": answer.answer,
        "outcome": answer.outcome,
        "standalone": answer.standalone,
        "sources": [
            {
                "title": " › ".join(passage["chunk"]["title_path"]),
                "text": passage["chunk"]["text"],
                "source": passage["chunk"]["source"],
                "key": passage["chunk"]["key"],
            }
            for passage in passages
        ],
        "scores": {name: dict(score) for name, score in scores.items()},
    }


def _values(scores: Mapping[str, StoredScore]) -> dict[str, Plain]:
    return {name: {"value": score.value, "reason": score.reason} for name, score in scores.items()}
