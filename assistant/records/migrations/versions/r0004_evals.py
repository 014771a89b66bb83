"""The nights: what was measured, its answers and scores, and what is frozen."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables of the eval nights."""
    op.create_table(
        "eval_nights",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("ended", sa.DateTime(timezone=True)),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("fingerprint", sa.String(64), nullable=False, index=True),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_table(
        "eval_answers",
        sa.Column("night", sa.String(40), sa.ForeignKey("eval_nights.id"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("case", sa.String(128), primary_key=True),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("measured", sa.JSON, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "eval_scores",
        sa.Column("night", sa.String(40), sa.ForeignKey("eval_nights.id"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("case", sa.String(128), primary_key=True),
        sa.Column("metric", sa.String(64), primary_key=True),
        sa.Column("value", sa.Float),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("scorer", sa.Text, nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_table(
        "eval_frozen",
        sa.Column("case", sa.String(128), primary_key=True),
        sa.Column("version", sa.String(16), primary_key=True),
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("night", sa.String(40), nullable=False),
        sa.Column("measured", sa.JSON, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
    )
