"""The guardrail: jobs, pairs, evidence, standings, decisions, and what the check found."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the guardrail's tables; a turn says how it was checked."""
    with op.batch_alter_table("turns") as turns:
        turns.add_column(sa.Column("checked", sa.Boolean, nullable=False, server_default="1"))
        turns.add_column(sa.Column("fell_back", sa.Text))
        turns.add_column(sa.Column("scores", sa.JSON, nullable=False, server_default="{}"))
    op.create_table(
        "guard_jobs",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("turn_id", sa.String(36), nullable=False, index=True),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("segment", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_table(
        "guard_pairs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(128), nullable=False, unique=True),
        sa.Column("arm", sa.String(64), nullable=False, index=True),
        sa.Column("segment", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("base", sa.JSON, nullable=False),
        sa.Column("candidate", sa.JSON, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
    )
    op.create_table(
        "guard_counted",
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("segment", sa.String(80), primary_key=True),
        sa.Column("number", sa.Integer, sa.ForeignKey("guard_pairs.number"), primary_key=True),
    )
    op.create_table(
        "guard_evidence",
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("segment", sa.String(80), primary_key=True),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
    )
    op.create_table(
        "guard_standings",
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("segment", sa.String(80), primary_key=True),
        sa.Column("standing", sa.JSON, nullable=False),
    )
    op.create_table(
        "guard_decisions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(12), nullable=False, unique=True),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("segment", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Index("guard_decisions_of", "arm", "segment"),
    )
    op.create_table(
        "guard_breakers",
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("state", sa.JSON, nullable=False),
    )
    op.create_table(
        "guard_alarms",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("cleared", sa.DateTime(timezone=True)),
    )
