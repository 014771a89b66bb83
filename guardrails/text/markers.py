"""Citations of an answer, in whatever brackets a model writes them: one grammar for all.

``[1]``, ``[1, 2]``, ``[1–3]``, ``[[1]]``, ``[^1]``, ``[Quelle 1]``, ``【1†source】``,
``(Passage 1)`` and ``<sup>1</sup>`` are always citations. ``(1)`` and ``¹`` are where they stand as
one, and if there is a passage of that number.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_NAME: Final = (
    r"(?:passages?|passagen|sources?|quellen?|docs?|documents?|dokumente?|refs?\.?|references?"
    r"|citations?|cite|zitat|abschnitte?|belege?)\s*[:.#]?\s*"
)
_JOINT: Final = r"\s*(?:[,;&–—-]|and|und)\s*"
_LIST: Final = rf"\d{{1,2}}(?:{_JOINT}(?:{_NAME})?\d{{1,2}})*"
_NAMED: Final = rf"(?:{_NAME})?({_LIST})"
_SEE: Final = r"(?:(?:see|siehe|vgl\.|cf\.)\s+)?"
_BRACKETED: Final = re.compile(
    rf"\s*(?:\[\[?\s*\^?\s*{_SEE}{_NAMED}\s*\^?\s*\]\]?(?!\()"
    rf"|[【［]\s*{_NAMED}(?::\d+)?\s*(?:†[^】］\n]{{0,40}})?[】］]"
    rf"|\(\s*{_SEE}{_NAME}({_LIST})\s*\)"
    rf"|<sup>\s*\[?({_LIST})\]?\s*</sup>)",
    re.IGNORECASE,
)
_OUTSIDE_CODE: Final = re.compile(rf"(?P<code>`[^`\n]*`)|(?:{_BRACKETED.pattern})", re.IGNORECASE)
_FENCED: Final = re.compile(
    r"(^[ \t>]*(?:`{3,}|~{3,})(?:.|\n)*?(?:^[ \t>]*(?:`{3,}|~{3,})[ \t]*$|\Z))", re.MULTILINE
)
_FRAME: Final = re.compile(r"(?i)</?sup>|[\[\]【】［］()^]")
_ROUND: Final = re.compile(rf"\s+\(({_LIST})\)(?=[.,;:!?]|\s*\Z|[ \t]*\n)")
_ANY_ROUND: Final = re.compile(rf"\s+\({_LIST}\)")
_RAISED_DIGITS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_RAISED: Final = re.compile(rf"\s?([{_RAISED_DIGITS}]+(?:[⁻˒,]\s?[{_RAISED_DIGITS}]+)*)")
_NUMBER: Final = re.compile(r"\d+")
_RANGE: Final = re.compile(r"(\d+)\s*[–—-]\s*(\d+)")
_NO_CITATION: Final = re.compile(
    r"(?:^|\n)\s*$|[\d=+*/^]\s*$"
    r"|\b(?:step|option|figure|table|phase|level|tier|version|schritt|abb\.|tabelle|stufe|ziffer"
    r"|nummer|number|one|two|three|four|five|ein|eins|zwei|drei|vier|fünf)\s*$",
    re.IGNORECASE,
)
"""What stands before a number in round brackets that is a list's, or says a number again."""
_WORD_OR_STOP: Final = re.compile(r"(?:[^\W\d_]{3,}|[.!?,;:)\]*”\"»])\s?$")
_OPENS: Final = re.compile(
    r"\s*(?:\[[^\]\n]{0,60}\]?|[【［][^】］\n]{0,60}|\([^)\n]{0,40}|<[^>\n]{0,4}"
    r"|<sup>[^<\n]{0,20}(?:<[^>\n]{0,4})?)$"
)
_BEGUN: Final = re.compile(r"\s*\[[\d\s,]*")
_BROKEN: Final = re.compile(r"\[\d[\d\s,]*$|\[\s*\]")
_WIDEST: Final = 20
GRAMMAR: Final = _OUTSIDE_CODE.pattern
"""Part of the version of what reads an answer without its citations."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A citation. end: where it ends in the text it was looked for in. numbers: as it says."""

    end: int
    numbers: tuple[int, ...]


