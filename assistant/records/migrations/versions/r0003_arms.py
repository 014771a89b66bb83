"""Arms that were added by command, and what is known of the models behind remote ones."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "arms",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("about", sa.JSON, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "arm_sights",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("sight", sa.JSON, nullable=False),
        sa.Column("epoch", sa.Text, nullable=False),
    )
