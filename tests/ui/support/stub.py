"""A server that speaks Routeback's API and answers by rule: what a question says decides."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.support.listening import listening
from tests.ui.support.desking import DeskStub
from tests.ui.support.guarding import GuardStub
from tests.ui.support.talks import Talk


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
    desk: DeskStub = field(default_factory=DeskStub)
    status: dict[str, Any] | None = None
    looks: int = 0
    down: bool = False
    talks: dict[str, Talk] = field(default_factory=dict)
    reads: list[tuple[str, int]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    abandoned: threading.Event = field(default_factory=threading.Event)

    def app(self) -> FastAPI:  # noqa: C901
        app = FastAPI()

        self._add_guard(app)
        self.desk.add(app)

        @app.post("/v1/chat/completions")
        async def complete(request: Request) -> Response:
            if refused := self._refused(request):
                return refused
            asked = await request.json()
            self.asked.append(asked)
            question = asked["messages"][-1]["content"]
            if "busy" in question:
                headers = {"Retry-After": "7"} if "very" not in question else {}
                return _error(429, "All places are taken.", "rate_limit_error", headers=headers)
            if "refuse" in question:
                return _error(400, "The question is *not* text.", "invalid_request_error")
            if "html" in question:
                return Response("<h1>Hello</h1>", media_type="text/html")
            return self._taken(asked)

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
            self.tickets.append(asked := await request.json())
            talk = self.talks.get(asked["conversation_id"])
            if talk is None:
                return _error(404, "There is none.", "invalid_request_error", "UnknownConversation")
            number = len(self.tickets) + 11
            talk.open(number, asked["message"], asked["contact"], asked["client_id"])
            opened = {"ticket_id": f"ticket-{talk.ticket}", "number": talk.ticket}
            opened |= {"status": talk.holder, "conversation_id": talk.name}
            return JSONResponse({**opened, "standing": talk.standing()}, 201)

        self._add_conversations(app)

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

    def _add_conversations(self, app: FastAPI) -> None:  # noqa: C901
        @app.post("/v1/conversations", status_code=201)
        async def begin(request: Request) -> Response:
            if refused := self._refused(request):
                return refused
            return JSONResponse({"conversation_id": self._begun()}, 201)

        @app.get("/v1/conversations")
        async def mine(request: Request) -> Response:
            if refused := self._refused(request):
                return refused
            lines = [talk.line() for talk in reversed(self.talks.values())]
            return JSONResponse({"conversations": lines})

        @app.get("/v1/conversations/{name}")
        @app.post("/v1/conversations/{name}/{order}")
        async def talk(request: Request, name: str, order: str = "", after: int = 0) -> Response:
            if refused := self._refused(request):
                return refused
            self.reads.append((name, after))
            talk = self.talks.get(name)
            if talk is None:
                return _error(404, "There is none.", "invalid_request_error", "UnknownConversation")
            if order == "stop":
                talk.stopped = True
                await asyncio.sleep(0.5)
            if order == "bot":
                talk.move("bot", "return", cause="withdrawn")
            if order == "rating":
                talk.ratings.append(await request.json())
                told = {"number": talk.ticket, "rating": talk.ratings[-1]["rating"]}
                return JSONResponse(told, 201)
            return JSONResponse(talk.view(after))

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
        name = f"conversation-{len(self.conversations) + 1}"
        self.conversations.append(name)
        self.talks[name] = Talk(name)
        return name

    def _taken(self, asked: dict[str, Any]) -> Response:
        ours, question = asked["routeback"], asked["messages"][-1]["content"]
        talk = self.talks.get(ours["conversation_id"])
        if talk is None:
            return _error(404, "There is none.", "invalid_request_error", "UnknownConversation")
        sent = [e for e in talk.entries if e.get("client_id") == ours["client_id"]]
        if sent:
            return _error(409, "This was asked before.", "invalid_request_error", "DeskConflict")
        if talk.holder == "closed":
            talk.goes_on_in = self._begun()
            talk = self.talks[talk.goes_on_in]
        if talk.holder != "bot":
            if talk.holder == "solved":
                talk.move("waiting", "reopen")
            talk.add("user", question, client_id=ours["client_id"])
            about = {"turn_id": str(uuid4()), "conversation_id": talk.name}
            about |= {"outcome": "passed_on", "standing": talk.standing()}
            return _streamed(_once(_chunk({}, routeback=about)))
        talk.stopped, turn_id = False, str(uuid4())
        talk.add("question", question, client_id=ours["client_id"], turn_id=turn_id)
        task = asyncio.create_task(talk.write(question, turn_id, self.pause_s))
        self._tasks.add(task)
        return _streamed(self._chunks(talk, turn_id, question))

    async def _chunks(self, talk: Talk, turn_id: str, question: str) -> AsyncIterator[str]:
        yield _chunk({"role": "assistant", "content": ""})
        told = 0
        try:
            async for entry in talk.follow(turn_id):
                if entry["kind"] == "piece":
                    yield f"id: {entry['number']}\n{_chunk({'content': entry['text']})}"
                    told += 1
                    if "cut" in question and told == 10:
                        return
                elif entry["kind"] == "failed":
                    yield _line(_body(entry["text"], "server_error"))
                    return
                else:
                    about = {**entry["turn"], "standing": talk.standing()}
                    yield _chunk({}, routeback=about)
        except (asyncio.CancelledError, GeneratorExit):
            self.abandoned.set()
            raise
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


def _streamed(lines: AsyncIterator[str]) -> Response:
    return StreamingResponse(lines, media_type="text/event-stream")


async def _once(line: str) -> AsyncIterator[str]:
    yield line


def _body(message: str, kind: str, code: str = "x") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _error(
    status: int,
    message: str,
    kind: str,
    code: str = "x",
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    return JSONResponse(_body(message, kind, code), status, headers=headers)
