"""The tables of the guardrail. Types are those that SQLite and PostgreSQL share."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata: Final = MetaData()


class Moment(TypeDecorator[datetime]):
    """A point in time, kept as UTC; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC on the way in."""
        del dialect
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put UTC back on the way out."""
        del dialect
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


_ARM: Final = 64
_SEGMENT: Final = 80

jobs = Table(
    "guard_jobs",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("turn_id", String(36), nullable=False, index=True),
    Column("arm", String(_ARM), nullable=False),
    Column("segment", String(_SEGMENT), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("tokens", Integer, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("state", String(8), nullable=False, index=True),
    Column("error", Text, nullable=False),
)
pairs = Table(
    "guard_pairs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(128), nullable=False, unique=True),
    Column("arm", String(_ARM), nullable=False, index=True),
    Column("segment", String(_SEGMENT), nullable=False),
    Column("at", Moment, nullable=False),
    Column("version", Text, nullable=False),
    Column("base", JSON, nullable=False),
    Column("candidate", JSON, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("quoted", JSON(none_as_null=True)),
    Column("conversation", String(32), nullable=False, server_default=""),
    Column("gap_s", Float),
    Column("signature", LargeBinary),
)
counted = Table(
    "guard_counted",
    metadata,
    Column("arm", String(_ARM), primary_key=True),
    Column("segment", String(_SEGMENT), primary_key=True),
    Column("number", ForeignKey("guard_pairs.number"), primary_key=True),
)
evidence = Table(
    "guard_evidence",
    metadata,
    Column("arm", String(_ARM), primary_key=True),
    Column("segment", String(_SEGMENT), primary_key=True),
    Column("first", Integer, nullable=False),
    Column("state", JSON, nullable=False),
)
standings = Table(
    "guard_standings",
    metadata,
    Column("arm", String(_ARM), primary_key=True),
    Column("segment", String(_SEGMENT), primary_key=True),
    Column("standing", JSON, nullable=False),
)
permissions = Table(
    "guard_permissions",
    metadata,
    Column("arm", String(_ARM), primary_key=True),
    Column("segment", String(_SEGMENT), primary_key=True),
    Column("permission", JSON, nullable=False),
)
decisions = Table(
    "guard_decisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(12), nullable=False, unique=True),
    Column("arm", String(_ARM), nullable=False),
    Column("segment", String(_SEGMENT), nullable=False),
    Column("at", Moment, nullable=False),
    Column("record", LargeBinary, nullable=False),
)
Index("guard_decisions_of", decisions.c.arm, decisions.c.segment)
certificates = Table(
    "guard_certificates",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(12), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("certificate", JSON, nullable=False),
)
breakers = Table(
    "guard_breakers",
    metadata,
    Column("arm", String(_ARM), primary_key=True),
    Column("state", JSON, nullable=False),
)
alarms = Table(
    "guard_alarms",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("arm", String(_ARM), nullable=False),
    Column("at", Moment, nullable=False),
    Column("message", Text, nullable=False),
    Column("cleared", Moment),
)
outbox = Table(
    "guard_outbox",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("topic", String(64), nullable=False),
    Column("thread", String(128), nullable=False, index=True),
    Column("body", JSON, nullable=False),
    Column("recipients", JSON, nullable=False),
    Column("created", Moment, nullable=False),
    Column("taken_up", Moment, index=True),
)
deliveries = Table(
    "guard_deliveries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("message", ForeignKey("guard_outbox.id"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("address", String(254), nullable=False),
    Column("created", Moment, nullable=False),
    Column("next_try", Moment),
    Column("tries", Integer, nullable=False),
    Column("delivered", Moment),
    Column("given_up", Moment),
    Column("error", Text, nullable=False),
    UniqueConstraint("message", "channel", "address"),
)
Index("guard_deliveries_due", deliveries.c.channel, deliveries.c.next_try)
rounds = Table(
    "guard_rounds",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("arm", String(_ARM), nullable=False),
    Column("segment", String(_SEGMENT), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("version", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("alpha", Float, nullable=False),
    Column("population", JSON, nullable=False),
    Column("found", JSON, nullable=False),
)
Index("guard_rounds_of", rounds.c.arm, rounds.c.segment)
draws = Table(
    "guard_draws",
    metadata,
    Column("round", ForeignKey("guard_rounds.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("number", ForeignKey("guard_pairs.number"), nullable=False),
    Column("probability", Float, nullable=False),
    Column("tilts", JSON, nullable=False),
)
labels = Table(
    "guard_labels",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("round", ForeignKey("guard_rounds.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("said", String(16), nullable=False),
    Column("by", String(100), nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("round", "place", "by"),
)
