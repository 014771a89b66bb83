"""What processes that share a database know of each other."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("process", sa.String(36), nullable=False, index=True),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_table(
        "answering",
        sa.Column("turn_id", sa.String(36), primary_key=True),
        sa.Column("conversation_id", sa.String(64), nullable=False, index=True),
        sa.Column("process", sa.String(36), nullable=False, index=True),
        sa.Column("stopped", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "holds",
        sa.Column("conversation_id", sa.String(64), primary_key=True),
        sa.Column("process", sa.String(36), nullable=False, index=True),
    )
    op.create_table(
        "places",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False, index=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("process", sa.String(36), nullable=False, index=True),
        sa.Column("held", sa.Boolean, nullable=False),
    )
    op.create_table(
        "rates",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("window", sa.Integer, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("ends", sa.Double, nullable=False, index=True),
    )
