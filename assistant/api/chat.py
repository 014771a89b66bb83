"""OpenAI-compatible chat. What is ours travels in one extension field, ``routeback``."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from openai.types import CompletionUsage, Model
from openai.types.chat import (
    ChatCompletionMessage,
    chat_completion,
    chat_completion_chunk,
)
from openai.types.chat.chat_completion_chunk import ChoiceDelta
from pydantic import BaseModel

from assistant.access.identity import Identity
from assistant.api import errors
from assistant.api.connection import Closing, Disconnected, while_connected
from assistant.api.desk import views
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.api.entry.door import Limits
from assistant.api.relay import Relay, Relays
from assistant.assistant import Assistant, Event, PassedOn
from assistant.errors import DeskConflict, QuestionError, TooMany
from assistant.records.turns import Turn
from assistant.settings import LimitSettings
from assistant.watching.traces import called_by
from assistant.wire.author import DISCLOSURE, PRODUCT, Author, authored, disclosure
from assistant.wire.chat import AnsweredChunk, AnsweredCompletion, ModelsView
from assistant.wire.chat_request import MODEL, ChatMessage, ChatRequest, Extension, is_ours
from assistant.wire.turn import TurnView

_GONE: Final = 499
_PATIENCE_S: Final = 5.0
_MODEL: Final = Model(id=MODEL, object="model", created=0, owned_by="routeback")
_STREAMED: Final = {
    "type": "string",
    "description": "With `stream`: a `data:` line for each AnsweredChunk, then `[DONE]`.",
}
_DISCLOSED: Final = {
    "schema": {"type": "string"},
    "description": "`mode=machine-generated` where a model wrote the answer, and of each stream, "
    "where who wrote it is known at its end alone (`routeback.author`); else `mode=none`.",
}
_Finish = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]

router = APIRouter(route_class=JsonRoute)


@router.get("/v1/models")
async def models() -> ModelsView:
    """List the one model: which arm answers is the router's decision."""
    return ModelsView(data=(_MODEL,))


@router.get("/v1/models/{name:path}", response_model=Model)
async def model(name: str) -> Model | Response:
    """Return the one model; no other is there."""
    return _MODEL if is_ours(name) else _no_model(name)


@router.post(
    "/v1/chat/completions",
    response_model=AnsweredCompletion,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": _STREAMED}},
            "headers": {DISCLOSURE: _DISCLOSED},
        }
    },
)
async def complete(request: Request, asked: ChatRequest) -> Response:
    """Answer the last user message."""
    if not is_ours(asked.model):
        return _no_model(asked.model)
    assistant: Assistant = request.app.state.assistant
    question, history = asked.question(), asked.history()
    extension = asked.routeback or Extension()
    asker, known = caller(request), False
    limits: Limits = request.app.state.limits
    _check_lengths(asked.messages, limits.settings)
    if (going_on := extension.conversation_id) is not None:
        idle = _idle(asker, limits.settings)
        thread = await asyncio.to_thread(assistant.records.threads.thread, going_on)
        idle = idle if thread.ticket_id is None else None
        await asyncio.to_thread(assistant.records.conversations.go_on, asker.id, going_on, idle)
        known = await assistant.knows(going_on)
    called_by(request.headers.get("traceparent", ""))
    relays: Relays = request.app.state.relays
    keep = extension.keep and going_on is not None
    if keep and relays.kept(asker.id) >= limits.settings.questions_each:
        raise TooMany("So many answers are being written already.", retry_after_s=_PATIENCE_S)
    events = relays.open(
        assistant.answer(
            question,
            conversation_id=going_on,
            interface=extension.interface,
            history=[] if known else history,
            owner=asker.id,
            groups=asker.groups,
            client_id=extension.client_id,
        )
    )
    if keep and going_on is not None:
        relays.keep(events, asker.id, going_on, request.state.places.pop_all())
    try:
        with contextlib.nullcontext() if keep else events.stopped():
            async with while_connected(request):
                if not asked.stream:
                    last = [event async for event in events if not isinstance(event, str)][-1]
                    ending = await asyncio.to_thread(_ending, assistant, last)
                    headers = {DISCLOSURE: disclosure(ending.author)}
                    completion = _json(_completion(ending))
                    return Response(completion, headers=headers, media_type="application/json")
                # The first event decides between an HTTP error and a stream.
                first = await anext(events)
    except Disconnected:
        return Response(status_code=_GONE)
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise
        raise DeskConflict("The answer was stopped.", hint="Ask again.") from None
    closing: Closing = request.app.state.closing
    return StreamingResponse(
        _chunks(assistant, first, events, closing, usage=asked.usage, keep=keep),
        headers={DISCLOSURE: disclosure(None)},
        media_type="text/event-stream",
    )


def _no_model(name: str) -> Response:
    text = f"There is no model {name!r}; use {MODEL!r}."
    return JSONResponse(errors.body(text, 404, "model_not_found", "model"), 404)


