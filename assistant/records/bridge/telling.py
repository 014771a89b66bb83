"""What other desks are told of tickets, in the transaction of what happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from assistant.records.bridge.links import Links
from assistant.records.desk.events import Event, Notices
from assistant.records.desk.log import LogEntry
from assistant.records.queue.mailing import thread_of
from assistant.sending.bridge_settings import ZAMMAD
from assistant.wire.author import authored
from guardrails.store.outbox import OutboxMessage, new_id

BRIDGE: Final = "bridge"
"""The channel of the webhook that is told of tickets."""
ORIGIN: Final = "bridge"
"""Under which the detail of an entry says from which desk it came, and as what."""
_NOTED: Final = "ticket.noted"
_SPOKEN: Final = frozenset({"user", "team", "note"})

NoticesFrom = Callable[[str], Notices]
"""Who is told of what comes from a source; of what happens here its name is empty."""


@dataclass(frozen=True, slots=True)
class TicketWebhook:
    """Tells the webhook of the bridge. name: of the desk behind it, which is not told its own.

    notes: whether notes of the team are told. source: where what happens comes from.
    """

    name: str
    notes: bool = False
    source: str = ""

    def __call__(self, connection: Connection, event: Event) -> Sequence[OutboxMessage]:
        """Return the message, with the next number of its ticket."""
        if self.source == self.name or (event.kind == _NOTED and not self.notes):
            return ()
        ticket, message_id = event.ticket, new_id()
        body = {
            "id": message_id,
            "number": Links(connection).count(ticket.id),
            "kind": event.kind.removeprefix("ticket."),
            "at": event.entry.at.isoformat(),
            "by": event.by.name if event.by else "",
            "source": self.source,
            "ticket": {
                "id": ticket.id,
                "number": ticket.number,
                "conversation_id": ticket.conversation_id,
                "status": ticket.status.value,
                "subject": ticket.subject,
                # Of one that goes on after an end, what was written follows as an event.
                "message": "" if ticket.reason == "again" else ticket.message,
                "contact": ticket.contact,
                "language": ticket.language,
                "segment": ticket.segment,
                "reason": ticket.reason,
                "priority": ticket.priority,
                "channel": ticket.channel,
                "assignee": ticket.assignee_name,
                "cause": ticket.cause,
                "linked_to": ticket.linked_to,
                "merged_into": ticket.merged_into,
            },
            "entry": _written(event.entry, ticket.language),
        }
        thread, to = thread_of(ticket.id), (BRIDGE,)
        return [OutboxMessage(event.kind, body, event.entry.at, thread, to, message_id)]


@dataclass(frozen=True, slots=True)
class ZammadBell:
    """Has a ticket looked at, unless Zammad itself was what changed it."""

    notes: bool = False
    source: str = ""

    def __call__(self, connection: Connection, event: Event) -> Sequence[OutboxMessage]:
        """Return the bell."""
        if self.source == ZAMMAD or (event.kind == _NOTED and not self.notes):
            return ()
        return Links(connection).ring(event.ticket.id, event.entry.at)


def _written(entry: LogEntry, language: str) -> dict[str, Any] | None:
    """Return what was written, and who is its author; None: somebody moved the ticket."""
    if entry.kind not in _SPOKEN:
        return None
    told: dict[str, Any] = {"number": entry.number, "kind": entry.kind, "text": entry.text}
    if entry.kind != "user":
        author = authored(
            "draft" if entry.detail.get("drafted") else "person",
            entry.name,
            language,
            quoting=bool(entry.detail.get("quoted")),
        )
        told["author"] = author.model_dump()
    return told