def strip(text: str) -> str:
    """Return ``text`` without its bracketed citations and the space before them."""
    return _OUTSIDE_CODE.sub(lambda found: found["code"] or "", text)


def defused(text: str) -> str:
    """Return a document's text whose numbers in brackets are no citations: ``[2]`` is ``‹2›``.

    Code stays as it is.
    """
    pieces = _FENCED.split(text)
    pieces[::2] = [_OUTSIDE_CODE.sub(_angled, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _angled(found: re.Match[str]) -> str:
    if found["code"]:
        return found["code"]
    marker = found[0]
    space = marker[: len(marker) - len(marker.lstrip())]
    return f"{space}‹{_FRAME.sub('', marker).strip()}›"


def leading(text: str) -> int:
    """Return where the bracketed citations end that ``text`` begins with; 0 without any."""
    end = 0
    while match := _BRACKETED.match(text, end):
        end = match.end()
    return end


def after(text: str) -> str:
    """Return what follows the bracketed citations that ``text`` begins with.

    One that has only begun is taken for one.
    """
    rest = text[leading(text) :]
    return "" if _BEGUN.fullmatch(rest) else rest


def closes(text: str) -> bool:
    """Whether the last thing in ``text`` is a bracketed citation."""
    end = len(text.rstrip())
    return any(match.end() == end for match in _BRACKETED.finditer(text))


def broken(text: str) -> bool:
    """Whether a citation of ``text`` is empty, or breaks off at its end."""
    return _BROKEN.search(text) is not None


def numbers(text: str) -> tuple[int, ...]:
    """Return what the bracketed citations of ``text`` name, in order."""
    matches = (match for match in _OUTSIDE_CODE.finditer(text) if not match["code"])
    return tuple(number for match in matches for number in _read(match))


def written(cited: Iterable[int]) -> str:
    """Return numbers as the product writes them: ``[1] [2]``."""
    return " ".join(f"[{number}]" for number in cited)


def undecided(text: str) -> bool:
    """Whether ``text`` may begin with a citation, and what follows must be seen to know."""
    if not text.strip() or _OPENS.fullmatch(text):
        return True
    if raised := _RAISED.match(text):
        return not text[raised.end() :].strip(" ,⁻˒")
    match = _BRACKETED.match(text) or _ANY_ROUND.match(text)
    return match is not None and not text[match.end() :].strip(" \t")


def first(text: str, before: str, most: int) -> Marker | None:
    """Return the citation that ``text`` begins with, space before it included.

    before: the sentence so far. most: passages that there are.
    """
    if before.count("`") % 2:
        return None
    if match := _BRACKETED.match(text):
        return Marker(match.end(), _read(match))
    if (match := _ROUND.match(text)) and not _NO_CITATION.search(before):
        cited = _read(match)
        return Marker(match.end(), cited) if all(0 < n <= most for n in cited) else None
    if (match := _RAISED.match(text)) and _WORD_OR_STOP.search(before):
        cited = _read(match)
        if not all(0 < n <= most for n in cited):
            cited = tuple(_RAISED_DIGITS.index(c) for c in match[0] if c in _RAISED_DIGITS)
        return Marker(match.end(), cited) if all(0 < n <= most for n in cited) else None
    return None


def _read(match: re.Match[str]) -> tuple[int, ...]:
    text = next(group for group in match.groups() if group)
    plain = "".join(str(_RAISED_DIGITS.find(c)) if c in _RAISED_DIGITS else c for c in text)
    spans = {int(m[1]): int(m[2]) for m in _RANGE.finditer(plain)}
    values: list[int] = []
    for number in map(int, _NUMBER.findall(plain)):
        last = spans.get(number, number)
        values += range(number, last + 1) if number <= last < number + _WIDEST else [number]
    return tuple(dict.fromkeys(values))
