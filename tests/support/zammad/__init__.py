"""A local fake of Zammad's REST API, written from its documentation; it is not a Zammad.

It has what the bridge asks for: users, tickets, articles, states, the search by a condition, token
authentication, and webhooks. It can be told to lose answers after they took effect, to take effect
late, to be busy and to fail.
"""

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

TOKEN = "zammad-token"
BOT, EMMA, JACOB = 3, 5, 6
STATES = ("new", "open", "pending reminder", "closed", "merged")
TYPES = ("email", "phone", "web", "note", "sms", "chat")
LATE_S = 20.0
"""After which what is late takes effect."""

Reply = tuple[int, Any]
BEFORE: Mapping[str, Reply] = {
    "refused": (503, {"error": "maintenance"}),
    "busy": (429, {"error": "too many"}),
}
FAULTS = (*BEFORE, "dropped", "broken", "lost", "late")
"""dropped: no answer and no effect; broken: 500, lost: no answer, both after the effect; late: 504,
and the effect comes later."""


@dataclass
class FakeZammad:
    """What a Zammad would keep. fault: draws what goes wrong with a request; "": nothing.

    done: is called when a request has been done, before it is answered.

    now: seconds, moved by the test. bells: tickets for which a webhook is to be sent.
    """

    fault: Callable[[str, str], str] = lambda _method, _path: ""
    done: Callable[[], object] = lambda: None
    now: float = 0.0
    late_s: float = LATE_S
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    articles: dict[int, dict[str, Any]] = field(default_factory=dict)
    bells: list[int] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    _late: list[tuple[float, Callable[[], Any]]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for number, first, last in ((BOT, "Route", "Back"), (EMMA, "Emma", "Taylor")):
            self._user(number, first, last)
        self._user(JACOB, "Jacob", "Smith")

    # What people do there.

    def write(
        self, ticket: int, text: str, by: int = EMMA, *, internal: bool = False, **more: Any
    ) -> int:
        """Let somebody write an article."""
        values = {"body": text, "type": "web", "sender": "Agent", "internal": internal, **more}
        with self._lock:
            self.settle()
            return self._article(self.tickets[ticket], values, by)["id"]

    def set_state(self, ticket: int, state: str, by: int = EMMA) -> None:
        """Let somebody change a ticket's state."""
        with self._lock:
            self.settle()
            self._changed(self.tickets[ticket], by, state=state)

    def own(self, ticket: int, owner: int) -> None:
        """Let somebody take a ticket."""
        with self._lock:
            self._changed(self.tickets[ticket], owner, owner_id=owner)

    def said(self, ticket: int) -> list[dict[str, Any]]:
        """Return the articles of a ticket."""
        with self._lock:
            self.settle()
            return [one for one in self.articles.values() if one["ticket_id"] == ticket]

    def settle(self, after_s: float = 0.0) -> None:
        """Let take effect what is late. after_s: so much time goes by before."""
        with self._lock:
            self.now += after_s
            ready = [work for at, work in self._late if at <= self.now]
            self._late = [(at, work) for at, work in self._late if at > self.now]
            for work in ready:
                work()

    # What the API does.

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()
        }
        asked = (scope["method"], scope["path"], query, body, headers)
        with self._lock:
            reply = self._answer(*asked)
            self.done()
        if reply is None:
            await _cut(send)
            return
        status, told = reply
        content = json.dumps(told).encode()
        more = [(b"retry-after", b"3")] if status == 429 else []
        kind, size = (
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
        )
        await send(
            {"type": "http.response.start", "status": status, "headers": [kind, size, *more]}
        )
        await send({"type": "http.response.body", "body": content})

    def _answer(self, method: str, path: str, *rest: Any) -> Reply | None:
        self.settle()
        fault = self.fault(method, path)
        self.requests.append((method, path, fault))
        if fault in BEFORE:
            return BEFORE[fault]
        if fault == "dropped":
            return None
        if fault == "late":
            self._late.append((self.now + self.late_s, lambda: self._handled(method, path, *rest)))
            return 504, {"error": "gateway"}
        reply = self._handled(method, path, *rest)
        if fault == "broken":
            return 500, {"error": "after it was done"}
        return None if fault == "lost" else reply

    def _handled(
        self, method: str, path: str, query: Mapping[str, str], body: bytes, headers: Any
    ) -> Reply:
        if headers.get("authorization") != f"Token token={TOKEN}":
            return 401, {"error": "authentication failed"}
        if body and "application/json" not in headers.get("content-type", ""):
            return 422, {"error": "content type"}
        values = json.loads(body) if body else {}
        parts = path.removeprefix("/api/v1/").split("/")
        return self._read(parts, query) if method == "GET" else self._write(method, parts, values)

    def _read(self, parts: list[str], query: Mapping[str, str]) -> Reply:
        told: Any = None
        match parts:
            case ["users", "me"]:
                told = self.users[BOT]
            case ["users", number]:
                told = self.users.get(int(number))
            case ["tickets", number]:
                told = self.tickets.get(int(number))
                told = self._expanded(told) if told and query.get("expand") == "true" else told
            case ["ticket_articles", "by_ticket", number] if int(number) in self.tickets:
                told = [a for a in self.articles.values() if a["ticket_id"] == int(number)]
        return (404, {"error": "Couldn't find it"}) if told is None else (200, told)

    def _write(self, method: str, parts: list[str], values: Mapping[str, Any]) -> Reply:
        match (method, *parts):
            case ("POST", "tickets", "search"):
                return self._search(values)
            case ("POST", "tickets"):
                return self._open(values)
            case ("PUT", "tickets", number) if int(number) in self.tickets:
                return self._put(int(number), values)
            case ("POST", "ticket_articles") if values.get("ticket_id") in self.tickets:
                if fault := _wrong(values):
                    return 422, {"error": fault}
                return 201, self._article(self.tickets[values["ticket_id"]], values, BOT)
        return 404, {"error": "Couldn't find it"}

    def _open(self, values: Mapping[str, Any]) -> Reply:
        customer = str(values.get("customer_id", ""))
        if not values.get("title") or values.get("group") != "Users":
            return 422, {"error": "title and group"}
        if not customer.startswith("guess:") or values.get("state") not in STATES:
            return 422, {"error": "customer or state"}
        if fault := _wrong(values.get("article", {})):
            return 422, {"error": fault}
        number = max(self.tickets, default=40) + 1
        ticket = {
            "id": number,
            "number": f"22{number}",
            "title": " ".join(values["title"].split()),
            "group_id": 1,
            "state": values["state"],
            "owner_id": 1,
            "customer_id": self._customer(customer.removeprefix("guess:")),
            "updated_by_id": BOT,
        }
        self.tickets[number] = ticket
        self._article(ticket, values["article"], BOT)
        return 201, {name: value for name, value in ticket.items() if name != "state"}

    def _put(self, number: int, values: Mapping[str, Any]) -> Reply:
        if values.get("state", "open") not in STATES:
            return 422, {"error": "No lookup value found for 'state'"}
        self._changed(self.tickets[number], BOT, **values)
        return 200, self.tickets[number]

    def _search(self, values: Mapping[str, Any]) -> Reply:
        asked = values["condition"]["ticket.title"]
        if asked["operator"] != "contains":
            return 422, {"error": "not in this fake"}
        found = [one for one in self.tickets.values() if asked["value"] in one["title"]]
        return 200, [self._expanded(one) for one in found]

    def _expanded(self, ticket: dict[str, Any]) -> dict[str, Any]:
        owner = self.users.get(ticket["owner_id"], {"login": "-"})
        return {**ticket, "owner": owner["login"], "group": "Users"}

    def _article(self, ticket: Any, values: Mapping[str, Any], by: int) -> dict[str, Any]:
        number = max(self.articles, default=100) + 1
        article = {
            "id": number,
            "ticket_id": ticket["id"],
            "subject": " ".join((values.get("subject") or "").split()) or None,
            "body": values["body"],
            "content_type": values.get("content_type", "text/plain"),
            "type": values.get("type", "note"),
            "sender": values.get("sender", "Agent"),
            "internal": bool(values.get("internal", False)),
            "created_by_id": by,
            "origin_by_id": values.get("origin_by_id"),
            "preferences": {},
            "attachments": list(values.get("attachments", ())),
        }
        self.articles[number] = article
        self._changed(ticket, by)
        return article

    def _changed(self, ticket: dict[str, Any], by: int, **values: Any) -> None:
        ticket |= {**values, "updated_by_id": by}
        self.bells.append(ticket["id"])

    def _customer(self, email: str) -> int:
        for number, user in self.users.items():
            if user["email"] == email.lower():
                return number
        number = max(self.users) + 1
        self.users[number] = {"id": number, "login": email, "email": email.lower()}
        self.users[number] |= {"firstname": "", "lastname": ""}
        return number

    def _user(self, number: int, first: str, last: str) -> None:
        mail = f"{first.lower()}@chrispresso.example"
        self.users[number] = {"id": number, "login": mail, "email": mail}
        self.users[number] |= {"firstname": first, "lastname": last}


def _wrong(article: Mapping[str, Any]) -> str:
    if not article.get("body"):
        return 'Need at least article: { body: "some text" }'
    if article.get("type", "note") not in TYPES:
        return "No lookup value found for 'type'"
    if article.get("sender", "Agent") not in {"Agent", "Customer", "System"}:
        return "No lookup value found for 'sender'"
    return ""


async def _cut(send: Any) -> None:
    """Begin an answer and end the connection in it."""
    size = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": size})
    await send({"type": "http.response.body", "body": b"{"})


def faulty(chance: random.Random, share: float) -> Callable[[str, str], str]:
    """Return what draws a fault for so large a share of what changes something.

    What only reads fails a quarter as often.
    """

    def draw(method: str, _path: str) -> str:
        reads = method == "GET"
        if chance.random() >= (share / 4 if reads else share):
            return ""
        return chance.choice(("refused", "busy", "dropped") if reads else FAULTS)

    return draw
