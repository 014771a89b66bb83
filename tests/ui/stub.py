"""A server that speaks Routeback's API and answers by rule: what a question says decides."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.ui.guarding import GuardStub

SOURCES = {
    "en": [
        {
            "title": "Negative transfer",
            "text": "**Negative transfer** is knowledge from earlier training that makes a model "
            "worse on the task at hand.\n\n- It costs $5 to $10 to find.\n- Write `a[1]` or "
            "`$HOME`.\n\n![spy](http://127.0.0.1:9/spy.png) :cat: :red[loud] <b>bold</b>",
            "url": "https://help.example.com/en/negative-transfer",
            "kind": "definition",
        },
        {
            "title": "Fine-tuning: when it *pays*",
            "text": "Tune a model only after retrieval has been measured.",
            "url": "javascript:alert(1)",
            "kind": "guide",
        },
        {
            "title": "Retrieval",
            "text": "## How it works\n\nPassages are found by words and by meaning.",
            "url": None,
            "kind": "article",
        },
    ],
    "de": [
        {
            "title": "Negativer Transfer",
            "text": "**Negativer Transfer** heißt: Wissen aus einem früheren Training macht ein "
            "Modell bei der eigentlichen Aufgabe schlechter.",
            "url": "https://help.example.com/de/negativer-transfer",
            "kind": "definition",
        },
        {
            "title": "Feinabstimmung: wann sie sich lohnt",
            "text": "Stimmen Sie ein Modell erst ab, wenn die Suche gemessen ist.",
            "url": None,
            "kind": "guide",
        },
        {
            "title": "Suche",
            "text": "Textstellen werden nach Wörtern und nach Bedeutung gefunden.",
            "url": None,
            "kind": "article",
        },
    ],
}
SENTENCES = {
    "en": [
        (
            "**Negative transfer** means that old training makes a model worse at its task [1].",
            1,
        ),
        ("It is found by comparing both models on the same questions, for $5 to $10 [1] [2].", 1),
        ("Most companies never notice it.", 0),
    ],
    "de": [
        (
            "**Negativer Transfer** heißt, dass früheres Training ein Modell schlechter macht [1].",
            1,
        ),
        ("Man findet ihn, wenn beide Modelle dieselben Fragen beantworten [1] [2].", 1),
        ("Die meisten Firmen bemerken ihn nie.", 0),
    ],
}
SAYINGS = {
    ("abstained", "en"): "I did not find an answer to “{}” in the documents. The closest entries "
    "are: Negative transfer, Retrieval. Would you like to talk to a person?",
    ("abstained", "de"): "Ich habe zu „{}“ in den Dokumenten keine Antwort gefunden. Am nächsten "
    "kommen: Negativer Transfer, Suche. Möchten Sie mit einem Menschen sprechen?",
    ("handed_off", "en"): "Of course. I can pass your question on to a person.",
    ("handed_off", "de"): "Gern. Ich kann Ihre Frage an einen Menschen weitergeben.",
}


@dataclass
class Stub:
    """What the server was asked. key: if set, the only one it takes. down: answers nobody."""

    url: str = ""
    key: str = ""
    pause_s: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    ratings: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    guard: GuardStub = field(default_factory=GuardStub)
    down: bool = False
    abandoned: threading.Event = field(default_factory=threading.Event)

    def app(self) -> FastAPI:
        app = FastAPI()

        self._add_guard(app)

        @app.post("/v1/chat/completions")
        async def complete(request: Request) -> Response:
            if refused := self._refused(request):
                return refused
            asked = await request.json()
            self.asked.append(asked)
            question = asked["messages"][-1]["content"]
            if "busy" in question:
                headers = {"Retry-After": "7"} if "very" not in question else {}
                return _error(429, "All places are taken.", "rate_limit_error", headers)
            if "refuse" in question:
                return _error(400, "The question is *not* text.", "invalid_request_error")
            if "html" in question:
                return Response("<h1>Hello</h1>", media_type="text/html")
            return StreamingResponse(self._chunks(asked), media_type="text/event-stream")

        @app.post("/v1/feedback", status_code=201)
        async def rate(request: Request) -> Response:
            if refused := self._refused(request):
                return refused
            self.ratings.append(await request.json())
            return JSONResponse({"status": "stored"}, 201)

        @app.post("/v1/tickets", status_code=201)
        async def hand_over(request: Request) -> Response:
            if refused := self._refused(request):
                return refused
            self.tickets.append(await request.json())
            return JSONResponse({"ticket_id": f"ticket-{len(self.tickets)}", "status": "open"}, 201)

        return app

    def _add_guard(self, app: FastAPI) -> None:
        @app.middleware("http")
        async def guarded(
            request: Request, call_next: Callable[[Request], Awaitable[Response]]
        ) -> Response:
            if self.down:
                return _error(503, "Not ready.", "server_error")
            path = request.url.path
            refused = self._refused(request) if path.startswith("/v1/guard") else None
            return refused or await call_next(request)

        @app.get("/healthz")
        async def health() -> dict[str, str]:
            return {"status": "alive"}

        @app.get("/v1/guard/status")
        @app.get("/v1/guard/map")
        @app.get("/v1/guard/decisions")
        @app.get("/v1/guard/decisions/{decision_id}/replay")
        @app.post("/v1/guard/{order}")
        async def guard(request: Request) -> Response:
            return await self.guard.answer(request)

    def _refused(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if self.key and given != f"Bearer {self.key}":
            return _error(401, "This API needs a key.", "authentication_error")
        return None

    async def _chunks(self, asked: dict[str, Any]) -> AsyncIterator[str]:
        question = asked["messages"][-1]["content"]
        german = question.startswith(("Was ", "Wie ", "Ich "))
        language = "de" if german else "en"
        outcome = "answered"
        if "unknown" in question or "unbekannt" in question:
            outcome = "abstained"
        if "person" in question or "Menschen" in question:
            outcome = "handed_off"
        saying = SAYINGS.get((outcome, language))
        said = " ".join(sentence for sentence, _ in SENTENCES[language])
        text = saying.format(question) if saying else said
        yield _chunk({"role": "assistant", "content": ""})
        if "restart" in question:
            yield _chunk({"content": "Bananas are yellow."})
            yield _chunk({}, routeback={"restart": "a sentence did not pass"})
        if "slow" in question:
            await asyncio.sleep(6.5)
        words = text.split(" ")
        try:
            for number, word in enumerate(words):
                if number == len(words) // 2 and "break" in question:
                    yield _line(_body("The arm 'base' did not answer.", "server_error"))
                    return
                if number == len(words) // 2 and "cut" in question:
                    return
                while number == 5 and "endless" in question:
                    yield _chunk({"content": " and"})
                    await asyncio.sleep(0.5)
                await asyncio.sleep(self.pause_s)
                yield _chunk({"content": word if not number else f" {word}"})
        except (asyncio.CancelledError, GeneratorExit):
            self.abandoned.set()
            raise
        yield _chunk({}, routeback=_about(asked, language, outcome))
        yield "data: [DONE]\n\n"


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    """Serve a stub on a free loopback port until the block is left."""
    listener = socket.create_server(("127.0.0.1", 0))
    stub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        stub.app(), log_level="warning", timeout_graceful_shutdown=1, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
        assert not thread.is_alive()


def _about(asked: dict[str, Any], language: str, outcome: str) -> dict[str, Any]:
    found = outcome != "handed_off"
    sources = [
        {"number": number, "id": f"p{number}", "source": "docs.md", "language": language, **source}
        for number, source in enumerate(SOURCES[language] if found else [], start=1)
    ]
    sentences = [
        {"text": text, "cited": [n for n in (1, 2) if f"[{n}]" in text], "carried": bool(carried)}
        for text, carried in (SENTENCES[language] if outcome == "answered" else [])
    ]
    route = {"arm": "base", "revision": "r1", "reason": "no candidate is proven here"}
    return {
        "turn_id": str(uuid4()),
        "conversation_id": asked["routeback"]["conversation_id"],
        "outcome": outcome,
        "language": language,
        "segment": "glossary",
        "standalone": asked["messages"][-1]["content"],
        "evidence": 0.83 if found else None,
        "route": route if outcome == "answered" else None,
        "sources": sources,
        "sentences": sentences,
        "checked": "unchecked" not in asked["messages"][-1]["content"],
        "fell_back": "a sentence did not pass" if "restart" in str(asked["messages"]) else None,
        "timings_s": {"triage": 0.02, "retrieve": 0.11, "generate": 2.4},
    }


def _chunk(delta: dict[str, str], **extra: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if extra else None}
    frame = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "routeback"}
    return _line({**frame, "choices": [choice], **extra})


def _line(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _body(message: str, kind: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": "x"}}


def _error(
    status: int, message: str, kind: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(_body(message, kind), status, headers=headers)
