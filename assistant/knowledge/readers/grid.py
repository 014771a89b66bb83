"""Tables: cells in rows, and the Markdown that they become."""

import re
from collections.abc import Sequence

Row = Sequence[str]


def table(head: Row, rows: Sequence[Row]) -> str:
    """Return a Markdown table. head: may be of empty cells, where a table has no headings.

    Rows are made as wide as the widest; cells are one line each.
    """
    width = max(len(head), *(len(row) for row in rows)) if rows else len(head)
    lines = [_line(head, width), "|" + " --- |" * width, *(_line(row, width) for row in rows)]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Return the text of a cell on one line: items and lines are parted by semicolons."""
    lines = (re.sub(r"^(?:[-*+]|\d+\.)\s+", "", line.strip()) for line in text.split("\n"))
    parts = [" ".join(line.split()) for line in lines if line]
    joined = ""
    for line in parts:
        joined += (" " if not joined or joined.endswith((";", ":", ",", ".")) else "; ") + line
    return joined.strip()


def heading(rows: Sequence[Row]) -> tuple[Row, Sequence[Row]]:
    """Return what heads a table that does not say so, and its rows.

    Labels head at least three columns: words without figures, one in each cell, none of which comes
    again below. Where that cannot be told, no row is a heading, and none is lost.
    """
    if not rows:
        return (), rows
    first, rest = rows[0], rows[1:]
    labels = (
        len(first) > 2  # noqa: PLR2004
        and len(rest) > 0
        and all(text.strip() for text in first)
        and len(set(first)) == len(first)
    )
    figures = any(re.search(r"\d{2}|[%€$£]", text) for text in first)
    again = any(set(first) & set(row) for row in rest)
    if labels and not figures and not again:
        return first, rest
    return [""] * max(len(row) for row in rows), rows


def _line(row: Row, width: int) -> str:
    cells = (text.replace("|", "\\|").replace("\n", " ") for text in (*row, *[""] * width))
    return "| " + " | ".join([text for _, text in zip(range(width), cells, strict=False)]) + " |"
