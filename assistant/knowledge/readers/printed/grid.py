"""Tables without lines: rows of short texts that stand below each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from assistant.knowledge.readers.printed import words
from assistant.knowledge.readers.printed.sheet import Line, Piece, Table

_SHORT: Final = 20
"""Characters of a usual cell of the column that makes a table; lines of prose have more."""
_SHARED: Final = 0.5
"""Share of cells that stand beside others."""
_TOUCHING: Final = 0.12
"""Share of a line's height from which two lines are of one row: cells may be centred."""
_LINES: Final = 12
"""Lines of a cell at most: columns of prose whose lines lie at odds are one row of many."""
_ITEM: Final = tuple(f"{sign} " for sign in "•▪‣◦●○■–-*")


@dataclass(frozen=True, slots=True)
class _Row:
    lines: tuple[Line, ...]

    @property
    def top(self) -> float:
        return min(line.top for line in self.lines)

    @property
    def bottom(self) -> float:
        return max(line.bottom for line in self.lines)

    def cells(self, columns: Sequence[tuple[float, float]]) -> list[list[str]]:
        """Return the texts of each column from the top."""
        texts: list[list[str]] = [[] for _ in columns]
        for line in sorted(self.lines, key=lambda one: (one.top, one.x0)):
            at = next(i for i, (x0, x1) in enumerate(columns) if x0 <= line.x0 <= x1)
            texts[at].append(line.text)
        return texts


def table_of(band: Sequence[Piece]) -> Table | None:
    """Return the table that these lines make, or nothing: they are columns of prose."""
    lines = [piece for piece in band if isinstance(piece, Line)]
    if len(lines) < len(band):
        return None
    rows = _rows(lines)
    whole = [i for i, row in enumerate(rows) if _beside(row)]
    if len(whole) < 2:  # noqa: PLR2004  (a heading and a row)
        return None
    rows = rows[whole[0] : _end(rows, whole[-1])]
    columns = _columns(line for row in rows for line in row.lines)
    if len(columns) < 2 or not _celled(rows, columns):  # noqa: PLR2004
        return None
    return Table(
        rows=tuple(_cells(rows, columns)),
        x0=columns[0][0],
        x1=columns[-1][1],
        top=rows[0].top,
        bottom=rows[-1].bottom,
        edges=tuple(x for column in columns for x in column),
    )


def _rows(lines: Sequence[Line]) -> list[_Row]:
    """Return what touches each other's height as rows, from the top."""
    rows: list[list[Line]] = []
    bottom = 0.0
    for line in sorted(lines, key=lambda one: one.top):
        if rows and bottom - line.top > _TOUCHING * line.height:
            rows[-1].append(line)
        else:
            rows.append([line])
            bottom = 0.0
        bottom = max(bottom, line.bottom)
    return [_Row(tuple(row)) for row in rows]


def _beside(row: _Row) -> bool:
    """Whether texts stand beside each other, rather than below alone."""
    return len(_columns(row.lines)) > 1


def _end(rows: Sequence[_Row], last: int) -> int:
    """Return where a table ends: after the lines that its last row goes on in."""
    end = last + 1
    first = min(line.x0 for line in rows[last].lines)
    while end < len(rows):
        line = rows[end].lines[0]
        if line.x0 <= first + 2 or line.top - rows[end - 1].bottom > 0.6 * line.height:
            break
        end += 1
    return end


def _columns(lines: Iterable[Line]) -> list[tuple[float, float]]:
    """Return where columns begin and end: what overlaps from above is one."""
    spans: list[tuple[float, float]] = []
    for line in sorted(lines, key=lambda one: one.x0):
        if spans and line.x0 < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], line.x1))
        else:
            spans.append((line.x0, line.x1))
    return spans


