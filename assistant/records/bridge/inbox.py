"""What other desks said, stored before it takes effect, and in which order it does.

Each is known by its source and id, under a unique index. It takes effect in one transaction with
the note that it has, so that neither a second delivery nor a kill makes it happen twice. Blocking;
call it from a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from assistant.records.bridge.tables import bridge_events
from assistant.records.desk.events import Worker
from guardrails.store.store import Store

EventKind = Literal["claimed", "released", "replied", "noted", "solved", "reopened", "written"]
"""written: by who asked, to the desk there."""
Result = Literal["waiting", "done", "nothing", "late", "kept"]
"""waiting: for those before it. nothing: it was so already, or cannot be any more. late: it was
overtaken by a later one, so it is not done. kept: as a note, since the ticket is closed or the
desk refused it."""
MOVES: Final = frozenset({"claimed", "released", "solved", "reopened"})
"""What says how things are: overtaken by a later one, it is not true any more."""


class Overtaken(Exception):
    """It is not this one's turn, or it has taken effect; look again what is next."""


@dataclass(frozen=True, slots=True)
class OutsideEvent:
    """Something that happened in another desk. by: who did it, with an id that is unique here.

    number: from 1, of its source and ticket; None: it is done at once. row: of the table; 0: it is
    not stored yet.
    """

    source: str
    id: str
    ticket_id: str
    kind: EventKind
    by: Worker
    text: str = ""
    number: int | None = None
    row: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class Inbox:
    """What came in. hold: how long an event waits for those before it."""

    engine: Engine
    hold: timedelta = timedelta(seconds=300)

    def put(self, event: OutsideEvent, now: datetime) -> bool:
        """Store an event; False: it is known already, and nothing was stored."""
        c = bridge_events.c
        same = select(c.row).where(c.source == event.source, c.event == event.id)
        with Store(self.engine).transaction() as ledger:
            if ledger.connection.scalar(same) is not None:
                return False
            row = {
                "source": event.source,
                "event": event.id,
                "ticket_id": event.ticket_id,
                "number": event.number,
                "kind": event.kind,
                "by": event.by.id,
                "name": event.by.name,
                "text": event.text,
                "came": now,
                "until": None if event.number is None else now + self.hold,
                "result": "waiting",
            }
            ledger.connection.execute(insert(bridge_events).values(row))
        return True

    def known(self, source: str, ids: Sequence[str]) -> set[str]:
        """Return which of these ids of a source have come in."""
        c = bridge_events.c
        with self.engine.connect() as connection:
            query = select(c.event).where(c.source == source, c.event.in_(ids))
            return set(connection.scalars(query))

    def result(self, source: str, event_id: str) -> Result:
        """Return what became of an event."""
        c = bridge_events.c
        query = select(c.result).where(c.source == source, c.event == event_id)
        with self.engine.connect() as connection:
            found: Result = connection.scalar(query) or "waiting"
            return found

    def next(self, ticket_id: str, now: datetime) -> OutsideEvent | None:
        """Return what is to take effect next of a ticket; None: nothing, or it still waits."""
        with self.engine.connect() as connection:
            return _next(connection, ticket_id, now)

    def due(self, now: datetime, most: int = 100) -> list[str]:
        """Return tickets of which something may take effect that has not."""
        c = bridge_events.c
        waits = (c.done.is_(None), or_(c.until.is_(None), c.until <= now))
        with self.engine.connect() as connection:
            return list(
                connection.scalars(select(c.ticket_id).where(*waits).distinct().limit(most))
            )


def settle(connection: Connection, event: OutsideEvent, result: Result, now: datetime) -> None:
    """Note that an event takes effect, in the transaction in which it does.

    Raises:
        Overtaken: it has already, or another comes first.
    """
    mine = _next(connection, event.ticket_id, now)
    if mine is None or mine.row != event.row:
        raise Overtaken
    change = update(bridge_events).where(bridge_events.c.row == event.row)
    connection.execute(change.values(done=now, result=result, text=""))


def _next(connection: Connection, ticket_id: str, now: datetime) -> OutsideEvent | None:
    c = bridge_events.c
    waiting = select(bridge_events).where(c.ticket_id == ticket_id, c.done.is_(None))
    rows = list(connection.execute(waiting.order_by(c.row)).mappings())
    for source in dict.fromkeys(row["source"] for row in rows):
        mine = [row for row in rows if row["source"] == source]
        plain = [row for row in mine if row["number"] is None]
        expected = 1 + (
            connection.scalar(
                select(func.max(c.number)).where(
                    c.source == source, c.ticket_id == ticket_id, c.done.is_not(None)
                )
            )
            or 0
        )
        numbered = sorted((row for row in mine if row["number"]), key=lambda row: row["number"])
        waited = [row["number"] for row in numbered if row["until"] <= now]
        ready = [row for row in numbered if row["number"] <= max([expected, *waited])]
        for row in (*ready[:1], *plain[:1]):
            return OutsideEvent(
                source=source,
                id=row["event"],
                ticket_id=ticket_id,
                kind=row["kind"],
                by=Worker(row["by"], row["name"]),
                text=row["text"],
                number=row["number"],
                row=row["row"],
                late=bool(row["number"]) and row["number"] < expected,
            )
    return None
