"""Makes a ticket the same here and in Zammad: what is missing on either side is added there.

A message of the outbox, or a webhook of Zammad, is a bell: it names a ticket and says nothing else.
What there is to do is read off both sides. So it does not matter how often it rings, in which
order, or whether a bell was lost while another came.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine

from assistant.bridge import articles
from assistant.bridge.articles import ArticleThere
from assistant.bridge.incoming import Incoming
from assistant.bridge.rest import InDoubt, Rest, ThereTicket, connected
from assistant.desk.states import OPEN, Holder
from assistant.errors import RoutebackError, UnknownTicket
from assistant.records.bridge.inbox import EventKind, OutsideEvent, Overtaken
from assistant.records.bridge.links import Link, Links, Openness, SentEntry
from assistant.records.bridge.story import SaidLine, story
from assistant.records.desk.events import Worker
from assistant.records.desk.log import Log
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.mailing import mailbox
from assistant.sending.bridge_settings import ZAMMAD, ZammadSettings
from assistant.sending.channel import NotSent
from guardrails import clock
from guardrails.store.outbox import OutboxMessage, Recipient
from guardrails.store.store import Store

log = logging.getLogger(__name__)

LONGEST_S: Final = 75.0
"""For one ticket; less than a delivery is one's own."""
_ENOUGH_S: Final = 40.0
"""After which the rest is left to the next bell."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TicketHere:
    """A ticket as it is here.

    lines: what was said of it. sent: what of that was begun. count: of its conversation's log.
    """

    ticket: Ticket
    link: Link
    lines: tuple[SaidLine, ...]
    sent: Mapping[str, SentEntry]
    count: int

    @property
    def state(self) -> Openness:
        """As both desks can say it."""
        return "open" if self.ticket.open else "closed"

    @property
    def entries(self) -> frozenset[str]:
        """Ids of what was said."""
        return frozenset(line.entry.id for line in self.lines)

    @property
    def missing(self) -> list[SaidLine]:
        """What has not arrived there for certain, in its order."""
        arrived = {name for name, one in self.sent.items() if one.there is not None}
        return [line for line in self.lines if line.entry.id not in arrived]


@dataclass(frozen=True, slots=True)
class Zammad:
    """A channel of the outbox whose messages say which ticket to look at. notes: also those."""

    engine: Engine
    incoming: Incoming
    settings: ZammadSettings
    notes: bool = False
    _names: dict[int, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """How it is called."""
        return ZAMMAD

    async def send(self, message: OutboxMessage, to: Recipient, now: datetime) -> str:
        """Make a ticket the same on both sides, in bounded time."""
        del to
        token = self.settings.token
        if self.settings.url is None or token is None:
            raise NotSent("not configured", final=True)
        try:
            async with (
                asyncio.timeout(LONGEST_S),
                connected(self.settings.url, token.get_secret_value()) as rest,
            ):
                return await self._same(rest, str(message.body["ticket_id"]), now)
        except TimeoutError as error:
            raise NotSent("Timeout") from error
        except RoutebackError as error:
            log.warning("A ticket could not be made the same in Zammad: %s", error.message)
            raise NotSent(type(error).__name__) from error

    def ring(self, there: int) -> bool:
        """Have a ticket of Zammad looked at, durably; False: it is none of ours. Blocking."""
        with Store(self.engine).transaction() as ledger:
            links = Links(ledger.connection)
            ticket_id = links.of(there)
            for message in links.ring(ticket_id, clock.now()) if ticket_id else ():
                ledger.outbox.put(message)
        return ticket_id is not None

    def sweep(self, now: datetime) -> int:
        """Have tickets looked at for which nobody rang for a while; return how many. Blocking."""
        before = now - timedelta(minutes=self.settings.poll_minutes)
        with Store(self.engine).transaction() as ledger:
            links = Links(ledger.connection)
            names = links.quiet(before)
            for message in (one for name in names for one in links.ring(name, now)):
                ledger.outbox.put(message)
        return len(names)

    async def _same(self, rest: Rest, ticket_id: str, now: datetime) -> str:
        began = asyncio.get_running_loop().time()
        try:
            here = await asyncio.to_thread(self._here, ticket_id)
        except UnknownTicket:
            return "erased"
        me = await rest.me()
        number = here.link.there or await self._opened(rest, here, me, now)
        there = await rest.ticket(number)
        if there is None:
            await self._noted(ticket_id, over=True)
            return "deleted there"
        found = await rest.articles(number)
        arrived = articles.arrived(found, me)
        ours = {name: arrived[name] for name in here.entries if name in arrived}
        await self._write(lambda links: links.arrived(ticket_id, ours, now))
        theirs = [one for one in found if articles.marked(one, me) is None]
        asked = await self._pull(rest, here.ticket, theirs)
        before, here = here, await asyncio.to_thread(self._here, ticket_id)
        for line in here.missing:
            if asyncio.get_running_loop().time() - began > _ENOUGH_S:
                await asyncio.to_thread(self._rung, ticket_id, now)
                return "more to do"
            sent = here.sent.get(line.entry.id)
            await self._push(rest, here.ticket, line, there, sent, now)
        if not await self._states(rest, before, here, there, asked=asked):
            await asyncio.to_thread(self._rung, ticket_id, now)
            return "moved"
        await self._noted(ticket_id, synced=now)
        await self._write(lambda links: links.tidy(ticket_id))
        return ""

    def _here(self, ticket_id: str) -> TicketHere:
        ticket = self.incoming.desk.get(ticket_id)
        with self.engine.connect() as connection:
            links = Links(connection)
            link, sent = links.get(ticket_id), links.sent(ticket_id)
        count = self.incoming.threads.own(ticket.conversation_id).count
        lines = story(self.engine, ticket, notes=self.notes)
        return TicketHere(ticket, link, tuple(lines), sent, count)

    async def _opened(self, rest: Rest, here: TicketHere, me: int, now: datetime) -> int:
        """Return the id of the ticket there, which is opened unless it was already."""
        ticket, begun = here.ticket, here.link.begun
        if begun is not None:
            for number in await rest.found(articles.title_mark(ticket)):
                if ticket.id in articles.arrived(await rest.articles(number), me):
                    await self._noted(ticket.id, there=number, begun=None, state="open")
                    return number
            self._check_settled(begun, now)
        customer = mailbox(ticket.contact) or self.settings.customer
        values = {
            "title": articles.title(ticket),
            "group": self.settings.group,
            "customer_id": f"guess:{customer}",
            "state": self.settings.open_state,
            "article": articles.opening(ticket),
        }
        await self._noted(ticket.id, begun=now)
        number = await self._made(
            rest, "tickets", values, lambda links: links.change(ticket.id, begun=None)
        )
        await self._noted(ticket.id, there=number, begun=None, state="open")
        return number

    async def _push(
        self,
        rest: Rest,
        ticket: Ticket,
        line: SaidLine,
        there: ThereTicket,
        sent: SentEntry | None,
        now: datetime,
    ) -> None:
        """Add what was said here there. sent: it was begun before, and is not there yet."""
        if sent is not None:
            self._check_settled(sent.begun, now)
        name = line.entry.id
        await self._write(lambda links: links.begin(ticket.id, name, now))
        values = articles.article(ticket, line, there.id, there.customer)
        number = await self._made(
            rest, "ticket_articles", values, lambda links: links.withdraw(name)
        )
        await self._write(lambda links: links.arrived(ticket.id, {name: number}, now))

    async def _made(
        self, rest: Rest, path: str, values: dict[str, Any], undo: Callable[[Links], None]
    ) -> int:
        """Make something there; return its id. undo: notes that it was not begun.

        Raises:
            NotSent: it was not made, or nobody knows; then it is looked for once it has settled.
        """
        try:
            return await rest.make(path, values)
        except InDoubt as doubt:
            wait_s = max(doubt.wait_s, self.settings.settle_s)
            raise NotSent(doubt.why, wait_s=wait_s) from doubt
        except NotSent:
            await self._write(undo)
            raise

    def _check_settled(self, begun: datetime, now: datetime) -> None:
        """Check that what was begun and is not there will not come any more.

        Raises:
            NotSent: it may.
        """
        left = self.settings.settle_s - (now - begun).total_seconds()
        if left > 0:
            raise NotSent("may still arrive", wait_s=min(left, self.settings.settle_s))

    async def _pull(self, rest: Rest, ticket: Ticket, theirs: Sequence[ArticleThere]) -> bool:
        """Let happen here what was said there, in its order; return whether who asked wrote."""
        asked = False
        names = {one.id: f"article/{one.id}" for one in theirs}
        inbox = self.incoming.inbox
        known = await asyncio.to_thread(inbox.known, ZAMMAD, list(names.values()))
        for one in theirs:
            if names[one.id] in known or one.sender not in {"Agent", "Customer"}:
                continue
            kind: EventKind = "written" if one.sender == "Customer" else "replied"
            asked |= kind == "written"
            event = OutsideEvent(
                source=ZAMMAD,
                id=names[one.id],
                ticket_id=ticket.id,
                kind="noted" if one.internal else kind,
                by=await self._worker(rest, one.author),
                text=one.text,
            )
            await asyncio.to_thread(inbox.put, event, clock.now())
        await asyncio.to_thread(self.incoming.drain, ticket.id)
        return asked

    async def _states(
        self, rest: Rest, before: TicketHere, here: TicketHere, there: ThereTicket, *, asked: bool
    ) -> bool:
        """Let both sides be open, or both closed, by whichever moved since they were the same.

        before: as it was here before anything was taken over; here: as all that was said of it is
        there, too. asked: who asked has written there; that keeps it open, as what they wrote here
        does. False: it has moved here; look again.
        """
        ticket, link = before.ticket, before.link
        over = ticket.status is Holder.CLOSED
        if link.over:
            return True
        base: Openness = link.state or "open"
        now_there: Openness = "closed" if there.state in self.settings.closed else "open"
        want = now_there if before.state == base else before.state
        unread = any(line.entry.kind == "user" for line in here.missing)
        if asked or (unread and ticket.open):
            want = "open"
        want = "closed" if over else want
        status = here.ticket.status
        moves = {"closed": status in OPEN, "open": status is Holder.SOLVED}
        to: dict[Openness, Holder] = {"closed": Holder.SOLVED, "open": Holder.WAITING}
        if not over and moves[want]:
            by = await self._worker(rest, there.updated_by)
            await self._moved(here, to[want], by, state=want)
            return False
        if there.owner is not None and there.owner != link.owner and status is Holder.WAITING:
            by = await self._worker(rest, there.owner)
            await self._moved(here, Holder.PERSON, by, owner=there.owner)
            return False
        if want != now_there:
            names = {"open": self.settings.open_state, "closed": self.settings.closed_state}
            await rest.set_state(there.id, names[want])
        await self._noted(ticket.id, state=want, owner=there.owner, over=over)
        return True

    async def _moved(self, here: TicketHere, to: Holder, by: Worker, **noted: Any) -> None:
        """Move a ticket here, if nothing has been said in its conversation since.

        noted: of its link, in the same transaction.
        """
        ticket = here.ticket

        def mark(connection: Connection) -> None:
            now = Log(connection, clock.now()).thread(ticket.conversation_id, last=False)
            if now.count != here.count + 1:  # with the move itself
                raise Overtaken
            Links(connection).change(ticket.id, **noted)

        await asyncio.to_thread(self.incoming.move, ticket.id, ZAMMAD, to, by, mark)

    async def _worker(self, rest: Rest, user: int) -> Worker:
        """Return somebody of Zammad, by an id that is theirs alone here."""
        if user not in self._names:
            self._names[user] = await rest.person(user) or "Zammad"
        return Worker(f"{ZAMMAD}:{user}", self._names[user][:200])

    async def _noted(self, ticket_id: str, **values: Any) -> None:
        await self._write(lambda links: links.change(ticket_id, **values))

    def _rung(self, ticket_id: str, now: datetime) -> None:
        with Store(self.engine).transaction() as ledger:
            for message in Links(ledger.connection).ring(ticket_id, now):
                ledger.outbox.put(message)

    async def _write(self, change: Callable[[Links], _T]) -> _T:
        def write() -> _T:
            with Store(self.engine).transaction() as ledger:
                return change(Links(ledger.connection))

        return await asyncio.to_thread(write)
