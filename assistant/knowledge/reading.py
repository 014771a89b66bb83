"""How files are read: which column is which, and bytes into text."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from assistant.errors import LoadError

COLUMNS: Final = (
    *("term", "definition", "question", "answer"),
    *("aliases", "language", "key", "url", "audience", "date"),
)
"""The columns that rows may have; ``aliases`` may be a list or text separated by ``;``."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to read.

    columns: our column name -> the file's. language: for what does not say (None: detect).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    audience: str = "public"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(COLUMNS))
        if unknown:
            raise LoadError(
                f"--map names {', '.join(unknown)}, which is not a column Routeback knows.",
                source="--map",
                hint=f"Known columns: {', '.join(COLUMNS)}.",
            )


def text_of(data: bytes, source: str) -> str:
    """Decode a file.

    Raises:
        LoadError: it is binary, or in no known encoding.
    """
    if b"\0" in data:
        raise LoadError(
            f"{source} is binary, not text.", source=source, hint="Save it as text in UTF-8."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is None:
            raise LoadError(
                f"{source} is in no known text encoding.", source=source, hint="Save it as UTF-8."
            ) from None
        text = str(best)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def language_code(language: Any) -> str:
    """Return the first part of a language tag: ``de`` of ``de-AT``."""
    return str(language or "").strip().lower().replace("_", "-").partition("-")[0]


def iso_date(value: Any) -> str:
    """Return a date that a file gives as ISO 8601, or nothing if it is none."""
    with suppress(ValueError):
        return date.fromisoformat(str(value)[:10]).isoformat()
    return ""
