"""What LangGraph remembers of conversations: a thread of checkpoints for each."""

import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from assistant.retention.selection import parts
from assistant.retention.wiping import opened

FILE: Final = "conversations.sqlite"
_TABLES: Final = ("writes", "checkpoints")
_EPOCH: Final = datetime(1582, 10, 15, tzinfo=UTC)
"""From which the time in the id of a checkpoint counts (UUID version 6, RFC 9562)."""


def known(path: Path, names: Collection[str]) -> set[str]:
    """Return which of these are threads."""
    return set(names) & _threads(path).keys()


def older(path: Path, than: datetime) -> set[str]:
    """Return the threads whose last checkpoint is older."""
    return {name for name, last in _threads(path).items() if _time(last) < than}


def forget(path: Path, names: Iterable[str]) -> None:
    """Delete threads.

    Raises:
        DatabaseError: they cannot be.
    """
    if not (ids := sorted(names)) or not path.is_file():
        return
    with opened(path) as connection:
        made = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        there = {name for (name,) in made}  # none before the first question
        for part in parts(ids):
            marks = ",".join("?" * len(part))
            for table in there.intersection(_TABLES):
                statement = f"DELETE FROM {table} WHERE thread_id IN ({marks})"  # noqa: S608
                connection.execute(statement, tuple(part))


def remembered(path: Path, name: str) -> dict[str, Any]:
    """Return what the thread of a conversation holds, as plain values."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    if name not in _threads(path):
        return {}
    with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
        saved = SqliteSaver(connection).get_tuple({"configurable": {"thread_id": name}})
    values = saved.checkpoint["channel_values"] if saved else {}
    return {key: _plain(values[key]) for key in ("messages", "offer", "topic") if key in values}


def _threads(path: Path) -> dict[str, str]:
    """Return the last checkpoint of each thread."""
    if not path.is_file():
        return {}
    with opened(path) as connection:
        try:
            query = "SELECT thread_id, MAX(checkpoint_id) FROM checkpoints GROUP BY thread_id"
            return dict(connection.execute(query).fetchall())
        except sqlite3.OperationalError:  # nobody has asked anything yet: there are no tables
            return {}


def _time(checkpoint_id: str) -> datetime:
    digits = checkpoint_id.replace("-", "")
    ticks = int(digits[:12] + digits[13:16], 16)
    return _EPOCH + timedelta(microseconds=ticks / 10)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
