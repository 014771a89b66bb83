"""Eval cases that came of what people asked: kept beside those that a team has in files.

What a right answer is stands in the entry, so that a case changes with it, and is none while the
entry is not served.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Column, Connection, Engine, String, Table, Text, delete, insert, select

from assistant.records.database import metadata
from guardrails import clock
from guardrails.store.sql_tables import Moment

entry_cases = Table(
    "entry_cases",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("key", String(128), nullable=False),
    Column("language", String(8), nullable=False),
    Column("segment", String(64), nullable=False),
    Column("question", Text, nullable=False),
    Column("turn_id", String(36), index=True),
    Column("at", Moment(), nullable=False),
)


@dataclass(frozen=True, slots=True)
class EntryCase:
    """A question that an entry must answer.

    key, language: of the entry. turn_id: of the turn whose question it is; None: it is the entry's
    own, and no person's.
    """

    id: str
    key: str
    language: str
    segment: str
    question: str
    turn_id: str | None = None
    at: datetime = field(default_factory=clock.now)


class EntryCases:
    """Stores cases. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, cases: Sequence[EntryCase]) -> None:
        """Store cases; of one that is there, the entry and the question become these."""
        for case in cases:
            with self._engine.begin() as connection:
                connection.execute(delete(entry_cases).where(entry_cases.c.id == case.id))
                connection.execute(insert(entry_cases).values(**asdict(case)))

    def all(self) -> list[EntryCase]:
        """Return all cases, by id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(entry_cases).order_by(entry_cases.c.id)).mappings()
            return [EntryCase(**row) for row in rows]


def forget(connection: Connection, turn_ids: Collection[str]) -> None:
    """Delete the cases that are a person's question."""
    ids = sorted(turn_ids)
    for start in range(0, len(ids), 500):
        mine = entry_cases.c.turn_id.in_(ids[start : start + 500])
        connection.execute(delete(entry_cases).where(mine))


def case_name(turn_id: str) -> str:
    """Return what the case of a turn is called: an erasure finds it by that name."""
    return f"turn-{turn_id[:8]}"
