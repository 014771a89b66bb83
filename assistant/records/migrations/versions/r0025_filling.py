"""Whether a move or a restore writes into this database and has not ended."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "filling",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("what", sa.String(32), nullable=False),
    )
