"""Finds the files below a path and reads each into documents or curated entries."""

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.errors import LoadError
from assistant.knowledge.readers import (
    delimited,
    html,
    json_export,
    markdown,
    pdf,
    spreadsheet,
    tbx,
    text,
)
from assistant.knowledge.reading import COLUMNS, Found, Item, Note, Options

__all__ = ["COLUMNS", "Item", "Options", "Reading", "files", "read", "reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file came to."""

    items: tuple[Item, ...]
    notes: tuple[Note, ...]


def files(path: Path) -> list[Path]:
    """Return the readable files at ``path`` (itself, or below it), sorted.

    Raises:
        LoadError: nothing is there, it may not be read, or no file has a known suffix.
    """
    known = ", ".join(sorted(_READERS))
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise LoadError(f"{path} does not exist.", source=str(path)) from None
    except OSError as error:
        raise _unreadable(path, error, source=str(path)) from error
    if not stat.S_ISDIR(mode):
        if path.suffix.lower() not in _READERS:
            raise LoadError(
                f"{path} has the suffix {path.suffix or '(none)'}, which Routeback cannot read.",
                source=str(path),
                hint=f"It reads {known}.",
            )
        return [path]
    found: list[Path] = []

    def complain(error: OSError) -> None:
        raise LoadError(
            f"{error.filename} cannot be listed: {error.strerror}.",
            source=str(error.filename),
            hint="Give this user the right to read it, or add a folder inside it.",
        )

    for folder, _, names in os.walk(path, onerror=complain):
        found += (Path(folder) / name for name in names)
    chosen = sorted(file for file in found if file.suffix.lower() in _READERS)
    if not chosen:
        raise LoadError(
            f"{path} holds no file that Routeback can read.",
            source=str(path),
            hint=f"It reads {known}.",
        )
    return chosen


def read(path: Path, options: Options, *, source: str) -> list[Item]:
    """Return the documents and entries of one file.

    Raises:
        LoadError: the file cannot be read, or has no text; the message says where and why.
    """
    found = reading(path, options, source=source)
    if not found.items:
        raise LoadError(f"{path} holds no text.", source=source)
    return list(found.items)


def reading(path: Path, options: Options, *, source: str) -> Reading:
    """Read one file, with what was left out of it.

    Raises:
        LoadError: the file cannot be read; the message says where and why.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LoadError(f"{path} is not a regular file.", source=source)
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error, source=source) from error
    try:
        found = list(_READERS[path.suffix.lower()](data, source, options))
    except RecursionError as error:
        raise LoadError(f"{path} is nested too deeply to be read.", source=source) from error
    return Reading(
        tuple(one for one in found if not isinstance(one, Note)),
        tuple(one for one in found if isinstance(one, Note)),
    )


def _unreadable(path: Path, error: OSError, *, source: str) -> LoadError:
    denied = isinstance(error, PermissionError)
    return LoadError(
        f"{path} cannot be read: {error.strerror}.",
        source=source,
        hint="Give this user the right to read it." if denied else "",
    )


Reader = Callable[[bytes, str, Options], Found]
_READERS: Final[Mapping[str, Reader]] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".txt": text.read,
    ".pdf": pdf.read,
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".tab": delimited.read,
    ".json": json_export.document,
    ".jsonl": json_export.lines,
    ".ndjson": json_export.lines,
    ".xlsx": spreadsheet.read,
    ".xlsm": spreadsheet.read,
    ".xls": spreadsheet.read,
    ".xlsb": spreadsheet.read,
    ".ods": spreadsheet.read,
    ".tbx": tbx.read,
}
