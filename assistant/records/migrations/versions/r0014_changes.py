"""The log of changes: added to, and nothing else."""

import sqlalchemy as sa
from alembic import op

from guardrails.store.sql_tables import Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the table, and let the database refuse to change or delete what is in it."""
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("target", sa.String(600), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False, unique=True),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER changes_no_{act.lower()} BEFORE {act} ON changes BEGIN "
                "SELECT RAISE(ABORT, 'the log of changes is only added to'); END"
            )
        op.execute(
            "CREATE TRIGGER changes_no_replacing BEFORE INSERT ON changes WHEN EXISTS "
            "(SELECT 1 FROM changes WHERE id = NEW.id OR previous = NEW.previous) BEGIN "
            "SELECT RAISE(ABORT, 'the log of changes is only added to'); END"
        )
    elif op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION changes_only_added() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION "
            "'the log of changes is only added to'; END $$ LANGUAGE plpgsql"
        )
        op.execute(
            "CREATE TRIGGER changes_only_added BEFORE UPDATE OR DELETE ON changes "
            "FOR EACH ROW EXECUTE FUNCTION changes_only_added()"
        )
