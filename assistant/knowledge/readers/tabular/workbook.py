"""Reads the cells of a workbook in a process of its own.

``calamine`` takes the memory that a file asks for: a damaged or hostile one asks for all there is,
and then ends the process that it runs in.
"""

import io
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

CELLS: Final = 20_000_000
"""Of a sheet from its first cell to its last: all are held in memory, and empty ones, too."""
_MEMORY: Final = 4 << 30
"""Bytes that the process may take, where the system can say no."""
_TIMEOUT_S: Final = 300


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
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", "-m", __name__],
            input=data,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "large"
    if done.returncode:
        return "large" if b"memory allocation" in done.stderr else "damaged"
    reply = pickle.loads(done.stdout)  # noqa: S301  (our own process wrote it)
    return reply if isinstance(reply, str) else tuple(WorkbookSheet(*sheet) for sheet in reply)  # type: ignore[return-value]


def _read(data: bytes) -> list[tuple[Any, ...]] | Refusal:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum
    from python_calamine import SheetVisibleEnum as Visible

    tables: list[tuple[Any, ...]] = []
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for metadata in book.sheets_metadata:
            if metadata.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(metadata.name)
            if not sheet.end:
                continue
            if (sheet.end[0] + 1) * (sheet.end[1] + 1) > CELLS:
                return "large"
            rows = sheet.to_python(skip_empty_area=False)
            hidden = metadata.visible is not Visible.Visible
            tables.append((metadata.name, hidden, rows, sheet.merged_cell_ranges or []))
    except PasswordError:
        return "locked"
    except (CalamineError, OSError, ValueError):
        return "damaged"
    except MemoryError:
        return "large"
    return tables


def main() -> None:
    """Read a workbook from the standard input, and write its sheets to the output."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.stdout.buffer.write(pickle.dumps(_read(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
