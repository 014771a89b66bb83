"""Folders and files that are this user's alone: 0700 and 0600, from their making on.

A process of our own is given a umask besides (``keep_private``), as libraries make files whose mode
nobody can name. Whoever imports us keeps the umask they have; the data folder itself lets nobody
else in, whatever lies in it. Nothing of this is done on Windows, where a user's folders are theirs.
"""

import logging
import os
import stat
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_POSIX: Final = os.name == "posix"


def keep_private() -> None:
    """Let no file of this process be made readable to others from now on."""
    os.umask(_OTHERS)


def private_folder(folder: Path) -> Path:
    """Make a folder that is this user's alone, or let nobody else into one that is there.

    Those above it that are missing are made as the umask says. A folder that belongs to somebody
    else (a mounted volume) is left as it is, with a warning.

    Raises:
        OSError: it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
    _close(folder)
    return folder


def private_file(path: Path) -> Path:
    """Make an empty file that is this user's alone; one that is there is closed to others.

    SQLite gives its log and its index the mode of the database.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE))
    _close(path)
    return path


def close_to_others(folder: Path) -> None:
    """Take the rights of others from a folder and all that is in it; links are not followed."""
    if not _POSIX or not folder.is_dir():
        return
    private_folder(folder)
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            _close(Path(place, name))


def _close(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
        if _POSIX and not stat.S_ISLNK(mode) and mode & _OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except FileNotFoundError:
        return  # gone meanwhile
    except OSError as error:
        log.warning("others may read %s, and it is not ours to change: %s", path, error.strerror)
