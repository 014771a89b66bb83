"""The tables of the queue. Types are those that SQLite and PostgreSQL share."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from assistant.records.database import metadata
from guardrails.store.sql_tables import Moment

_ID, _CONVERSATION, _PERSON, _NAME = 36, 64, 128, 200

attachments = Table(
    "attachments",
    metadata,
    Column("id", String(_ID), primary_key=True),
    Column("conversation_id", String(_CONVERSATION), nullable=False, index=True),
    Column("message_id", String(_ID), nullable=False, index=True),
    Column("at", Moment(), nullable=False),
    Column("name", String(_NAME), nullable=False),
    Column("type", String(40), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Files that were sent in conversations. message_id: of the entry of the log that shows it; with
that it is erased."""

findable = Table(
    "findable",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("ref", String(_ID), nullable=False),
    Column("conversation_id", String(_CONVERSATION), nullable=False, index=True),
    Column("ticket_id", String(_ID), index=True),
    Column("at", Moment(), nullable=False),
    UniqueConstraint("kind", "ref"),
)
"""What the full-text index holds, by its row number. kind: ``ticket``, ``message`` or ``turn``,
with its id in ref. No text: triggers of the database keep this and the index true (r0019)."""

looking = Table(
    "desk_looking",
    metadata,
    Column("ticket_id", String(_ID), primary_key=True),
    Column("agent", String(_PERSON), primary_key=True),
    Column("name", String(_NAME), nullable=False),
    Column("until", Moment(), nullable=False),
)
"""Who looks at a ticket now."""

news = Table(
    "desk_news",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("agent", String(_PERSON), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("ticket_id", String(_ID), nullable=False, index=True),
    Column("entry", Integer, nullable=False),
    Column("by", String(_NAME), nullable=False),
    Column("at", Moment(), nullable=False),
    Column("seen", Boolean, nullable=False, server_default=false()),
    Index("desk_news_of", "agent", "seen", "number"),
)
"""What an agent is told. entry: number in the log of the conversation. by: a name, or empty."""

replies = Table(
    "desk_replies",
    metadata,
    Column("id", String(_ID), primary_key=True),
    Column("title", String(_NAME), nullable=False),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String(_NAME), nullable=False),
    Column("at", Moment(), nullable=False),
)
"""Texts that the team keeps for replies. language: empty: any. by: who changed it last."""

views = Table(
    "desk_views",
    metadata,
    Column("id", String(_ID), primary_key=True),
    Column("agent", String(_PERSON), nullable=False, index=True),
    Column("by", String(_NAME), nullable=False),
    Column("name", String(_NAME), nullable=False),
    Column("filter", JSON, nullable=False),
    Column("order", String(10), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("at", Moment(), nullable=False),
)
"""Filters that somebody of the team has kept. shared: all of the team see it."""
