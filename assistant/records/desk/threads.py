"""What the bot and who asks do in conversations. Blocking; call it from a thread.

Each method is one transaction that nobody else writes in, and reads there who holds the
conversation. So the log's order is the order of events, and behind the entry by which somebody took
a conversation over there is nothing of the bot.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, select

from assistant.desk.states import OPEN, Cause, Holder, moved
from assistant.errors import DeskConflict, TakenOver
from assistant.records.desk.bell import Bell
from assistant.records.desk.events import (
    Event,
    Notices,
    Targets,
    no_targets,
    nothing_told,
    tell,
)
from assistant.records.desk.log import ATTACHMENT, INTERNAL, Kind, Log, LogEntry, Thread
from assistant.records.desk.tables import threads
from assistant.records.desk.tickets import Ticket, TicketRows
from guardrails import clock
from guardrails.store.store import Store

_SPOKEN: Final = frozenset({Holder.BOT, Holder.SOLVED})
"""Who holds a conversation in which the bot may say something: to thanks, once it is solved."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of what somebody said. thread: as it is now, perhaps another conversation's.

    entry: as it is logged. again: it had been sent before, and nothing was added.
    """

    thread: Thread
    entry: LogEntry
    again: bool = False

    @property
    def for_the_bot(self) -> bool:
        """Whether the bot is to answer."""
        return self.entry.kind == "question"


@dataclass(frozen=True, slots=True)
class Threads:
    """Conversations and who holds them.

    bell: is rung when something was said. targets, notices: as ``Desk`` has them.
    """

    engine: Engine
    bell: Bell = field(default_factory=Bell)
    targets: Targets = no_targets
    notices: Notices = nothing_told

    @property
    def _store(self) -> Store:
        return Store(self.engine)

    def thread(self, conversation_id: str) -> Thread:
        """Return who holds a conversation, or the one in which it goes on."""
        with self._store.reading() as ledger:
            return Log(ledger.connection, clock.now()).thread(conversation_id)

    def own(self, conversation_id: str) -> Thread:
        """Return who holds exactly this conversation, also if it goes on elsewhere."""
        with self._store.reading() as ledger:
            return Log(ledger.connection, clock.now()).thread(conversation_id, last=False)

    def entries(
        self, conversation_id: str, after: int = 0, *, notes: bool = False
    ) -> list[LogEntry]:
        """Return what was said behind a number. notes: also what is the team's alone."""
        with self._store.reading() as ledger:
            log = Log(ledger.connection, clock.now())
            return log.entries(conversation_id, after, without=() if notes else INTERNAL)

    def take(
        self,
        conversation_id: str,
        turn_id: str,
        text: str,
        *,
        thanks: bool = False,
        client_id: str | None = None,
    ) -> Taken:
        """Log what somebody says: to the bot, or to a person who holds the conversation.

        thanks: it is thanks, a greeting or a farewell: no reason to open what is solved. What is
        said after the end begins another conversation of the same person; where a person of the
        team had worked on it, under a ticket that names the one before.
        """
        with self._writing() as log:
            thread = log.thread(conversation_id)
            if sent := log.sent(conversation_id, client_id, "question", "user"):
                return Taken(thread, sent, again=True)
            if thread.holder is Holder.CLOSED:
                thread = self._after_the_end(log, thread, "" if thanks else text)
            if thread.holder is Holder.SOLVED and not thanks:
                thread = self._reopened(log, thread)
            to_bot = thread.holder in _SPOKEN
            by = log.owner(thread.conversation_id)
            entry = LogEntry(
                thread.conversation_id,
                "question" if to_bot else "user",
                text,
                by=by,
                ticket_id=None if to_bot else thread.ticket_id,
                turn_id=turn_id if to_bot else None,
                client_id=client_id,
            )
            thread, entry = log.add(thread, entry)
            if not to_bot:
                self._waits(log, thread, entry)
        return Taken(self._rung(thread), entry)

    def hand_in(
        self,
        conversation_id: str,
        name: str,
        detail: Mapping[str, Any],
        keep: Callable[[Connection, LogEntry], None],
        client_id: str | None = None,
    ) -> Taken:
        """Log that somebody sends a file to the person who holds the conversation.

        detail: of the entry. keep: stores the file in the same transaction.

        Raises:
            DeskConflict: nobody of the team holds it, or ``keep`` does not take it.
        """
        with self._writing() as log:
            thread = log.thread(conversation_id)
            if sent := log.sent(conversation_id, client_id, "user", file=ATTACHMENT in detail):
                return Taken(thread, sent, again=True)
            if thread.holder not in OPEN:
                raise DeskConflict(
                    "Files are for people, and nobody of the team holds this conversation.",
                    hint="Ask for a person first.",
                )
            by = log.owner(thread.conversation_id)
            entry = LogEntry(
                thread.conversation_id, "user", name, by=by, ticket_id=thread.ticket_id
            )
            thread, entry = log.add(thread, replace(entry, detail=detail, client_id=client_id))
            keep(log.connection, entry)
            self._waits(log, thread, entry)
        return Taken(self._rung(thread), entry)

    def say(self, conversation_id: str, turn_id: str, text: str) -> int:
        """Log a piece of an answer, which may be shown from then on; return its number.

        Raises:
            TakenOver: the bot does not hold the conversation, or a person has held it since.
        """
        with self._writing() as log:
            thread = log.thread(conversation_id, last=False)
            _check_bots(log, thread, turn_id)
            entry = LogEntry(conversation_id, "piece", text, turn_id=turn_id)
            thread, entry = log.add(thread, entry)
        self._rung(thread)
        return entry.number

    def forget(self, turn_id: str) -> None:
        """Take a question back that is asked again at once; nothing of an answer was shown."""
        with self._writing() as log:
            log.forget_turn(turn_id)

    def fail(self, conversation_id: str, turn_id: str, why: str) -> None:
        """Log that there is no answer. why: as who asked was told."""
        with self._writing() as log:
            thread = log.thread(conversation_id, last=False)
            thread, _ = log.add(thread, LogEntry(conversation_id, "failed", why, turn_id=turn_id))
        self._rung(thread)

    def pieces(self, turn_id: str) -> str:
        """Return what was shown of an answer that has not ended."""
        with self._store.reading() as ledger:
            return Log(ledger.connection, clock.now()).pieces(turn_id)

    def unended(self) -> list[LogEntry]:
        """Return the questions whose answers have not ended."""
        with self._store.reading() as ledger:
            return Log(ledger.connection, clock.now()).unended()

    def over(self, holder: Holder, cause: Cause, before: datetime, among: str | None = None) -> int:
        """Close what has been over since a moment; return how many conversations.

        What is solved has been so since then; in what the bot holds nothing has been said since.
        among: of this conversation alone.
        """
        at = "since" if holder is Holder.SOLVED else "latest"
        query = select(threads.c.conversation_id).where(
            threads.c.holder == holder.value, threads.c[at] <= before
        )
        if among is not None:
            query = query.where(threads.c.conversation_id == among)
        with self._store.reading() as ledger:
            names = list(ledger.connection.scalars(query.limit(_AT_ONCE)))
        return sum(self._over(name, holder, cause, before) for name in names)

    def _over(self, name: str, holder: Holder, cause: Cause, before: datetime) -> bool:
        with self._writing() as log:
            thread = log.thread(name, last=False)
            at = thread.since if holder is Holder.SOLVED else thread.latest
            answering = holder is Holder.BOT and log.unended(name)
            if thread.holder is not holder or at > before or answering:
                return False
            self._closed(log, thread, cause)
        self._rung(thread)
        return True

    @contextmanager
    def _writing(self) -> Iterator[Log]:
        with self._store.transaction() as ledger:
            yield Log(ledger.connection, clock.now())

    def _rung(self, thread: Thread) -> Thread:
        self.bell.ring(thread.conversation_id)
        return thread

    def _after_the_end(self, log: Log, thread: Thread, text: str) -> Thread:
        """Begin the next conversation. text: what is wanted; empty: nothing, it is thanked for."""
        fresh = log.next_conversation(thread)
        if thread.ticket_id is None or not text:
            return fresh
        rows = TicketRows(log.connection)
        before = rows.get(thread.ticket_id)
        if before.cause in {"returned", "withdrawn", "timed_out"}:
            return fresh  # the bot held it last
        first, solve = self.targets(log.now, "normal")
        ticket = rows.add(
            Ticket(
                conversation_id=fresh.conversation_id,
                language=before.language,
                message=text,
                contact=before.contact,
                subject=before.subject,
                reason="again",
                segment=before.segment,
                channel=before.channel,
                owner=before.owner,
                linked_to=before.id,
                user_waits_since=log.now,
                first_reply_due=first,
                solve_due=solve,
                created_at=log.now,
                updated_at=log.now,
            )
        )
        fresh, entry = _held(log, fresh, Holder.WAITING, ticket, "ask", reason="again")
        tell(log.connection, self.notices, Event("ticket.opened", ticket, entry))
        return fresh

    def _reopened(self, log: Log, thread: Thread) -> Thread:
        rows = TicketRows(log.connection)
        if thread.ticket_id is None:
            raise DeskConflict("What is solved has a ticket; this conversation has none.")
        ticket = rows.get(thread.ticket_id)
        values = {"solved_at": None, "cause": None, "reopened": ticket.reopened + 1}
        holder = moved(thread.holder, "reopen")
        ticket = rows.change(ticket, status=holder, updated_at=log.now, **values)
        thread, entry = _held(log, thread, holder, ticket, "reopen")
        tell(log.connection, self.notices, Event("ticket.reopened", ticket, entry))
        return thread

    def _waits(self, log: Log, thread: Thread, said: LogEntry) -> None:
        if thread.ticket_id is None:
            return
        rows = TicketRows(log.connection)
        ticket = rows.get(thread.ticket_id)
        since = ticket.user_waits_since or log.now
        ticket = rows.change(ticket, user_waits_since=since, updated_at=log.now, notified=False)
        tell(log.connection, self.notices, Event("ticket.written", ticket, said))

    def _closed(self, log: Log, thread: Thread, cause: Cause) -> None:
        rows = TicketRows(log.connection)
        ticket = rows.get(thread.ticket_id) if thread.ticket_id else None
        after = replace(thread, holder=moved(thread.holder, "close"), since=log.now)
        told = {"from": thread.holder.value, "to": Holder.CLOSED.value, "move": "close"}
        entry = LogEntry(thread.conversation_id, "moved", ticket_id=thread.ticket_id)
        _, entry = log.add(after, replace(entry, detail={**told, "cause": cause}))
        if ticket is not None and ticket.status is not Holder.CLOSED:
            values = {"cause": ticket.cause or cause, "closed_at": log.now, "updated_at": log.now}
            ticket = rows.change(ticket, status=Holder.CLOSED, **values)
            tell(log.connection, self.notices, Event("ticket.closed", ticket, entry))


