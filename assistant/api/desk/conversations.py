"""Conversations, for who asks: the list, the log as it grows, and writing to a person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from assistant.api.connection import Closing
from assistant.api.desk import views
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.api.relay import STOP_S, Relays
from assistant.assistant import Assistant, PassedOn
from assistant.desk.states import Holder
from assistant.errors import DeskConflict, UnknownConversation
from assistant.language import Language
from assistant.records.conversations import Conversations
from assistant.records.desk.log import Thread
from assistant.wire import MOST, Number
from assistant.wire.desk import (
    ConversationBegun,
    ConversationLine,
    ConversationsView,
    ConversationView,
    MessageTaken,
    NewMessage,
    NewRating,
    RatingTaken,
)

router = APIRouter(prefix="/v1/conversations", route_class=JsonRoute)

_LOOK_EVERY_S: Final = 1.0
_BEAT_S: Final = 15.0
_TITLE: Final = 100
EVENTS: Final = {
    "text/event-stream": {
        "schema": {
            "type": "string",
            "description": "For each entry behind ``after``: ``id:`` its number, ``event:`` its "
            "kind, ``data:`` an EntryView.",
        }
    }
}


@router.post("", status_code=201)
async def begin(request: Request) -> ConversationBegun:
    """Begin a conversation."""
    owners: Conversations = _assistant(request).records.conversations
    return ConversationBegun(
        conversation_id=await asyncio.to_thread(owners.begin, caller(request).id)
    )


@router.get("")
async def mine(
    request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> ConversationsView:
    """List one's own conversations, the latest first."""
    assistant, owner = _assistant(request), caller(request).id
    lines = await asyncio.to_thread(assistant.records.histories, owner, limit)
    return ConversationsView(
        conversations=tuple(
            ConversationLine(**{**line, "title": line["title"][:_TITLE]}) for line in lines
        )
    )


@router.get("/{conversation_id}")
async def show(
    request: Request,
    conversation_id: str,
    after: Number = 0,
    language: Language = "en",
) -> ConversationView:
    """Return who holds a conversation, and what was said behind a number."""
    await _check(request, conversation_id)
    await asyncio.to_thread(_assistant(request).queue.presence.seen, conversation_id)
    return await asyncio.to_thread(_shown, _assistant(request), conversation_id, after, language)


