"""What was asked, in a few small columns: what the numbers are counted from.

A turn is large, and numbers go over many; so each has a line here, written with it. Of the words
there are digests alone, by which the same words are known again; they go when the words are erased.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Boolean, Column, Float, Integer, String, Table

from assistant.records.database import metadata
from guardrails import digests
from guardrails.store.sql_tables import Moment

_WORD: Final = re.compile(r"\w+")
_LENGTH: Final = 24

askings = Table(
    "askings",
    metadata,
    Column("turn_id", String(36), primary_key=True),
    Column("conversation_id", String(64), nullable=False, index=True),
    Column("at", Moment(), nullable=False, index=True),
    Column("language", String(8), nullable=False),
    Column("segment", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("arm", String(64), nullable=False),
    Column("entry", String(_LENGTH), nullable=False),
    Column("own", String(_LENGTH), nullable=False),
    Column("whole", String(_LENGTH), nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
)
"""entry: a digest of what was found first. own, whole: of the words of the question as it was said
and as it was searched for. shown: something of an answer was. stopped: the server was."""

BLANK: Final = {"entry": "", "own": "", "whole": ""}
"""What is left of the words when they are erased."""
STOPPED: Final = "the server was stopped"
"""Why an answer ended that was under way when the process did."""


def line_of(turn: Mapping[str, Any]) -> dict[str, Any]:
    """Return the line of a turn. turn: its row."""
    usage, times = turn["usage"] or {}, turn["timings_s"] or {}
    return {
        "turn_id": turn["id"],
        "conversation_id": turn["conversation_id"],
        "at": turn["created_at"],
        "language": turn["language"],
        "segment": turn["segment"],
        "outcome": turn["outcome"],
        "arm": turn["arm"] or "",
        "entry": _entry(turn["sources"] or ()),
        "own": words(turn["question"]),
        "whole": words(turn["standalone"]),
        "shown": bool(turn["answer"]),
        "stopped": turn["reason"] == STOPPED,
        "prompt_tokens": int(usage.get("prompt_tokens", 0)),
        "completion_tokens": int(usage.get("completion_tokens", 0)),
        "seconds": float(sum(times.values())),
    }


def words(text: str) -> str:
    """Return what stands for the words of a text, in whatever order; empty for none."""
    if not text.strip():
        return ""
    found = sorted(set(_WORD.findall(text.casefold()))) or [text.strip()]
    return digests.of(" ".join(found))[:_LENGTH]


def _entry(sources: Sequence[Mapping[str, Any]]) -> str:
    """Return what stands for what was found first: an entry is the same in each language."""
    if not sources:
        return ""
    first = sources[0]
    name = first.get("key") or first.get("id") or ""
    return digests.of(f"entry {name}")[:_LENGTH] if name else ""
