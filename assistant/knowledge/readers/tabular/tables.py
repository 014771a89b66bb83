"""A grid of cells into tables: those of questions, terms and articles into entries, others a page.

People save more than a table: lines above its headings, blank rows, sections, footers, a second
table below. What is no row of a table is left out with a note, or kept as text beside it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from assistant.knowledge.documents import Document
from assistant.knowledge.readers.options import Found, Note, ReadingOptions
from assistant.knowledge.readers.page import Meta, name_of, page
from assistant.knowledge.readers.tabular import headings as heads
from assistant.knowledge.readers.tabular.cells import in_table, line, shown
from assistant.knowledge.readers.tabular.headings import NAMING, TELLING, Headings, TableColumn
from assistant.knowledge.readers.tabular.records import Bad, Raw, Record, read, settled

_SEARCHED: Final = 100
"""Rows of a block that are looked at for headings."""
_CELLS: Final = 50_000
"""And cells, after which no further row is."""
_MOST: Final = 0.8
"""Share of rows that is as good as all of them."""
_CAPTION: Final = 100
"""Characters of a line that can be a heading."""
_RULE: Final = re.compile(r"[-–—=:_+*\s]{2,}")
_COMMENT: Final = re.compile(r"//|#(?=.)")
_LETTER: Final = re.compile(r"\W?[^\W\d_](?:\s?[-–—/,]\s?[^\W\d_])*\W?|\d\s?[-–]\s?\d|#")


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank. after: whether a blank one stands above it."""

    number: int
    cells: Sequence[Any]
    after: bool = False

    @property
    def filled(self) -> list[int]:
        """The places of the cells that hold something."""
        return [place for place, cell in enumerate(self.cells) if shown(cell)]


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one file or sheet. sheet: its name, if there are sheets.

    separator: of cells in a text; empty where cells are cells.
    """

    rows: Sequence[Row]
    sheet: str = ""
    separator: str = ""
    language: str = ""

    def where(self, source: str, row: Row) -> str:
        """Return a row as an error names it."""
        return f"{source}, {self.place(row)}" if self.sheet else f"{source}:{row.number}"

    def place(self, row: Row) -> str:
        """Return a row as a note names it."""
        return f"sheet {self.sheet}, row {row.number}" if self.sheet else f"line {row.number}"


@dataclass(slots=True)
class _Entries:
    """A table whose rows are entries or articles. above: what stands over its headings."""

    head: Row
    headings: Headings
    rows: list[Row]
    above: list[Row]


@dataclass(slots=True)
class _Plain:
    """Other tables and lines, in blocks that stood together."""

    blocks: list[list[Row]] = field(default_factory=list)


def rows(cells: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[Row]:
    """Give the rows that are not blank; a line of dashes between headings and rows is none."""
    after = True
    for number, row in cells:
        texts = [text for cell in row if (text := shown(cell))]
        if texts and not all(map(_RULE.fullmatch, texts)):
            yield Row(number, row, after)
        after = not texts


def given(grids: Sequence[Grid], source: str, options: ReadingOptions, title: str = "") -> Found:
    """Give what stands in the tables of one file.

    title: of a page that is made of them; else the name of the sheet, or of the file.

    Raises:
        LoadError: rows are bad, or a mapped column is in no table.
    """
    parted = [(grid, _parted(grid, options)) for grid in grids]
    heads.missing(_all_headings(piece for _, pieces in parted for piece in pieces), source, options)
    yield from settled(
        (
            item
            for grid, pieces in parted
            for piece in pieces
            for item in (
                _entries(piece, grid, source, options)
                if isinstance(piece, _Entries)
                else _page(piece, grid, source, options, title)
            )
        ),
        source,
        options,
    )


def _all_headings(pieces: Iterable[_Entries | _Plain]) -> Iterator[Headings]:
    for piece in pieces:
        if isinstance(piece, _Entries):
            yield piece.headings
        else:
            for block in piece.blocks:
                yield Headings(tuple(TableColumn(line(cell)) for cell in block[0].cells))


# Which rows are a table


def _parted(grid: Grid, options: ReadingOptions) -> list[_Entries | _Plain]:
    pieces: list[_Entries | _Plain] = []
    for block in _blocks(grid.rows):
        last = pieces[-1] if pieces else None
        within = last if isinstance(last, _Entries) else None
        match = _head(block, options, within)
        if match is not None:
            place, headings = match
            above = block[: max(0, place)]
            if within is not None and len(above) > 1:
                within.rows += above
                above = []
            head = block[place] if place >= 0 else Row(block[0].number, ())
            pieces += _beside(_Entries(head, headings, block[place + 1 :], above))
        elif within is not None and _fits(block, within):
            within.rows += block
        elif isinstance(last, _Plain):
            last.blocks.append(block)
        else:
            pieces.append(_Plain([block]))
    return _captioned(pieces)


def _beside(table: _Entries) -> list[_Entries | _Plain]:
    """Part tables that stand side by side: the same headings, once more to the right."""
    columns = table.headings.columns
    keys = [(c.role, c.language, heads.squeezed(c.heading)) for c in columns]
    needed = [p for p, c in enumerate(columns) if c.role in {*NAMING, *TELLING}]
    starts = [p for p in needed if keys[p] == keys[needed[0]]]
    repeats = [p for p in needed if keys[p] == keys[needed[1]]] if len(needed) > 1 else []
    if len(starts) < 2 or len(starts) != len(repeats):  # noqa: PLR2004
        return [table]
    parts: list[_Entries | _Plain] = []
    for first, end in zip([0, *starts[1:]], [*starts[1:], len(columns)], strict=True):
        inside = range(first, end)

        def part(row: Row, inside: range = inside) -> Row:
            cells = [cell if place in inside else "" for place, cell in enumerate(row.cells)]
            return replace(row, cells=cells)

        own = tuple(c if p in inside else TableColumn("") for p, c in enumerate(columns))
        rows = [part(row) for row in table.rows]
        head = part(table.head)
        above = table.above if first == 0 else []
        parts.append(_Entries(head, Headings(own), [row for row in rows if row.filled], above))
    return parts


def _captioned(pieces: Sequence[_Entries | _Plain]) -> list[_Entries | _Plain]:
    """Give lines alone to the table of entries below them: they are its title."""
    result: list[_Entries | _Plain] = []
    for piece in pieces:
        before = result[-1] if result else None
        if isinstance(piece, _Entries) and isinstance(before, _Plain):
            while before.blocks and _is_lines(before.blocks[-1]):
                piece.above[:0] = before.blocks.pop()
            if not before.blocks:
                result.pop()
        result.append(piece)
    return result


def _is_lines(block: Sequence[Row]) -> bool:
    return all(len(row.filled) == 1 or _comment(row) for row in block)


def _blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        if row.after and block:
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _head(
    block: Sequence[Row], options: ReadingOptions, within: _Entries | None
) -> tuple[int, Headings] | None:
    """Return which row holds headings, and what they mean.

    within: the table that this block may go on with; then only its first rows may.
    """
    searched = _SEARCHED if within is None else 2
    spent = 0
    for place, row in enumerate(block[:searched]):
        if spent > _CELLS:
            break
        spent += len(row.cells)
        texts = [line(cell) if len(shown(cell)) <= _CAPTION else "" for cell in row.cells]
        if sum(map(bool, texts)) < 2:  # noqa: PLR2004
            continue
        group = _group(block[place - 1]) if place else ()
        headings = heads.of(texts, options, group)
        whole = headings.pair in {"likely", "weak"} and not headings.unknown
        if headings.mapped or headings.pair == "strong" or whole:
            return place, headings
    return None if within or options.columns else _asked(block)


def _group(row: Row) -> Sequence[str]:
    """Return the language of each column, where a row above the headings tells languages only."""
    texts = [shown(cell) for cell in row.cells]
    codes = [heads.language_of(text) for text in texts]
    if not any(codes) or any(text and not code for text, code in zip(texts, codes, strict=True)):
        return ()
    spread: list[str] = []
    for code in codes:
        spread.append(code or (spread[-1] if spread else ""))
    return [*spread, *[spread[-1]] * _SEARCHED]


def _asked(block: Sequence[Row]) -> tuple[int, Headings] | None:
    """Return the headings that questions and answers without any would have."""
    places = block[0].filled
    if len(block) < 2 or len(places) != 2 or any(row.filled != places for row in block):  # noqa: PLR2004
        return None
    marks = [shown(row.cells[places[0]]).endswith("?") for row in block]
    if not marks[0] or sum(marks) < _MOST * len(marks):
        return None
    columns = [TableColumn("")] * (places[1] + 1)
    columns[places[0]], columns[places[1]] = TableColumn("", "question"), TableColumn("", "answer")
    return -1, Headings(tuple(columns))


def _fits(block: Sequence[Row], table: _Entries) -> bool:
    """Whether rows below a blank one can be of the same table."""
    width = len(table.headings.columns)
    naming = next((p for p, c in enumerate(table.headings.columns) if c.role == "question"), -1)
    marks = [shown(row.cells[naming]).endswith("?") for row in table.rows if naming in row.filled]
    several = [row for row in block if len(row.filled) > 1]
    if len(several) > 1 and marks and sum(marks) >= _MOST * len(marks):
        # A table of something else has no questions.
        return any(naming in r.filled and shown(r.cells[naming]).endswith("?") for r in several)
    return all(row.filled[-1] < width for row in block)


def _comment(row: Row) -> bool:
    first = shown(row.cells[row.filled[0]])
    return bool(_COMMENT.match(first))


def _is_comment(row: Row) -> bool:
    """Whether a row above all others is a comment, rather than headings that begin with a #."""
    first = shown(row.cells[row.filled[0]])
    return _comment(row) and (len(row.filled) == 1 or first.startswith(("//", "# ", "##")))


