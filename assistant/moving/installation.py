"""An installation that is not running, as a whole: its records, its memory and its documents."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import Connection, Engine

from assistant.app import open_knowledge
from assistant.errors import ServerError
from assistant.folders import PRIVATE_FILE
from assistant.knowledge.documents import Chunk
from assistant.moving import memory, rows
from assistant.progress import Watcher
from assistant.records.database import open_records
from assistant.retention.threads import FILE as THREADS
from assistant.running import find
from assistant.settings import Settings
from assistant.turn.checkpoints import open_checkpoints

_READING: Final = "REPEATABLE READ"


@dataclass(frozen=True, slots=True)
class Counts:
    """What was copied. rows: by table. conversations: checkpoints. passages: of documents."""

    rows: dict[str, int]
    conversations: int
    passages: int

    def plain(self) -> dict[str, Any]:
        """Return them as plain values."""
        return {
            "rows": self.rows,
            "conversations": self.conversations,
            "passages": self.passages,
        }


def check_stopped(settings: Settings, why: str, hint: str = "Stop it first.") -> None:
    """Check that no server runs on the data folder. hint: what to do then.

    Raises:
        ServerError: one does.
    """
    if running := find(settings.data_dir):
        raise ServerError(
            f"A server of {settings.data_dir} runs (process {running.pid}), and {why}.",
            hint=hint,
        )


@contextmanager
def snapshot(engine: Engine, *, alone: bool = False) -> Iterator[Connection]:
    """Read one state until the block ends. alone: nobody else writes meanwhile (SQLite)."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")
            yield connection
            connection.rollback()
        return
    with engine.connect().execution_options(isolation_level=_READING) as connection:
        yield connection
        connection.rollback()


@asynccontextmanager
async def memory_of(folder: Path, url: SecretStr | None = None) -> AsyncIterator[memory.Saver]:
    """Open what is remembered of conversations, in a folder or on a server."""
    async with open_checkpoints(folder / THREADS, url) as saver:
        yield saver


async def remembered(
    source: tuple[Path, SecretStr | None], target: tuple[Path, SecretStr | None], watcher: Watcher
) -> int:
    """Copy what is remembered of conversations, and compare it; return how many checkpoints."""
    async with memory_of(*source) as old, memory_of(*target) as new:
        count = await memory.copied(old, new, watcher.progress)
        await memory.check_same(old, new, watcher.progress)
    return count


def stock(settings: Settings, watcher: Watcher) -> list[Chunk]:
    """Return all passages of an installation."""
    with open_knowledge(_without_sample(settings), watcher) as knowledge:
        return knowledge.library.stock()


def taken_over(settings: Settings, chunks: Sequence[Chunk], watcher: Watcher) -> None:
    """Let an installation hold exactly these passages."""
    with open_knowledge(_without_sample(settings), watcher) as knowledge:
        knowledge.library.restore(chunks, watcher.progress)


def records_copied(
    source: Connection, folder: Path, url: SecretStr | None, watcher: Watcher
) -> dict[str, int]:
    """Copy the records into those of another place, and compare each row; return the counts."""
    with open_records(folder, url, fills=True) as target:
        counts = rows.copied(source, target, watcher.progress)
        with target.connect() as connection:
            rows.check_same(source, connection, watcher.progress)
    return counts


def written(path: Path, values: Any) -> None:
    """Write plain values as JSON into a file that is this user's alone."""
    path.touch(PRIVATE_FILE)
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _without_sample(settings: Settings) -> Settings:
    knowledge = settings.knowledge.model_copy(update={"sample": False})
    return settings.model_copy(update={"knowledge": knowledge})
