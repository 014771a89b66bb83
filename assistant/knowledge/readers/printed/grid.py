"""Tables without lines: rows of short texts that stand below each other."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from assistant.knowledge.readers.printed import words
from assistant.knowledge.readers.printed.sheet import Line, Piece, Table, rows_of

_SHORT: Final = 2.5
"""Words of a usual cell of the column that makes a table; lines of prose have more."""
_LISTS: Final = tuple("•▪‣◦●○■–-*")


def table_of(band: Sequence[Piece]) -> Table | None:
    """Return the table that these lines make, or nothing: they are columns of prose."""
    if any(isinstance(piece, Table) for piece in band):
        return None
    rows = [[one for one in row if isinstance(one, Line)] for row in rows_of(band)]
    whole = [i for i, row in enumerate(rows) if len(row) > 1]
    if len(whole) < 2:  # noqa: PLR2004  (a heading and a row)
        return None
    rows = rows[whole[0] : _end(rows, whole[-1])]
    columns = _columns(rows)
    if len(columns) < 2 or not _aligned(rows, columns):  # noqa: PLR2004
        return None
    if any(line.text.startswith(_LISTS) and line.text[1:2] == " " for row in rows for line in row):
        return None
    lines = [line for row in rows for line in row]
    return Table(
        rows=tuple(_cells(rows, columns)),
        x0=min(line.x0 for line in lines),
        x1=max(line.x1 for line in lines),
        top=min(line.top for line in lines),
        bottom=max(line.bottom for line in lines),
        edges=tuple(x for column in columns for x in column),
    )


def _end(rows: Sequence[Sequence[Line]], last: int) -> int:
    """Return where a table ends: after the lines that its last row goes on in."""
    end = last + 1
    first = min(line.x0 for line in rows[last])
    while end < len(rows):
        line, before = rows[end][0], rows[end - 1][-1]
        if line.x0 <= first + 2 or line.top - before.bottom > 0.6 * line.height:  # noqa: PLR2004
            break
        end += 1
    return end


def _columns(rows: Sequence[Sequence[Line]]) -> list[tuple[float, float]]:
    """Return where columns begin and end: what overlaps from above is one."""
    found: list[tuple[float, float]] = []
    for line in sorted((line for row in rows for line in row), key=lambda one: one.x0):
        if found and line.x0 < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], line.x1))
        else:
            found.append((line.x0, line.x1))
    return found


def _aligned(rows: Sequence[Sequence[Line]], columns: Sequence[tuple[float, float]]) -> bool:
    """Whether rows hold cells: short ones in some column, and few lines alone beside nothing."""
    shared = sum(len(row) for row in rows if len(row) > 1)
    everything = sum(map(len, rows))
    if shared < 0.5 * everything:  # noqa: PLR2004
        return False
    counts = []
    for x0, x1 in columns:
        own = [len(one.text.split()) for row in rows for one in row if x0 <= one.x0 < x1]
        counts.append(median(own))
    return min(counts) <= _SHORT


def _cells(
    rows: Sequence[Sequence[Line]], columns: Sequence[tuple[float, float]]
) -> list[tuple[str, ...]]:
    found: list[list[list[str]]] = []
    bottom = 0.0
    gaps = [b[0].top - max(one.bottom for one in a) for a, b in zip(rows, rows[1:], strict=False)]
    near = min(gaps, default=0.0) + 2
    spread = sum(gap > near for gap in gaps) > 1
    for row in rows:
        cells: list[list[str]] = [[] for _ in columns]
        for line in row:
            at = next(i for i, (x0, x1) in enumerate(columns) if x0 <= line.x0 < x1)
            cells[at].append(line.text)
        close = row[0].top - bottom <= near
        # A row begins in the first column; where rows lie apart, what is close and not whole
        # belongs to the one above.
        goes_on = bool(found) and close and not all(cells) and (spread or not cells[0])
        if goes_on:
            for held, more in zip(found[-1], cells, strict=True):
                held += more
        else:
            found.append(cells)
        bottom = max(one.bottom for one in row)
    return [tuple(words.joined(cell) for cell in row) for row in found]