# Rows that are entries


def _entries(table: _Entries, grid: Grid, source: str, options: ReadingOptions) -> Raw:
    for row in table.above:
        if not _group(row):
            text = " ".join(line(row.cells[place]) for place in row.filled)
            what = "a comment" if _comment(row) else "a line above the headings"
            yield Note.left_out(source, what, f"{grid.place(row)}: {text[:_CAPTION]}")
    if not any(column.heading for column in table.headings.columns):
        what = "rows without headings, taken as questions and answers"
        yield Note.warning(source, what, grid.place(table.head))
    records: list[Record] = []
    notes: list[Note | Bad] = []
    unnamed: set[int] = set()
    width = len(table.headings.columns)
    if table.head.cells and grid.separator in {"", ","}:
        width = max(table.head.filled) + 1  # more commas than headings: a text was cut at one
    sections = _sections(table)
    for row in table.rows:
        filled = row.filled
        text = line(row.cells[filled[0]])
        where, place = grid.where(source, row), grid.place(row)
        beyond = [cell for cell in filled if cell >= width]
        if row.cells == table.head.cells:
            continue  # headings again, at the head of a printed page
        if row.number in sections:
            notes.append(Note.left_out(source, sections[row.number], f"{place}: {text[:_CAPTION]}"))
        elif beyond and grid.separator:
            notes.append(
                Bad(
                    where,
                    place,
                    "has more cells than the header",
                    f'Put cells that hold "{_SHOWN.get(grid.separator, grid.separator)}" '
                    "in double quotes.",
                )
            )
        else:
            unnamed.update(beyond)
            unnamed.update(
                cell
                for cell in filled
                if cell < width and not table.headings.columns[cell].heading and table.head.filled
            )
            cells = [
                _value(cell, column)
                for cell, column in zip(row.cells, table.headings.columns, strict=False)
            ]
            records.append(Record(where, place, cells, grid.language))
    yield from _in_order(notes, read(records, table.headings, source, options))
    if unnamed and any(column.heading for column in table.headings.columns):
        columns = ", ".join(f"column {number + 1}" for number in sorted(unnamed)[:10])
        yield Note.warning(source, "columns without a heading: not read", columns)


