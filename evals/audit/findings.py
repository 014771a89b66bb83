"""What an audit finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from assistant.privacy import redact

LONGEST: Final = 220
"""Characters of an example that are quoted."""
SHOWN: Final = 5
"""Examples that a finding quotes."""


class Severity(StrEnum):
    """What follows from a finding.

    blocker: the file must not be trained on as it is. warning: look at it first. unmeasured:
    something could not be measured, which is no pass. note: good to know.
    """

    BLOCKER = "blocker"
    WARNING = "warning"
    UNMEASURED = "unmeasured"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Quote:
    """A place in the file. line: from 1; 0 if it is not of the file. other: what it clashes with.

    Personal data and keys are taken out of both texts.
    """

    line: int
    text: str
    other: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _short(self.text))
        object.__setattr__(self, "other", _short(self.other))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is so.

    count: of how many examples it is so, or of ``of`` something else that the summary names.
    segments: those that it speaks of; none means all. fit: whether it says how well the file
    suits these segments, so that a warning holds their *go* back. numbers: what was measured.
    """

    name: str
    severity: Severity
    title: str
    summary: str
    action: str = ""
    count: int = 0
    of: int = 0
    segments: tuple[str, ...] = ()
    fit: bool = False
    quotes: tuple[Quote, ...] = ()
    numbers: Mapping[str, float | str] = field(default_factory=dict)


def share(part: float, whole: float) -> float:
    """Return part / whole; 0 where there is nothing."""
    return part / whole if whole else 0.0


def first(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """Return the quotes that a finding shows."""
    return tuple(quote for quote, _ in zip(quotes, range(SHOWN), strict=False))


def _short(text: str) -> str:
    flat = redact(" ".join(text.split()))
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
