"""An answer taken apart: sentences, clauses, markers. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import sentencex

from guardrails.text import markers

_CLAUSE: Final = re.compile(r"(?<=[,;:–])\s+|\s+(?=(?:and|und|or|oder|but|aber|sowie)\s)")
_BOLD: Final = re.compile(r"\*\*([^*\n]{2,60})\*\*")
_TRAILING: Final = " ,;:–"
_ROW: Final = re.compile(r"^\s*(?:\||#{1,6}\s|```)")


def plain(text: str) -> str:
    """Return a text without citation markers."""
    return markers.strip(text).strip()


def sentences(text: str, language: str) -> list[str]:
    """Return the sentences of a text, markers left out; rows of tables and headings are none."""
    return list(_sentences(text, language))


@lru_cache(maxsize=4096)
def _sentences(text: str, language: str) -> tuple[str, ...]:
    lines = (line for line in plain(text).splitlines() if not _ROW.match(line))
    parts = (part for line in lines for part in sentencex.segment(language, line))
    return tuple(part.strip() for part in parts if part.strip())


def clauses(sentence: str) -> list[str]:
    """Return the clauses of a sentence; joined by spaces, they are the sentence."""
    return [part for part in _CLAUSE.split(sentence) if part.strip()]


def bold(text: str) -> list[str]:
    """Return what stands in bold: buttons, menus, names."""
    return _BOLD.findall(text)


def cited(parts: Iterable[str], number: int) -> str:
    """Return sentences as one answer, each with the marker of one passage."""
    return " ".join(f"{part} [{number}]" for part in parts)


def ended(text: str) -> str:
    """Return a text that ends as a sentence does."""
    bare = text.rstrip(_TRAILING)
    return bare if not bare or bare[-1] in ".!?*" else f"{bare}."


def lowered(text: str) -> str:
    """Return a sentence as it goes on after a beginning: its first letter small, unless a name."""
    first, _, _ = text.partition(" ")
    return text if first.isupper() and len(first) > 1 else text[:1].lower() + text[1:]


def raised(text: str) -> str:
    """Return a text with its first letter large."""
    return text[:1].upper() + text[1:]


def holds(text: str, wordings: Iterable[str]) -> str:
    """Return the first of several wordings of a fact that a text has; empty if none."""
    low = text.casefold()
    return next((wording for wording in wordings if wording.casefold() in low), "")