def _celled(rows: Sequence[_Row], columns: Sequence[tuple[float, float]]) -> bool:
    """Whether rows hold cells: short ones in some column, few of them alone, and no items."""
    lines = [line for row in rows for line in row.lines]
    shared = sum(len(row.lines) for row in rows if _beside(row))
    if shared < _SHARED * len(lines) or any(line.text.startswith(_ITEM) for line in lines):
        return False
    if max(len(cell) for row in rows for cell in row.cells(columns)) > _LINES:
        return False
    if sum(":" in line.text for line in lines) > 0.4 * len(lines):
        return False  # names and values of a form, each with its own name
    if any(_running(lines, column) for column in columns):
        return False
    usual = [median(len(line.text) for line in lines if x0 <= line.x0 <= x1) for x0, x1 in columns]
    return min(usual) <= _SHORT


def _running(lines: Sequence[Line], column: tuple[float, float]) -> bool:
    """Whether the lines of a column fill it, as those of prose do."""
    own = [line for line in lines if column[0] <= line.x0 <= column[1]]
    filled = [line.x1 - line.x0 > 0.8 * (column[1] - column[0]) for line in own]
    if median(len(line.text) for line in own) <= 25 or len(own) < 3:  # noqa: PLR2004
        return False
    if len(own) > 5:  # noqa: PLR2004
        return sum(filled) > 0.75 * len(own)
    # Of few lines, sentences tell: some begin inside of one, and only the last is short.
    cases = {line.text[0].islower() for line in own}
    return all(filled[:-1]) and len(cases) > 1


def is_form(band: Sequence[Piece]) -> bool:
    """Whether lines are names with values, which are read from left to right."""
    return sum(":" in piece.text for piece in band) > 0.7 * len(band)


def bands(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return runs of lines that may be tables, and what lies between them, from the top."""
    rows = _rows([piece for piece in pieces if isinstance(piece, Line)])
    runs: list[list[Piece]] = []
    start = 0
    while start < len(rows):
        end = start + 1
        if _beside(rows[start]):
            while end < len(rows) and _belongs(rows[start:end], rows[end]):
                end += 1
        runs.append([line for row in rows[start:end] for line in row.lines])
        start = end
    return runs


def _belongs(held: Sequence[_Row], row: _Row) -> bool:
    """Whether a row goes on in a table: beside each other, or below one column alone."""
    if row.top - held[-1].bottom > 2.5 * row.lines[0].height:
        return False
    columns = _columns(line for upper in held if _beside(upper) for line in upper.lines)
    if _beside(row):
        return len(_columns([*(line for upper in held for line in upper.lines), *row.lines])) > 1
    x0, x1 = min(line.x0 for line in row.lines), max(line.x1 for line in row.lines)
    at = [i for i, column in enumerate(columns) if column[0] - 2 <= x0]
    inside = bool(at) and (at[-1] + 1 == len(columns) or x1 < columns[at[-1] + 1][0])
    near = row.top - held[-1].bottom < 0.6 * row.lines[0].height
    return inside and near and (at[-1] > 0 or x1 <= columns[0][1] + 2)


def _cells(rows: Sequence[_Row], columns: Sequence[tuple[float, float]]) -> list[tuple[str, ...]]:
    """Return the rows of a table. Lines that belong to the row above are joined to it."""
    gaps = [below.top - above.bottom for above, below in pairwise(rows)]
    near = min(gaps, default=0.0) + 2
    spread = sum(gap > near for gap in gaps) > 1
    body: list[list[list[str]]] = []
    bottom = 0.0
    for row in rows:
        cells = row.cells(columns)
        # A row begins in the first column; where rows lie apart, what is close and not whole
        # belongs to the one above.
        close = row.top - bottom <= near
        if body and close and not all(cells) and (spread or not cells[0]):
            body[-1] = [[*upper, *more] for upper, more in zip(body[-1], cells, strict=True)]
        else:
            body.append(cells)
        bottom = row.bottom
    return [tuple(words.joined(cell) for cell in row) for row in body]
