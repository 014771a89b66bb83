"""Who may write where an entry could be quoted, and what the quotation scored in a pair."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table and the column; older pairs have no quotation."""
    op.create_table(
        "guard_permissions",
        sa.Column("arm", sa.String(64), primary_key=True),
        sa.Column("segment", sa.String(80), primary_key=True),
        sa.Column("permission", sa.JSON, nullable=False),
    )
    op.add_column("guard_pairs", sa.Column("quoted", sa.JSON))
