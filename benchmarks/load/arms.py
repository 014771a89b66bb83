"""The scripted model: an endpoint of its own process that speaks at a steady pace.

``python -m benchmarks.load.arms PORT``. An answer is what the first passage says in up to three
sentences, each with its marker, so that whoever checks it has real text to check. What is asked
without passages (by the bare pass-through) gets what the same question got with them.

``POST /pace`` sets the pace; ``GET /heard`` tells what was asked since the last time.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

FIRST_S: Final = 0.05
EACH_S: Final = 1 / 20
"""To the first token, and between two: what the goals of load speak of."""
_SENTENCES: Final = 3
_QUESTION: Final = re.compile(r"(?:Question|Frage): (.*)\n(?:Answer|Antworte)[^\n]*\Z", re.DOTALL)
_PASSAGE: Final = re.compile(
    r"\[1\] [^\n]*\n(?P<text>.*?)(?=\n\n\[2\] |\n\n(?:Question|Frage): )", re.DOTALL
)
_END: Final = re.compile(r"(?<=[.!?])\s+")
_TOKEN: Final = re.compile(r"\s*\S{1,6}")
NOTHING: Final = "Scripted."


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer. model: that was asked for. first_sentence: when it was said, monotonic seconds.

    tokens: how many were said; 0: who asked has left.
    """

    question: str
    model: str
    first_sentence: float
    tokens: int


@dataclass
class Script:
    """What the endpoint says, and how fast."""

    first_s: float = FIRST_S
    each_s: float = EACH_S
    said: dict[str, str] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def answer(self, content: str) -> tuple[str, str]:
        """Return the question of a message, and the answer."""
        asked, passage = _QUESTION.search(content), _PASSAGE.search(content)
        if asked is None or passage is None:
            return content, self.said.get(content, NOTHING)
        lines = [line.strip() for line in passage["text"].splitlines()]
        plain = " ".join(line for line in lines if line and line[0] not in "-*|#`")
        found = [part for part in _END.split(plain) if part[-1:] in {".", "!", "?"}]
        chosen = found[:_SENTENCES] or [f"{plain or passage['text']}."]
        text = " ".join(f"{part[:-1]} [1]{part[-1]}" for part in chosen)
        self.said[asked[1]] = text
        return asked[1], text


def application() -> FastAPI:
    """Return the endpoint."""
    app, script = FastAPI(), Script()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "scripted", "object": "model"}]}

    @app.post("/pace")
    async def pace(request: Request) -> None:
        told = await request.json()
        script.first_s, script.each_s = told["first_s"], told["each_s"]

    @app.get("/heard")
    async def heard() -> list[dict[str, Any]]:
        taken, script.heard = script.heard, []
        return [asdict(one) for one in taken]

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> StreamingResponse:
        body = await request.json()
        return StreamingResponse(_said(script, body), media_type="text/event-stream")

    return app


async def _said(script: Script, body: Mapping[str, Any]) -> AsyncIterator[str]:
    began = time.monotonic()
    question, text = script.answer(body["messages"][-1]["content"])
    tokens = _TOKEN.findall(text)
    model, each_s, ends = body["model"], script.each_s, 0.0
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": model}

    def line(**choice: Any) -> str:
        choices = [{"index": 0, "delta": {}, "finish_reason": None, **choice}]
        return f"data: {json.dumps({**frame, 'choices': choices})}\n\n"

    count = 0
    try:
        for count, token in enumerate(tokens):
            due = began + script.first_s + count * each_s
            if each_s:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield line(delta={"content": token})
            if not ends and token[-1] in ".!?":
                ends = time.monotonic()
        usage = {"prompt_tokens": 1000, "completion_tokens": len(tokens)}
        yield line(finish_reason="stop")
        told = {**frame, "choices": [], "usage": {**usage, "total_tokens": 1000 + len(tokens)}}
        yield f"data: {json.dumps(told)}\n\ndata: [DONE]\n\n"
        count = len(tokens)
    except (asyncio.CancelledError, GeneratorExit):
        count = 0
        raise
    finally:
        script.heard.append(Heard(question, model, ends, count))


if __name__ == "__main__":
    uvicorn.run(application(), port=int(sys.argv[1]), log_level="critical", lifespan="off")
