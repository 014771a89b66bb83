"""CSV, and what Excel calls so: cells parted by commas, semicolons, tabs or bars."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from assistant.errors import LoadError
from assistant.knowledge.readers.encoding import text_of
from assistant.knowledge.readers.options import Found, ReadingOptions
from assistant.knowledge.readers.tabular import headings, tables
from assistant.knowledge.readers.tabular.tables import Grid

_SEPARATORS: Final = "\t;|,"
"""Of two that fit as well, the first: commas stand inside of texts most often."""
_SAMPLE: Final = 100_000
"""Characters by which the separator is found out."""
_WIDEST: Final = 16_384
"""Columns of a table, as in Excel; a line of more is a text with commas."""
_LEAST: Final = 0.5
"""Share of rows that must be of one width for a separator to part them."""
_TOLD: Final = re.compile(r'"?sep=(.)"?[ \t;,|]*(?:\n|$)', re.IGNORECASE)


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read a table of text; the separator is found out, or said by a first line ``sep=;``."""
    text = text_of(data, source)
    match = _TOLD.match(text)
    skipped = 1 if match else 0
    text = text[match.end() :] if match else text
    separator = match[1] if match else _separator(text, options)
    if not match and (inner := _unwrapped(text, options)):
        text, separator = inner, _separator(inner, options)
    parsed = _parsed(text, separator, source, skipped)
    grid = Grid(tuple(tables.rows(parsed)), separator=separator)
    yield from tables.given([grid], source, options)


def _separator(text: str, options: ReadingOptions) -> str:
    """Return what parts the cells; a line feed if nothing does."""
    sample = text[:_SAMPLE]
    if len(text) > len(sample) and "\n" in sample:
        sample = sample[: sample.rindex("\n")]
    best, most = "\n", 0
    for separator in _SEPARATORS:
        if separator not in sample:
            continue
        rows = [row for row in csv.reader(io.StringIO(sample), delimiter=separator) if any(row)]
        if max(map(len, rows), default=0) > _WIDEST:
            continue
        if any(_headed(row, options) for row in rows if len(row) > 1):
            return separator
        runs = ((width, sum(1 for _ in run)) for width, run in groupby(rows, key=len))
        longest = max((count for width, count in runs if width > 1), default=0)
        if longest > most and longest >= _LEAST * len(rows):
            best, most = separator, longest
    return best


def _unwrapped(text: str, options: ReadingOptions) -> str:
    """Return the lines of a table whose lines are each one quoted cell, else nothing.

    That is what a spreadsheet saves that took commas for a part of the text.
    """
    lines = [line.rstrip(" ;\t") for line in text[:_SAMPLE].split("\n")]
    sample = [line for line in (lines[:-1] if len(lines) > 1 else lines) if line]
    if not sample or not all("," in line and _QUOTED.fullmatch(line) for line in sample):
        return ""
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    rows = csv.reader(io.StringIO(text), delimiter=";")
    inner = "\n".join(row[0] if row else "" for row in rows)
    first = csv.reader(io.StringIO(inner[:_SAMPLE]))
    return inner if any(_headed(row, options) for row in islice(first, _SEARCHED)) else ""


_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
_SEARCHED: Final = 20
"""Lines that are looked at for headings inside of quoted ones."""


def _headed(row: Sequence[str], options: ReadingOptions) -> bool:
    heads = headings.of(row, options)
    return heads.mapped or bool(heads.pair)


def _parsed(
    text: str, separator: str, source: str, skipped: int
) -> Iterator[tuple[int, Sequence[str]]]:
    """Give each row with the line that it begins in.

    Raises:
        LoadError: a quoted cell is never closed.
    """
    if separator == "\n":
        yield from ((n, [line]) for n, line in enumerate(text.split("\n"), start=1 + skipped))
        return
    longest = max(len(text), csv.field_size_limit())
    csv.field_size_limit(longest)  # a picture in a cell is longer than its 128 KiB
    # A quote that is never closed takes all lines below it, this one, too.
    reader = csv.reader(io.StringIO(f"{text}\n{_END}"), delimiter=separator)
    start = 1 + skipped
    for row in reader:
        if row and row[-1].endswith(_END):
            if row != [_END]:
                raise LoadError(
                    f"{source}:{start} is not valid CSV: a cell that begins with a double quote "
                    "is never closed.",
                    source=source,
                    hint='Close it, or write a quote inside of a quoted cell twice: "".',
                )
            return
        yield start, row
        start = 1 + skipped + reader.line_num


_END: Final = "\x1cend of file\x1c"
