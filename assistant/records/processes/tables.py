"""The tables by which processes that share a database know of each other.

Times are seconds since 1970 by the clock of the database, which is one for all of them.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    String,
    Table,
    false,
    literal_column,
    select,
)

from assistant.records.database import metadata

_PROCESS, _CONVERSATION = 36, 64

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("process", String(_PROCESS), nullable=False, index=True),
    Column("until", Double, nullable=False),
)
"""What one process does at a time, who does it, and until when; each process is one, too."""

answering = Table(
    "answering",
    metadata,
    Column("turn_id", String(36), primary_key=True),
    Column("conversation_id", String(_CONVERSATION), nullable=False, index=True),
    Column("process", String(_PROCESS), nullable=False, index=True),
    Column("stopped", Boolean, nullable=False, server_default=false()),
)
"""Which process answers a question now. stopped: who asked wants no more of it."""

holds = Table(
    "holds",
    metadata,
    Column("conversation_id", String(_CONVERSATION), primary_key=True),
    Column("process", String(_PROCESS), nullable=False, index=True),
)
"""Conversations in which nothing is answered now, since what was said is being erased."""

places = Table(
    "places",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False, index=True),
    Column("who", String(64), nullable=False),
    Column("process", String(_PROCESS), nullable=False, index=True),
    Column("held", Boolean, nullable=False),
)
"""Questions that are answered, and those that wait for that, in the order in which they came.

who: a digest, as in ``rates.name``."""

rates = Table(
    "rates",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("window", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("ends", Double, nullable=False, index=True),
)
"""Requests of a caller or an address in a window of time; ends: when nobody asks for it again."""

_SERVER: Final = "extract(epoch from clock_timestamp())"
_FILE: Final = "(julianday('now') - 2440587.5) * 86400.0"


def now(connection: Connection) -> float:
    """Return the time by the clock of the database, in seconds since 1970."""
    clock = _FILE if connection.dialect.name == "sqlite" else _SERVER
    return float(connection.scalar(select(literal_column(clock))) or 0.0)
