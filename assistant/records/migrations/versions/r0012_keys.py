"""Keys of machines."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the table; keys of the settings stay in the settings."""
    op.create_table(
        "api_keys",
        sa.Column("name", sa.String(48), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("made", Moment(), nullable=False),
        sa.Column("made_by", sa.String(100), nullable=False),
        sa.Column("ends", Moment()),
        sa.Column("last_used", Moment()),
    )
