"""What was asked, in a few small columns, also of what was asked before."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0022"
down_revision = "0020"

_AT_ONCE = 500


def upgrade() -> None:
    """Create the table and fill it from the turns."""
    op.create_table(
        "askings",
        sa.Column("turn_id", sa.String(36), primary_key=True),
        sa.Column("conversation_id", sa.String(64), nullable=False, index=True),
        sa.Column("at", Moment(), nullable=False, index=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("segment", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("entry", sa.String(24), nullable=False),
        sa.Column("own", sa.String(24), nullable=False),
        sa.Column("whole", sa.String(24), nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    from assistant.records.askings import askings, line_of

    text = ("id", "conversation_id", "question", "standalone", "language", "segment", "outcome")
    turns = sa.table(
        "turns",
        *(sa.column(name, sa.Text) for name in (*text, "answer", "arm", "reason")),
        sa.column("created_at", Moment()),
        *(sa.column(name, sa.JSON) for name in ("sources", "usage", "timings_s")),
    )
    connection, last = op.get_bind(), ""
    while True:
        query = sa.select(turns).where(turns.c.id > last).order_by(turns.c.id).limit(_AT_ONCE)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return
        connection.execute(sa.insert(askings), [line_of(dict(row)) for row in rows])
        last = rows[-1]["id"]
