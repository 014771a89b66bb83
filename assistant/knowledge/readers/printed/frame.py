"""What surrounds the text on every page: running heads and feet, page numbers, watermarks.

A line is running if it stands at the same place on other pages, says the same but for numbers that
count with the pages, and nothing that is no such line stands between it and the page's edge.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import median
from typing import Final

from assistant.knowledge.readers.printed.sheet import Line, Piece, PrintedPage, Table, rows_of

_MARGIN: Final = 0.16
"""Share of a page's height in which running lines stand, above and below."""
_NEAR: Final = 4.0
"""Points by which the place of a running line may differ."""
_MOST: Final = 0.5
"""Share of pages on which lines at one place repeat, from which these are running."""
_FEW: Final = 3
"""Pages up to which only what repeats on all of them is running."""
_NUMBER: Final = re.compile(r"\d+")
_PAGE: Final = re.compile(
    r"(?ix) [-–—|·\[(\s]* (?:(?:page|seite|s\.|p\.|pg\.?|blatt)\s*)? (\d{1,4}|[ivxl]{1,7})"
    r" \s* (?:(?:/|of|von|aus|\|)\s*\d{1,4})? [-–—|·\])\s.]*"
)
_ROMAN: Final = re.compile(r"(?i)[-–— ]*([ivxl]{1,7})[-–— ]*")
_LED: Final = re.compile(r"(?:\. ?|…){4,}\s*(?:\d{1,4}|[ivxl]{1,6})?$|^(?:\. ?){4,}")
_CONTENTS: Final = re.compile(r"(?i)(?:table of )?contents|inhalt(?:sverzeichnis|sübersicht)?")
_VALUES: Final = {"i": 1, "v": 5, "x": 10, "l": 50}
_LARGE: Final = 1.15
"""Sizes of the body from which a line is a heading."""
_APART: Final = 0.8
"""Sizes of the body that lie between a running line and the text at least."""
_HUGE: Final = 2.2
"""Sizes of the body from which what repeats at one place is a watermark."""


@dataclass(frozen=True, slots=True)
class Framed:
    """Pages without their frames. left: on how many something was left out."""

    sheets: tuple[PrintedPage, ...]
    left: int


def without(sheets: Sequence[PrintedPage], body: float) -> Framed:
    """Take out what surrounds the text. body: the size of most of it."""
    pages = [sheet for sheet in sheets if sheet.pieces]
    framed = _left(sheets, pages, body, repeated=True)
    bare = sum(not (sheet.pieces or sheet.pictured) for sheet in framed.sheets)
    # Pages that say hardly more than each other have texts that repeat.
    if bare > (0 if len(pages) <= _FEW else len(pages) / 2):
        return _left(sheets, pages, body, repeated=False)
    return framed


def _left(
    sheets: Sequence[PrintedPage], told: Sequence[PrintedPage], body: float, *, repeated: bool
) -> Framed:
    running = {
        *_running(told, body, lower=False, repeated=repeated),
        *_running(told, body, lower=True, repeated=repeated),
        *_watermarks(told, body),
    }
    pages: list[PrintedPage] = []
    left = 0
    for sheet in sheets:
        pieces = tuple(piece for piece in sheet.pieces if (sheet.number, id(piece)) not in running)
        left += len(pieces) < len(sheet.pieces)
        pages.append(replace(sheet, pieces=pieces))
    return Framed(tuple(pages), left)


def without_contents(sheets: Sequence[PrintedPage]) -> tuple[list[PrintedPage], list[PrintedPage]]:
    """Take out lines of a table of contents, whose dots lead to a page; and say on which pages."""
    pages: list[PrintedPage] = []
    listed: list[PrintedPage] = []
    for sheet in sheets:
        pieces = tuple(
            piece
            for piece in sheet.pieces
            if isinstance(piece, Table)
            or not (_LED.search(piece.text) or _CONTENTS.fullmatch(piece.text))
        )
        if len(sheet.pieces) - len(pieces) > 2:  # noqa: PLR2004
            listed.append(sheet)
            pages.append(replace(sheet, pieces=pieces))
        else:
            pages.append(sheet)
    return pages, listed


@dataclass(frozen=True, slots=True)
class _Row:
    """What stands beside each other at one height. away: from the edge of the page."""

    sheet: PrintedPage
    pieces: tuple[Piece, ...]
    away: float
    gap: float
    """To what stands next to it, away from the edge."""

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)

    @property
    def size(self) -> float:
        return max((piece.size for piece in self.pieces if isinstance(piece, Line)), default=0.0)


def _rows(sheet: PrintedPage, *, lower: bool) -> list[_Row]:
    """Return the rows near an edge, the outermost first."""
    rows = rows_of(sheet.pieces)
    if lower:
        rows.reverse()
    edge: list[_Row] = []
    for number, row in enumerate(rows):
        top, bottom = min(piece.top for piece in row), max(piece.bottom for piece in row)
        if (bottom if not lower else sheet.height - top) > _MARGIN * sheet.height:
            break
        if any(isinstance(piece, Line) and piece.raised for piece in row):
            break  # a footnote
        gap = sheet.height
        if number + 1 < len(rows):
            after = rows[number + 1]
            gap = (
                top - max(piece.bottom for piece in after)
                if lower
                else min(piece.top for piece in after) - bottom
            )
        away = sheet.height - bottom if lower else top
        edge.append(_Row(sheet, tuple(row), away, gap))
    return edge


