"""What LangGraph remembers of conversations: a thread of checkpoints for each.

They lie in a file of the data folder, or in tables of the database server.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    String,
    column,
    create_engine,
    delete,
    event,
    func,
    inspect,
    select,
    table,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from assistant.errors import DatabaseError
from assistant.records.database import libpq
from assistant.retention.selection import parts
from guardrails.failures import noted

if TYPE_CHECKING:
    from langgraph.checkpoint.base import CheckpointTuple

FILE: Final = "conversations.sqlite"
_TABLES: Final = ("writes", "checkpoint_writes", "checkpoint_blobs", "checkpoints")
"""In which threads are kept: of a file, or of a server."""
_WAIT_S: Final = 30.0
_EPOCH: Final = datetime(1582, 10, 15, tzinfo=UTC)
"""From which the time in the id of a checkpoint counts (UUID version 6, RFC 9562)."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered. path: the file, where it is one. server: the database, where it is."""

    path: Path
    server: Engine | None = None

    def known(self, names: Collection[str]) -> set[str]:
        """Return which of these are threads."""
        return set(names) & self._threads().keys()

    def older(self, than: datetime) -> set[str]:
        """Return the threads whose last checkpoint is older."""
        return {name for name, last in self._threads().items() if _time(last) < than}

    def forget(self, names: Iterable[str]) -> None:
        """Delete threads.

        Raises:
            DatabaseError: they cannot be.
        """
        if not (ids := sorted(names)):
            return
        with self._connected() as connection:
            if connection is None:
                return
            there = set(inspect(connection).get_table_names())  # none before the first question
            for part in parts(ids):
                for name in _TABLES:
                    if name in there:
                        kept = table(name, column("thread_id", String))
                        connection.execute(delete(kept).where(kept.c.thread_id.in_(part)))

    def remembered(self, name: str) -> dict[str, Any]:
        """Return what the thread of a conversation holds, as plain values."""
        saved = self._saved(name) if self.known([name]) else None
        values = saved.checkpoint["channel_values"] if saved else {}
        return {key: _plain(values[key]) for key in ("messages", "offer", "topic") if key in values}

    def _saved(self, name: str) -> "CheckpointTuple | None":
        wanted: Any = {"configurable": {"thread_id": name}}
        if self.server is None:
            from langgraph.checkpoint.sqlite import SqliteSaver

            with SqliteSaver.from_conn_string(str(self.path)) as files:
                return files.get_tuple(wanted)
        from langgraph.checkpoint.postgres import PostgresSaver

        url = libpq(self.server.url.render_as_string(hide_password=False))
        with PostgresSaver.from_conn_string(url) as tables:
            return tables.get_tuple(wanted)

    def _threads(self) -> dict[str, str]:
        """Return the last checkpoint of each thread."""
        kept = table("checkpoints", column("thread_id", String), column("checkpoint_id", String))
        query = select(kept.c.thread_id, func.max(kept.c.checkpoint_id))
        with self._connected() as connection:
            if connection is None or not inspect(connection).has_table("checkpoints"):
                return {}  # nobody has asked anything yet
            return {row[0]: row[1] for row in connection.execute(query.group_by(kept.c.thread_id))}

    @contextmanager
    def _connected(self) -> Iterator[Connection | None]:
        """Open one transaction; nothing if nothing is kept yet.

        Raises:
            DatabaseError: it cannot be read or written.
        """
        if self.server is None and not self.path.is_file():
            yield None
            return
        engine = self.server or _overwriting(self.path)
        try:
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise DatabaseError(
                f"{self.path if self.server is None else 'The database'} could not be cleaned "
                f"({noted(error.__cause__ or error, 'the database')}): it may still hold what was "
                "to be erased.",
                hint="Check that it can be written, and erase again.",
            ) from error


def _overwriting(path: Path) -> Engine:
    """Return a SQLite file as a database in which what is deleted is overwritten."""
    wait = {"timeout": _WAIT_S}
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args=wait)
    event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA secure_delete=ON"))
    return engine


def _time(checkpoint_id: str) -> datetime:
    digits = checkpoint_id.replace("-", "")
    ticks = int(digits[:12] + digits[13:16], 16)
    return _EPOCH + timedelta(microseconds=ticks / 10)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
