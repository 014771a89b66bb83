"""What the endpoints of remote arms were found to take."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table; what endpoints take is found at the next question."""
    op.create_table(
        "arm_dialects",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("pinned", sa.Text, nullable=False),
        sa.Column("dialect", sa.JSON, nullable=False),
    )
