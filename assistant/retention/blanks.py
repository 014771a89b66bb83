"""Rows with their texts taken out, and all that is a number left: plain values in and out."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import RowMapping

ERASED: Final = "erased"
"""Stands where a text was, and something must stand."""
_NUMBERS_OF_A_PAIR: Final = ("answered_by", "index_generation", "tokens")
_NAMES: Final = frozenset(
    {
        "after_outcome",
        "arm",
        "before_outcome",
        "behaviour",
        "case",
        "kind",
        "language",
        "metric",
        "outcome",
        "segment",
        "version",
    }
)
"""Texts of an eval night that say nothing of what was asked."""


def turn(row: RowMapping) -> dict[str, Any]:
    """Return what a turn is without what was said: its kind, arm, mode, scores, tokens and times.

    It belongs to no conversation any more, nor to the turns beside it.
    """
    return {
        "conversation_id": f"{ERASED}-{uuid4()}",
        "question": "",
        "standalone": "",
        "answer": "",
        "reason": row["reason"] and ERASED,
        "fell_back": row["fell_back"] and ERASED,
        "sources": [],
        "sentences": [],
        "scores": results(row["scores"]),
        "selection": {},
    }


def pair(row: RowMapping) -> dict[str, Any]:
    """Return what a pair is without texts: the scores that decisions rest on, bit for bit.

    Its signature, by which a question could be known again, is gone as well.
    """
    told = row["answers"]
    costs = {
        arm: {**cost, "failure": cost.get("failure", "") and ERASED}
        for arm, cost in told.get("costs", {}).items()
    }
    quoted = row["quoted"]
    return {
        "base": results(row["base"]),
        "candidate": results(row["candidate"]),
        "quoted": quoted and {**quoted, "results": results(quoted["results"])},
        "answers": {**{k: told[k] for k in _NUMBERS_OF_A_PAIR if k in told}, "costs": costs},
        "signature": None,
    }


def draft(_row: RowMapping) -> dict[str, Any]:
    """Return what a draft is without its text: whose it was, and how far what was sent was from it.

    Its digest, by which a text could be known again, is gone as well, and whatever it belonged to.
    """
    return {
        "conversation_id": ERASED,
        "ticket_id": ERASED,
        "text": "",
        "digest": "",
        "sources": [],
        "message_id": None,
    }


def results(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return scores without the words of their reasons; where there is no score, that is said."""
    return {
        name: {**result, "reason": "" if result.get("value") is not None else ERASED}
        for name, result in scores.items()
    }


def night(values: Any, cases: Collection[str]) -> Any:
    """Return a record of an eval night without the words of some cases."""
    if isinstance(values, Mapping):
        case = values.get("case")
        inner = isinstance(case, str) and case in cases
        return {k: _without(k, v) if inner else night(v, cases) for k, v in values.items()}
    if isinstance(values, list):
        return [night(value, cases) for value in values]
    return values


def answer(measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer of an eval night without words: what it took, and how it ended."""
    if not measured:
        return {}
    return {**measured, "standalone": ERASED, "answer": ERASED, "passages": []}


def _without(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without(key, part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without(name, part) for part in value]
    return ERASED if isinstance(value, str) and value and name not in _NAMES else value