_SHOWN: Final = {"\t": "tabs"}


def _in_order(kept: Sequence[Note | Bad], found: Raw) -> Raw:
    """Give bad rows in the order of the file, so that the first one is named first."""
    every = [*kept, *found]
    bad = sorted(
        (one for one in every if isinstance(one, Bad)),
        key=lambda one: int(re.split(r"\D", one.place)[-1]),
    )
    yield from (one for one in every if not isinstance(one, Bad))
    yield from bad


def _value(cell: Any, column: TableColumn) -> Any:
    """Return a cell as it is where it can be a date, else as people see it."""
    dated = column.role in {"updated", "date", "created"}
    return cell if isinstance(cell, str | date) or dated else shown(cell)


def _sections(table: _Entries) -> dict[int, str]:
    """Return the rows that are no rows, by number, with what each is.

    A row with its first cell alone may be a heading of those below, or have lost the others.
    """
    columns = table.headings.columns
    if not table.headings.pair:
        return {}
    needed = {place for place, column in enumerate(columns) if column.role in {*NAMING, *TELLING}}
    naming = next((p for p, c in enumerate(columns) if c.role in NAMING), -1)
    whole = [len(needed.intersection(row.filled)) > 1 for row in table.rows]
    last = max((place for place, good in enumerate(whole) if good), default=-1)
    good = [row for row, is_good in zip(table.rows, whole, strict=True) if is_good]
    asking = sum(shown(row.cells[naming]).endswith("?") for row in good if naming in row.filled)
    wide = min((len(row.filled) for row in good), default=0) > 2  # noqa: PLR2004
    sections: dict[int, str] = {}
    for place, row in enumerate(table.rows):
        filled = row.filled
        text = shown(row.cells[filled[0]])
        before = table.rows[place - 1].number if place else -1
        if whole[place] or row.cells == table.head.cells:
            continue
        if not needed.intersection(filled):
            alone = len(filled) == 1 and not text.replace(".", "").isdigit()
            sections[row.number] = "a heading between rows" if alone else "a row without its texts"
        elif len(filled) > 1 or filled[0] != min(needed) or text.endswith("?"):
            continue
        elif _comment(row):
            sections[row.number] = "a comment"
        elif place > last:
            if good and (row.after or before in sections):
                sections[row.number] = "a line below the rows"
        elif (
            row.after
            or before in sections
            or wide
            or text.endswith(":")
            or _LETTER.fullmatch(text)
            or (good and asking >= _MOST * len(good))
        ):
            sections[row.number] = "a heading between rows"
    return sections


