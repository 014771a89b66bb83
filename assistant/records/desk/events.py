"""What happens to tickets, as others are told of it in the same transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from assistant.records.desk.log import LogEntry
from assistant.records.desk.tickets import Priority, Ticket
from guardrails.store.outbox import Outbox, OutboxMessage


@dataclass(frozen=True, slots=True)
class Worker:
    """Who of the team does something. id: never shown; name: as others are told."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a ticket, as others may be told in the same transaction.

    kind: ``ticket.`` and ``opened``, ``claimed``, ``assigned``, ``released``, ``returned``,
    ``solved``, ``reopened``, ``closed``, ``merged``, ``written`` (by who asked), ``replied`` or
    ``noted``. entry: of the log. by: who of the team did it; None: who asked, or time.
    """

    kind: str
    ticket: Ticket
    entry: LogEntry
    by: Worker | None = None


Notices = Callable[[Connection, Event], Sequence[OutboxMessage]]
"""What is to be told of an event; it may write more in the transaction."""


def nothing_told(_connection: Connection, _event: Event) -> Sequence[OutboxMessage]:
    """Tell nobody."""
    return ()


Also = Callable[[Connection, LogEntry], None]
"""What is written with an entry of the log, in its transaction."""


def nothing_more(_connection: Connection, _entry: LogEntry) -> None:
    """Write nothing more."""


Targets = Callable[[datetime, Priority], tuple[datetime | None, datetime | None]]
"""By when the first reply and the solution are due, from when a ticket came and its priority."""


def no_targets(_at: datetime, _priority: Priority) -> tuple[None, None]:
    """Have no targets."""
    return None, None


def tell(connection: Connection, notices: Notices, event: Event) -> None:
    """Store what is to be told of an event, to be sent by who sends."""
    outbox = Outbox(connection)
    for message in notices(connection, event):
        outbox.put(message)
