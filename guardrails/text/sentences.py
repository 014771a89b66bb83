"""Sentences of English and German texts: no ordinal, abbreviation or list number ends one."""

import re
from typing import Final

import sentencex

from guardrails.text.function_words import STARTERS, STOP_WORDS

ITEM: Final = re.compile(r"\s*(?:[-*+•]|\(?\d{1,2}[.)]|[a-z]\))(?=\s|$)")
"""The bullet or number that a list item begins with."""
_ORDINAL: Final = re.compile(r"(?:^|[\s(\u00a0])\d{1,2}\.$")
_ABBREVIATED: Final = re.compile(
    r"(?:^|[\s(])(?:nr|no|art|abs|approx|ca|mind|inkl|exkl|zzgl|tel|fig|abb|kap|vgl|bzw|ggf|evtl"
    r"|bspw|sog|z\.\s?b|d\.\s?h|u\.\s?a|e\.g|i\.e)\.$",
    re.IGNORECASE,
)
_MAY_END: Final = re.compile(r"(?:^|[\s(\d])(?:std|min|max|mio|mrd|s|str)\.$", re.IGNORECASE)


def sentences(text: str, language: str) -> list[str]:
    """Return the sentences of one paragraph without surrounding space."""
    pieces: list[str] = []
    for part in sentencex.segment(language, text):
        piece = part.strip()
        if piece and pieces and _goes_on(pieces[-1], piece, language):
            pieces[-1] += f" {piece}"
        elif piece:
            pieces.append(piece)
    return pieces


def _goes_on(before: str, after: str, language: str) -> bool:
    if ITEM.fullmatch(before) or _ABBREVIATED.search(before):
        return True
    word = re.split(r"\W", after.lstrip('*_(„"“'), maxsplit=1)[0].casefold()
    begins = word in STOP_WORDS or word in STARTERS
    ordinal = language == "de" and _ORDINAL.search(before)
    return bool(ordinal or _MAY_END.search(before)) and not begins
