"""A scripted model behind a real OpenAI-compatible HTTP server: the only fake of the suite."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant.arms.arm import Arm
from assistant.conversation import Message
from tests.support.listening import listening

Script = Callable[[list[dict[str, str]]], str]


def first_sentence(messages: list[dict[str, str]]) -> str:
    """Answer with the first sentence of the first passage, uncited; a probe has no passage."""
    _, found, passages = messages[-1]["content"].partition("[1] ")
    if not found:
        return "Scripted."
    body = passages.split("\n", 1)[1]
    return body.split(". ")[0].split("\n")[0].rstrip(".") + "."


async def met(arm: Arm) -> None:
    """Have an endpoint answer once: before, its answers are held to their end."""
    asked: list[Message] = [{"role": "user", "content": "Are you there?"}]
    assert [piece async for piece in arm.stream(asked, max_tokens=8)]


@dataclass
class Endpoint:
    url: str = ""
    script: Script = first_sentence
    status: int = 200
    message: str = "scripted failure"
    fail_after: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    pause_s: float = 0.0
    usage: Any = None
    finish: str = "stop"
    left: int = 0
    asked: list[list[dict[str, str]]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    carried: list[str | None] = field(default_factory=list)

    def reset(self) -> None:
        """Forget what was asked and how to misbehave."""
        self.__dict__.update(Endpoint(url=self.url).__dict__)


@contextmanager
def serving() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {
            "object": "list",
            "data": [{"id": "scripted", "object": "model", "created": 0, "owned_by": "t"}],
        }

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        body = await request.json()
        endpoint.bodies.append(body)
        endpoint.carried.append(request.headers.get("traceparent"))
        endpoint.asked.append(body["messages"])
        if endpoint.status != 200:
            return JSONResponse(_failure(endpoint), endpoint.status, headers=endpoint.headers)
        return StreamingResponse(_stream(endpoint, body), media_type="text/event-stream")

    with listening(app) as address:
        endpoint.url = f"{address}/v1"
        yield endpoint


def _failure(endpoint: Endpoint) -> dict[str, Any]:
    return {"error": {"message": endpoint.message, "type": "x", "code": "x"}}


async def _stream(endpoint: Endpoint, body: dict[str, Any]) -> AsyncIterator[str]:
    try:
        async for line in _lines(endpoint, body):
            yield line
    except asyncio.CancelledError:
        endpoint.left += 1
        raise


async def _lines(endpoint: Endpoint, body: dict[str, Any]) -> AsyncIterator[str]:
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": body["model"]}
    answer = endpoint.script(body["messages"])
    pieces = [answer[i : i + 4] for i in range(0, len(answer), 4)]
    for number, piece in enumerate(pieces):
        if endpoint.cut_after is not None and number >= endpoint.cut_after:
            return
        if number == endpoint.fail_after:
            yield f"data: {json.dumps(_failure(endpoint))}\n\n"
            return
        await asyncio.sleep(endpoint.pause_s)
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
        yield f"data: {json.dumps({**frame, 'choices': [choice]})}\n\n"
    choice = {"index": 0, "delta": {}, "finish_reason": endpoint.finish}
    yield f"data: {json.dumps({**frame, 'choices': [choice]})}\n\n"
    usage = {"prompt_tokens": 1100, "completion_tokens": 70, "total_tokens": 1170}
    if endpoint.usage is not None:
        usage = endpoint.usage
    if usage:
        yield f"data: {json.dumps({**frame, 'choices': [], 'usage': usage})}\n\n"
    yield "data: [DONE]\n\n"
