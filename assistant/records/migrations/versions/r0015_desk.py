"""Conversations that people take over: their log, and tickets that are worked."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the log, and number the tickets that there are; each waits for a person."""
    op.create_table(
        "threads",
        sa.Column("conversation_id", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(8), nullable=False, index=True),
        sa.Column("ticket_id", sa.String(36)),
        sa.Column("continues", sa.String(64)),
        sa.Column("goes_on_in", sa.String(64)),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("latest", Moment(), nullable=False, index=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", Moment(), nullable=False, index=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("ticket_id", sa.String(36), index=True),
        sa.Column("turn_id", sa.String(36), index=True),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("client_id", sa.String(64)),
        sa.UniqueConstraint("conversation_id", "number"),
        sa.UniqueConstraint("conversation_id", "client_id"),
    )
    _tickets()


def _tickets() -> None:
    """Make the table anew: its older columns could not be changed in place, and few rows are."""
    old = sa.table(
        "tickets",
        *(
            sa.column(name)
            for name in ("id", "conversation_id", "language", "contact", "message", "status")
        ),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(old).order_by(old.c.created_at, old.c.id)).mappings().all()
    op.drop_table("tickets")
    made = op.create_table(
        "tickets",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("conversation_id", sa.String(64), nullable=False, index=True),
        sa.Column("created_at", Moment(), nullable=False, index=True),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("subject", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.String(20), nullable=False, server_default="asked"),
        sa.Column("priority", sa.String(8), nullable=False, server_default="normal"),
        sa.Column("segment", sa.String(64), nullable=False, server_default=""),
        sa.Column("arm", sa.String(64), nullable=False, server_default=""),
        sa.Column("channel", sa.String(16), nullable=False, server_default="api"),
        sa.Column("owner", sa.String(128), index=True, nullable=False, server_default=""),
        sa.Column("assignee", sa.String(128), index=True),
        sa.Column("assignee_name", sa.String(200), nullable=False, server_default=""),
        sa.Column("linked_to", sa.String(36)),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("cause", sa.String(12)),
        sa.Column("updated_at", Moment(), nullable=False, index=True),
        sa.Column("user_waits_since", Moment()),
        sa.Column("first_reply_due", Moment()),
        sa.Column("first_reply_at", Moment()),
        sa.Column("solve_due", Moment()),
        sa.Column("solved_at", Moment(), index=True),
        sa.Column("closed_at", Moment()),
        sa.Column("reopened", sa.Integer, nullable=False, server_default="0"),
        sa.Column("rating", sa.Integer),
        sa.Column("rating_comment", sa.Text, nullable=False, server_default=""),
        sa.Column("rated_at", Moment()),
        sa.Column("summary", sa.JSON, nullable=False, server_default="{}"),
        sa.Column("notified", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Index("tickets_queue", "status", "first_reply_due"),
    )
    owners = sa.table("conversations", sa.column("id"), sa.column("owner"))
    owner = dict(connection.execute(sa.select(owners.c.id, owners.c.owner)).all())
    threads = sa.table(
        "threads",
        *(sa.column(name) for name in ("conversation_id", "holder", "ticket_id", "count")),
        sa.column("since", Moment()),
        sa.column("latest", Moment()),
    )
    last = {}
    for number, row in enumerate(rows, start=1):
        ours = owner.get(row["conversation_id"], "")
        since = {"updated_at": row["created_at"], "user_waits_since": row["created_at"]}
        values = {**row, **since, "status": "waiting", "number": number, "owner": ours}
        connection.execute(sa.insert(made).values(values))
        last[row["conversation_id"]] = row
    for conversation, row in last.items():
        values = {"conversation_id": conversation, "holder": "waiting", "ticket_id": row["id"]}
        at = {"since": row["created_at"], "latest": row["created_at"]}
        connection.execute(sa.insert(threads).values(**values, **at, count=0))
