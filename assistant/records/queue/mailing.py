"""What is sent of tickets: new ones to the team's channels, and answers to who has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, select, update

from assistant.desk.letters import answered
from assistant.records.desk.events import Event, Notices
from assistant.records.desk.tables import threads, tickets
from assistant.records.desk.tickets import Ticket
from assistant.sending.addresses import is_mailbox
from assistant.sending.mail import EMAIL
from guardrails import clock
from guardrails.store.outbox import OutboxMessage

OPENED: Final = "ticket.opened"
ANSWERED: Final = "ticket.answered"
GONE: Final = timedelta(seconds=60)
"""After which somebody is not there any more, unless they are seen."""
_PARTS: Final = str.maketrans(dict.fromkeys("<>(),;|\"'", " "))
CONVERSATION: Final = "{conversation}"
"""In the address of the chat page: the id of the conversation."""


def chained(*all_of_them: Notices) -> Notices:
    """Return what tells of an event all that each tells of it."""

    def told(connection: Connection, event: Event) -> Sequence[OutboxMessage]:
        return [message for each in all_of_them for message in each(connection, event)]

    return told


def thread_of(ticket_id: str) -> str:
    """Return what the messages about a ticket are called together: they keep their order."""
    return f"ticket {ticket_id}"


@dataclass(frozen=True, slots=True)
class NewTickets:
    """Tells the team's channels of new tickets, without a word of what was said.

    channels: names, as ``slack``; none: nobody is told.
    """

    channels: tuple[str, ...] = ()

    def __call__(self, _connection: Connection, event: Event) -> Sequence[OutboxMessage]:
        """Return the message."""
        if event.kind != OPENED or not self.channels:
            return ()
        ticket = event.ticket
        due = ticket.first_reply_due
        facts = {
            "reason": ticket.reason,
            "priority": ticket.priority,
            "language": ticket.language,
            "segment": ticket.segment,
            "first reply due": due.isoformat(timespec="minutes") if due else "",
        }
        body = {
            "subject": f"New ticket #{ticket.number} ({ticket.priority})",
            "text": "\n".join(f"{name}: {value}" for name, value in facts.items() if value),
            "kind": event.kind,
            "ticket": ticket.number,
            "ticket_id": ticket.id,
            "at": event.entry.at.isoformat(),
        }
        return [
            OutboxMessage(OPENED, body, event.entry.at, thread_of(ticket.id), self.channels),
        ]


@dataclass(frozen=True, slots=True)
class MailToWhoLeft:
    """Writes to who asked, is not there any more and was answered: one mail until they come back.

    link: of the chat page; ``{conversation}`` in it is the conversation's id; empty: none.
    """

    link: str = ""

    def __call__(self, connection: Connection, event: Event) -> Sequence[OutboxMessage]:
        """Return the mail, and note on the ticket that there is one."""
        ticket = event.ticket
        if event.kind != "ticket.replied" or ticket.notified:
            return ()
        address = mailbox(ticket.contact)
        if not address or _there(connection, ticket):
            return ()
        mine = update(tickets).where(tickets.c.id == ticket.id)
        connection.execute(mine.values(notified=True))
        link = self.link.replace(CONVERSATION, ticket.conversation_id)
        letter = answered(ticket.number, ticket.language, link)
        body = {"subject": letter.subject, "text": letter.text, "personal": True}
        to, thread = (f"{EMAIL}:{address}",), thread_of(ticket.id)
        return [OutboxMessage(ANSWERED, body, event.entry.at, thread, to)]


def mailbox(contact: str) -> str:
    """Return the e-mail address in a contact, if it has exactly one; else nothing."""
    words = contact.translate(_PARTS).removeprefix("mailto:").split()
    found = {word.rstrip(".") for word in words if "@" in word}
    good = [word for word in found if is_mailbox(word)]
    return good[0] if len(found) == len(good) == 1 else ""


def _there(connection: Connection, ticket: Ticket) -> bool:
    """Return whether who asked follows the conversation now."""
    query = select(threads.c.seen).where(threads.c.conversation_id == ticket.conversation_id)
    seen = connection.scalar(query)
    return seen is not None and clock.within(seen, GONE, clock.now())
