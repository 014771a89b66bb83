"""Who changed what: a log that is added to and nothing else.

Each entry has the digest of the one before in its own, so that what was altered or taken out shows.
The database refuses to change or delete one.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    RowMapping,
    String,
    Table,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from assistant.errors import DatabaseError
from assistant.records.database import metadata
from assistant.retries import RACE
from guardrails import clock, digests
from guardrails.store.sql_tables import Moment

What = Literal[
    "knowledge added",
    "knowledge removed",
    "source added",
    "source changed",
    "source removed",
    "source refreshed",
    "entry written",
    "entry approved",
    "entry undone",
    "entry retired",
    "gap changed",
    "arm added",
    "arm removed",
    "stage pinned",
    "stage unpinned",
    "writing allowed",
    "writing ended",
    "key made",
    "key rotated",
    "key removed",
    "sessions ended",
    "administrator by link",
    "settings changed",
    "case added",
    "case removed",
    "exported",
    "erased",
]
_FIRST: Final = ""

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Moment(), nullable=False),
    Column("by", String(200), nullable=False),
    Column("what", String(40), nullable=False),
    Column("target", String(600), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One change. target: of what; detail: more of it, never a secret and no text of a person."""

    at: datetime
    by: str
    what: What
    target: str
    detail: Mapping[str, Any]
    previous: str
    digest: str

    @property
    def whole(self) -> bool:
        """Whether the entry is as it was written."""
        return self.digest == _digest(
            self.previous, self.at, self.by, self.what, self.target, self.detail
        )


class ChangeLog:
    """The log. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(
        self, by: str, what: What, target: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Add an entry.

        Raises:
            DatabaseError: it could not be written.
        """

        def write() -> None:
            with self._engine.begin() as connection:
                _add(connection, by, what, target, dict(detail or {}))

        try:
            RACE.call(write, IntegrityError)  # another came between
        except IntegrityError as error:
            why = "The log of changes cannot be written: too many write it at a time."
            raise DatabaseError(why) from error

    def newest(self, most: int) -> list[LoggedChange]:
        """Return the newest entries, oldest first."""
        query = select(changes).order_by(changes.c.id.desc()).limit(most)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_entry(row) for row in reversed(rows)]

    def of(self, *kinds: What) -> list[LoggedChange]:
        """Return all entries of some kinds, oldest first."""
        query = select(changes).where(changes.c.what.in_(kinds)).order_by(changes.c.id)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def last(self, what: What) -> LoggedChange | None:
        """Return the newest entry of a kind."""
        query = select(changes).where(changes.c.what == what).order_by(changes.c.id.desc())
        with self._engine.connect() as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        return _entry(row) if row else None

    def broken(self) -> LoggedChange | None:
        """Return the first entry that is not as it was written, or follows none."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(changes).order_by(changes.c.id)).mappings()
            return first_broken(map(_entry, rows))


def first_broken(entries: Iterable[LoggedChange]) -> LoggedChange | None:
    """Return the first of all entries that breaks the chain."""
    previous = _FIRST
    for entry in entries:
        if entry.previous != previous or not entry.whole:
            return entry
        previous = entry.digest
    return None


def _entry(row: RowMapping) -> LoggedChange:
    return LoggedChange(**{name: value for name, value in row.items() if name != "id"})


def _add(connection: Connection, by: str, what: What, target: str, detail: dict[str, Any]) -> None:
    query = select(changes.c.digest).order_by(changes.c.id.desc()).limit(1)
    previous, at = connection.scalar(query) or _FIRST, clock.now().astimezone(UTC)
    row = {"at": at, "by": by, "what": what, "target": target, "detail": detail}
    digest = _digest(previous, at, by, what, target, detail)
    connection.execute(insert(changes).values(**row, previous=previous, digest=digest))


def _digest(
    previous: str, at: datetime, by: str, what: str, target: str, detail: Mapping[str, Any]
) -> str:
    parts = [previous, at.astimezone(UTC).isoformat(), by, what, target, dict(detail)]
    return digests.of(json.dumps(parts, sort_keys=True))
