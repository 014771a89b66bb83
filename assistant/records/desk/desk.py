"""What people of the team do with tickets. Blocking; call it from a thread.

Each method is one transaction that nobody else writes in. It moves the ticket and its conversation
together, and logs who did it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Engine, select

from assistant.desk.states import Cause, Holder, Move, moved
from assistant.errors import DeskConflict, UnknownConversation
from assistant.records.desk.agents import known
from assistant.records.desk.bell import Bell
from assistant.records.desk.events import (
    Also,
    Event,
    Notices,
    Targets,
    Worker,
    no_targets,
    nothing_more,
    nothing_told,
    tell,
)
from assistant.records.desk.log import ATTACHMENT, Log, LogEntry, Thread
from assistant.records.desk.tables import tickets
from assistant.records.desk.tickets import Ticket, TicketRows, ticket_of
from guardrails import clock
from guardrails.store.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """The tickets. targets: by when they are due. notices: who is told of what happens."""

    engine: Engine
    bell: Bell = field(default_factory=Bell)
    targets: Targets = no_targets
    notices: Notices = nothing_told

    def open(
        self,
        ticket: Ticket,
        by: Worker | None = None,
        client_id: str | None = None,
        *,
        said: bool = False,
    ) -> Ticket:
        """Open a ticket in its conversation, which nobody but a person answers from then on.

        Where somebody is asked for already it is that ticket, with what is said now added to it.
        by: who of the team opens it by hand; None: who asks does. said: the message is what was
        asked in a turn, and stands in the log already.

        Raises:
            DeskConflict: the conversation is closed.
        """
        with self._writing() as log:
            rows, thread = TicketRows(log.connection), log.thread(ticket.conversation_id)
            if sent := log.sent(ticket.conversation_id, client_id, "moved", "user", "note"):
                return rows.get(str(sent.ticket_id))
            if thread.ticket_id and thread.holder in {Holder.WAITING, Holder.PERSON}:
                return self._added(log, thread, ticket, by, client_id)
            before = rows.get(thread.ticket_id) if thread.ticket_id else None
            if thread.holder is Holder.CLOSED and by is None:
                thread = log.next_conversation(thread)
            if thread.holder is Holder.SOLVED and before is not None:
                reopened = self._reopen(log, thread, before)
                return self._added(log, reopened, ticket, by, client_id)
            first, solve = self.targets(log.now, ticket.priority)
            kept = rows.add(
                replace(
                    ticket,
                    conversation_id=thread.conversation_id,
                    owner=ticket.owner or log.owner(thread.conversation_id),
                    linked_to=ticket.linked_to or (before.id if before else None),
                    user_waits_since=log.now,
                    first_reply_due=first,
                    solve_due=solve,
                    created_at=log.now,
                    updated_at=log.now,
                )
            )
            told = {"reason": kept.reason}
            thread, entry = self._moved(log, thread, kept, "ask", by, told, client_id)
            if kept.message and not said:
                log.add(thread, _opening(kept, by))
            self._tell(log, Event("ticket.opened", kept, entry, by))
        self.bell.ring(kept.conversation_id)
        return kept

    def claim(self, ticket_id: str, by: Worker, *, take_over: bool = False) -> Ticket:
        """Let somebody of the team hold a ticket and its conversation.

        take_over: also if another has it.

        Raises:
            DeskConflict: another has it, or it is closed.
        """

        def check(ticket: Ticket) -> None:
            if ticket.assignee not in {None, by.id} and ticket.open and not take_over:
                raise DeskConflict(
                    f"{ticket.assignee_name} has ticket #{ticket.number}.",
                    hint="Take it over if they know.",
                )

        values = {"assignee": by.id, "assignee_name": by.name, "solved_at": None, "cause": None}
        return self._move(ticket_id, "claim", by, values, check, kind="ticket.claimed")

    def assign(self, ticket_id: str, to: Worker, by: Worker) -> Ticket:
        """Give a ticket to somebody, who holds its conversation from then on.

        Raises:
            DeskConflict: it is closed.
        """
        values = {"assignee": to.id, "assignee_name": to.name, "solved_at": None, "cause": None}
        told = {"to_name": to.name}
        return self._move(ticket_id, "claim", by, values, kind="ticket.assigned", told=told)

    def release(self, ticket_id: str, by: Worker) -> Ticket:
        """Give a ticket back to the queue.

        Raises:
            DeskConflict: nobody has it.
        """
        values = {"assignee": None, "assignee_name": ""}
        return self._move(ticket_id, "release", by, values, kind="ticket.released")

    def give_back(self, ticket_id: str, by: Worker | None) -> Ticket:
        """Let the bot hold the conversation again; the ticket is closed. by: None: who asked.

        Raises:
            DeskConflict: nobody of the team is asked for.
        """
        now, cause = clock.now(), "returned" if by else "withdrawn"
        values = {"closed_at": now, "cause": cause, "user_waits_since": None}
        return self._move(
            ticket_id, "return", by, values, kind="ticket.returned", told={"cause": cause}
        )

    def solve(self, ticket_id: str, by: Worker, cause: Cause = "solved") -> Ticket:
        """Say that a ticket is solved; it is closed after a while.

        Raises:
            DeskConflict: it is not open.
        """
        values = {"solved_at": clock.now(), "cause": cause, "user_waits_since": None}
        return self._move(
            ticket_id, "solve", by, values, kind="ticket.solved", told={"cause": cause}
        )

    def reopen(self, ticket_id: str, by: Worker) -> Ticket:
        """Open what was solved again.

        Raises:
            DeskConflict: it is not solved, or closed already.
        """
        with self._reading() as rows:
            count = rows.get(ticket_id).reopened
        values = {"solved_at": None, "cause": None, "reopened": count + 1}
        return self._move(ticket_id, "reopen", by, values, kind="ticket.reopened")

    def reply(
        self,
        ticket_id: str,
        text: str,
        by: Worker,
        *,
        client_id: str | None = None,
        detail: Mapping[str, Any] | None = None,
        also: Also = nothing_more,
    ) -> LogEntry:
        """Say something to who asked; who replies has the ticket, if nobody has.

        client_id: sending again with the same adds nothing. detail: plain values beside it.
        also: writes more in the same transaction; what it raises undoes all.

        Raises:
            DeskConflict: another has the ticket, or it is closed.
        """
        with self._writing() as log:
            rows = TicketRows(log.connection)
            ticket = rows.get(ticket_id)
            thread = log.thread(ticket.conversation_id, last=False)
            file = ATTACHMENT in (detail or {})
            if sent := log.sent(thread.conversation_id, client_id, "team", file=file):
                return sent
            _current(thread, ticket)
            if ticket.assignee not in {None, by.id}:
                raise DeskConflict(
                    f"{ticket.assignee_name} has ticket #{ticket.number}; nothing was sent.",
                    hint="Take it over first.",
                )
            if thread.holder is not Holder.PERSON:
                values = {"assignee": by.id, "assignee_name": by.name}
                ticket = rows.change(
                    ticket, status=Holder.PERSON, solved_at=None, cause=None, **values
                )
                thread, _ = self._moved(log, thread, ticket, "claim", by)
            said = LogEntry(
                thread.conversation_id,
                "team",
                text,
                by=by.id,
                name=by.name,
                ticket_id=ticket.id,
                detail=detail or {},
                client_id=client_id,
            )
            thread, entry = log.add(thread, said)
            also(log.connection, entry)
            ticket = rows.change(
                ticket,
                assignee=by.id,
                assignee_name=by.name,
                first_reply_at=ticket.first_reply_at or log.now,
                user_waits_since=None,
                updated_at=log.now,
            )
            self._tell(log, Event("ticket.replied", ticket, entry, by))
        self.bell.ring(ticket.conversation_id)
        return entry

    def note(
        self,
        ticket_id: str,
        text: str,
        by: Worker,
        *,
        client_id: str | None = None,
        detail: Mapping[str, Any] | None = None,
        also: Also = nothing_more,
    ) -> LogEntry:
        """Write something for the team alone; also on what is closed. The rest: see ``reply``."""
        with self._writing() as log:
            rows = TicketRows(log.connection)
            ticket = rows.get(ticket_id)
            thread = log.thread(ticket.conversation_id, last=False)
            file = ATTACHMENT in (detail or {})
            if sent := log.sent(thread.conversation_id, client_id, "note", file=file):
                return sent
            said = LogEntry(thread.conversation_id, "note", text, by=by.id, name=by.name)
            said = replace(said, ticket_id=ticket.id, detail=detail or {}, client_id=client_id)
            thread, entry = log.add(thread, said)
            also(log.connection, entry)
            ticket = rows.change(ticket, updated_at=log.now)
            self._tell(log, Event("ticket.noted", ticket, entry, by))
        self.bell.ring(ticket.conversation_id)
        return entry

    def merge(self, ticket_id: str, into: str, by: Worker) -> Ticket:
        """Close a ticket as a duplicate of another of the same person; return that one.

        What they had said under it stands in the other as a note. What is said in its conversation
        from then on goes into the other's.

        Raises:
            DeskConflict: they are the same, of different people, or one of them is closed.
        """
        with self._writing() as log:
            rows = TicketRows(log.connection)
            ticket, target = rows.get(ticket_id), rows.get(into)
            _may_merge(ticket, target)
            thread = log.thread(ticket.conversation_id, last=False)
            _current(thread, ticket)
            values = {"merged_into": target.id, "cause": "merged", "closed_at": log.now}
            ticket = rows.change(ticket, status=Holder.CLOSED, updated_at=log.now, **values)
            told = {"cause": "merged", "into": str(target.number)}
            thread, entry = self._moved(log, thread, ticket, "close", by, told)
            if thread.conversation_id != target.conversation_id:
                log.put(replace(thread, goes_on_in=target.conversation_id))
            other = log.thread(target.conversation_id, last=False)
            note = {"from": str(ticket.number), "conversation": ticket.conversation_id}
            log.add(
                other,
                LogEntry(
                    other.conversation_id,
                    "note",
                    _all_said(log, ticket),
                    by=by.id,
                    name=by.name,
                    ticket_id=target.id,
                    detail={"merged": note},
                ),
            )
            both = (ticket.user_waits_since, target.user_waits_since)
            since = min(filter(None, both), default=None)
            target = rows.change(target, user_waits_since=since, updated_at=log.now)
            self._tell(log, Event("ticket.merged", ticket, entry, by))
        self.bell.ring(ticket.conversation_id)
        self.bell.ring(target.conversation_id)
        return target

    def link(self, ticket_id: str, to: str, by: Worker) -> Ticket:
        """Note that a ticket belongs together with another, which may be another person's.

        Raises:
            DeskConflict: they are the same.
        """
        with self._writing() as log:
            rows = TicketRows(log.connection)
            ticket, target = rows.get(ticket_id), rows.get(to)
            if ticket.id == target.id:
                raise DeskConflict("A ticket is not linked to itself.")
            thread = log.thread(ticket.conversation_id, last=False)
            note = LogEntry(thread.conversation_id, "note", by=by.id, name=by.name)
            log.add(
                thread,
                replace(note, ticket_id=ticket.id, detail={"linked": str(target.number)}),
            )
            return rows.change(ticket, linked_to=target.id, updated_at=log.now)

    def change(self, ticket_id: str, by: Worker, **values: Any) -> Ticket:
        """Change the subject, priority, segment, language or contact of a ticket; dues follow."""
        with self._writing() as log:
            rows = TicketRows(log.connection)
            ticket = rows.get(ticket_id)
            if "priority" in values:
                first, solve = self.targets(ticket.created_at, values["priority"])
                values |= {"first_reply_due": first, "solve_due": solve}
            thread = log.thread(ticket.conversation_id, last=False)
            shown = {name: str(value) for name, value in values.items()}
            note = LogEntry(thread.conversation_id, "note", by=by.id, name=by.name)
            log.add(thread, replace(note, ticket_id=ticket.id, detail={"changed": shown}))
            return rows.change(ticket, updated_at=log.now, **values)

    def rate(self, ticket_id: str, rating: int, comment: str, owner: str) -> Ticket:
        """Store what who asked thinks of how it was solved. rating: 1 to 5.

        Raises:
            UnknownConversation: it is somebody else's.
            DeskConflict: it is not solved.
        """
        with self._writing() as log:
            rows = TicketRows(log.connection)
            ticket = rows.get(ticket_id)
            if ticket.owner != owner:
                raise UnknownConversation("There is no such ticket of yours.")
            if ticket.solved_at is None:
                raise DeskConflict("It is rated once it is solved.")
            return rows.change(
                ticket,
                rating=rating,
                rating_comment=comment,
                rated_at=log.now,
                updated_at=log.now,
            )

    def get(self, ticket_id: str) -> Ticket:
        """Return a ticket by its id or number.

        Raises:
            UnknownTicket: there is none.
        """
        with self._reading() as rows:
            return rows.get(ticket_id)

    def all(self) -> list[Ticket]:
        """Return all tickets, newest first."""
        query = select(tickets).order_by(tickets.c.number.desc())
        with self.engine.connect() as connection:
            return [ticket_of(row) for row in connection.execute(query).mappings()]

    def of(self, conversation_id: str) -> list[Ticket]:
        """Return the tickets of a conversation, oldest first."""
        query = select(tickets).where(tickets.c.conversation_id == conversation_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(tickets.c.number)).mappings()
            return [ticket_of(row) for row in rows]

    def of_owner(self, owner: str) -> list[Ticket]:
        """Return all tickets of a person, newest first."""
        query = select(tickets).where(tickets.c.owner == owner)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(tickets.c.number.desc())).mappings()
            return [ticket_of(row) for row in rows]

    def workers(self) -> list[Worker]:
        """Return who of the team has been seen, by name; see ``assistant.records.desk.agents``."""
        with self.engine.connect() as connection:
            return known(connection)

    def worker(self, worker_id: str) -> Worker:
        """Return somebody of the team.

        Raises:
            DeskConflict: nobody of that id has been seen here.
        """
        known = {one.id: one for one in self.workers()}
        if worker_id not in known:
            names = ", ".join(one.name for one in known.values()) or "nobody yet"
            raise DeskConflict(
                f"Nobody of the team has the id {worker_id!r}.", hint=f"There is {names}."
            )
        return known[worker_id]

    @contextmanager
    def _writing(self) -> Iterator[Log]:
        with Store(self.engine).transaction() as ledger:
            yield Log(ledger.connection, clock.now())

    @contextmanager
    def _reading(self) -> Iterator[TicketRows]:
        with self.engine.connect() as connection:
            yield TicketRows(connection)

    def _move(
        self,
        ticket_id: str,
        move: Move,
        by: Worker | None,
        values: Mapping[str, Any],
        check: Callable[[Ticket], None] = lambda _: None,
        *,
        kind: str,
        told: Mapping[str, str] | None = None,
    ) -> Ticket:
        with self._writing() as log:
            rows = TicketRows(log.connection)
            ticket = rows.get(ticket_id)
            thread = log.thread(ticket.conversation_id, last=False)
            _current(thread, ticket)
            check(ticket)
            after = moved(thread.holder, move)
            status = Holder.CLOSED if after is Holder.BOT else after
            ticket = rows.change(ticket, status=status, updated_at=log.now, **values)
            _, entry = self._moved(log, thread, ticket, move, by, told)
            self._tell(log, Event(kind, ticket, entry, by))
        self.bell.ring(ticket.conversation_id)
        return ticket

    def _moved(
        self,
        log: Log,
        thread: Thread,
        ticket: Ticket,
        move: Move,
        by: Worker | None,
        told: Mapping[str, str] | None = None,
        client_id: str | None = None,
    ) -> tuple[Thread, LogEntry]:
        """Let a conversation pass on and log it; one entry of the log says who did it."""
        after = replace(
            thread, holder=moved(thread.holder, move), ticket_id=ticket.id, since=log.now
        )
        detail = {
            "from": thread.holder.value,
            "to": after.holder.value,
            "move": move,
            "ticket": str(ticket.number),
            **(told or {}),
        }
        entry = LogEntry(
            thread.conversation_id,
            "moved",
            by=by.id if by else "",
            name=by.name if by else "",
            ticket_id=ticket.id,
            detail=detail,
            client_id=client_id,
        )
        return log.add(after, entry)

    def _added(
        self, log: Log, thread: Thread, asked: Ticket, by: Worker | None, client_id: str | None
    ) -> Ticket:
        """Add what somebody asks, or one of the team writes, to the ticket that is open."""
        rows = TicketRows(log.connection)
        ticket = rows.get(str(thread.ticket_id))
        said = _opening(replace(ticket, message=asked.message), by)
        _, entry = log.add(thread, replace(said, client_id=client_id))
        values = {"contact": asked.contact or ticket.contact, "updated_at": log.now}
        if by is not None:
            ticket = rows.change(ticket, **values)
            self._tell(log, Event("ticket.noted", ticket, entry, by))
            return ticket
        if ticket.reason == "by_hand":
            values["reason"] = asked.reason  # who asks wants a person, too
        ticket = rows.change(
            ticket, user_waits_since=ticket.user_waits_since or log.now, notified=False, **values
        )
        self._tell(log, Event("ticket.written", ticket, entry))
        return ticket

    def _reopen(self, log: Log, thread: Thread, ticket: Ticket) -> Thread:
        rows = TicketRows(log.connection)
        values = {"solved_at": None, "cause": None, "reopened": ticket.reopened + 1}
        ticket = rows.change(ticket, status=Holder.WAITING, **values)
        thread, entry = self._moved(log, thread, ticket, "reopen", None)
        self._tell(log, Event("ticket.reopened", ticket, entry))
        return thread

    def _tell(self, log: Log, event: Event) -> None:
        tell(log.connection, self.notices, event)


def _current(thread: Thread, ticket: Ticket) -> None:
    """Check that a ticket is the one that its conversation is about now.

    Raises:
        DeskConflict: it is over.
    """
    if ticket.status is Holder.CLOSED or thread.ticket_id != ticket.id:
        raise DeskConflict(
            f"Ticket #{ticket.number} is closed.", hint="Open a new one that is linked to it."
        )


def _may_merge(ticket: Ticket, target: Ticket) -> None:
    if ticket.id == target.id:
        raise DeskConflict("A ticket is not merged into itself.")
    if not ticket.owner or ticket.owner != target.owner:
        raise DeskConflict(
            "The tickets are of different people, who would read each other's messages.",
            hint="Link them instead.",
        )
    if not target.open:
        raise DeskConflict(f"Ticket #{target.number} is not open.", hint="Open it again first.")


def _opening(ticket: Ticket, by: Worker | None) -> LogEntry:
    """Return what a ticket begins with: the words of who asks, or a note of who opens it."""
    if by is None:
        entry = LogEntry(ticket.conversation_id, "user", ticket.message, by=ticket.owner)
    else:
        entry = LogEntry(ticket.conversation_id, "note", ticket.message, by=by.id, name=by.name)
    return replace(entry, ticket_id=ticket.id)


def _all_said(log: Log, ticket: Ticket) -> str:
    """Return what who asks has said under a ticket; of a file, its name."""
    said = [
        entry.text
        for entry in log.entries(ticket.conversation_id)
        if entry.kind == "user" and entry.ticket_id == ticket.id
    ]
    return "\n\n".join(dict.fromkeys(filter(None, [ticket.message, *said])))