# Other tables


def _page(piece: _Plain, grid: Grid, source: str, options: ReadingOptions, title: str) -> Raw:
    first, *others = piece.blocks
    comments = 0
    while comments < len(first) and _is_comment(first[comments]):
        row = first[comments]
        text = " ".join(line(row.cells[at]) for at in row.filled)
        yield Note.left_out(source, "a comment", f"{grid.place(row)}: {text[:_CAPTION]}")
        comments += 1
    tables = _tables([block for block in (first[comments:], *others) if block])
    parts = [part for table in tables for part in _markdown(table)]
    named = title or (grid.sheet if not _GENERIC.fullmatch(grid.sheet) else "") or name_of(source)
    places = ((0, f"sheet {grid.sheet}"),) if grid.sheet else ()
    meta = Meta(title=named, language=grid.language)
    tops = [table.head for table in tables if table.head]
    for item in page("\n\n".join(parts), source, options, meta, places=places):
        yield item
        if isinstance(item, Document) and tops:
            names = "; ".join(", ".join(filter(None, head[:_NAMED])) for head in tops[:3])
            where = f"sheet {grid.sheet}: {names}" if grid.sheet else names
            yield Note.warning(source, _AS_PAGE, where)
        elif isinstance(item, Document) and any(table.body for table in tables):
            yield Note.warning(source, "rows without headings, read as a page", grid.sheet)


