"""A laptop's installation moved to a database server, and to a Qdrant server if one is named.

Nothing of the source is changed, but for a note that it was moved; until that is written, it goes
on as before. What was copied is compared row by row. A run that was cut short goes on where it was.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import Engine

from assistant.errors import ServerError
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
from assistant.records.database import MOVED, fill, filled, open_records, place_of
from assistant.settings import Settings
from guardrails import clock

_UNDER_WAY: Final = "moving.json"


@dataclass(frozen=True, slots=True)
class Migration:
    """A move. settings: of the source. url: of the database. qdrant_url: None: no documents."""

    settings: Settings
    url: SecretStr
    qdrant_url: str | None = None

    async def run(self, watcher: Watcher) -> Counts:
        """Copy everything, compare it, and note that it was moved.

        Raises:
            ServerError: a server runs; the target holds something else; it was moved before.
            DatabaseError: a row is not taken, or is not as it was.
            KnowledgeError: the documents cannot be read or written.
        """
        settings, folder = self.settings, self.settings.data_dir
        if settings.database_url is not None:
            raise ServerError(
                "database_url is set already: what is to be moved is the data folder's.",
                hint="Unset it (ROUTEBACK_DATABASE_URL) for this command.",
            )
        check_stopped(settings, "what it writes meanwhile would be lost")
        with open_records(folder) as source, snapshot(source, alone=True) as reading:
            self._begin()
            counts = records_copied(reading, folder, self.url, watcher)
            conversations = await remembered((folder, None), (folder, self.url), watcher)
            passages = self._documents(watcher)
        found = Counts(counts, conversations, passages)
        self._end(found)
        return found

    def _begin(self) -> None:
        """Note where it goes; what is there must be of an earlier run, or nothing."""
        note = self.settings.data_dir / _UNDER_WAY
        with open_records(self.settings.data_dir, self.url, fills=True) as target:
            self._mark(target, note)

    def _mark(self, target: Engine, note: Path) -> None:
        with target.connect() as held:
            there = rows.counted(held)
        if there and _read(note).get("to") != place_of(self.url.get_secret_value()):
            some = ", ".join(f"{name} ({count})" for name, count in sorted(there.items())[:5])
            raise ServerError(
                f"The database is not empty: {some}.",
                hint="Name an empty one; two installations cannot be put together.",
            )
        written(note, {"to": place_of(self.url.get_secret_value())})
        fill(target, "move")

    def _documents(self, watcher: Watcher) -> int:
        if self.qdrant_url is None:
            return 0
        chunks = stock(self.settings, watcher)
        knowledge = self.settings.knowledge.model_copy(update={"qdrant_url": self.qdrant_url})
        taken_over(self.settings.model_copy(update={"knowledge": knowledge}), chunks, watcher)
        return len(chunks)

    def _end(self, counts: Counts) -> None:
        folder = self.settings.data_dir
        to = place_of(self.url.get_secret_value())
        with open_records(folder, self.url, fills=True) as target:
            filled(target)
        written(folder / MOVED, {"to": to, "at": clock.now().isoformat(), **counts.plain()})
        (folder / _UNDER_WAY).unlink()


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
