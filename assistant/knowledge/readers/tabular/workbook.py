"""Reads the cells of a workbook.

``calamine`` takes the memory that a file asks for: a damaged or hostile one asks for all there is,
and then ends the process that it runs in. Strangers' files are read in one that has limits.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from guardrails.failures import unpanicked

CELLS: Final = 20_000_000
"""Of all sheets, each from its first cell to its last: empty ones are held in memory, too."""


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """One sheet. merged: the first and the last (row, column) of cells that are one."""

    name: str
    hidden: bool
    rows: Sequence[Sequence[Any]]
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]


Refusal = Literal["locked", "damaged", "large"]


def sheets(data: bytes) -> tuple[WorkbookSheet, ...] | Refusal:
    """Return the sheets of a workbook that hold something, or why it cannot be read."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum
    from python_calamine import SheetVisibleEnum as Visible

    tables: list[WorkbookSheet] = []
    cells = 0
    try:
        with unpanicked():
            book = CalamineWorkbook.from_filelike(io.BytesIO(data))
            for metadata in book.sheets_metadata:
                if metadata.typ is not SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(metadata.name)
                if not sheet.end:
                    continue
                cells += (sheet.end[0] + 1) * (sheet.end[1] + 1)
                if cells > CELLS:
                    return "large"
                rows = sheet.to_python(skip_empty_area=False)
                hidden = metadata.visible is not Visible.Visible
                tables.append(
                    WorkbookSheet(metadata.name, hidden, rows, sheet.merged_cell_ranges or [])
                )
    except PasswordError:
        return "locked"
    except (CalamineError, OSError, ValueError, RuntimeError):
        return "damaged"
    return tuple(tables)
