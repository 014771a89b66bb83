"""Drafts of replies, and what became of them."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "draft_labels",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("conversation_id", sa.String(64), nullable=False, index=True),
        sa.Column("ticket_id", sa.String(36), nullable=False, index=True),
        sa.Column("at", Moment(), nullable=False, index=True),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("arm_revision", sa.String(128), nullable=False),
        sa.Column("segment", sa.String(80), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("prompt_hash", sa.String(12), nullable=False),
        sa.Column("index_generation", sa.String(32), nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("kind", sa.String(10)),
        sa.Column("similarity", sa.Float),
        sa.Column("overlap", sa.Float),
        sa.Column("figures", sa.Integer),
        sa.Column("addresses", sa.Integer),
        sa.Column("denials", sa.Integer),
        sa.Column("sent_at", Moment()),
        sa.Column("message_id", sa.String(36)),
    )
