"""A server that speaks Routeback's API and answers by rule: what a question says decides."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.support.listening import listening
from tests.ui.support import answering
from tests.ui.support.guarding import GuardStub


@dataclass
class Stub:
    """What the server was asked. key: if set, the only one it takes. down: answers nobody.

    status: how far the model is; None for an API that does not say.
    """

    url: str = ""
    key: str = ""
    pause_s: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    ratings: list[dict[str, Any]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    conversations: list[str] = field(default_factory=list)
    caller: dict[str, Any] = field(
        default_factory=lambda: {
            "name": "owner",
            "kind": "local",
            "roles": ["user", "agent", "editor", "owner", "admin"],
            "sign_in": "none",
        }
    )
    guard: GuardStub = field(default_factory=GuardStub)
    status: dict[str, Any] | None = None
    looks: int = 0
    down: bool = False
    abandoned: threading.Event = field(default_factory=threading.Event)

    def app(self) -> FastAPI:  # noqa: C901
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
            conversation = self.tickets[-1].get("conversation_id") or self._begun()
            number = f"ticket-{len(self.tickets)}"
            opened = {"ticket_id": number, "status": "open", "conversation_id": conversation}
            return JSONResponse(opened, 201)

        @app.get("/v1/me")
        async def me(request: Request) -> Response:
            if refused := self._refused(request):
                return refused
            return JSONResponse(self.caller)

        @app.get("/v1/status")
        async def status() -> Response:
            self.looks += 1
            found = self.status
            return JSONResponse(found) if found else JSONResponse({"detail": "Not Found"}, 404)

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
        @app.get("/v1/guard/labels")
        @app.get("/v1/guard/labels/next")
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

    def _begun(self) -> str:
        self.conversations.append(f"conversation-{len(self.conversations) + 1}")
        return self.conversations[-1]

    async def _chunks(self, asked: dict[str, Any]) -> AsyncIterator[str]:
        question = asked["messages"][-1]["content"]
        conversation = asked["routeback"].get("conversation_id") or self._begun()
        text, about = answering.answer(question, conversation)
        yield _chunk({"role": "assistant", "content": ""})
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
        yield _chunk({}, routeback=about)
        yield "data: [DONE]\n\n"


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    """Serve a stub on a free loopback port until the block is left."""
    with listening(stub.app()) as address:
        stub.url = address
        yield stub


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
