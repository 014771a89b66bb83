"""Tables whose cells are drawn with lines or filled boxes."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assistant.knowledge.readers.printed import words
from assistant.knowledge.readers.printed.glyphs import Glyph, lines
from assistant.knowledge.readers.printed.sheet import Line, Table, rows_of

Box = tuple[float, float, float, float]
"""x0, top, x1, bottom."""
_MOST_EDGES: Final = 4000
"""Drawn lines from which a page shows a drawing rather than a table."""
_SHORTEST: Final = 4.0
_NEAR: Final = 3.0
_MOST_CELLS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """Tables, and what could not be told. rest: the signs that stand in none."""

    tables: tuple[Table, ...]
    rest: tuple[Glyph, ...]


def tables(glyphs: Sequence[Glyph], boxes: Sequence[Box]) -> Found:
    """Return the tables that drawn boxes and lines make around signs."""
    grids = [grid for cells in _grids(boxes) if (grid := _grid(cells))]
    if not grids:
        return Found((), tuple(glyphs))
    inside: list[dict[tuple[int, int], list[Glyph]]] = [{} for _ in grids]
    rest: list[Glyph] = []
    for glyph in glyphs:
        x, y = (glyph.x0 + glyph.x1) / 2, (glyph.top + glyph.bottom) / 2
        for grid, content in zip(grids, inside, strict=True):
            place = grid.place(x, y)
            if place is not None:
                content.setdefault(place, []).append(glyph)
                break
        else:
            rest.append(glyph)
    result: list[Table] = []
    for grid, content in zip(grids, inside, strict=True):
        table = _table(grid, {place: _text(signs) for place, signs in content.items()})
        if table:
            result.append(table)
        else:
            rest += (glyph for signs in content.values() for glyph in signs)
    return Found(tuple(result), tuple(rest))


@dataclass(frozen=True, slots=True)
class _Grid:
    """xs, ys: where columns and rows begin and end. owner: a field -> the first of its cell."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    owner: dict[tuple[int, int], tuple[int, int]]

    def place(self, x: float, y: float) -> tuple[int, int] | None:
        row, column = bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1
        return self.owner.get((row, column))


def _grids(boxes: Sequence[Box]) -> Iterable[list[Box]]:
    from pdfplumber import table as finding

    edges = [edge for box in boxes for edge in _edges(box)]
    if not 4 <= len(edges) <= _MOST_EDGES:  # noqa: PLR2004  (a box has four)
        return []
    merged = [
        edge
        for edge in finding.merge_edges(
            edges, snap_x_tolerance=3, snap_y_tolerance=3, join_x_tolerance=3, join_y_tolerance=3
        )
        if max(edge["width"], edge["height"]) >= _SHORTEST
    ]
    crossings = finding.edges_to_intersections(merged, 3, 3)
    if len(crossings) > _MOST_CELLS:
        return []
    return finding.cells_to_tables(finding.intersections_to_cells(crossings))


def _edges(box: Box) -> Iterable[dict[str, Any]]:
    """Return the sides of a box; a thin one is a line."""
    x0, top, x1, bottom = box
    flat, thin = bottom - top < _NEAR, x1 - x0 < _NEAR
    if flat or not thin:
        for y in {(top + bottom) / 2} if flat else {top, bottom}:
            yield _edge(x0, y, x1, y, "h")
    if thin or not flat:
        for x in {(x0 + x1) / 2} if thin else {x0, x1}:
            yield _edge(x, top, x, bottom, "v")


def _edge(x0: float, top: float, x1: float, bottom: float, orientation: str) -> dict[str, Any]:
    return {
        "x0": x0, "x1": x1, "top": top, "bottom": bottom, "width": x1 - x0, "height": bottom - top,
        "orientation": orientation, "object_type": "line",
    }  # fmt: skip


def _grid(cells: Sequence[Box]) -> _Grid | None:
    xs = _stops(value for x0, _, x1, _ in cells for value in (x0, x1))
    ys = _stops(value for _, top, _, bottom in cells for value in (top, bottom))
    if len(xs) < 3 or len(ys) < 3:  # noqa: PLR2004  (two columns and two rows)
        return None
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for x0, top, x1, bottom in cells:
        columns = range(_nearest(xs, x0), _nearest(xs, x1))
        rows = range(_nearest(ys, top), _nearest(ys, bottom))
        for row in rows:
            for column in columns:
                owner.setdefault((row, column), (rows[0], columns[0]))
    return _Grid(xs, ys, owner)


def _stops(values: Iterable[float]) -> tuple[float, ...]:
    stops: list[float] = []
    for value in sorted(values):
        if not stops or value - stops[-1] > _NEAR:
            stops.append(value)
    return tuple(stops)


def _nearest(stops: Sequence[float], value: float) -> int:
    return min(range(len(stops)), key=lambda i: abs(stops[i] - value))


def _text(glyphs: Sequence[Glyph]) -> str:
    """Return what a cell says; its lines are joined."""
    rows: list[Line] = []
    for row in rows_of(lines(glyphs)):
        text = " ".join(piece.text for piece in row)
        first = row[0]
        assert isinstance(first, Line)  # noqa: S101
        rows.append(Line(text, first.x0, row[-1].x1, first.top, first.bottom, first.size))
    return words.joined([line.text for line in rows])


def _table(grid: _Grid, texts: dict[tuple[int, int], str]) -> Table | None:
    """Return rows in which a cell's text stands wherever the cell reaches."""
    height, width = len(grid.ys) - 1, len(grid.xs) - 1
    rows = []
    for row in range(height):
        owners = [grid.owner.get((row, column)) for column in range(width)]
        whole = len({owner for owner in owners if owner}) == 1
        cells = [texts.get(owner, "") if owner else "" for owner in owners]
        rows.append(tuple([cells[0], *[""] * (width - 1)] if whole else cells))
    full = [row for row in rows if sum(map(bool, row)) > 1]
    filled = [column for column in range(width) if any(row[column] for row in rows)]
    if len(full) < 2 or len(filled) < 2:  # noqa: PLR2004  (what has one row or column is a frame)
        return None
    if _drawing(rows, texts):
        return None
    body = tuple(tuple(row[column] for column in filled) for row in rows if any(row))
    spans = _spans(grid, width)
    return Table(
        rows=headed(body, spans=spans),
        x0=grid.xs[0],
        x1=grid.xs[-1],
        top=grid.ys[0],
        bottom=grid.ys[-1],
        edges=tuple(grid.xs),
    )


def _drawing(rows: Sequence[Sequence[str]], texts: dict[tuple[int, int], str]) -> bool:
    """Whether hardly any field holds text, as in the raster of a chart."""
    fields = sum(map(len, rows))
    return sum(map(bool, texts.values())) < 0.15 * fields


def _spans(grid: _Grid, width: int) -> bool:
    """Whether the first row has a cell over some, and not all, of the columns."""
    owners = [grid.owner.get((0, column)) for column in range(width)]
    reach = [owners.count(owner) for owner in set(owners) if owner]
    return any(1 < count < width for count in reach)


def headed(
    rows: tuple[tuple[str, ...], ...], *, spans: bool = False
) -> tuple[tuple[str, ...], ...]:
    """Return rows whose first one names the columns: of two lines of headings, both together."""
    if spans and len(rows) > 2:  # noqa: PLR2004
        both = tuple(
            " ".join(dict.fromkeys(filter(None, pair)))
            for pair in zip(rows[0], rows[1], strict=True)
        )
        return (both, *rows[2:])
    return rows