@router.get(
    "/{conversation_id}/events", response_class=Response, responses={200: {"content": EVENTS}}
)
async def events(
    request: Request,
    conversation_id: str,
    after: Number = 0,
    language: Language = "en",
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """Follow a conversation: each entry behind a number, as it comes.

    after: a number; a ``Last-Event-ID`` that a browser sends when it comes back goes first.
    """
    await _check(request, conversation_id)
    start = after
    if last_event_id and last_event_id.isdecimal():
        start = min(int(last_event_id), MOST)
    closing: Closing = request.app.state.closing
    following = follow(_assistant(request), conversation_id, start, closing, language, notes=False)
    return StreamingResponse(
        following, media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@router.post("/{conversation_id}/messages", status_code=201)
async def say(request: Request, conversation_id: str, said: NewMessage) -> MessageTaken:
    """Say something to the person who holds the conversation.

    What is asked of the assistant goes to ``/v1/chat/completions``.
    """
    assistant = _assistant(request)
    await _check(request, conversation_id)
    thread = await asyncio.to_thread(assistant.records.threads.thread, conversation_id)
    if thread.holder is Holder.BOT:
        raise DeskConflict(
            "Nobody of the team holds this conversation.",
            hint="Ask the assistant at /v1/chat/completions, or ask for a person.",
        )
    events = assistant.answer(
        said.text,
        conversation_id=conversation_id,
        owner=caller(request).id,
        client_id=said.client_id,
    )
    number = 0
    async with aclosing(events):
        async for event in events:  # the assistant's own where a solved one was thanked for
            number = event.taken.entry.number if isinstance(event, PassedOn) else number
    thread = await asyncio.to_thread(assistant.records.threads.thread, conversation_id)
    return MessageTaken(
        conversation_id=thread.conversation_id,
        number=number or thread.count,
        standing=await asyncio.to_thread(views.standing, assistant, thread),
    )


@router.post("/{conversation_id}/stop")
async def stop(request: Request, conversation_id: str) -> ConversationView:
    """Stop the answer that is being written; what was shown stays."""
    await _check(request, conversation_id)
    relays: Relays = request.app.state.relays
    own = await asyncio.to_thread(_assistant(request).records.threads.own, conversation_id)
    for name in {conversation_id, own.continues or conversation_id}:
        await relays.stop(name)  # it was asked in the one before, where that had been closed
        await _assistant(request).underway.stop(name, STOP_S)
    return await asyncio.to_thread(_shown, _assistant(request), conversation_id, 0, "en")


@router.post("/{conversation_id}/bot")
async def back(request: Request, conversation_id: str) -> ConversationView:
    """Let the assistant answer again, and withdraw the request for a person."""
    assistant = _assistant(request)
    await _check(request, conversation_id)
    thread = await asyncio.to_thread(assistant.records.threads.thread, conversation_id)
    if thread.ticket_id is None:
        raise DeskConflict("Nobody of the team was asked for in this conversation.")
    await asyncio.to_thread(assistant.desk.give_back, thread.ticket_id, None)
    return await asyncio.to_thread(_shown, assistant, thread.conversation_id, 0, "en")


@router.post("/{conversation_id}/rating")
async def rate(request: Request, conversation_id: str, given: NewRating) -> RatingTaken:
    """Say how the request for a person was solved."""
    assistant = _assistant(request)
    await _check(request, conversation_id)
    thread = await asyncio.to_thread(assistant.records.threads.thread, conversation_id)
    if thread.ticket_id is None:
        raise DeskConflict("Nobody of the team was asked for in this conversation.")
    rating = (thread.ticket_id, given.rating, given.comment.strip(), caller(request).id)
    ticket = await asyncio.to_thread(assistant.desk.rate, *rating)
    return RatingTaken(number=ticket.number, rating=given.rating)


async def follow(
    assistant: Assistant,
    conversation_id: str,
    after: int,
    closing: Closing,
    language: str,
    *,
    notes: bool,
) -> AsyncIterator[str]:
    """Yield the entries behind a number as server-sent events, until the client leaves.

    A piece whose turn has ended is not told any more; the answer has all of it. Now and then a
    comment goes out, so that who has left is noticed. notes: also what is the team's alone.
    """
    threads, quiet = assistant.records.threads, 0.0
    async with threads.bell.listening(conversation_id) as listener:
        yield ": follows\n\n"
        while not closing.begun:
            if not notes:
                await asyncio.to_thread(assistant.queue.presence.seen, conversation_id)
            log = await asyncio.to_thread(threads.entries, conversation_id, after, notes=notes)
            for entry in log:
                told = partial(views.entry_view, assistant, entry, language, inside=notes)
                view = await asyncio.to_thread(told)
                data = view.model_dump_json(exclude_defaults=True)
                yield f"id: {entry.number}\nevent: {entry.kind}\ndata: {data}\n\n"
                after = entry.number
            quiet = 0.0 if log else quiet + _LOOK_EVERY_S
            if quiet >= _BEAT_S:
                yield ": beat\n\n"
                quiet = 0.0
            await listener.heard(_LOOK_EVERY_S)


async def _check(request: Request, conversation_id: str) -> None:
    """Check whose a conversation is.

    Raises:
        UnknownConversation: not the caller's.
    """
    owners, owner = _assistant(request).records.conversations, caller(request).id
    if not await asyncio.to_thread(owners.owns, owner, conversation_id):
        raise UnknownConversation(
            f"There is no conversation {conversation_id!r}.", hint="Begin one."
        )


def _shown(
    assistant: Assistant, conversation_id: str, after: int, language: str
) -> ConversationView:
    threads = assistant.records.threads
    own: Thread = threads.own(conversation_id)
    entries = threads.entries(conversation_id, after)
    return ConversationView(
        conversation_id=own.goes_on_in or own.conversation_id,
        standing=views.standing(assistant, threads.thread(conversation_id)),
        continues=own.continues,
        entries=views.entries(assistant, entries, language),
    )


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
