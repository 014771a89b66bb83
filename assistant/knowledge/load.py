"""Finds the files below a path and reads each into documents or curated entries.

It reads in this process: files of our own, and any file in a process that has limits, see
``assistant.knowledge.isolation``.
"""

import stat
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import LoadError
from assistant.knowledge.readers import html
from assistant.knowledge.readers.formats import READERS
from assistant.knowledge.readers.html.links import links
from assistant.knowledge.readers.options import COLUMNS, Item, Note, ReadingOptions
from assistant.knowledge.survey import Survey, survey, unreadable

__all__ = [
    "COLUMNS",
    "FileReading",
    "Item",
    "ReadingOptions",
    "files",
    "look",
    "read",
    "reading",
    "texts",
]


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one file came to.

    passages: that it was cut into; 0: it was not cut yet. links: of a page that was fetched, the
    addresses that it leads to.
    """

    items: tuple[Item, ...]
    notes: tuple[Note, ...]
    passages: int = 0
    links: tuple[str, ...] = ()


def look(path: Path) -> Survey:
    """Return which files at ``path`` are read, and which are left out.

    Raises:
        LoadError: nothing is there, it may not be read, or no file has a known suffix.
    """
    return survey(path, READERS.keys())


def files(path: Path) -> list[Path]:
    """Return the readable files at ``path`` (itself, or below it), sorted.

    Raises:
        LoadError: as ``look``.
    """
    return list(look(path).files)


def read(path: Path, options: ReadingOptions, *, source: str) -> list[Item]:
    """Return the documents and entries of one file.

    Raises:
        LoadError: the file cannot be read, or has no text; the message says where and why.
    """
    return texts(path, reading(path, options, source=source), source=source)


def texts(path: Path, result: FileReading, *, source: str) -> list[Item]:
    """Return the documents and entries that a file came to.

    Raises:
        LoadError: there are none; the message says why.
    """
    if not result.items:
        why = "".join(f" It is {note.what}." for note in result.notes[:1])
        raise LoadError(f"{path} holds no text.", source=source, hint=why.strip())
    return list(result.items)


def reading(path: Path, options: ReadingOptions, *, source: str) -> FileReading:
    """Read one file, with what was left out of it.

    Raises:
        LoadError: the file cannot be read; the message says where and why.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LoadError(f"{path} is not a regular file.", source=source)
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error, source=source) from error
    suffix = path.suffix.lower()
    try:
        items = list(READERS[suffix](data, source, options))
        fetched = options.address and READERS[suffix] is html.read
        found = links(data, source, options.address) if fetched else ()
    except RecursionError as error:
        raise LoadError(f"{path} is nested too deeply to be read.", source=source) from error
    return FileReading(
        tuple(item for item in items if not isinstance(item, Note)),
        tuple(item for item in items if isinstance(item, Note)),
        links=found,
    )
