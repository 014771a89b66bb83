"""The desk as the stub tells of it: made-up tickets in the shape of the API's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

NOW = datetime.now(UTC)
AGENTS = [{"agent": "key:ada", "name": "Ada"}, {"agent": "key:bob", "name": "Bob"}]
DRAFT = "The second payment is refunded within 14 days [1]."


def at(minutes: float) -> str:
    """Return a moment so many minutes from now."""
    return (NOW + timedelta(minutes=minutes)).isoformat()


def ticket(number: int, **more: Any) -> dict[str, Any]:
    """Return a ticket of a person; it waits for two hours, and is due in two."""
    return {
        "id": f"id-{number}",
        "number": number,
        "conversation_id": f"conversation-{number}",
        "status": "waiting",
        "message": f"I was charged twice, *case* {number}.",
        "contact": "ada@example.com",
        "language": "en",
        "segment": "support.billing/en",
        "arm": "base",
        "reason": "missing_knowledge",
        "channel": "chat",
        "person": "0123456789abcdef",
        "created_at": at(-120),
        "updated_at": at(-120),
        "user_waits_since": at(-120),
        "first_reply_due": at(120),
        "solve_due": at(600),
        **more,
    }


def entry(number: int, kind: str, text: str = "", **more: Any) -> dict[str, Any]:
    """Return an entry of a conversation."""
    return {"number": number, "at": at(number - 120), "kind": kind, "text": text, **more}


def person(name: str, kind: str = "person") -> dict[str, Any]:
    """Return an author."""
    label = f"Written by a person: {name}"
    return {"kind": kind, "name": name, "machine_generated": kind == "draft", "label": label}


def bot(number: int) -> dict[str, Any]:
    """Return an answer of the assistant that it was unsure of."""
    turn = {
        "turn_id": "turn",
        "outcome": "answered",
        "mode": "write",
        "evidence": 0.31,
        "sources": [
            {"number": 1, "title": "Refunds", "text": "The first payment is refunded."},
            {"number": 2, "title": "Vouchers", "text": "A voucher lowers a price."},
        ],
        "sentences": [
            {"text": "The first payment is refunded [1].", "cited": [1], "carried": True},
            {"text": "So is the *second*.", "cited": [], "carried": False},
        ],
    }
    author = {"kind": "model", "name": "base", "machine_generated": True, "label": "AI: base"}
    text = "The first payment is refunded [1]. So is the *second*."
    return entry(number, "answer", text, author=author, turn=turn)


def moved(number: int, before: str, after: str, move: str, **more: Any) -> dict[str, Any]:
    """Return that a conversation passed on."""
    told = {"before": before, "after": after, "move": move, "ticket": 1, **more}
    return entry(number, "moved", moved=told)


def version(given: dict[str, Any]) -> dict[str, Any]:
    """Return the first version of an entry, as it was proposed."""
    content = {name: given[name] for name in ("name", "text", "aliases")}
    told = {"key": "k", "language": given["language"], "version": 1, "kind": "faq"}
    more = {"state": "draft", "by": "Ada", "at": at(0), "reason": "", "erased": False}
    return {**told, **more, "content": content, "from_gap": None, "from_ticket": "id-1"}


def log() -> list[dict[str, Any]]:
    """Return the conversation of a ticket that waits."""
    return [
        entry(1, "question", "Do I get the *second* payment back?"),
        bot(2),
        moved(3, "bot", "waiting", "ask", reason="missing_knowledge"),
        entry(4, "user", "I was charged twice, *case* 1."),
    ]


@dataclass
class DeskStub:
    """Tickets by number, and what was asked of them. refusals: by the end of a path, what is said.

    logs: by ticket; a ticket without one has that of ``log``.
    """

    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    logs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    agents: list[dict[str, str]] = field(default_factory=lambda: list(AGENTS))
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    draft: dict[str, Any] = field(
        default_factory=lambda: {
            "draft_id": "draft-1",
            "text": DRAFT,
            "author": {"kind": "model", "name": "base", "machine_generated": True, "label": ""},
            "sources": [{"number": 1, "title": "Refunds", "text": "Within 14 days."}],
            "sentences": [{"text": DRAFT, "cited": [1], "carried": False}],
        }
    )
    summary: dict[str, Any] = field(
        default_factory=lambda: {
            "wanted": [{"number": 1, "label": "Asked", "text": "The *second* payment back."}],
            "tried": [{"number": 2, "label": "Quoted", "text": "", "titles": ["Refunds"]}],
            "open": [{"number": 4, "label": "Written", "text": "Whether it came in."}],
            "doubts": [],
            "left_out": 2,
        }
    )
    kept: dict[str, str] = field(default_factory=dict)
    entry: dict[str, Any] | None = None
    serving: bool = False
    numbers: dict[str, Any] = field(default_factory=dict)
    counted: list[dict[str, str]] = field(default_factory=list)

    def fill(self, *tickets: dict[str, Any]) -> "DeskStub":
        self.tickets |= {one["number"]: one for one in tickets}
        return self

    def said(self, what: str) -> list[dict[str, Any]]:
        """Return the bodies that were sent to paths that end with a word."""
        return [body for path, body in self.asked if path.endswith(what)]

    def add(self, app: FastAPI) -> None:  # noqa: C901
        @app.get("/v1/desk/tickets")
        async def queue(request: Request, limit: int = 50, offset: int = 0) -> Response:
            held = [t for t in self.tickets.values() if wanted(t, dict(request.query_params))]
            late = sorted(held, key=lambda t: (not t.get("overdue"), t["solve_due"], -t["number"]))
            return JSONResponse({"tickets": late[offset : offset + limit], "total": len(held)})

        @app.get("/v1/desk/numbers")
        async def numbers(request: Request) -> Response:
            self.counted.append(asked := dict(request.query_params))
            if "numbers" in self.refusals:
                return refused(self.refusals["numbers"], 400)
            return JSONResponse({**self.numbers, "by": asked["by"]})

        @app.get("/v1/desk/search")
        async def search(q: str) -> Response:
            found = [t for t in self.tickets.values() if q in t["message"]]
            excerpt = [{"text": "… so "}, {"text": q, "hit": True}]
            hits = [{"ticket": t["number"], "subject": "", "excerpt": excerpt} for t in found]
            return JSONResponse({"hits": [*hits, {"conversation_id": "none", "excerpt": []}]})

        @app.get("/v1/desk/replies")
        async def replies() -> Response:
            kept = [{"id": name, "title": name.title(), "text": ""} for name in self.kept]
            return JSONResponse({"replies": kept})

        @app.get("/v1/desk/tickets/{name}/replies/{reply}")
        async def filled(name: str, reply: str) -> Response:
            return JSONResponse({"text": f"#{name}: {self.kept[reply]}"})

        @app.post("/v1/desk/tickets")
        async def open_one(request: Request) -> Response:
            body = await request.json()
            self.asked.append(("tickets", body))
            if "tickets" in self.refusals:
                return refused(self.refusals["tickets"])
            number = max(self.tickets, default=0) + 1
            self.fill(ticket(number, reason="by_hand", message=body["message"]))
            return JSONResponse(self.tickets[number], 201)

        @app.get("/v1/desk/agents")
        async def agents() -> Response:
            return JSONResponse({"agents": self.agents})

        @app.get("/v1/desk/tickets/{name}")
        async def show(name: str) -> Response:
            found = self.find(name)
            if found is None:
                return refused(f"There is no ticket '{name}'.", 404)
            told = self.logs.get(found["number"], log())
            standing = {"holder": found["status"], "number": len(told)}
            return JSONResponse({"ticket": found, "standing": standing, "entries": told})

        @app.get("/v1/desk/tickets/{name}/person")
        async def history(name: str) -> Response:
            found = self.find(name) or {}
            theirs = [t for t in self.tickets.values() if t["person"] == found.get("person")]
            line = {"conversation_id": "older", "began": at(-9000), "latest": at(-9000)}
            lines = [{**line, "title": "What is a *voucher*?", "holder": "closed"}]
            return JSONResponse({"tickets": theirs, "conversations": lines})

        @app.get("/v1/desk/tickets/{name}/summary")
        async def summary(name: str) -> Response:
            assert self.find(name)
            return JSONResponse(self.summary)

        @app.get("/v1/desk/tickets/{name}/entry")
        async def made(name: str) -> Response:
            assert self.find(name)
            return JSONResponse({"entry": self.entry, "serving": self.serving})

        @app.get("/v1/desk/tickets/{name}/entry/draft")
        async def begun(name: str) -> Response:
            assert self.find(name)
            content = {"name": "Do I get it back?", "text": "Within 14 days."}
            told = {"language": "en", "kind": "faq", "key": "k", "flags": ["personal data"]}
            return JSONResponse({**told, "content": content})

        @app.patch("/v1/desk/tickets/{name}")
        @app.post("/v1/desk/tickets/{name}/{what}")
        async def work(request: Request, name: str, what: str = "change") -> Response:
            body = await request.body()
            given = await request.json() if body else {}
            self.asked.append((what, given))
            if what in self.refusals:
                return refused(self.refusals[what])
            if what == "draft":
                return JSONResponse(self.draft)
            if what == "entry":
                self.entry = version(given)
                return JSONResponse(self.entry, 201)
            found = self.find(name)
            assert found
            return self.done(found, what, given)

    def find(self, name: str) -> dict[str, Any] | None:
        named = (t for t in self.tickets.values() if name in {t["id"], str(t["number"])})
        return next(named, None)

    def done(self, found: dict[str, Any], what: str, given: dict[str, Any]) -> Response:
        """Do to a ticket about what the API does to it."""
        mine = {"status": "person", "assignee": "Ada", "assigned": True, "mine": True}
        nobody = {"assignee": "", "assigned": False, "mine": False}
        told = self.logs.setdefault(found["number"], log())
        number = len(told) + 1
        after: dict[str, dict[str, Any]] = {
            "claim": mine,
            "reply": mine,
            "assign": {**mine, "assignee": "Bob", "mine": False},
            "release": {**nobody, "status": "waiting"},
            "return": {"status": "closed", "cause": "returned"},
            "solve": {"status": "solved", "cause": given.get("cause")},
            "reopen": {**nobody, "status": "waiting", "cause": None, "reopened": 1},
            "change": given,
        }
        found.update(after.get(what, {}))
        if what == "reply":
            author = person("Ada", "draft" if given.get("draft_id") else "person")
            told.append(entry(number, "team", given["text"], author=author))
        if what == "note":
            detail = {"mentions": given["mentions"]}
            told.append(entry(number, "note", given["text"], author=person("Ada"), detail=detail))
        if what in {"reply", "note"}:
            return JSONResponse({"number": number, "ticket": found}, 201)
        if what == "merge":
            found.update(status="closed", cause="merged")
            return JSONResponse(self.find(str(given["ticket"])))
        return JSONResponse(found)


def wanted(one: dict[str, Any], asked: dict[str, str]) -> bool:
    """Return whether a ticket is of those that are asked for."""
    is_open = one["status"] in {"waiting", "person"}
    return all(
        {
            "open": is_open,
            "unassigned": not one.get("assigned"),
            "mine": bool(one.get("mine")),
            "overdue": bool(one.get("overdue")),
            "status": one["status"] == value,
        }.get(name, True)
        for name, value in asked.items()
    )


def refused(message: str, status: int = 409) -> Response:
    body = {"message": message, "type": "invalid_request_error", "code": "DeskConflict"}
    return JSONResponse({"error": body}, status)
