"""Eval cases that people added to those in files."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "eval_cases_added",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("at", Moment(), nullable=False, index=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("segment", sa.String(64), nullable=False),
        sa.Column("expected", sa.JSON, nullable=False),
        sa.Column("from_turn", sa.String(36), nullable=False, index=True),
        sa.Column("from_entry", sa.String(200), nullable=False, index=True),
        sa.Column("active", sa.Boolean, nullable=False),
    )
