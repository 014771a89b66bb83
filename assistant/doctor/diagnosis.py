"""What an examination finds of a part. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

PartStatus = Literal["ok", "skipped", "warning", "failed"]
FORMAT: Final = 1
"""Of the JSON; changes when a key or a name of a check changes its meaning."""
_GRAVITY: Final[Sequence[PartStatus]] = ("ok", "skipped", "warning", "failed")


@dataclass(frozen=True, slots=True)
class PartState:
    """How a part is. got, expected: a sentence for a person. todo: what to do about it.

    skipped: it is not used here, or cannot be looked at; ``got`` says why.
    """

    status: PartStatus
    got: str
    expected: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A part and how it is. seconds: that looking took."""

    name: str
    state: PartState
    seconds: float = 0.0


def ok(got: str) -> PartState:
    """Return that a part works."""
    return PartState("ok", got)


def skipped(why: str) -> PartState:
    """Return that a part was not looked at."""
    return PartState("skipped", why)


def warning(got: str, expected: str, todo: str) -> PartState:
    """Return that a part works, and soon may not, or works worse than it should."""
    return PartState("warning", got, expected, todo)


def failed(got: str, expected: str, todo: str) -> PartState:
    """Return that a part does not work."""
    return PartState("failed", got, expected, todo)


def gravest(states: Iterable[PartState]) -> PartState:
    """Return the gravest of several looks at one part; of those alike, the first."""
    return max(states, key=lambda state: _GRAVITY.index(state.status))


def overall(found: Iterable[Diagnosis]) -> PartStatus:
    """Return how it is on the whole; what was skipped is no harm."""
    statuses = [one.state.status for one in found if one.state.status != "skipped"]
    return max(statuses, key=_GRAVITY.index, default="ok")


def plain(found: Sequence[Diagnosis], version: str, at: datetime) -> dict[str, Any]:
    """Return an examination as plain JSON values."""
    return {
        "format": FORMAT,
        "version": version,
        "at": at.isoformat(),
        "status": overall(found),
        "checks": [
            {
                "name": one.name,
                "status": one.state.status,
                "got": one.state.got,
                "expected": one.state.expected,
                "todo": one.state.todo,
                "seconds": round(one.seconds, 3),
            }
            for one in found
        ],
    }
