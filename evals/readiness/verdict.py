"""What is said of one thing that an owner must have seen to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

Outcome = Literal["pass", "fail", "not applicable"]
FORMAT: Final = 1
"""Of the JSON; changes when a key or a name of an item changes its meaning."""


@dataclass(frozen=True, slots=True)
class ReadinessItem:
    """One item. grounds: what it rests on, a line each. todo: what to do where it fails."""

    name: str
    title: str
    outcome: Outcome
    grounds: tuple[str, ...]
    todo: str = ""


@dataclass(frozen=True, slots=True)
class ReadinessReport:
    """All items of an installation. version: of the program."""

    at: datetime
    version: str
    items: tuple[ReadinessItem, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing fails."""
        return not self.failing

    @property
    def failing(self) -> tuple[ReadinessItem, ...]:
        """The items that fail."""
        return tuple(item for item in self.items if item.outcome == "fail")

    @property
    def words(self) -> str:
        """The outcome in a sentence."""
        if self.ready:
            return "Ready: nothing that was looked at fails."
        return f"Not ready: {len(self.failing)} of {len(self.items)} items fail."

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "format": FORMAT,
            "version": self.version,
            "at": self.at.isoformat(),
            "ready": self.ready,
            "items": [
                {
                    "name": item.name,
                    "title": item.title,
                    "outcome": item.outcome,
                    "grounds": list(item.grounds),
                    "todo": item.todo,
                }
                for item in self.items
            ],
        }


def judged(
    name: str, title: str, grounds: Sequence[str], lacking: Sequence[str], todo: str
) -> ReadinessItem:
    """Return an item that passes where nothing is lacking and something was seen.

    lacking: what is missing or wrong, a line each.
    """
    if not lacking and grounds:
        return ReadinessItem(name, title, "pass", tuple(grounds))
    seen = (*lacking, *grounds) or ("nothing was found",)
    return ReadinessItem(name, title, "fail", seen, todo)


def none_of(name: str, title: str, why: str) -> ReadinessItem:
    """Return an item that is about nothing here."""
    return ReadinessItem(name, title, "not applicable", (why,))
