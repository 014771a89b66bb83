"""From which conversation a pair is, and whether its question repeats an earlier one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; earlier pairs have none."""
    conversation = sa.Column("conversation", sa.String(32), nullable=False, server_default="")
    op.add_column("guard_pairs", conversation)
    op.add_column("guard_pairs", sa.Column("gap_s", sa.Float))
    op.add_column("guard_pairs", sa.Column("signature", sa.LargeBinary))
