"""The reading order of a page: columns, what spans them, and tables without lines."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from assistant.knowledge.readers.printed.grid import bands, is_form, table_of
from assistant.knowledge.readers.printed.sheet import Line, Piece, Table, rows_of

_GUTTER: Final = 7.0
"""Points that columns lie apart at least."""
_LINE: Final = 12.0
"""Points of a usual line."""
_PARAGRAPH: Final = 0.5
"""Lines that lie between paragraphs at least."""
_EVEN: Final = 1.5
"""Lines by which columns that end together may differ."""
_SPANNING: Final = 0.4
"""Share of lines that may cross the space between two columns."""
_DEEP: Final = 5


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Lines below each other. x0, x1: of the column, not of its longest line alone."""

    lines: tuple[Line, ...]
    x0: float
    x1: float


Block = TextColumn | Table


def blocks(pieces: Sequence[Piece]) -> list[Block]:
    """Return columns and tables in reading order."""
    return list(_joined(_blocks(list(pieces), _DEEP)))


def _blocks(pieces: list[Piece], depth: int) -> Iterator[Block]:
    if not pieces:
        return
    gutter = _gutter(pieces) if depth else None
    if gutter is None:
        yield from _column(_tabled(pieces))
        return
    band: list[Piece] = []
    for piece in sorted(pieces, key=lambda one: (one.top, one.x0)):
        if piece.x0 < gutter < piece.x1:
            yield from _split(band, gutter, depth)
            yield from _column([piece])
            band = []
        else:
            band.append(piece)
    yield from _split(band, gutter, depth)


def _tabled(pieces: list[Piece]) -> list[Piece]:
    """Return what stands in one column, its tables put together."""
    column: list[Piece] = [piece for piece in pieces if isinstance(piece, Table)]
    for band in bands(pieces):
        table = table_of(band) if len(band) > 3 else None  # noqa: PLR2004
        if table:
            column.append(table)
            beside = (part for part in band if part.bottom <= table.top or part.top >= table.bottom)
            column += beside
        else:
            column += band
    return column


def _split(band: list[Piece], gutter: float, depth: int) -> Iterator[Block]:
    band, tail = _tail(band, gutter)
    if tail:
        yield from _split(band, gutter, depth)
        yield from _blocks(tail, depth - 1)
        return
    left = [piece for piece in band if piece.x1 <= gutter]
    right = [piece for piece in band if piece.x0 >= gutter]
    if not left or not right:
        yield from _blocks(band, depth - 1)
        return
    table = table_of(band)
    if table:
        before = [part for part in band if part.bottom <= table.top + 1 and isinstance(part, Line)]
        after = [part for part in band if part.top >= table.bottom - 1 and isinstance(part, Line)]
        yield from _blocks([*before], depth - 1)
        yield table
        yield from _blocks([*after], depth - 1)
    elif len(rows_of(band)) == 1 or is_form(band):
        yield from _column(band)
    else:
        yield from _blocks(left, depth - 1)
        yield from _blocks(right, depth - 1)


def _tail(band: list[Piece], gutter: float) -> tuple[list[Piece], list[Piece]]:
    """Part columns that end together from what stands below them on one side alone."""
    ordered = sorted(band, key=lambda one: one.top)
    bottoms = {True: 0.0, False: 0.0}
    for place, piece in enumerate(ordered):
        above, rest = max(bottoms.values()), ordered[place:]
        apart = piece.top - above > _PARAGRAPH * min(piece.bottom - piece.top, _LINE)
        one_sided = len({one.x1 <= gutter for one in rest}) == 1
        if min(bottoms.values()) and apart and one_sided:
            even = abs(bottoms[True] - bottoms[False]) < _EVEN * _LINE
            return (ordered[:place], rest) if even else (band, [])
        bottoms[piece.x1 <= gutter] = max(bottoms[piece.x1 <= gutter], piece.bottom)
    return band, []


def _column(pieces: Sequence[Piece]) -> Iterator[Block]:
    column: list[Line] = []
    for row in rows_of(pieces):
        tables = [piece for piece in row if isinstance(piece, Table)]
        lines = [piece for piece in row if isinstance(piece, Line)]
        if lines:
            column.append(_beside(lines))
        if tables:
            if column:
                yield _as_column(column)
            yield from tables
            column = []
    if column:
        yield _as_column(column)


def _beside(lines: Sequence[Line]) -> Line:
    """Return one line of what stands beside each other."""
    if len(lines) == 1:
        return lines[0]
    main = max(lines, key=lambda line: len(line.text))
    return Line(
        text=" ".join(line.text for line in lines),
        x0=lines[0].x0,
        x1=max(line.x1 for line in lines),
        top=min(line.top for line in lines),
        bottom=max(line.bottom for line in lines),
        size=main.size,
        bold=all(line.bold for line in lines),
        mono=all(line.mono for line in lines),
        raised=lines[0].raised,
    )


def _as_column(lines: Sequence[Line]) -> TextColumn:
    return TextColumn(tuple(lines), min(line.x0 for line in lines), max(line.x1 for line in lines))


def _joined(found: Iterator[Block]) -> Iterator[Block]:
    """Put columns together that only a line across them parted: it was one column after all."""
    column: TextColumn | None = None
    for block in found:
        if isinstance(block, Table):
            if column:
                yield column
            column = None
            yield block
        elif column and _continues(column, block):
            column = _as_column((*column.lines, *block.lines))
        else:
            if column:
                yield column
            column = block
    if column:
        yield column


def _continues(one: TextColumn, other: TextColumn) -> bool:
    """Whether a column stands below another at the same left edge."""
    below = other.lines[0].top >= one.lines[-1].top
    shared = min(one.x1, other.x1) - max(one.x0, other.x0)
    return below and shared > 0.75 * max(one.x1 - one.x0, other.x1 - other.x0)


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Return where two columns part: few lines cross it, and many stand on both sides."""
    ends = sorted(pieces, key=lambda one: one.x1)
    starts = sorted(pieces, key=lambda one: one.x0, reverse=True)
    ended, started = [one.x1 for one in ends], [-one.x0 for one in starts]
    left, right = _reach(ends), _reach(starts)
    best: tuple[float, float] | None = None
    for x in sorted({one.x1 for one in ends[:-1]}):
        before, behind = bisect_right(ended, x), bisect_right(started, -x)
        crossing = len(pieces) - before - behind
        fewer = min(before, behind)
        if not fewer or crossing > min(_SPANNING * len(pieces), 3 * fewer):
            continue
        start = starts[behind - 1].x0
        (top, bottom), (other_top, other_bottom) = left[before - 1], right[behind - 1]
        if start - x < _GUTTER or max(top, other_top) >= min(bottom, other_bottom):
            continue
        score = fewer - 2 * crossing + min(start - x, 30) / 100
        if best is None or score > best[0]:
            best = (score, (start + x) / 2)
    return best[1] if best else None


def _reach(pieces: Sequence[Piece]) -> list[tuple[float, float]]:
    """Return from where to where the first one, two, three pieces reach, from top to bottom."""
    tops = accumulate((piece.top for piece in pieces), min)
    bottoms = accumulate((piece.bottom for piece in pieces), max)
    return list(zip(tops, bottoms, strict=True))
