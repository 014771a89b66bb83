"""What the bridge to another desk keeps."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "bridge_tickets",
        sa.Column("ticket_id", sa.String(36), primary_key=True),
        sa.Column("told", sa.Integer, nullable=False, server_default="0"),
        sa.Column("there", sa.Integer, unique=True),
        sa.Column("begun", Moment()),
        sa.Column("state", sa.String(8), nullable=False, server_default=""),
        sa.Column("owner", sa.Integer),
        sa.Column("rung", Moment()),
        sa.Column("synced", Moment()),
        sa.Column("over", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "bridge_posts",
        sa.Column("entry_id", sa.String(36), primary_key=True),
        sa.Column("ticket_id", sa.String(36), nullable=False, index=True),
        sa.Column("begun", Moment(), nullable=False),
        sa.Column("there", sa.Integer),
    )
    op.create_table(
        "bridge_events",
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("event", sa.String(100), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False, index=True),
        sa.Column("number", sa.Integer),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("by", sa.String(128), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("came", Moment(), nullable=False),
        sa.Column("until", Moment()),
        sa.Column("done", Moment(), index=True),
        sa.Column("result", sa.String(10), nullable=False),
        sa.UniqueConstraint("source", "event"),
    )
