# ruff: noqa: S608  (all that is put together stands in this file)
"""The queue: what the team keeps, files, news, and the full-text index with its triggers.

The index has no text of its own: triggers tell it what comes and goes, in the same transaction,
whoever writes. What is deleted is taken out by the words that were put in, so both are made by one
expression. Bytes of deleted words go when segments are merged: ``assistant.retention.wiping``.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0019"
down_revision = "0018"

_SPOKEN: Final = "{row}.kind IN ('user', 'team', 'note')"
_KINDS: Final = {
    "message": (
        "messages",
        "CASE WHEN " + _SPOKEN + " THEN {row}.text ELSE '' END",
        "{row}.ticket_id",
        "at",
        ("text", "ticket_id"),
    ),
    "ticket": (
        "tickets",
        "{row}.subject || ' ' || {row}.message || ' ' || {row}.contact",
        "{row}.id",
        "created_at",
        ("subject", "message", "contact"),
    ),
    "turn": (
        "turns",
        "{row}.question || ' ' || {row}.answer",
        "NULL",
        "created_at",
        ("question", "answer", "conversation_id"),
    ),
}
"""By kind: table, words, ticket, time, and the columns whose change is noticed."""
_COLUMN: Final = {"message": "said", "ticket": "said", "turn": "asked"}
"""Of the index: what is said to people is found apart from what is asked of the assistant."""


def upgrade() -> None:
    """Create the tables and the index, and fill it with what there is."""
    _tables()
    with op.batch_alter_table("threads") as threads:
        threads.add_column(sa.Column("seen", Moment()))
    op.create_index("tickets_of_agent", "tickets", ["assignee", "status"])
    named = sa.text("name <> ''")
    op.create_index(
        "messages_by",
        "messages",
        ["by", "name", "at"],
        sqlite_where=named,
        postgresql_where=named,
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _tables() -> None:
    op.create_table(
        "desk_agents",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("seen", Moment(), nullable=False),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("conversation_id", sa.String(64), nullable=False, index=True),
        sa.Column("message_id", sa.String(36), nullable=False, index=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "findable",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("ref", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False, index=True),
        sa.Column("ticket_id", sa.String(36), index=True),
        sa.Column("at", Moment(), nullable=False),
        sa.UniqueConstraint("kind", "ref"),
    )
    op.create_table(
        "desk_looking",
        sa.Column("ticket_id", sa.String(36), primary_key=True),
        sa.Column("agent", sa.String(128), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("until", Moment(), nullable=False),
    )
    op.create_table(
        "desk_news",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("agent", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False, index=True),
        sa.Column("entry", sa.Integer, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("seen", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Index("desk_news_of", "agent", "seen", "number"),
    )
    op.create_table(
        "desk_replies",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_table(
        "desk_views",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("agent", sa.String(128), nullable=False, index=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("filter", sa.JSON, nullable=False),
        sa.Column("order", sa.String(10), nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )


def _sqlite() -> None:
    op.execute("DROP TABLE IF EXISTS search_index")
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(said, asked, content='', prefix='1 2 3', "
        'tokenize="unicode61 remove_diacritics 2")'
    )
    for kind, (table, words, ticket, at, noticed) in _KINDS.items():
        column = _COLUMN[kind]
        new, old = words.format(row="new"), words.format(row="old")
        put = (
            "INSERT INTO findable (kind, ref, conversation_id, ticket_id, at) SELECT "
            f"'{kind}', new.id, new.conversation_id, {ticket.format(row='new')}, new.{at} "
            f"WHERE trim({new}) <> ''; "
            f"INSERT INTO search_index (rowid, {column}) SELECT number, {new} FROM findable "
            f"WHERE kind = '{kind}' AND ref = new.id;"
        )
        drop = (
            f"INSERT INTO search_index (search_index, rowid, {column}) "
            f"SELECT 'delete', number, {old} FROM findable "
            f"WHERE kind = '{kind}' AND ref = old.id; "
            f"DELETE FROM findable WHERE kind = '{kind}' AND ref = old.id;"
        )
        columns = ", ".join(noticed)
        events = {
            "added": ("INSERT", put),
            "gone": ("DELETE", drop),
            "changed": (f"UPDATE OF {columns}", f"{drop} {put}"),
        }
        for name, (event, body) in events.items():
            op.execute(f"DROP TRIGGER IF EXISTS {table}_{name}")
            op.execute(f"CREATE TRIGGER {table}_{name} AFTER {event} ON {table} BEGIN {body} END")
        row = words.format(row=table)
        op.execute(
            "INSERT INTO findable (kind, ref, conversation_id, ticket_id, at) SELECT "
            f"'{kind}', id, conversation_id, {ticket.format(row=table)}, {at} "
            f"FROM {table} WHERE trim({row}) <> ''"
        )
        op.execute(
            f"INSERT INTO search_index (rowid, {column}) SELECT findable.number, {row} "
            f"FROM findable JOIN {table} ON ref = {table}.id WHERE findable.kind = '{kind}'"
        )


def _postgresql() -> None:
    op.execute("ALTER TABLE findable ADD COLUMN words tsvector")
    op.execute("CREATE INDEX findable_words ON findable USING gin (words)")
    op.execute(
        "CREATE FUNCTION search_words(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$ "
        "SELECT to_tsvector('simple', regexp_replace(regexp_replace(normalize(said, NFD), "
        r"'[\u0300-\u036f]', '', 'g'), '[^[:alnum:]]+', ' ', 'g')) $$"
    )
    for kind, (table, words, ticket, at, noticed) in _KINDS.items():
        new, owner = words.format(row="new"), ticket.format(row="new")
        op.execute(
            f"CREATE FUNCTION {table}_findable() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP <> 'INSERT' THEN "
            f"DELETE FROM findable WHERE kind = '{kind}' AND ref = old.id; END IF; "
            "IF TG_OP <> 'DELETE' THEN IF "
            f"trim({new}) <> '' THEN "
            "INSERT INTO findable (kind, ref, conversation_id, ticket_id, at, words) VALUES "
            f"('{kind}', new.id, new.conversation_id, {owner}, new.{at}, search_words({new})); "
            "END IF; END IF; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_findable AFTER INSERT OR DELETE OR UPDATE OF "
            f"{', '.join(noticed)} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_findable()"
        )
        row = words.format(row=table)
        op.execute(
            "INSERT INTO findable (kind, ref, conversation_id, ticket_id, at, words) SELECT "
            f"'{kind}', id, conversation_id, {ticket.format(row=table)}, {at}, "
            f"search_words({row}) FROM {table} WHERE trim({row}) <> ''"
        )
