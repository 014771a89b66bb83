"""Hand-over to people: a ticket says that somebody waits for a person, and about what."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Column, DateTime, Engine, String, Table, Text, insert, select

from assistant.records.database import metadata
from guardrails import clock

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("conversation_id", String(64), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
    Column("status", String(16), nullable=False, index=True),
    Column("language", String(8), nullable=False),
    Column("contact", Text, nullable=False),
    Column("message", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request for a person.

    contact: how to reach them, as they gave it (kept as it is: it is meant for the agent).
    """

    conversation_id: str
    language: str
    message: str
    contact: str = ""
    status: str = "open"
    id: str = field(default_factory=lambda: str(uuid4()))
    created_at: datetime = field(default_factory=clock.now)


class Tickets:
    """Stores tickets. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, ticket: Ticket) -> None:
        """Store a new ticket."""
        with self._engine.begin() as connection:
            connection.execute(insert(tickets).values(**asdict(ticket)))

    def all(self) -> list[Ticket]:
        """Return all tickets, newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(tickets).order_by(tickets.c.created_at.desc()))
            return [Ticket(**row) for row in rows.mappings()]
