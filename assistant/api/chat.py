"""OpenAI-compatible chat. What is ours travels in one extension field, ``routeback``."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
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

from assistant.api import errors
from assistant.api.connection import Closing, Disconnected, while_connected
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant, Event
from assistant.records.turns import Turn
from assistant.wire.chat import AnsweredChunk, AnsweredCompletion, ModelsView
from assistant.wire.chat_request import MODEL, ChatRequest, Extension, is_ours

_GONE: Final = 499
_MODEL: Final = Model(id=MODEL, object="model", created=0, owned_by="routeback")
_STREAMED: Final = {
    "type": "string",
    "description": "With `stream`: a `data:` line for each AnsweredChunk, then `[DONE]`.",
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
    responses={200: {"content": {"text/event-stream": {"schema": _STREAMED}}}},
)
async def complete(request: Request, asked: ChatRequest) -> Response:
    """Answer the last user message."""
    if not is_ours(asked.model):
        return _no_model(asked.model)
    assistant: Assistant = request.app.state.assistant
    question, history = asked.question(), asked.history()
    extension = asked.routeback or Extension()
    known_conversation = extension.conversation_id and await assistant.knows(
        extension.conversation_id
    )
    events = assistant.answer(
        question,
        conversation_id=extension.conversation_id,
        interface=extension.interface,
        history=[] if known_conversation else history,
    )
    try:
        async with while_connected(request):
            if not asked.stream:
                async with aclosing(events):
                    turn = [event async for event in events if isinstance(event, Turn)][-1]
                return Response(_json(_completion(turn)), media_type="application/json")
            # The first event decides between an HTTP error and a stream.
            first = await anext(events)
    except Disconnected:
        return Response(status_code=_GONE)
    closing: Closing = request.app.state.closing
    chunks = _chunks(first, events, closing, usage=asked.usage)
    return StreamingResponse(chunks, media_type="text/event-stream")


def _no_model(name: str) -> Response:
    text = f"There is no model {name!r}; use {MODEL!r}."
    return JSONResponse(errors.body(text, 404, "model_not_found", "model"), 404)


async def _chunks(
    first: Event, events: AsyncGenerator[Event], closing: Closing, *, usage: bool
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
                yield _line(_json(chunk(choices=[last], routeback=event.view())))
                if usage:
                    yield _line(_json(chunk(choices=[], usage=_usage(event))))
            event = await closing.first(anext(events, None))
    except Exception as error:
        yield _line(json.dumps(errors.told(error)))
        return
    finally:
        await events.aclose()
    yield "data: [DONE]\n\n"


def _piece(delta: ChoiceDelta, finish: _Finish | None = None) -> chat_completion_chunk.Choice:
    return chat_completion_chunk.Choice(index=0, delta=delta, finish_reason=finish)


def _json(value: BaseModel) -> str:
    """Return what was set, and no null that OpenAI's objects might have besides."""
    return value.model_dump_json(exclude_unset=True)


def _line(text: str) -> str:
    return f"data: {text}\n\n"


def _completion(turn: Turn) -> AnsweredCompletion:
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
        routeback=turn.view(),
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
