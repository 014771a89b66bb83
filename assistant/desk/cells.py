"""Tables for spreadsheets in which nothing is a formula."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

BOM: Final = "\ufeff"
"""By which a spreadsheet knows that a file is UTF-8."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that a spreadsheet would calculate; the last four are full-width."""
_INSIDE: Final = re.compile(
    r"(?<=[\s\S])([;\t\r\n|][ \u200b\ufeff]*)([=+\-@\uff1d\uff0b\uff0d\uff20])"
)
"""The same behind what separates cells elsewhere: a German Excel reads lists by semicolons."""


def safe(cell: object) -> object:
    """Return a cell that is text where it is text; numbers stay what they are."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    text = _INSIDE.sub(r"\1'\2", cell.replace("\0", ""))
    return f"'{text}" if text.lstrip(" \u200b\ufeff").startswith(_FORMULA) else text


def line(cells: Iterable[object]) -> str:
    """Return a line of a CSV file (RFC 4180), whose texts are all in quotes."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_NONNUMERIC).writerow([safe(cell) for cell in cells])
    return out.getvalue()
