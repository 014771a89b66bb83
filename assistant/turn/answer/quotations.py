"""An answer in the document's own words. Pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template
from typing import Final

from assistant.knowledge.chunk import WINDOW, excerpt
from assistant.knowledge.search import Passage
from assistant.turn import orders
from assistant.turn.sayings import SAYINGS
from guardrails.scorers.scorer import version
from guardrails.text import markers

_CODE: Final = 2
"""Raised when something is quoted otherwise and none of the parameters says so."""
WHOLE: Final = 700
"""Characters up to which a passage is quoted whole."""

_BLOCK_END: Final = re.compile(r"(?:^|\n)\s*(?:\||[-*+] |\d{1,3}[.)] ).*\Z")
_SAID: Final = ("foreign", "language_en", "language_de", "older")
REVISION: Final = "quote-" + version(
    _CODE,
    WHOLE,
    WINDOW,
    _BLOCK_END.pattern,
    tuple((language, tuple(say[name] for name in _SAID)) for language, say in SAYINGS.items()),
)
"""Of the way of quoting; what was compared before it changed says nothing of what comes after."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """What is quoted of one passage.

    number: of the passage among the answer's sources, from 1. text: as it stands there. whole:
    whether that is all of it. date: ISO 8601, or empty.
    """

    number: int
    title: str
    text: str
    whole: bool
    language: str
    date: str


def quotations(passages: Sequence[Passage]) -> tuple[Quotation, ...]:
    """Return what is quoted of these passages, numbered from 1: whole, or what answers."""
    return tuple(
        Quotation(
            number,
            markers.defused(passage.chunk.title),
            text,
            text == passage.chunk.text,
            passage.chunk.language,
            passage.chunk.date,
        )
        for number, passage in enumerate(passages, start=1)
        for text in [_words(passage)]
    )


def told(quoted: Sequence[Quotation], language: str) -> str:
    """Return quotations as one answer in ``language``, each with its marker.

    Several are put under their titles; an entry in another language is said to be in it; of two
    versions of one text the newer comes first, with both dates.
    """
    say = SAYINGS[language]
    several = len(quoted) > 1
    pieces: list[str] = []
    for position, quotation in enumerate(quoted):
        older = any(
            quotation.title == newer.title and newer.date > quotation.date
            for newer in quoted[:position]
        )
        if several:
            dated = f" ({quotation.date})" if quotation.date else ""
            note = f" – {say['older']}" if older else ""
            pieces.append(f"**{quotation.title}**{dated}{note}")
        if quotation.language != language:
            name = say.get(f"language_{quotation.language}", quotation.language)
            pieces.append(Template(say["foreign"]).substitute(language=name))
        glue = "\n\n" if _BLOCK_END.search(quotation.text) else " "
        pieces.append(f"{quotation.text.rstrip()}{glue}[{quotation.number}]")
    return "\n\n".join(pieces)


def _words(passage: Passage) -> str:
    opening = passage.chunk.kind.curated
    text = excerpt(passage.chunk, passage.windows, WHOLE, opening=opening)
    return markers.defused(orders.quoted(text, passage.chunk.language))
