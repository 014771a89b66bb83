"""A backup: one folder with all that an installation keeps, whatever engines it runs on.

Records and memory are SQLite files in it, so that it can be read, and put back, anywhere.
"""

import json
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from assistant.errors import ServerError
from assistant.folders import PRIVATE_FILE, private_folder
from assistant.knowledge.documents import Chunk
from assistant.moving import rows
from assistant.moving.installation import (
    Counts,
    check_stopped,
    records_copied,
    remembered,
    snapshot,
    stock,
    taken_over,
    written,
)
from assistant.progress import Watcher
from assistant.records.database import RECORDS, fill, filled, open_records
from assistant.retention.threads import FILE as THREADS
from assistant.settings import Settings
from guardrails import clock, digests

MANIFEST: Final = "backup.json"
_DOCUMENTS: Final = "documents.jsonl"
_FILES: Final = "files"
_KEPT: Final = ("adapters", "uploads", "audits", "evals", "receipts.jsonl", "page.toml")
"""What of a data folder is neither database nor index, nor a log or a cache."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A folder. documents: whether those are in it; a running server holds the embedded index."""

    folder: Path
    documents: bool = True

    async def make(self, settings: Settings, watcher: Watcher) -> Counts:
        """Copy everything into the folder, compare it, and write what there is.

        May be done while servers answer: each part is of one moment.

        Raises:
            ServerError: the folder is there already, or the documents cannot be had.
            DatabaseError: something cannot be copied.
        """
        if self.documents and settings.knowledge.qdrant_url is None:
            hint = "Stop it, or leave the documents out: --no-documents."
            check_stopped(settings, "it holds the index with the documents", hint)
        if self.folder.exists() and any(self.folder.iterdir()):
            raise ServerError(f"{self.folder} is not empty.", hint="Name another folder.")
        private_folder(self.folder)
        url, data = settings.database_url, settings.data_dir
        with open_records(data, url) as source, snapshot(source) as reading:
            counts = records_copied(reading, self.folder, None, watcher)
        conversations = await remembered((data, url), (self.folder, None), watcher)
        passages = self._write_documents(settings, watcher) if self.documents else 0
        for name in _KEPT:
            _copy(data / name, self.folder / _FILES / name)
        found = Counts(counts, conversations, passages)
        about = {"version": version("routeback"), "at": clock.now().isoformat()}
        files = _digests(self.folder)
        written(
            self.folder / MANIFEST,
            {**about, "documents": self.documents, **found.plain(), "files": files},
        )
        return found

    async def restore(self, settings: Settings, watcher: Watcher) -> Counts:
        """Put everything into the installation of some settings, which must be empty.

        Raises:
            ServerError: this is no backup, or it is damaged; the installation is not empty.
            DatabaseError: something is not as it was.
        """
        manifest = self._checked()
        check_stopped(settings, "it would be written under it")
        url, data = settings.database_url, settings.data_dir
        with open_records(data, url, fills=True) as target, target.connect() as held:
            there = rows.counted(held)
        marker = data / f"{MANIFEST}.under-way"
        mine = digests.of((self.folder / MANIFEST).read_text("utf-8"))
        if there and _text(marker) != mine:
            raise ServerError(
                f"The installation is not empty: {', '.join(sorted(there))}.",
                hint="Restore into another data folder, or an empty database.",
            )
        written(marker, mine)
        with open_records(data, url, fills=True) as target:
            fill(target, "restore")
        with TemporaryDirectory() as scratch:  # a backup of an older version is brought up to date
            copy = Path(scratch)
            for name in (RECORDS, THREADS):
                _copy(self.folder / name, copy / name)
            with open_records(copy) as source, snapshot(source) as reading:
                counts = records_copied(reading, data, url, watcher)
            conversations = await remembered((copy, None), (data, url), watcher)
        documents = self._read_documents() if manifest["documents"] else []
        if manifest["documents"]:
            taken_over(settings, documents, watcher)
        found = Counts(counts, conversations, len(documents))
        for name in _KEPT:
            _copy(self.folder / _FILES / name, data / name)
        with open_records(data, url, fills=True) as target:
            filled(target)
        marker.unlink()
        return found

    def _write_documents(self, settings: Settings, watcher: Watcher) -> int:
        chunks = sorted(stock(settings, watcher), key=lambda one: (one.root, one.source, one.text))
        path = self.folder / _DOCUMENTS
        path.touch(PRIVATE_FILE)
        with path.open("w", encoding="utf-8") as file:
            for chunk in chunks:
                file.write(json.dumps(chunk.payload(), ensure_ascii=False) + "\n")
        return len(chunks)

    def _read_documents(self) -> list[Chunk]:
        with (self.folder / _DOCUMENTS).open(encoding="utf-8") as file:
            return [Chunk.from_payload(json.loads(line)) for line in file]

    def _checked(self) -> dict[str, Any]:
        """Return what the backup says of itself, if every file is as it was written."""
        try:
            manifest: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text("utf-8"))
            told = dict(manifest["files"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ServerError(
                f"{self.folder} is no backup: {MANIFEST} cannot be read.",
                hint="Name the folder that 'routeback backup' made; one without it is unfinished.",
            ) from error
        there = _digests(self.folder)
        wrong = sorted(name for name in told if there.get(name) != told[name])
        if wrong:
            raise ServerError(f"The backup is damaged: {', '.join(wrong[:5])}.")
        return manifest


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file by its path; not of SQLite's own beside its databases."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST and not name.endswith(("-wal", "-shm")):
            found[name] = digests.of_file(path)
    return found


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _text(path: Path) -> str:
    try:
        return str(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return ""