def _running(
    sheets: Sequence[PrintedPage], body: float, *, lower: bool, repeated: bool
) -> set[tuple[int, int]]:
    pending = {sheet.number: _rows(sheet, lower=lower) for sheet in sheets}
    gone: dict[int, list[_Row]] = {sheet.number: [] for sheet in sheets}
    while True:
        outer = [rows[0] for rows in pending.values() if rows]
        pages = _numbered(outer, len(sheets), lower=lower)
        if repeated:
            pages |= _repeated(outer, len(sheets), body)
        if not pages:
            break
        for number in pages:
            gone[number].append(pending[number].pop(0))
    for rows in gone.values():
        # What surrounds a text stands apart from it; on few pages, what goes on repeats by chance.
        apart = [row.gap >= _APART * body or bool(_PAGE.fullmatch(row.text)) for row in rows]
        ends = [place for place, is_so in enumerate(apart, start=1) if is_so] or [0]
        del rows[ends[0] if len(sheets) <= _FEW else ends[-1] :]
    return {
        (number, id(piece)) for number, rows in gone.items() for row in rows for piece in row.pieces
    }


def _repeated(rows: Sequence[_Row], pages: int, body: float) -> set[int]:
    """Return the pages whose outermost row repeats, as do most of those at its place."""
    gone: set[int] = set()
    for band in _bands(rows):
        index: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for row in band:
            for key in _keys(row, body):
                index[key].add(row.sheet.number)
        again = {page for on in index.values() if len(on) > 1 for page in on}
        most = max((len(on) for on in index.values()), default=0)
        few = pages <= _FEW
        share = pages if few else max(2.0, _MOST * pages)
        # Odd and even pages, or chapters, may each have a line of their own.
        halves = most >= max(3, _MOST * pages / 2) and len(again) >= _MOST * len(band)
        if len(again) < share and not (halves and not few):
            continue
        large = [row for row in band if row.sheet.number in again and row.size > _LARGE * body]
        if large and pages == 2:  # noqa: PLR2004  (as well two headings)
            continue
        size = median(row.size for row in band if row.sheet.number in again)
        # What is printed large is a title, too, where it comes first.
        gone |= again - {row.sheet.number for row in large if _first(row, large)}
        gone |= {
            row.sheet.number
            for row in band
            if len(again) > _MOST * len(band) and abs(row.size - size) < 0.3 and row.gap > body  # noqa: PLR2004
        }
    return gone


def _first(row: _Row, rows: Sequence[_Row]) -> bool:
    return row.sheet.number == min(other.sheet.number for other in rows if other.text == row.text)


def _numbered(rows: Sequence[_Row], pages: int, *, lower: bool) -> set[int]:
    """Return the pages whose outermost row is the page's number and nothing else."""
    gone: set[int] = set()
    for row in rows:
        match = _PAGE.fullmatch(row.text.strip())
        if not match or row.gap < 4:  # noqa: PLR2004
            continue
        bare = row.text.strip().isdigit()
        number = _value(match[1])
        if number == row.sheet.number and (lower or not bare or pages > 1):
            gone.add(row.sheet.number)
    return gone


def _bands(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    band: list[_Row] = []
    for row in sorted(rows, key=lambda one: one.away):
        if band and row.away - band[-1].away > _NEAR:
            yield band
            band = []
        band.append(row)
    if band:
        yield band


def _keys(row: _Row, body: float) -> set[tuple[str, ...]]:
    """Return what a row says, numbers both as they are and as what they are beyond the page's."""
    text = row.text.casefold()
    roman = _ROMAN.fullmatch(text)
    if roman:
        text = text.replace(roman[1], str(_value(roman[1])))
    words = tuple(_NUMBER.split(text))
    numbers = [int(number[:9]) for number in _NUMBER.findall(text)]
    if row.size > _LARGE * body or len(numbers) > 4:  # noqa: PLR2004  (a heading counts by itself)
        return {(*words, *map(str, numbers))}
    page = row.sheet.number
    options = product(*((str(number), f"+{number - page}") for number in numbers))
    return {(*words, *chosen) for chosen in options}


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    values = [_VALUES[letter] for letter in number.lower()]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)


def _watermarks(sheets: Sequence[PrintedPage], body: float) -> set[tuple[int, int]]:
    """Return what is huge and stands at the same place on most pages."""
    stacks: dict[tuple[str, int, int], list[tuple[int, int]]] = defaultdict(list)
    for sheet in sheets:
        for piece in sheet.pieces:
            if isinstance(piece, Table) or piece.size < _HUGE * body:
                continue
            place = (piece.text, round(piece.x0 / _NEAR), round(piece.top / _NEAR))
            stacks[place].append((sheet.number, id(piece)))
    most = max(2, _MOST * len(sheets))
    return {mark for stack in stacks.values() if len(stack) >= most for mark in stack}
