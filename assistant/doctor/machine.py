"""The machine: settings, folders, room, time zone."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assistant.doctor.diagnosis import PartState, failed, gravest, ok, warning
from assistant.local.catalogue import find
from assistant.local.weights import WeightsStore
from assistant.settings import Settings, config_file

FULL: Final = 256 << 20
"""Bytes free below which the index takes no change and a database may stop."""
NARROW: Final = 1 << 30
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_LISTED: Final = 3
_POSIX: Final = os.name == "posix"


def settings_state(settings: Settings) -> PartState:
    """Return whether a line of file or environment does nothing any more."""
    if settings.notices:
        return warning(" ".join(settings.notices), "only settings that there are", "Remove them.")
    path = config_file()
    where = f"{path} and the environment" if path.is_file() else "the environment and defaults"
    return ok(f"read from {where}")


def disk(settings: Settings) -> PartState:
    """Return whether there is room where something is written."""
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    places = {
        "data_dir": (settings.data_dir, NARROW),
        "cache_dir": (settings.cache_dir, NARROW + _missing(settings, store)),
        "temporary files": (Path(tempfile.gettempdir()), NARROW),
    }
    return gravest([_room(name, path, enough) for name, (path, enough) in places.items()])


def _missing(settings: Settings, store: WeightsStore) -> int:
    """Return the bytes that fetching base's weights would take."""
    if settings.remote_base or settings.offline:
        return 0
    weights = find(settings.engine.model)
    return 0 if store.path(weights).is_file() else 2 * weights.size


def _room(name: str, path: Path, enough: int) -> PartState:
    free = shutil.disk_usage(_there(path)).free
    got = f"{name}: {_size(free)} free at {path}"
    todo = f"Make room, or set {_variable(name)} to another folder."
    if free < FULL:
        return failed(got, f"{_size(FULL)} at least, {_size(enough)} better", todo)
    if free < enough:
        return warning(got, _size(enough), todo)
    return ok(got)


def _variable(name: str) -> str:
    return "TMPDIR" if name == "temporary files" else f"ROUTEBACK_{name.upper()}"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"  # noqa: PLR2004


def _there(path: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next((one for one in (path, *path.parents) if one.exists()), Path("/"))


def permissions(settings: Settings) -> PartState:
    """Return whether the data folder can be written, and by this user alone."""
    return gravest([_data(settings.data_dir), _cache(settings.cache_dir)])


def _data(folder: Path) -> PartState:
    if (state := _writable(folder, "ROUTEBACK_DATA_DIR")).status == "failed":
        return state
    if not folder.exists():
        return ok(f"{folder} is made at the first start")
    if not _POSIX:
        return ok(f"{folder} can be written")
    mine = folder.stat().st_uid == os.geteuid()
    if not mine:
        return failed(
            f"{folder} belongs to user {folder.stat().st_uid}, this is user {os.geteuid()}",
            "one user for all commands and servers of a folder",
            "Run this as the user that the server runs as.",
        )
    if seen := list(_open_to_others(folder)):
        names = ", ".join(seen[:_LISTED]) + (" and more" if len(seen) > _LISTED else "")
        return warning(
            f"others of this machine may read or write {names}",
            "nobody but this user",
            f"chmod -R go-rwx '{folder}' (and chown what is another user's).",
        )
    return ok(f"{folder} is this user's alone and can be written")


def _cache(folder: Path) -> PartState:
    state = _writable(folder, "ROUTEBACK_CACHE_DIR")
    if state.status == "failed":
        return warning(state.got, state.expected, state.todo)
    return state


def _writable(folder: Path, variable: str) -> PartState:
    """Return whether a file can be made and taken away in a folder, or where it would be made."""
    there = _there(folder)
    expected = "a folder in which files can be made"
    todo = f"Correct its rights, or set {variable} to another folder."
    if not there.is_dir():
        return failed(f"{there} is no folder", expected, f"Move it away, or set {variable}.")
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".doctor-") as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return failed(f"nothing can be written in {there}: {error.strerror}", expected, todo)
    return ok(f"{there} can be written")


def _open_to_others(folder: Path) -> Iterator[str]:
    """Yield what others may read or write, or what is theirs."""
    if stat.S_IMODE(folder.stat().st_mode) & _OTHERS:
        yield str(folder)
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place, name)
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            link = stat.S_ISLNK(found.st_mode)
            if found.st_uid != os.geteuid() or (not link and found.st_mode & _OTHERS):
                yield str(path.relative_to(folder))


def time_zone(settings: Settings) -> PartState:
    """Return whether it is known by which clock nights begin and offices open."""
    from zoneinfo import ZoneInfoNotFoundError

    from tzlocal import reload_localzone

    todo = "Set TZ or /etc/localtime to a name such as Europe/Berlin; for the desk desk.time_zone."
    try:
        name = str(reload_localzone())
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        return failed(f"the time zone of this machine is not known ({error})", "a name", todo)
    desk = settings.desk.time_zone
    return ok(f"{name}; of the desk {desk}" if desk else name)
