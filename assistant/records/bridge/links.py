"""Which ticket of Zammad a ticket is, and what of it has arrived there. On one connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, delete, insert, or_, select, update

from assistant.records.bridge.tables import bridge_posts, bridge_tickets
from assistant.records.queue.mailing import thread_of
from assistant.sending.bridge_settings import ZAMMAD
from guardrails.store.outbox import OutboxMessage
from guardrails.store.sql_tables import deliveries, outbox

BELL: Final = "ticket.bell"
"""Topic of the message by which a ticket is looked at on both sides; it says nothing else."""
_FRESH: Final = timedelta(days=1)
Openness = Literal["", "open", "closed"]
"""Of a ticket, as both desks can say it. Empty: nobody has said yet."""


@dataclass(frozen=True, slots=True)
class Link:
    """What is kept of a ticket; see ``assistant.records.bridge.tables.bridge_tickets``."""

    ticket_id: str
    told: int = 0
    there: int | None = None
    begun: datetime | None = None
    state: Openness = ""
    owner: int | None = None
    rung: datetime | None = None
    synced: datetime | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An entry of the log that was sent. there: the article; None: nobody knows if it arrived."""

    entry_id: str
    begun: datetime
    there: int | None


class Links:
    """The links on one connection. Whoever opened it commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, ticket_id: str) -> Link:
        """Return the link of a ticket; an empty one where nobody knows it."""
        query = select(bridge_tickets).where(bridge_tickets.c.ticket_id == ticket_id)
        row = self._connection.execute(query).mappings().first()
        return Link(**row) if row else Link(ticket_id)

    def of(self, there: int) -> str | None:
        """Return the ticket that is one of Zammad's; None: it is none of ours."""
        query = select(bridge_tickets.c.ticket_id).where(bridge_tickets.c.there == there)
        return self._connection.scalar(query)

    def change(self, ticket_id: str, **values: Any) -> None:
        """Change some values of a link, or begin it with them."""
        mine = update(bridge_tickets).where(bridge_tickets.c.ticket_id == ticket_id)
        if not self._connection.execute(mine.values(**values)).rowcount:
            row = {"ticket_id": ticket_id, **values}
            self._connection.execute(insert(bridge_tickets).values(**row))

    def count(self, ticket_id: str) -> int:
        """Return the number of the next event that is told of a ticket, from 1, without gaps."""
        number = self.get(ticket_id).told + 1
        self.change(ticket_id, told=number)
        return number

    def sent(self, ticket_id: str) -> dict[str, SentEntry]:
        """Return what was sent of a ticket, by the entry's id."""
        query = select(bridge_posts).where(bridge_posts.c.ticket_id == ticket_id)
        rows = self._connection.execute(query).mappings()
        return {
            row["entry_id"]: SentEntry(row["entry_id"], row["begun"], row["there"]) for row in rows
        }

    def begin(self, ticket_id: str, entry_id: str, now: datetime) -> None:
        """Note that an entry is about to be sent."""
        self.withdraw(entry_id)
        row = {"entry_id": entry_id, "ticket_id": ticket_id, "begun": now}
        self._connection.execute(insert(bridge_posts).values(**row))

    def withdraw(self, entry_id: str) -> None:
        """Note that what was about to be sent was not."""
        mine = bridge_posts.c.entry_id == entry_id
        self._connection.execute(delete(bridge_posts).where(mine))

    def arrived(self, ticket_id: str, articles: Mapping[str, int], now: datetime) -> None:
        """Note which articles entries of a ticket have become, by the entry's id."""
        for entry_id, there in articles.items():
            mine = update(bridge_posts).where(bridge_posts.c.entry_id == entry_id)
            if not self._connection.execute(mine.values(there=there)).rowcount:
                row = {"entry_id": entry_id, "ticket_id": ticket_id, "begun": now, "there": there}
                self._connection.execute(insert(bridge_posts).values(**row))

    def ring(self, ticket_id: str, now: datetime) -> Sequence[OutboxMessage]:
        """Return the message by which a ticket is looked at; none where one waits already.

        What waits and nobody has taken up is looked at after this transaction has ended.
        """
        self.change(ticket_id, rung=now)
        thread = thread_of(ticket_id)
        mine = (outbox.c.thread == thread) & (outbox.c.topic == BELL)
        fresh = outbox.c.created > now - _FRESH  # what is old may be refused as too old
        waits = select(outbox.c.id).where(mine, outbox.c.taken_up.is_(None), fresh)
        if self._connection.scalar(waits.limit(1)) is not None:
            return ()
        return [OutboxMessage(BELL, {"ticket_id": ticket_id}, now, thread, (ZAMMAD,))]

    def tidy(self, ticket_id: str) -> None:
        """Delete the bells of a ticket that have ended: they say nothing that is to be kept."""
        goes_on = select(deliveries.c.number).where(
            deliveries.c.message == outbox.c.id, deliveries.c.next_try.is_not(None)
        )
        mine = (outbox.c.thread == thread_of(ticket_id)) & (outbox.c.topic == BELL)
        taken = outbox.c.taken_up.is_not(None)
        ended = list(
            self._connection.scalars(select(outbox.c.id).where(mine, taken, ~goes_on.exists()))
        )
        self._connection.execute(delete(deliveries).where(deliveries.c.message.in_(ended)))
        self._connection.execute(delete(outbox).where(outbox.c.id.in_(ended)))

    def quiet(self, before: datetime, most: int = 100) -> list[str]:
        """Return tickets that nobody has looked at since, and nobody is about to."""
        c = bridge_tickets.c
        old = (
            c.over.is_(False),
            c.rung <= before,
            or_(c.synced.is_(None), c.synced <= before),
        )
        names = list(self._connection.scalars(select(c.ticket_id).where(*old).limit(most)))
        return [name for name in names if not self._rings(name)]

    def _rings(self, ticket_id: str) -> bool:
        mine = (outbox.c.thread == thread_of(ticket_id)) & (outbox.c.topic == BELL)
        goes_on = select(outbox.c.id).join(deliveries, deliveries.c.message == outbox.c.id)
        tries = goes_on.where(mine, deliveries.c.next_try.is_not(None))
        waits = select(outbox.c.id).where(mine, outbox.c.taken_up.is_(None))
        return any(self._connection.scalar(query.limit(1)) for query in (waits, tries))