def ended(log: Log, conversation_id: str, turn_id: str, *, shown: bool) -> int:
    """Log that an answer has ended, in the transaction that stores its turn; return the number.

    shown: all of it is shown, which needs the bot to hold the conversation, and the turn has it;
    else what was said of it stays in the log, before what came between.

    Raises:
        TakenOver: the bot does not hold the conversation any more.
    """
    thread = log.thread(conversation_id, last=False)
    if shown:
        _check_bots(log, thread, turn_id)
        log.forget_pieces(turn_id)
    kind: Kind = "answer" if shown else "cut"
    _, entry = log.add(thread, LogEntry(conversation_id, kind, turn_id=turn_id))
    return entry.number


def _check_bots(log: Log, thread: Thread, turn_id: str) -> None:
    """Check that the bot may go on with an answer.

    Raises:
        TakenOver: it does not hold the conversation, or a person has held it since the question.
    """
    if thread.holder not in _SPOKEN or log.claimed_since(thread.conversation_id, turn_id):
        raise TakenOver("A person speaks in this conversation now.", hint="Wait for their answer.")


def _held(
    log: Log, thread: Thread, holder: Holder, ticket: Ticket, move: str, **detail: str
) -> tuple[Thread, LogEntry]:
    """Let somebody hold a conversation from now on, and log it."""
    after = replace(thread, holder=holder, ticket_id=ticket.id, since=log.now)
    told = {"from": thread.holder.value, "to": holder.value, "move": move, **detail}
    told["ticket"] = str(ticket.number)
    entry = LogEntry(thread.conversation_id, "moved", ticket_id=ticket.id, detail=told)
    return log.add(after, entry)
