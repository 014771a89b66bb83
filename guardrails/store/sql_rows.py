"""What stands in the columns of the guardrail's tables, and what it means."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping

from guardrails.types import Pair, Quoted, Result, Score, Unscored

_AS_THEY_ARE: Final = ("id", "arm", "segment", "at", "version", "conversation", "gap_s")


def of_pair(pair: Pair) -> dict[str, Any]:
    """Return the columns of a pair, without its number and its answers."""
    quoted = pair.quoted
    return {
        **{name: getattr(pair, name) for name in _AS_THEY_ARE},
        "base": _stored(pair.base),
        "candidate": _stored(pair.candidate),
        "quoted": {"version": quoted.version, "results": _stored(quoted.results)}
        if quoted
        else None,
        "signature": pair.signature or None,
    }


def to_pair(row: RowMapping) -> Pair:
    """Return the pair that a row holds."""
    quoted = row["quoted"]
    return Pair(
        **{name: row[name] for name in _AS_THEY_ARE},
        base=_results(row["base"]),
        candidate=_results(row["candidate"]),
        number=row["number"],
        quoted=Quoted(quoted["version"], _results(quoted["results"])) if quoted else None,
        signature=row["signature"] or b"",
    )


def to_moment(value: str | None) -> datetime | None:
    """Return the point in time that an ISO text names."""
    return datetime.fromisoformat(value) if value else None


def stored(result: Result) -> dict[str, Any]:
    """Return a result as plain values: ``value`` is None where there is no score."""
    value = result.value if isinstance(result, Score) else None
    return {"value": value, "reason": result.reason}


def _stored(results: Mapping[str, Result]) -> dict[str, Any]:
    return {name: stored(result) for name, result in results.items()}


def _results(kept: Mapping[str, Any]) -> dict[str, Result]:
    return {
        name: Unscored(row["reason"])
        if row["value"] is None
        else Score(row["value"], row["reason"])
        for name, row in kept.items()
    }
