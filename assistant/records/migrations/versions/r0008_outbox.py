"""Messages that are to be sent, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "guard_outbox",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("thread", sa.String(128), nullable=False, index=True),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("recipients", sa.JSON, nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("taken_up", moment, index=True),
    )
    op.create_table(
        "guard_deliveries",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("message", sa.String(36), sa.ForeignKey("guard_outbox.id"), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("next_try", moment),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("delivered", moment),
        sa.Column("given_up", moment),
        sa.Column("error", sa.Text, nullable=False),
        sa.UniqueConstraint("message", "channel", "address"),
    )
    op.create_index("guard_deliveries_due", "guard_deliveries", ["channel", "next_try"])
