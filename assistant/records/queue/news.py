"""What agents are told of tickets, in the transaction of what happened. Blocking; from a thread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from assistant.records.desk.agents import known
from assistant.records.desk.events import Event
from assistant.records.desk.tables import tickets
from assistant.records.desk.tickets import TicketRows
from assistant.records.queue.tables import news
from assistant.wire.queue import NewsItem, NewsKind, NewsList
from guardrails.store.outbox import OutboxMessage
from guardrails.store.store import Store

MENTIONS: Final = "mentions"
"""Under which the detail of a note has the ids of agents."""


def noted(connection: Connection, event: Event) -> Sequence[OutboxMessage]:
    """Note for agents what concerns them; nobody is told of what they did themselves."""
    for kind, whom in _concerned(connection, event):
        by = event.by
        for agent in dict.fromkeys(whom):
            if by is None or agent != by.id:
                _note(connection, kind, agent, event)
    return ()


def _concerned(connection: Connection, event: Event) -> Iterable[tuple[NewsKind, list[str]]]:
    assignee = [event.ticket.assignee] if event.ticket.assignee else []
    if event.kind == "ticket.opened":
        yield "new", [worker.id for worker in known(connection)]
    elif event.kind == "ticket.assigned":
        yield "assigned", assignee
    elif event.kind == "ticket.written":
        yield "written", assignee
    elif event.kind == "ticket.reopened":
        yield "reopened", assignee
    elif event.kind == "ticket.noted" and (named := event.entry.detail.get(MENTIONS)):
        there = {worker.id for worker in known(connection)}
        yield "mentioned", [agent for agent in named if agent in there]


def _note(connection: Connection, kind: NewsKind, agent: str, event: Event) -> None:
    """Add one; what was not seen yet of the same kind and ticket is replaced by it."""
    c = news.c
    same = (c.agent == agent) & (c.ticket_id == event.ticket.id) & (c.kind == kind)
    connection.execute(delete(news).where(same, c.seen.is_(False)))
    row = {"agent": agent, "kind": kind, "ticket_id": event.ticket.id, "at": event.entry.at}
    by = event.by.name if event.by else ""
    connection.execute(insert(news).values(**row, entry=event.entry.number, by=by, seen=False))


@dataclass(frozen=True, slots=True)
class News:
    """What one agent is told."""

    engine: Engine
    agent: str

    def newest(self, limit: int, *, unseen: bool = False) -> NewsList:
        """Return the newest. unseen: those alone that they have not seen."""
        c = news.c
        query = (
            select(news, tickets.c.number.label("ticket"), tickets.c.subject)
            .join(tickets, tickets.c.id == c.ticket_id)
            .where(c.agent == self.agent)
        )
        if unseen:
            query = query.where(c.seen.is_(False))
        mine = select(func.count()).where(c.agent == self.agent, c.seen.is_(False))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(c.number.desc()).limit(limit)).mappings()
            items = tuple(NewsItem.model_validate(dict(row)) for row in rows)
            return NewsList(news=items, unseen=connection.scalar(mine) or 0)

    def see(self, until: int | None, ticket: str | None) -> None:
        """Note what they have seen: up to a number, of a ticket, or both; neither: all.

        Raises:
            UnknownTicket: there is no such ticket.
        """
        c = news.c
        which = [c.agent == self.agent, c.seen.is_(False)]
        with Store(self.engine).transaction() as ledger:
            if until is not None:
                which.append(c.number <= until)
            if ticket is not None:
                which.append(c.ticket_id == TicketRows(ledger.connection).get(ticket).id)
            ledger.connection.execute(update(news).where(*which).values(seen=True))
