"""Entries that are written here, the gaps that they close, and the eval cases made of them."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "entries_versions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("from_gap", sa.String(36), index=True),
        sa.Column("from_ticket", sa.String(36), index=True),
        sa.UniqueConstraint("key", "language", "version", name="uq_entries_versions"),
    )
    op.create_table(
        "gap_turns",
        sa.Column("turn_id", sa.String(36), primary_key=True),
        sa.Column("gap", sa.String(36), nullable=False, index=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "gap_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("gap", sa.String(36), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", Moment(), nullable=False, index=True),
    )
    op.create_table(
        "entry_cases",
        sa.Column("id", sa.String(160), primary_key=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("segment", sa.String(64), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("turn_id", sa.String(36), index=True),
        sa.Column("at", Moment(), nullable=False),
    )
