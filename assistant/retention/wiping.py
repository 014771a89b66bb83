"""Leaves no byte of what was deleted from SQLite files.

A deleted row stays in free pages, in unused parts of pages that were split, and in the write-ahead
log. So every file is rebuilt (``VACUUM``), and its log is written into it and cut to nothing. That
works beside open connections; those that write wait meanwhile. A full-text index keeps the words of
what was deleted in older parts of it until they are merged, so all are merged into one before.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from assistant.errors import DatabaseError

WAIT_S: Final = 30.0
_PAUSE_S: Final = 0.1
_INDEX: Final = "search_index"
_NO_ROW: Final = 2**62


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a SQLite file that is there, for one transaction; what is deleted is overwritten.

    Raises:
        DatabaseError: it cannot be read or written.
    """
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_S)) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            with connection:
                yield connection
    except sqlite3.Error as error:
        raise _failed(path, error) from error


def wipe(paths: Iterable[Path]) -> None:
    """Rebuild SQLite files, and empty their logs; for each, others that use it are waited for.

    Raises:
        DatabaseError: one could not be; what was deleted may still stand in it.
    """
    for path in paths:
        log = path.with_name(f"{path.name}-wal")
        if not any(file.is_file() and file.stat().st_size for file in (path, log)):
            continue  # nothing was ever written to it
        try:
            with closing(sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)) as connection:
                connection.execute("PRAGMA secure_delete=ON")
                _merge(connection)
                connection.execute("VACUUM")
                _cut_log(path, connection)
        except sqlite3.Error as error:
            raise _failed(path, error) from error


def _merge(connection: sqlite3.Connection) -> None:
    """Merge a full-text index into one part, which has no word of what was deleted.

    A single part is left as it is, deleted words included, so a second is made first.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_INDEX,)).fetchone():
        return
    put = f"INSERT INTO {_INDEX} (rowid, said) VALUES (?, 'a')"  # noqa: S608
    take = f"INSERT INTO {_INDEX} ({_INDEX}, rowid, said) VALUES ('delete', ?, 'a')"  # noqa: S608
    for command in (put, take):
        connection.execute(command, (_NO_ROW,))
    connection.execute(f"INSERT INTO {_INDEX} ({_INDEX}) VALUES ('optimize')")  # noqa: S608


def _cut_log(path: Path, connection: sqlite3.Connection) -> None:
    until = time.monotonic() + WAIT_S
    while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        if time.monotonic() > until:
            raise sqlite3.OperationalError(f"{path.name} is in use")
        time.sleep(_PAUSE_S)


def _failed(path: Path, error: sqlite3.Error) -> DatabaseError:
    name = getattr(error, "sqlite_errorname", "") or "in use"
    return DatabaseError(
        f"{path} could not be cleaned ({name}): it may still hold what was to be erased.",
        hint="Free space on its disk, stop what else uses it, and erase again.",
    )
