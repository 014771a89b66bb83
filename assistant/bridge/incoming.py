"""Lets happen here what people did in another desk, each once and through the desk's own moves.

Nothing here writes a conversation's state: ``Desk`` and ``Threads`` do, with their checks, and note
in the same transaction that the event has had its effect.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from assistant.desk.states import Holder
from assistant.errors import DeskConflict
from assistant.privacy import redact
from assistant.records.bridge.inbox import (
    MOVES,
    Inbox,
    OutsideEvent,
    Overtaken,
    Result,
    settle,
)
from assistant.records.bridge.telling import ORIGIN, NoticesFrom
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Event, Notices, Worker
from assistant.records.desk.log import LogEntry
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.mailing import chained
from guardrails import clock
from guardrails.store.outbox import OutboxMessage
from guardrails.store.store import Store

log = logging.getLogger(__name__)

_TRIES: Final = 5
"""A ticket moves meanwhile, now and then."""

Mark = Callable[[Connection], None]
"""What is noted in the transaction of an effect."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What other desks say. notices_from: who is told of what comes from a source."""

    inbox: Inbox
    desk: Desk
    threads: Threads
    notices_from: NoticesFrom

    def take(self, event: OutsideEvent) -> Result:
        """Store an event and let happen what is due; return what became of it.

        Raises:
            UnknownTicket: there is no such ticket; nothing was stored.
        """
        ticket = self.desk.get(event.ticket_id)
        self.inbox.put(replace(event, ticket_id=ticket.id), clock.now())
        self.drain(ticket.id)
        return self.inbox.result(event.source, event.id)

    def drain(self, ticket_id: str) -> None:
        """Let happen what is due of a ticket, in its order."""
        while (event := self.inbox.next(ticket_id, now := clock.now())) is not None:
            with suppress(Overtaken):
                self._happen(event, now)

    def due(self) -> None:
        """Let happen what has waited long enough, of all tickets."""
        for ticket_id in self.inbox.due(clock.now()):
            self.drain(ticket_id)

    def move(self, ticket_id: str, source: str, to: Holder, by: Worker, mark: Mark) -> None:
        """Solve a ticket, open it again or claim it, as it is in the other desk.

        mark: is noted in the same transaction. Where it cannot be, or is so already, nothing is
        done and nothing is noted.
        """
        ticket, desk = self.desk.get(ticket_id), self._desk(source, mark)
        try:
            if to is Holder.SOLVED and ticket.open:
                desk.solve(ticket_id, by)
            elif to is Holder.WAITING and ticket.status is Holder.SOLVED:
                desk.reopen(ticket_id, by)
            elif to is Holder.PERSON and ticket.status is Holder.WAITING:
                desk.claim(ticket_id, by, take_over=True)
        except (DeskConflict, Overtaken) as error:
            log.info("ticket %s moved meanwhile: %r", ticket.number, error)

    def _happen(self, event: OutsideEvent, now: datetime) -> None:
        """Let one event happen; what the desk refuses however often is kept as a note.

        Raises:
            Overtaken: it has already, or is not next.
        """
        if event.late and event.kind in MOVES:
            self._settled(event, "late", now)
            return
        for left in reversed(range(_TRIES)):
            try:
                if not self._done(event, now):
                    self._settled(event, "nothing", now)
            except DeskConflict as error:
                if not left:
                    self._refused(event, error, now)
            else:
                return

    def _refused(self, event: OutsideEvent, error: DeskConflict, now: datetime) -> None:
        """Settle what cannot happen, so that what comes after it does."""
        log.warning("%s %s cannot happen: %s", event.source, event.id, error.message)
        if event.text:
            self._kept(self.desk.get(event.ticket_id), event, now)
        else:
            self._settled(event, "nothing", now)

    def _done(self, event: OutsideEvent, now: datetime) -> bool:
        """Try once, from how the ticket is now; False: there is nothing to do."""
        ticket = self.desk.get(event.ticket_id)
        says = event.kind in {"replied", "noted", "written"}
        while says and ticket.merged_into:
            ticket = self.desk.get(ticket.merged_into)

        def mark(connection: Connection) -> None:
            settle(connection, event, "done", now)

        desk, by = self._desk(event.source, mark), event.by
        plain = replace(self.desk, notices=self.notices_from(event.source))
        detail = {ORIGIN: {"source": event.source, "id": event.id}}
        if event.kind == "noted":
            desk.note(ticket.id, event.text, by, detail=detail)
        elif says and ticket.status is Holder.CLOSED:
            self._kept(ticket, event, now)
        elif event.kind == "replied":
            if ticket.assignee not in {None, by.id}:
                plain.claim(ticket.id, by, take_over=True)
            desk.reply(ticket.id, event.text, by, detail=detail)
        elif event.kind == "written":
            if ticket.status is Holder.SOLVED:
                plain.reopen(ticket.id, by)

            def keep(connection: Connection, _entry: LogEntry) -> None:
                mark(connection)

            threads = replace(self.threads, notices=plain.notices)
            text = redact(event.text)
            threads.hand_in(ticket.conversation_id, text, detail, keep)
        else:
            return self._moved(desk, ticket, event)
        return True

    def _moved(self, desk: Desk, ticket: Ticket, event: OutsideEvent) -> bool:
        status, by = ticket.status, event.by
        if event.kind == "claimed" and status is not Holder.CLOSED:
            if status is Holder.PERSON and ticket.assignee == by.id:
                return False
            desk.claim(ticket.id, by, take_over=True)
        elif event.kind == "released" and status is Holder.PERSON:
            desk.release(ticket.id, by)
        elif event.kind == "solved" and ticket.open:
            desk.solve(ticket.id, by)
        elif event.kind == "reopened" and status is Holder.SOLVED:
            desk.reopen(ticket.id, by)
        else:
            return False
        return True

    def _kept(self, ticket: Ticket, event: OutsideEvent, now: datetime) -> None:
        """Keep what cannot be said any more as a note: it is not lost, and not shown either."""

        def mark(connection: Connection) -> None:
            settle(connection, event, "kept", now)

        detail = {ORIGIN: {"source": event.source, "id": event.id, "late": True}}
        self._desk(event.source, mark).note(ticket.id, event.text, event.by, detail=detail)

    def _settled(self, event: OutsideEvent, result: Result, now: datetime) -> None:
        with Store(self.inbox.engine).transaction() as ledger:
            settle(ledger.connection, event, result, now)

    def _desk(self, source: str, mark: Mark) -> Desk:
        """Return a desk that notes what it does, and tells of it as of what the source did."""

        def noted(connection: Connection, _event: Event) -> Sequence[OutboxMessage]:
            mark(connection)
            return ()

        notices: Notices = chained(noted, self.notices_from(source))
        return replace(self.desk, notices=notices)
