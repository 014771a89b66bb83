"""Whose conversations are, people who have signed in, and keys that stand for many people."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the tables; what was asked until now belongs to the user of this machine."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(128), nullable=False, index=True),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("latest", Moment(), nullable=False),
    )
    for table in ("turns", "tickets"):
        op.execute(
            f"INSERT INTO conversations SELECT conversation_id, 'local', MIN(created_at), "  # noqa: S608
            f"MAX(created_at) FROM {table} WHERE conversation_id NOT IN "
            "(SELECT id FROM conversations) GROUP BY conversation_id"
        )
    op.add_column(
        "api_keys", sa.Column("front", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(128), nullable=False, index=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("token", sa.String(64), nullable=False, index=True),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("latest", Moment(), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()),
    )
