"""What people say of pairs."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "guard_rounds",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("segment", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alpha", sa.Float, nullable=False),
        sa.Column("population", sa.JSON, nullable=False),
        sa.Column("found", sa.JSON, nullable=False),
    )
    op.create_index("guard_rounds_of", "guard_rounds", ["arm", "segment"])
    op.create_table(
        "guard_draws",
        sa.Column("round", sa.Integer, sa.ForeignKey("guard_rounds.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, sa.ForeignKey("guard_pairs.number"), nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("tilts", sa.JSON, nullable=False),
    )
    op.create_table(
        "guard_labels",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("round", sa.Integer, sa.ForeignKey("guard_rounds.id"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("said", sa.String(16), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("round", "place", "by"),
    )
