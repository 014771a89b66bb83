"""Tickets, as rows: what a person of the team works on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from assistant.desk.states import OPEN, Cause, Holder, Reason
from assistant.errors import UnknownTicket
from assistant.records.desk.tables import tickets
from guardrails import clock

Priority = Literal["low", "normal", "high", "urgent"]
Channel = Literal["chat", "widget", "api", "desk", "bridge"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request for a person; see ``assistant.records.desk.tables.tickets``.

    message: what who asks wrote, or their question. contact: how to reach them, as they gave it
    (kept as it is: it is meant for the team). owner: whose conversation it is. assignee: id of who
    works on it. user_waits_since: when they said something that nobody has answered, None: never.
    first_reply_due, solve_due: by when, in office hours; None: there is no target. rating: 1 to 5.
    """

    conversation_id: str
    language: str
    message: str
    contact: str = ""
    status: Holder = Holder.WAITING
    number: int = 0
    subject: str = ""
    reason: Reason = "asked"
    priority: Priority = "normal"
    segment: str = ""
    arm: str = ""
    channel: Channel = "api"
    owner: str = ""
    assignee: str | None = None
    assignee_name: str = ""
    linked_to: str | None = None
    merged_into: str | None = None
    cause: Cause | None = None
    user_waits_since: datetime | None = None
    first_reply_due: datetime | None = None
    first_reply_at: datetime | None = None
    solve_due: datetime | None = None
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    rating: int | None = None
    rating_comment: str = ""
    rated_at: datetime | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    notified: bool = False
    id: str = field(default_factory=lambda: str(uuid4()))
    created_at: datetime = field(default_factory=clock.now)
    updated_at: datetime = field(default_factory=clock.now)

    @property
    def open(self) -> bool:
        """Whether somebody of the team has something to do."""
        return self.status in OPEN

    def overdue(self, now: datetime) -> bool:
        """Return whether a target has been missed: of the first reply or of the solution."""
        if not self.open:
            return False
        first = self.first_reply_at is None and self.first_reply_due
        return any(due and due < now for due in (first, self.solve_due))


class TicketRows:
    """The rows of tickets on one connection. Whoever opened it commits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, ticket: Ticket) -> Ticket:
        """Store a new ticket under the next number; return it as it is stored."""
        highest = self._connection.scalar(select(func.max(tickets.c.number))) or 0
        row = {column.name: getattr(ticket, column.name) for column in tickets.c}
        row |= {"number": highest + 1, "status": ticket.status.value}
        self._connection.execute(insert(tickets).values({**row, "summary": dict(ticket.summary)}))
        return self.get(ticket.id)

    def get(self, id_or_number: str) -> Ticket:
        """Return a ticket by its id, or by its number.

        Raises:
            UnknownTicket: there is none.
        """
        mine = tickets.c.id == id_or_number
        digits = id_or_number.removeprefix("#")
        if digits.isascii() and digits.isdecimal() and len(digits) < 10:  # noqa: PLR2004  (an integer)
            mine = or_(mine, tickets.c.number == int(digits))
        row = self._connection.execute(select(tickets).where(mine)).mappings().first()
        if row is None:
            raise UnknownTicket(
                f"There is no ticket {id_or_number!r}.", hint="Name one by its number or id."
            )
        return ticket_of(row)

    def change(self, ticket: Ticket, **values: Any) -> Ticket:
        """Change some values of a ticket; return it as it is stored."""
        plain = {name: v.value if isinstance(v, Holder) else v for name, v in values.items()}
        self._connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(**plain))
        return self.get(ticket.id)


def ticket_of(row: RowMapping) -> Ticket:
    """Return a ticket as it is stored."""
    return Ticket(**{**row, "status": Holder(row["status"])})