def _check_lengths(messages: Sequence[ChatMessage], limits: LimitSettings) -> None:
    """Check how much a client says at a time; the question itself is checked where it is asked.

    Raises:
        QuestionError: it is more than is taken.
    """
    lengths = [len(message.text()) for message in messages]
    for what, got, most in (
        ("messages", len(messages), limits.messages),
        ("characters in one message", max(lengths), limits.message_characters),
        ("characters", sum(lengths), limits.history_characters),
    ):
        if got > most:
            raise QuestionError(
                f"The conversation has {got:,} {what}; at most {most:,} are taken.",
                hint="Leave the oldest messages out.",
            )


def _idle(asker: Identity, limits: LimitSettings) -> timedelta | None:
    """Return after which a conversation has ended; None for who is known, or waits for a person."""
    return timedelta(minutes=limits.session_minutes) if asker.kind == "session" else None


@dataclass(frozen=True, slots=True)
class _Ending:
    """How an answer ends. told: the field ``routeback``. number: of the log's entry; 0: unknown."""

    text: str
    told: TurnView
    author: Author
    created: datetime
    usage: CompletionUsage
    finish: _Finish = "stop"
    number: int = 0


def _ending(assistant: Assistant, event: Event) -> _Ending:
    """Return how an answer ends: with a turn, or with a person who is to answer."""
    threads = assistant.records.threads
    if isinstance(event, Turn):
        told = assistant.told(event)
        standing = views.standing(assistant, threads.thread(event.conversation_id))
        told = told.model_copy(update={"standing": standing})
        usage, finish = _usage(event), event.selection.get("finish", "stop")
        return _Ending(event.answer, told, event.author, event.created_at, usage, finish)
    if not isinstance(event, PassedOn):
        raise TypeError(f"An answer ends with a turn, not with {type(event).__name__}.")
    entry, author = event.taken.entry, authored("product", PRODUCT, event.language)
    told = TurnView(
        turn_id=entry.id,
        conversation_id=entry.conversation_id,
        outcome="passed_on",
        language=event.language,
        author=author,
        standing=views.standing(assistant, event.taken.thread),
    )
    nothing = CompletionUsage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
    return _Ending(event.text, told, author, entry.at, nothing, number=entry.number)


async def _chunks(
    assistant: Assistant,
    first: Event,
    events: Relay,
    closing: Closing,
    *,
    usage: bool,
    keep: bool,
) -> AsyncIterator[str]:
    chunk = partial(
        AnsweredChunk,
        id=f"chatcmpl-{time.time_ns():x}",
        created=int(time.time()),
        model=MODEL,
        object="chat.completion.chunk",
    )
    yield _line(_json(chunk(choices=[_piece(ChoiceDelta(role="assistant", content=""))])))
    try:
        event: Event | None = first
        while event is not None:
            if isinstance(event, str):
                text = _json(chunk(choices=[_piece(ChoiceDelta(content=event))]))
                yield f"id: {event.number}\n{_line(text)}"
            else:
                ending = await asyncio.to_thread(_ending, assistant, event)
                if isinstance(event, PassedOn) and ending.text:
                    said = _piece(ChoiceDelta(content=ending.text))
                    yield _line(_json(chunk(choices=[said])))
                last = _piece(ChoiceDelta(), ending.finish)
                yield _line(_json(chunk(choices=[last], routeback=ending.told)))
                if usage:
                    yield _line(_json(chunk(choices=[], usage=ending.usage)))
            event = await closing.first(anext(events, None))
    except Exception as error:
        yield _line(json.dumps(errors.told(error)))
        return
    finally:
        if not keep:
            events.stop()
    yield "data: [DONE]\n\n"


def _piece(delta: ChoiceDelta, finish: _Finish | None = None) -> chat_completion_chunk.Choice:
    return chat_completion_chunk.Choice(index=0, delta=delta, finish_reason=finish)


def _json(value: BaseModel) -> str:
    """Return what was set, and no null that OpenAI's objects might have besides."""
    return value.model_dump_json(exclude_unset=True)


def _line(text: str) -> str:
    return f"data: {text}\n\n"


def _completion(ending: _Ending) -> AnsweredCompletion:
    message = ChatCompletionMessage(role="assistant", content=ending.text)
    choice = chat_completion.Choice.model_construct(
        index=0, message=message, finish_reason=ending.finish
    )
    return AnsweredCompletion(
        id=f"chatcmpl-{ending.told.turn_id}",
        object="chat.completion",
        created=int(ending.created.timestamp()),
        model=MODEL,
        choices=[choice],
        usage=ending.usage,
        routeback=ending.told,
    )


def _usage(turn: Turn) -> CompletionUsage:
    prompt = turn.usage.get("prompt_tokens", 0)
    answer = turn.usage.get("completion_tokens", 0)
    return CompletionUsage(
        prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer
    )
