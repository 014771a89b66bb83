"""Lists of tickets: filtered, ordered, counted and cut by the database. Blocking; from a thread."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    case,
    false,
    func,
    not_,
    or_,
    select,
)

from assistant.desk.states import OPEN
from assistant.records.desk.tables import tickets
from assistant.records.desk.tickets import Ticket, TicketRows, ticket_of
from assistant.records.queue.looking import lookers
from assistant.wire.queue import OrderName, TicketFilter
from guardrails import clock

BY_HAND: Final = "desk:"
"""What the owner of a conversation begins with that the team began: nobody asks in it."""
_OPEN: Final = tuple(sorted(OPEN))
_AT_ONCE: Final = 500
_URGENCY: Final = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. total: of all of it. numbers: of the tickets that these name, by id.

    looking: who looks at them now, by id: agents and names.
    """

    tickets: Sequence[Ticket]
    total: int
    numbers: Mapping[str, int] = field(default_factory=dict)
    looking: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """Lists of tickets, as one agent sees them. viewer: their id."""

    engine: Engine
    viewer: str = ""

    def page(
        self, filters: Sequence[TicketFilter], order: OrderName, limit: int, offset: int
    ) -> Page:
        """Return tickets for which all filters hold.

        Raises:
            UnknownTicket: ``person_of`` names none.
        """
        now = clock.now()
        with self.engine.connect() as connection:
            which = self._which(connection, filters, now)
            total = connection.scalar(select(func.count()).select_from(tickets).where(which)) or 0
            query = select(tickets).where(which).order_by(*_ordered(order, now))
            rows = connection.execute(query.limit(limit).offset(offset)).mappings()
            found = [ticket_of(row) for row in rows]
            return Page(found, total, numbers(connection, found), lookers(connection, found, now))

    def alone(self, ticket: Ticket) -> Page:
        """Return one ticket as a list."""
        with self.engine.connect() as connection:
            one = [ticket]
            return Page(one, 1, numbers(connection, one), lookers(connection, one, clock.now()))

    def counts(self, views: Mapping[str, TicketFilter]) -> dict[str, int]:
        """Return how many tickets each filter finds, in one look at the table."""
        now = clock.now()
        with self.engine.connect() as connection:
            sums = [
                func.coalesce(func.sum(case((self._which(connection, [one], now), 1), else_=0)), 0)
                for one in views.values()
            ]
            row = connection.execute(select(*sums)).one() if sums else ()
        return dict(zip(views, map(int, row), strict=True))

    def total(self, filters: Sequence[TicketFilter]) -> int:
        """Return how many tickets all filters find."""
        with self.engine.connect() as connection:
            which = self._which(connection, filters, clock.now())
            return connection.scalar(select(func.count()).select_from(tickets).where(which)) or 0

    def each(self, filters: Sequence[TicketFilter], order: OrderName) -> Iterator[Ticket]:
        """Yield tickets for which all filters hold, read in portions."""
        now = clock.now()
        with self.engine.connect() as connection:
            which = self._which(connection, filters, now)
            query = select(tickets.c.id).where(which).order_by(*_ordered(order, now))
            ids = list(connection.scalars(query))
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            with self.engine.connect() as connection:
                query = select(tickets).where(tickets.c.id.in_(part))
                rows = {row["id"]: row for row in connection.execute(query).mappings()}
            yield from (ticket_of(rows[name]) for name in part if name in rows)

    def _which(
        self, connection: Connection, filters: Sequence[TicketFilter], now: datetime
    ) -> ColumnElement[bool]:
        parts = [part for one in filters for part in _conditions(one, self.viewer, now)]
        persons = (one.person_of for one in filters if one.person_of)
        parts += [of_person(TicketRows(connection).get(name)) for name in persons]
        return and_(*parts) if parts else ~false()


def of_person(ticket: Ticket) -> ColumnElement[bool]:
    """Return the condition for all tickets of the person of one; of nobody, for that one."""
    if not ticket.owner or ticket.owner.startswith(BY_HAND):
        return tickets.c.conversation_id == ticket.conversation_id
    return tickets.c.owner == ticket.owner


def numbers(connection: Connection, found: Sequence[Ticket]) -> dict[str, int]:
    """Return the numbers of the tickets that some are linked to or merged into, by id."""
    named = {name for one in found for name in (one.linked_to, one.merged_into) if name}
    query = select(tickets.c.id, tickets.c.number).where(tickets.c.id.in_(named))
    return {row.id: row.number for row in connection.execute(query)} if named else {}


def _overdue(now: datetime) -> ColumnElement[bool]:
    late = or_(
        and_(tickets.c.first_reply_at.is_(None), tickets.c.first_reply_due < now),
        tickets.c.solve_due < now,
    )
    return and_(tickets.c.status.in_(_OPEN), func.coalesce(late, false()))


def _conditions(wanted: TicketFilter, viewer: str, now: datetime) -> Iterator[ColumnElement[bool]]:
    c = tickets.c
    many = {c.status: wanted.status, c.reason: wanted.reason, c.priority: wanted.priority}
    yield from (column.in_(words) for column, words in many.items() if words)
    if wanted.channel:
        yield c.channel.in_(wanted.channel)
    for said, holds in _whether(wanted, now):
        if said is not None:
            yield holds if said else not_(holds)
    if wanted.mine:
        yield c.assignee == viewer
    if wanted.unassigned:
        yield c.assignee.is_(None)
    yield from (
        holds
        for said, holds in (
            (wanted.agent, c.assignee == wanted.agent),
            (wanted.language, c.language == wanted.language),
            (wanted.segment, _within(wanted.segment or "")),
        )
        if said is not None
    )
    if wanted.created_from is not None:
        yield c.created_at >= wanted.created_from
    if wanted.created_until is not None:
        yield c.created_at < wanted.created_until


def _whether(
    wanted: TicketFilter, now: datetime
) -> tuple[tuple[bool | None, ColumnElement[bool]], ...]:
    """Return what is asked as yes or no; None: it is not asked."""
    return (
        (wanted.open, tickets.c.status.in_(_OPEN)),
        (wanted.overdue, _overdue(now)),
        (wanted.user_waits, tickets.c.user_waits_since.is_not(None)),
    )


def _within(segment: str) -> ColumnElement[bool]:
    below = tickets.c.segment.startswith(f"{segment}.", autoescape=True)
    return or_(tickets.c.segment == segment, below)


def _ordered(order: OrderName, now: datetime) -> tuple[ColumnElement[object], ...]:
    c, newest = tickets.c, tickets.c.number.desc()
    if order == "oldest":
        return (c.number.asc(),)
    if order == "updated":
        return (c.updated_at.desc(), newest)
    waits = (*_late_nulls(c.user_waits_since), newest)
    if order == "waiting":
        return waits
    due = case(
        (c.first_reply_at.is_(None), func.coalesce(c.first_reply_due, c.solve_due)),
        else_=c.solve_due,
    )
    is_open = case((c.status.in_(_OPEN), 0), else_=1)
    if order == "priority":
        return (is_open, case(_URGENCY, value=c.priority, else_=9), *_late_nulls(due), newest)
    if order == "due":
        late = case((_overdue(now), 0), else_=1)
        return (late, is_open, *_late_nulls(due), *waits)
    return (newest,)


def _late_nulls(column: ColumnElement[object]) -> tuple[ColumnElement[object], ...]:
    """Order by a column, and what has no value last, in every database."""
    return case((column.is_(None), 1), else_=0), column.asc()
