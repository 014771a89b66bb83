"""OpenAI-compatible chat. What is ours travels in one extension field, ``routeback``."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from openai.types import CompletionUsage, Model
from openai.types.chat import (
    ChatCompletionMessage,
    chat_completion,
    chat_completion_chunk,
)
from openai.types.chat.chat_completion_chunk import ChoiceDelta
from pydantic import BaseModel, ConfigDict, Field

from assistant.access.identity import Identity
from assistant.api import errors
from assistant.api.connection import Disconnected, while_connected
from assistant.api.entry.auth import caller
from assistant.api.entry.door import Limits
from assistant.api.relay import Relay, Relays
from assistant.assistant import Assistant, Event
from assistant.conversation import Message
from assistant.errors import QuestionError, RoutebackError
from assistant.language import Language
from assistant.records.turns import Turn
from assistant.settings import LimitSettings
from assistant.wire.author import DISCLOSURE, disclosure
from assistant.wire.chat import AnsweredChunk, AnsweredCompletion, ModelsView
from assistant.wire.turn import TurnView

MODEL: Final = "routeback"

_GONE: Final = 499
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

router = APIRouter()


class _Part(BaseModel):
    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """One message; parts other than text are refused."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None

    def text(self) -> str:
        """Return the message as one text.

        Raises:
            QuestionError: it has parts that are not text.
        """
        if not isinstance(self.content, list):
            return self.content or ""
        if other := {part.type for part in self.content} - {"text"}:
            raise QuestionError(f"Only text can be asked, not {', '.join(sorted(other))}.")
        return "\n".join(part.text for part in self.content)


class Extension(BaseModel):
    """What a client may tell Routeback beyond OpenAI's fields.

    conversation_id: go on with a conversation that Routeback remembers; the messages before
    the last one are then ignored. interface: the page's language, for texts that do not tell.
    """

    conversation_id: Annotated[str | None, Field(max_length=64)] = None
    interface: Language = "en"


class _StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """OpenAI's request; sampling fields are accepted and not used: answers are reproducible."""

    model_config = ConfigDict(extra="allow")

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=1000)]
    model: str = MODEL
    stream: bool = False
    stream_options: Annotated[_StreamOptions, Field(default_factory=_StreamOptions)]
    routeback: Annotated[Extension, Field(default_factory=Extension)]


@router.get("/v1/models")
async def models() -> ModelsView:
    """List the one model: which arm answers is the router's decision."""
    return ModelsView(data=(Model(id=MODEL, object="model", created=0, owned_by="routeback"),))


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
    if asked.model.split("/")[-1] != MODEL:
        body = errors.body(
            f"There is no model {asked.model!r}; use {MODEL!r}.", 404, "model_not_found"
        )
        return Response(json.dumps(body), 404, media_type="application/json")
    assistant: Assistant = request.app.state.assistant
    *before, last = asked.messages
    if last.role != "user":
        raise QuestionError(f"The last message must be the user's, got one of {last.role!r}.")
    history: list[Message] = [
        {"role": m.role, "content": m.text()} for m in before if m.role in {"user", "assistant"}
    ]
    extension = asked.routeback
    asker, known = caller(request), False
    limits: Limits = request.app.state.limits
    _check_lengths(asked.messages, limits.settings)
    if (going_on := extension.conversation_id) is not None:
        idle = _idle(asker, limits.settings)
        await asyncio.to_thread(assistant.records.conversations.go_on, asker.id, going_on, idle)
        known = await assistant.knows(going_on)
    relays: Relays = request.app.state.relays
    events = relays.open(
        assistant.answer(
            last.text(),
            conversation_id=going_on,
            interface=extension.interface,
            history=[] if known else history,
            owner=asker.id,
            groups=asker.groups,
        )
    )
    try:
        with events.stopped():
            async with while_connected(request):
                if not asked.stream:
                    turn = [event async for event in events if isinstance(event, Turn)][-1]
                    told = await asyncio.to_thread(assistant.told, turn)
                    headers = {DISCLOSURE: disclosure(turn.author)}
                    completion = _json(_completion(turn, told))
                    return Response(completion, headers=headers, media_type="application/json")
                # The first event decides between an HTTP error and a stream.
                first = await anext(events)
    except Disconnected:
        return Response(status_code=_GONE)
    usage = asked.stream_options.include_usage
    return StreamingResponse(
        _chunks(assistant, first, events, usage=usage),
        headers={DISCLOSURE: disclosure(None)},
        media_type="text/event-stream",
    )


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
    """Return after which a conversation has ended; None for who is known."""
    return timedelta(minutes=limits.session_minutes) if asker.kind == "session" else None


async def _chunks(
    assistant: Assistant, first: Event, events: Relay, *, usage: bool
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
                yield _line(_json(chunk(choices=[_piece(ChoiceDelta(content=event))])))
            else:
                last = _piece(ChoiceDelta(), _finish(event))
                told = await asyncio.to_thread(assistant.told, event)
                yield _line(_json(chunk(choices=[last], routeback=told)))
                if usage:
                    yield _line(_json(chunk(choices=[], usage=_usage(event))))
            event = await anext(events, None)
    except RoutebackError as error:
        yield _line(json.dumps(errors.of(error), ensure_ascii=False))
        return
    finally:
        events.stop()
    yield "data: [DONE]\n\n"


def _piece(delta: ChoiceDelta, finish: _Finish | None = None) -> chat_completion_chunk.Choice:
    return chat_completion_chunk.Choice(index=0, delta=delta, finish_reason=finish)


def _json(value: BaseModel) -> str:
    """Return what was set, and no null that OpenAI's objects might have besides."""
    return value.model_dump_json(exclude_unset=True)


def _line(text: str) -> str:
    return f"data: {text}\n\n"


def _completion(turn: Turn, told: TurnView) -> AnsweredCompletion:
    message = ChatCompletionMessage(role="assistant", content=turn.answer)
    choice = chat_completion.Choice.model_construct(
        index=0, message=message, finish_reason=_finish(turn)
    )
    return AnsweredCompletion(
        id=f"chatcmpl-{turn.id}",
        object="chat.completion",
        created=int(turn.created_at.timestamp()),
        model=MODEL,
        choices=[choice],
        usage=_usage(turn),
        routeback=told,
    )


def _finish(turn: Turn) -> _Finish:
    finish: _Finish = turn.selection.get("finish", "stop")
    return finish


def _usage(turn: Turn) -> CompletionUsage:
    prompt = turn.usage.get("prompt_tokens", 0)
    answer = turn.usage.get("completion_tokens", 0)
    return CompletionUsage(
        prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer
    )