_AS_PAGE: Final = (
    "a table read as a page, for its headings name no questions or terms; "
    "--map term=NAME,definition=TEXT makes entries of its rows"
)
_NAMED: Final = 10
_GENERIC: Final = re.compile(
    r"(?:sheet|tabelle|table|feuil|hoja|blatt|foglio)?\s?\d*", re.IGNORECASE
)


@dataclass(slots=True)
class _Table:
    """One table as text. head: its headings, empty if it has none; lines: in place of a table."""

    captions: list[str]
    head: list[str]
    body: list[list[str]]
    footers: list[str]


def _tables(blocks: Sequence[Sequence[Row]]) -> list[_Table]:
    tables: list[_Table] = []
    columns: set[int] = set()
    waiting: list[str] = []
    for block in blocks:
        first = next((p for p, row in enumerate(block) if len(row.filled) > 1), len(block))
        lines = [line(row.cells[row.filled[0]]) for row in block[:first]]
        rows = block[first:]
        if not rows:
            waiting += lines
            continue
        places = {place for row in rows for place in row.filled}
        own = bool(lines) or not tables or bool(waiting) or places != columns or _has_head(rows)
        if own:
            columns = places
            order = sorted(places)
            head = _texts(rows[0], order) if _heads(rows) else []
            body = [_texts(row, order) for row in (rows[1:] if head else rows)]
            tables.append(_Table([*waiting, *lines], head, body, []))
            waiting = []
        else:
            tables[-1].body += [_texts(row, sorted(columns)) for row in rows]
    if waiting:
        if tables:
            tables[-1].footers += waiting
        else:
            tables.append(_Table(waiting, [], [], []))
    return tables


def _texts(row: Row, order: Sequence[int]) -> list[str]:
    return [in_table(row.cells[place]) if place < len(row.cells) else "" for place in order]


def _has_head(rows: Sequence[Row]) -> bool:
    """Whether the first row differs from the others as headings do from numbers."""
    first, *rest = rows
    if not rest or any(any(map(str.isdigit, shown(cell))) for cell in first.cells):
        return False
    counted = sum(any(any(map(str.isdigit, shown(cell))) for cell in row.cells) for row in rest)
    return counted >= _MOST * len(rest)


def _heads(rows: Sequence[Row]) -> bool:
    """Whether the first row can be headings: it is not, where it looks as those below it do."""
    first, *rest = rows
    for place in first.filled[1:]:
        shape = _shape(first.cells[place])
        if "9" in shape and not _YEAR.fullmatch(shown(first.cells[place])):
            others = Counter(_shape(row.cells[place]) for row in rest if place < len(row.cells))
            if rest and others[shape] * 2 >= len(rest):
                return False
    return True


_YEAR: Final = re.compile(r"(?:19|20)\d\d")


def _shape(cell: Any) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", shown(cell)[:_CAPTION]))


def _markdown(table: _Table) -> Iterator[str]:
    if not table.body and not table.head:
        yield "\n".join(f"- {text}" for text in table.captions)
        return
    for text in table.captions:
        yield f"## {text}" if len(text) <= _CAPTION else text
    width = max(map(len, (table.head, *table.body)))
    head = table.head or [""] * width
    top = f"{_cells(head)}\n{_cells(['---'] * len(head))}"
    lines: list[str] = []
    tail: list[str] = []
    body = list(table.body)
    while width > 2 and body and _alone(body[-1]):  # noqa: PLR2004
        tail.insert(0, body.pop()[0])
    for row in body:
        if width > 2 and _alone(row):  # noqa: PLR2004
            if lines:
                yield "\n".join((top, *lines))
            lines = []
            yield f"### {row[0]}"
        else:
            lines.append(_cells(row))
    if lines or not body:
        yield "\n".join((top, *lines))
    yield from (*tail, *table.footers)


def _alone(row: Sequence[str]) -> bool:
    return bool(row[0]) and not any(row[1:])


def _cells(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
