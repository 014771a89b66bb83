"""Sources of knowledge that are read again on a schedule, and what is known of their pages."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "sources",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("schedule", sa.String(24), nullable=False),
        sa.Column("made", Moment(), nullable=False),
        sa.Column("last", Moment(), nullable=True),
        sa.Column("succeeded", Moment(), nullable=True),
        sa.Column("changed", Moment(), nullable=True),
        sa.Column("next", Moment(), nullable=True, index=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("kept", sa.Integer, nullable=False),
        sa.Column("removed", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("claim", sa.String(36), nullable=False),
        sa.Column("claimed", Moment(), nullable=True),
    )
    op.create_table(
        "source_pages",
        sa.Column(
            "source_id",
            sa.String(36),
            sa.ForeignKey("sources.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("page", sa.String(2048), primary_key=True),
        sa.Column("etag", sa.Text, nullable=False),
        sa.Column("modified", sa.Text, nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("links", sa.JSON, nullable=False),
        sa.Column("seen", Moment(), nullable=True),
        sa.Column("failing", Moment(), nullable=True),
        sa.Column("gone", Moment(), nullable=True),
        sa.Column("why", sa.Text, nullable=False),
    )
