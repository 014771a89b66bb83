"""How files are read: what is known of them, bytes into text, and what a value in them means."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, Self

from assistant.errors import LoadError
from assistant.knowledge.documents import Document, Entry

COLUMNS: Final = (
    *("term", "definition", "question", "answer"),
    *("aliases", "language", "key", "url", "audience", "date"),
)
"""The columns that rows may have; ``aliases`` may be a list or text separated by ``;``."""

MEND: Final = "Mend the row, or run it again with --skip-unreadable."
"""What helps where a row cannot be read."""
RESTRICTED: Final = (
    *("internal", "staff", "employees", "agents", "private", "confidential", "restricted"),
    *("intern", "mitarbeiter", "vertraulich"),
)
"""Audiences that mean something whoever writes them: not for everybody."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How to read.

    columns: our column name -> the file's. language: for what does not say (None: detect).
    audience: of what does not say. audiences: that mean something here, beside ``public``; what
    names another one is for everybody, and that is said. skip: go on without rows that cannot be
    read. address: at which the page was fetched, if it was: its links begin there, and it is left
    out where it asks for that.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    audience: str = "public"
    audiences: tuple[str, ...] = RESTRICTED
    skip: bool = False
    address: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(COLUMNS))
        if unknown:
            raise LoadError(
                f"--map names {', '.join(unknown)}, which is not a column Routeback knows.",
                source="--map",
                hint=f"Known columns: {', '.join(COLUMNS)}.",
            )


READING_SECONDS: Final = 120.0
READING_MEGABYTES: Final = 2048


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What one file may take. seconds: by the clock. megabytes: of memory, of 2**20 bytes."""

    seconds: float = READING_SECONDS
    megabytes: int = READING_MEGABYTES


@dataclass(frozen=True, slots=True)
class Note:
    """What a person should know about a file that was read.

    kind: ``left out``: it is not indexed; ``warning``: it is, and something about it is not as its
    author may think. what: a short phrase without names or numbers, by which notes are counted.
    where: the line, row or words, if there is one place.
    """

    source: str
    kind: Literal["left out", "warning"]
    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.what}" + (f" ({self.where})" if self.where else "")

    @classmethod
    def left_out(cls, source: str, what: str, where: str = "") -> Self:
        """Return the note that something is not indexed."""
        return cls(source, "left out", what, where)

    @classmethod
    def warning(cls, source: str, what: str, where: str = "") -> Self:
        """Return the note that something is indexed, but not as its author may think."""
        return cls(source, "warning", what, where)


Item = Document | Entry
Found = Iterator[Item | Note]
"""What a reader gives of one file, in the file's order."""


def language_code(language: Any) -> str:
    """Return the ISO 639-1 code of a tag or name (``de-AT``, ``Deutsch``), else nothing."""
    code = str(language or "").strip().lower().replace("_", "-").partition("-")[0]
    if code in _NAMED:
        return _NAMED[code]
    return code if len(code) == len("de") and code.isalpha() else ""


_NAMED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("german", "deutsch", "deu", "ger", "germany", "allemand"), "de"),
    **dict.fromkeys(("english", "englisch", "eng", "anglais"), "en"),
    **dict.fromkeys(("french", "französisch", "français", "francais", "fra", "fre"), "fr"),
    **dict.fromkeys(("spanish", "spanisch", "español", "espanol", "spa"), "es"),
    **dict.fromkeys(("italian", "italienisch", "italiano", "ita"), "it"),
    **dict.fromkeys(("dutch", "niederländisch", "nederlands", "nld", "dut"), "nl"),
    **dict.fromkeys(("polish", "polnisch", "polski", "pol"), "pl"),
    **dict.fromkeys(("portuguese", "portugiesisch", "português", "por"), "pt"),
}


def iso_date(value: Any) -> str:
    """Return a date that a file gives as ISO 8601, or nothing if it is none.

    Days come before months where both would do and dots stand between (``01.02.2026``), as in
    German; else months come first, as in American English.
    """
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    text = str(value or "").strip()
    if re.fullmatch(r"1\d{9}(?:\d{3})?", text):  # seconds or milliseconds since 1970
        return datetime.fromtimestamp(int(text[:10]), UTC).strftime("%Y-%m-%d")
    with suppress(ValueError):
        return date.fromisoformat(text[:10]).isoformat()
    if not any(character.isdigit() for character in text):
        return ""
    from dateutil import parser

    for name, number in _MONTHS.items():
        text = re.sub(rf"(?i)\b{name}\b\.?", number, text)
    try:
        # Of two defaults only a whole date is the same.
        days = {
            parser.parse(text, dayfirst="." in text, default=default).date()
            for default in (datetime(2000, 1, 1), datetime(1999, 2, 2))  # noqa: DTZ001
        }
    except (ValueError, OverflowError):
        return ""
    return days.pop().isoformat() if len(days) == 1 else ""


_MONTHS: Final[Mapping[str, str]] = {
    "januar": "January", "jänner": "January", "februar": "February", "märz": "March", "mai": "May",
    "juni": "June", "juli": "July", "oktober": "October", "dezember": "December", "dez": "December",
    "okt": "October",
}  # fmt: skip
"""German names of months that dateutil does not know."""
