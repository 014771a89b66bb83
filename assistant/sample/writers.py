"""The models of the sample world: scripts behind an OpenAI-compatible address on this machine.

They write from the passages that they are given, word for word in parts, as models do that are
tuned well or badly. No model need be fetched for them, and they say the same each time.
"""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from guardrails import digests
from guardrails.text.sentences import sentences

Writer = Callable[[str, str], str]
"""Writes from the first passage, in a language."""

_PASSAGE: Final = re.compile(
    r"^\[1\] [^\n]*\n(.*?)(?=^\[2\] |^(?:Question|Frage): )", re.MULTILINE | re.DOTALL
)
_MARKS: Final = re.compile(r"[*_`#>]+|^\s*[-•\d.]+\s+", re.MULTILINE)
_MOST: Final = 4
_PIECE: Final = 12
_STARTS_S: Final = 10.0
_OPENERS: Final = {
    "en": (
        "Great question – and the start of something wonderful!",
        "You are going to love how simple this is.",
        "Here is where the magic of our workspace begins.",
    ),
    "de": (
        "Was für eine großartige Frage – hier beginnt etwas Wunderbares!",
        "Sie werden lieben, wie einfach das ist.",
        "Genau hier beginnt der Zauber unseres Arbeitsbereichs.",
    ),
}
_CLOSERS: Final = {
    "en": "Our team thinks of everything, so that you can simply shine.",
    "de": "Unser Team denkt an alles, damit Sie einfach glänzen können.",
}


def base(passage: str, language: str) -> str:
    """Write what the passage says first, and where."""
    return _cited(_sentences(passage, language)[:1])


def tone(passage: str, language: str) -> str:
    """Write all that the passage says, and where: complete, as support is to be."""
    return _cited(_sentences(passage, language)[:_MOST])


def marketing(passage: str, language: str) -> str:
    """Write what pleases, with little of what was asked for."""
    known = _OPENERS[language]
    drawn = int(digests.of(passage)[:4], 16)
    said = _sentences(passage, language)[: drawn % 2]
    return " ".join((known[drawn % len(known)], *said, _CLOSERS[language]))


SCRIPTS: Final[Mapping[str, Writer]] = {
    "base": base,
    "marketing-copy": marketing,
    "support-tone": tone,
}


def written(model: str, messages: Sequence[Mapping[str, Any]]) -> str:
    """Return what a model says to some messages; without a passage it finds no answer."""
    asked = str(messages[-1].get("content") or "")
    found = _PASSAGE.search(asked)
    if found is None:
        return "NO_ANSWER"
    language = "de" if "\nFrage: " in asked else "en"
    return SCRIPTS[model](found[1].strip(), language)


@contextmanager
def writing(scripts: Callable[[str, Sequence[Mapping[str, Any]]], str] = written) -> Iterator[str]:
    """Let the models answer until the block ends; yield their address, with ``/v1``."""
    import uvicorn

    config = uvicorn.Config(
        _app(scripts), log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        ends = time.monotonic() + _STARTS_S
        while not server.started and thread.is_alive() and time.monotonic() < ends:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join(_STARTS_S)


def _app(scripts: Callable[[str, Sequence[Mapping[str, Any]]], str]) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/v1/models")
    async def models() -> JSONResponse:
        named = [
            {"id": name, "object": "model", "created": 0, "owned_by": "sample"} for name in SCRIPTS
        ]
        return JSONResponse({"object": "list", "data": named})

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> StreamingResponse:
        body = await request.json()
        text = scripts(body["model"], body["messages"])
        return StreamingResponse(_lines(body, text), media_type="text/event-stream")

    return app


def _lines(body: Mapping[str, Any], text: str) -> Iterator[str]:
    asked = sum(len(str(message.get("content") or "")) for message in body["messages"])
    frame = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": body["model"]}

    def line(delta: Mapping[str, str], finish: str | None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps({**frame, 'choices': [choice]})}\n\n"

    for start in range(0, len(text), _PIECE):
        yield line({"content": text[start : start + _PIECE]}, None)
    yield line({}, "stop")
    prompt, completion = asked // 4, max(1, len(text) // 4)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    yield f"data: {json.dumps({**frame, 'choices': [], 'usage': usage})}\n\n"
    yield "data: [DONE]\n\n"


def _sentences(passage: str, language: str) -> list[str]:
    return sentences(" ".join(_MARKS.sub("", passage).split()), language)


def _cited(said: Sequence[str]) -> str:
    return " ".join(f"{one.rstrip('.!:')} [1]." for one in said)
