"""The desk: what people of the team do with tickets."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from assistant.api.connection import Closing
from assistant.api.desk import views
from assistant.api.desk.attending import come
from assistant.api.desk.conversations import EVENTS, follow
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.language import Language
from assistant.records.conversations import FirstSaid
from assistant.records.desk.desk import Desk
from assistant.records.desk.drafts import Drafts, DraftUse
from assistant.records.desk.events import Worker
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.news import MENTIONS
from assistant.wire import Number
from assistant.wire.desk import (
    AgentsView,
    AgentView,
    Assigning,
    Claiming,
    ConversationLine,
    EntryAdded,
    NewNote,
    NewReply,
    OtherTicket,
    PersonHistory,
    Solving,
    TicketByHand,
    TicketChange,
    TicketView,
    TicketWithLog,
)

router = APIRouter(prefix="/v1/desk", route_class=JsonRoute, dependencies=[Depends(come)])

_Work = Callable[..., Ticket]
_MOST = 200


@router.post("/tickets", status_code=201)
async def by_hand(request: Request, asked: TicketByHand) -> TicketView:
    """Open a ticket by hand, as for a call; in a conversation of its own unless one is named."""
    assistant, worker = _assistant(request), _worker(request)
    conversation = asked.conversation_id
    if conversation is not None:
        await asyncio.to_thread(assistant.records.conversations.check, conversation)
    else:
        begin = assistant.records.conversations.begin
        first = FirstSaid(asked.message, asked.client_id)
        conversation = await asyncio.to_thread(begin, f"desk:{worker.id}", None, first)
    ticket = Ticket(
        conversation_id=conversation,
        language=asked.language,
        message=asked.message,
        subject=asked.subject,
        contact=asked.contact.strip(),
        priority=asked.priority,
        reason="by_hand",
        channel="desk",
    )
    opened = await asyncio.to_thread(assistant.desk.open, ticket, worker, asked.client_id)
    return await asyncio.to_thread(views.ticket_view, assistant, opened, worker.id)


@router.get("/agents")
async def agents(request: Request) -> AgentsView:
    """List who of the team has been seen: they can be assigned and mentioned."""
    workers = await asyncio.to_thread(_assistant(request).desk.workers)
    return AgentsView(agents=tuple(AgentView(agent=w.id, name=w.name) for w in workers))


@router.get("/tickets/{ticket}")
async def show(request: Request, ticket: str, language: Language = "en") -> TicketWithLog:
    """Return a ticket with its whole conversation, notes included."""
    return await asyncio.to_thread(
        _whole, _assistant(request), ticket, caller(request).id, language
    )


@router.patch("/tickets/{ticket}")
async def change(request: Request, ticket: str, wanted: TicketChange) -> TicketView:
    """Change the subject, priority, contact or language."""
    values = wanted.model_dump(exclude_none=True)
    return await _done(request, Desk.change, ticket, _worker(request), **values)


@router.get(
    "/tickets/{ticket}/events", response_class=Response, responses={200: {"content": EVENTS}}
)
async def events(
    request: Request,
    ticket: str,
    after: Number = 0,
    language: Language = "en",
) -> StreamingResponse:
    """Follow the conversation of a ticket, notes included."""
    assistant = _assistant(request)
    found = await asyncio.to_thread(assistant.desk.get, ticket)
    closing: Closing = request.app.state.closing
    following = follow(assistant, found.conversation_id, after, closing, language, notes=True)
    return StreamingResponse(
        following, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@router.get("/tickets/{ticket}/person")
async def person(request: Request, ticket: str) -> PersonHistory:
    """Return everything of the person of a ticket."""
    return await asyncio.to_thread(_history, _assistant(request), ticket, caller(request).id)


@router.post("/tickets/{ticket}/claim")
async def claim(request: Request, ticket: str, asked: Claiming) -> TicketView:
    """Take a ticket: the conversation is yours, and the bot is silent."""
    return await _done(request, Desk.claim, ticket, _worker(request), take_over=asked.take_over)


@router.post("/tickets/{ticket}/assign")
async def assign(request: Request, ticket: str, asked: Assigning) -> TicketView:
    """Give a ticket to somebody of the team."""
    to = await asyncio.to_thread(_assistant(request).desk.worker, asked.agent)
    return await _done(request, Desk.assign, ticket, to, _worker(request))


@router.post("/tickets/{ticket}/release")
async def release(request: Request, ticket: str) -> TicketView:
    """Give a ticket back to the queue."""
    return await _done(request, Desk.release, ticket, _worker(request))


@router.post("/tickets/{ticket}/return")
async def give_back(request: Request, ticket: str) -> TicketView:
    """Let the assistant answer again; the ticket is closed."""
    return await _done(request, Desk.give_back, ticket, _worker(request))


@router.post("/tickets/{ticket}/solve")
async def solve(request: Request, ticket: str, asked: Solving) -> TicketView:
    """Say that a ticket is solved; it is closed after a while."""
    return await _done(request, Desk.solve, ticket, _worker(request), asked.cause)


@router.post("/tickets/{ticket}/reopen")
async def reopen(request: Request, ticket: str) -> TicketView:
    """Open what was solved again."""
    return await _done(request, Desk.reopen, ticket, _worker(request))


@router.post("/tickets/{ticket}/merge")
async def merge(request: Request, ticket: str, other: OtherTicket) -> TicketView:
    """Close a ticket as a duplicate of another of the same person; return that one."""
    return await _done(request, Desk.merge, ticket, other.ticket, _worker(request))


@router.post("/tickets/{ticket}/link")
async def link(request: Request, ticket: str, other: OtherTicket) -> TicketView:
    """NewNote that a ticket belongs together with another."""
    return await _done(request, Desk.link, ticket, other.ticket, _worker(request))


@router.post("/tickets/{ticket}/reply", status_code=201)
async def reply(request: Request, ticket: str, said: NewReply) -> EntryAdded:
    """Say something to who asked; what is a draft word for word is told as one."""
    assistant, worker = _assistant(request), _worker(request)
    drafts, use, name = Drafts(assistant.records.engine), DraftUse(), said.draft_id
    if name is None:
        name = await asyncio.to_thread(drafts.sent_as, ticket, said.text)
    if name is not None:
        use = await asyncio.to_thread(drafts.use, ticket, name, said.text)
    add = partial(assistant.desk.reply, client_id=said.client_id, detail=use.detail)
    entry = await asyncio.to_thread(partial(add, also=use.label), ticket, said.text, worker)
    return await _added(request, entry.number, ticket)


@router.post("/tickets/{ticket}/note", status_code=201)
async def note(request: Request, ticket: str, said: NewNote) -> EntryAdded:
    """Write something for the team alone."""
    assistant, worker = _assistant(request), _worker(request)
    for agent in said.mentions:
        await asyncio.to_thread(assistant.desk.worker, agent)
    detail = {MENTIONS: list(said.mentions)} if said.mentions else {}
    add = partial(assistant.desk.note, detail=detail)
    entry = await asyncio.to_thread(add, ticket, said.text, worker)
    return await _added(request, entry.number, ticket)


async def _done(
    request: Request, work: _Work, ticket: str, *given: Any, **options: Any
) -> TicketView:
    """Do something with a ticket; return it as it is then."""
    assistant = _assistant(request)
    after = await asyncio.to_thread(work, assistant.desk, ticket, *given, **options)
    return await asyncio.to_thread(views.ticket_view, assistant, after, caller(request).id)


async def _added(request: Request, number: int, ticket: str) -> EntryAdded:
    assistant = _assistant(request)
    found = await asyncio.to_thread(assistant.desk.get, ticket)
    view = await asyncio.to_thread(views.ticket_view, assistant, found, caller(request).id)
    return EntryAdded(number=number, ticket=view)


def _told(assistant: Assistant, tickets: list[Ticket], viewer: str) -> tuple[TicketView, ...]:
    return tuple(views.ticket_view(assistant, ticket, viewer) for ticket in tickets)


def _whole(assistant: Assistant, name: str, viewer: str, language: str) -> TicketWithLog:
    ticket = assistant.desk.get(name)
    threads = assistant.records.threads
    log = threads.entries(ticket.conversation_id, notes=True)
    return TicketWithLog(
        ticket=views.ticket_view(assistant, ticket, viewer),
        standing=views.standing(assistant, threads.own(ticket.conversation_id)),
        entries=views.entries(assistant, log, language, inside=True),
    )


def _history(assistant: Assistant, name: str, viewer: str) -> PersonHistory:
    owner = assistant.desk.get(name).owner
    if not owner:
        return PersonHistory(tickets=(), conversations=())
    lines = assistant.records.histories(owner, _MOST)
    theirs = assistant.desk.of_owner(owner)
    return PersonHistory(
        tickets=_told(assistant, theirs, viewer),
        conversations=tuple(ConversationLine(**line) for line in lines),
    )


def _worker(request: Request) -> Worker:
    identity = caller(request)
    return Worker(identity.id, identity.name)


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
