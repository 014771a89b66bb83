"""How an answer was made: quoted, written, asked back or none."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add both columns; older turns have no mode."""
    op.add_column("turns", sa.Column("mode", sa.String(8)))
    op.add_column("turns", sa.Column("selection", sa.JSON, nullable=False, server_default="{}"))
