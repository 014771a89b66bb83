"""What stands in the columns of the guardrail's tables, and what it means."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from guardrails.types import Pair, Quoted, Result, Score, Unscored


def stored(result: Result) -> dict[str, Any]:
    """Return a result as plain values: ``value`` is None where there is no score."""
    value = result.value if isinstance(result, Score) else None
    return {"value": value, "reason": result.reason}


def stored_quoted(quoted: Quoted | None) -> dict[str, Any] | None:
    """Return what a quotation scored as plain values."""
    if quoted is None:
        return None
    results = {name: stored(result) for name, result in quoted.results.items()}
    return {"version": quoted.version, "results": results}


def _quoted(kept: Mapping[str, Any] | None) -> Quoted | None:
    if kept is None:
        return None
    return Quoted(kept["version"], {name: _result(one) for name, one in kept["results"].items()})


def _result(kept: Mapping[str, Any]) -> Result:
    value = kept["value"]
    return Unscored(kept["reason"]) if value is None else Score(value, kept["reason"])


def to_pair(row: RowMapping) -> Pair:
    """Return the pair that a row holds."""
    return Pair(
        id=row["id"],
        arm=row["arm"],
        segment=row["segment"],
        at=row["at"],
        version=row["version"],
        base={name: _result(kept) for name, kept in row["base"].items()},
        candidate={name: _result(kept) for name, kept in row["candidate"].items()},
        number=row["number"],
        quoted=_quoted(row["quoted"]),
        conversation=row["conversation"],
        gap_s=row["gap_s"],
        signature=row["signature"] or b"",
    )


def to_moment(value: str | None) -> datetime | None:
    """Return the point in time that an ISO text names."""
    return datetime.fromisoformat(value) if value else None
