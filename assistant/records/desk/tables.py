"""The tables of the desk. Types are those that SQLite and PostgreSQL share."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from assistant.records.database import metadata
from guardrails.store.sql_tables import Moment

_NAMED = text("name <> ''")
_ID, _CONVERSATION, _PERSON, _NAME = 36, 64, 128, 200

threads = Table(
    "threads",
    metadata,
    Column("conversation_id", String(_CONVERSATION), primary_key=True),
    Column("holder", String(8), nullable=False, index=True),
    Column("ticket_id", String(_ID)),
    Column("continues", String(_CONVERSATION)),
    Column("goes_on_in", String(_CONVERSATION)),
    Column("since", Moment(), nullable=False),
    Column("latest", Moment(), nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("seen", Moment()),
)
"""Who holds a conversation. ticket_id: the last one of it. continues: a closed conversation before
it. goes_on_in: where what is said in it goes, once it was merged or went on after its end. count:
of what its log has had, also what is gone. seen: when who asks was last there."""

messages = Table(
    "messages",
    metadata,
    Column("id", String(_ID), primary_key=True),
    Column("conversation_id", String(_CONVERSATION), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment(), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("ticket_id", String(_ID), index=True),
    Column("turn_id", String(_ID), index=True),
    Column("by", String(_PERSON), nullable=False),
    Column("name", String(_NAME), nullable=False),
    Column("text", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("client_id", String(64)),
    UniqueConstraint("conversation_id", "number"),
    UniqueConstraint("conversation_id", "client_id"),
    Index("messages_by", "by", "name", "at", sqlite_where=_NAMED, postgresql_where=_NAMED),
)
"""The log of each conversation, in the order of ``number``."""

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(_ID), primary_key=True),
    Column("conversation_id", String(_CONVERSATION), nullable=False, index=True),
    Column("created_at", Moment(), nullable=False, index=True),
    Column("status", String(16), nullable=False, index=True),
    Column("language", String(8), nullable=False),
    Column("contact", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("number", Integer, nullable=False, unique=True),
    Column("subject", Text, nullable=False, server_default=""),
    Column("reason", String(20), nullable=False, server_default="asked"),
    Column("priority", String(8), nullable=False, server_default="normal"),
    Column("segment", String(64), nullable=False, server_default=""),
    Column("arm", String(64), nullable=False, server_default=""),
    Column("channel", String(16), nullable=False, server_default="api"),
    Column("owner", String(_PERSON), nullable=False, server_default="", index=True),
    Column("assignee", String(_PERSON), index=True),
    Column("assignee_name", String(_NAME), nullable=False, server_default=""),
    Column("linked_to", String(_ID)),
    Column("merged_into", String(_ID)),
    Column("cause", String(12)),
    Column("updated_at", Moment(), nullable=False, index=True),
    Column("user_waits_since", Moment()),
    Column("first_reply_due", Moment()),
    Column("first_reply_at", Moment()),
    Column("solve_due", Moment()),
    Column("solved_at", Moment(), index=True),
    Column("closed_at", Moment()),
    Column("reopened", Integer, nullable=False, server_default="0"),
    Column("rating", Integer),
    Column("rating_comment", Text, nullable=False, server_default=""),
    Column("rated_at", Moment()),
    Column("summary", JSON, nullable=False, server_default="{}"),
    Column("notified", Boolean, nullable=False, server_default=false()),
    Index("tickets_queue", "status", "first_reply_due"),
    Index("tickets_of_agent", "assignee", "status"),
)
"""Requests for a person. status: as the holder of its conversation, from ``waiting`` on. rating: 1
to 5. notified: whether who asked was told of an answer by mail since they were last seen."""
