"""A scripted judge behind a real OpenAI-compatible HTTP server."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.support.listening import listening

Reply = Callable[[dict[str, Any]], str | None]


def obliging(body: dict[str, Any]) -> str:
    """Reply with the least that fits the schema, every verdict 1."""
    wanted = body["response_format"]["json_schema"]
    return json.dumps(_least(wanted["schema"], wanted["schema"]))


def _least(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _least(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "enum" in schema:
        return schema["enum"][-1]
    if schema["type"] == "object":
        return {key: _least(part, root) for key, part in schema["properties"].items()}
    if schema["type"] == "array":
        return [_least(schema["items"], root)] * max(1, schema.get("minItems", 1))
    return "A pod is small."


@dataclass
class JudgeEndpoint:
    url: str = ""
    reply: Reply = obliging
    status: int = 200
    finish: str = "stop"
    pause_s: float = 0.0
    raw: str | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def reset(self) -> None:
        self.__dict__.update(JudgeEndpoint(url=self.url).__dict__)

    @property
    def prompts(self) -> list[str]:
        return [body["messages"][-1]["content"] for body in self.bodies]


@contextmanager
def judging() -> Iterator[JudgeEndpoint]:
    endpoint = JudgeEndpoint()
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> JSONResponse:
        body = await request.json()
        endpoint.bodies.append(body)
        endpoint.headers.append(dict(request.headers))
        await asyncio.sleep(endpoint.pause_s)
        if endpoint.status != 200:
            error = {"error": {"message": "scripted failure", "type": "x", "code": "x"}}
            return JSONResponse(error, endpoint.status)
        message = {"role": "assistant", "content": endpoint.reply(body)}
        choice = {"index": 0, "message": message, "finish_reason": endpoint.finish}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        kind = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]}
        return JSONResponse({**kind, "choices": [choice], "usage": usage})

    with listening(app) as address:
        endpoint.url = f"{address}/v1"
        yield endpoint
