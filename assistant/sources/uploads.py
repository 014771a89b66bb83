"""Files that people send: kept in the data folder, a folder for each source of uploads."""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from assistant.errors import SourceError
from assistant.folders import private_folder
from assistant.knowledge.readers.formats import READERS
from assistant.sources.batch import printable

FOLDER: Final = "uploads"
LONGEST: Final = 200
"""Bytes of a file's name."""
MOST: Final = 5000
"""Files of one source."""
_WINDOWS: Final = frozenset('<>:"|?*')


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that somebody sent. size: in bytes."""

    name: str
    size: int
    at: datetime


def checked(name: str) -> str:
    """Return the name of a file, if it can be that of an upload.

    Raises:
        SourceError: it is empty, too long, hidden, leads to another folder, has signs that cannot
            be shown, or its format is not read.
    """
    shown = printable(name)[:LONGEST]
    size = len(name.encode(errors="replace"))
    if not name.strip() or size > LONGEST:
        raise SourceError(f"The name of a file has 1 to {LONGEST} bytes, got {size}.")
    if name in {".", ".."} or "/" in name or "\\" in name:
        raise SourceError(f"{shown!r} is no name of a file: it leads to a folder.")
    if shown != name or _WINDOWS.intersection(name) or name != name.strip():
        raise SourceError(f"{shown!r} has signs that the name of a file may not have.")
    if name.startswith((".", "~")):
        raise SourceError(f"{shown!r} is the name of a hidden or temporary file.")
    if Path(name).suffix.lower() not in READERS:
        raise SourceError(
            f"{shown!r} is of a format that is not read.",
            hint=f"It reads {', '.join(sorted(READERS))}.",
        )
    return name


class UploadFolder:
    """The files of one source. folder: where, in the data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, data_dir: Path, source_id: str) -> "UploadFolder":
        """Return the folder of a source."""
        return cls(data_dir / FOLDER / source_id)

    def make(self) -> None:
        """Make the folder, for this user alone."""
        private_folder(self.folder.parent)
        private_folder(self.folder)

    def files(self) -> list[UploadedFile]:
        """Return the files, by name."""
        if not self.folder.is_dir():
            return []
        return sorted(_known(self.folder.iterdir()), key=lambda file: file.name)

    def put(self, name: str, body: bytes) -> None:
        """Keep a file, in place of one of the same name; all of it or nothing.

        Raises:
            SourceError: its name cannot be, it is empty, or there are too many.
        """
        checked(name)
        if not body:
            raise SourceError(f"{name} is empty.")
        self.make()
        there = {file.name for file in self.files()}
        if name not in there and len(there) >= MOST:
            raise SourceError(f"A source of uploads holds {MOST:,} files at most.")
        handle, partial = tempfile.mkstemp(dir=self.folder, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, self.folder / name)  # noqa: PTH105  (as one step)
        except OSError as error:
            Path(partial).unlink(missing_ok=True)
            raise SourceError(f"{name} cannot be kept: {error.strerror}.") from error

    def take_out(self, name: str) -> None:
        """Remove a file.

        Raises:
            SourceError: there is none of that name.
        """
        if name not in {file.name for file in self.files()}:
            raise SourceError(f"No file is called {printable(name)[:LONGEST]!r}.")
        (self.folder / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all of it."""
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            path.unlink(missing_ok=True)
        self.folder.rmdir()


def _known(paths: Iterable[Path]) -> Iterable[UploadedFile]:
    for path in paths:
        if path.name.startswith("."):
            continue
        status = path.stat()
        yield UploadedFile(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
