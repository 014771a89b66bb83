"""The tables of the bridge. Types are those that SQLite and PostgreSQL share."""

from collections.abc import Sequence

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    false,
)

from assistant.records.database import metadata
from guardrails.store.sql_tables import Moment

SOURCE, EVENT = 32, 100
"""Longest names of a source, and of an event of it."""
_ID, _PERSON, _NAME = 36, 128, 200

bridge_tickets = Table(
    "bridge_tickets",
    metadata,
    Column("ticket_id", String(_ID), primary_key=True),
    Column("told", Integer, nullable=False, server_default="0"),
    Column("there", Integer, unique=True),
    Column("begun", Moment()),
    Column("state", String(8), nullable=False, server_default=""),
    Column("owner", Integer),
    Column("rung", Moment()),
    Column("synced", Moment()),
    Column("over", Boolean, nullable=False, server_default=false()),
)
"""Tickets that others know. told: how many events the webhook was told. there: the ticket's id in
Zammad; begun: since when nobody knows whether it was opened there. state, owner: as both sides had
them last. rung: when somebody was last asked to look; synced: when all was last the same on both
sides. over: it is closed for good, and its state is not looked at any more."""

bridge_posts = Table(
    "bridge_posts",
    metadata,
    Column("entry_id", String(_ID), primary_key=True),
    Column("ticket_id", String(_ID), nullable=False, index=True),
    Column("begun", Moment(), nullable=False),
    Column("there", Integer),
)
"""Entries of the log that were sent to Zammad. there: the article's id; until it is known, nobody
knows whether what was begun has arrived."""

bridge_events = Table(
    "bridge_events",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=True),
    Column("source", String(SOURCE), nullable=False),
    Column("event", String(EVENT), nullable=False),
    Column("ticket_id", String(_ID), nullable=False, index=True),
    Column("number", Integer),
    Column("kind", String(10), nullable=False),
    Column("by", String(_PERSON), nullable=False),
    Column("name", String(_NAME), nullable=False),
    Column("text", Text, nullable=False),
    Column("came", Moment(), nullable=False),
    Column("until", Moment()),
    Column("done", Moment(), index=True),
    Column("result", String(10), nullable=False),
    UniqueConstraint("source", "event"),
)
"""What other desks said. number: in the order of its source and ticket. until: how long it waits
for those before it. done: when it took effect, in the same transaction; its text is gone then, as
the log has it."""


def forget(connection: Connection, ticket_ids: Sequence[str]) -> None:
    """Delete what is kept of tickets, with texts that wait."""
    for table in (bridge_tickets, bridge_posts, bridge_events):
        connection.execute(delete(table).where(table.c.ticket_id.in_(ticket_ids)))
