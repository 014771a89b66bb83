"""A team at its desk, for a world that is served: weeks that are over, and a day's work.

Weeks are rows of the past; the day's work is done over the API, as people would do it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import numpy as np
from sqlalchemy import Engine, insert

from assistant.desk.settings import DeskSettings, PilotTarget, TokenPrice
from assistant.records.desk.tables import threads, tickets
from assistant.records.turns import Records, Turn, feedback
from guardrails import clock

DESK: Final = DeskSettings(
    hours="always",
    time_zone="UTC",
    targets=(
        PilotTarget(metric="durable_resolution", at_least=0.4),
        PilotTarget(metric="durable_resolution", segment="support.billing", at_least=0.8),
        PilotTarget(metric="pleased", at_least=0.95),
        PilotTarget(metric="first_reply_minutes", at_most=20),
        PilotTarget(metric="reopened", segment="glossary", at_most=0.1),
    ),
    prices={"base": TokenPrice(prompt=0.5, completion=1.5)},
)
KNOWN: Final = (
    ("support.account", "en", "How do I reset my password?", "reset-password", 0.85),
    ("support.billing", "en", "Can I get a refund?", "refund", 0.6),
    ("support.billing", "de", "Bekomme ich mein Geld zurück?", "refund", 0.55),
    ("glossary", "en", "What is negative transfer?", "negative-transfer", 0.9),
)
"""Segment, language, question, key of the entry that answers, share that is settled by it."""
PEOPLE: Final = 60
TICKETS: Final = 26
WAITING: Final = TICKETS + 2
"""Number of a ticket that nobody has yet."""
TAKEN: Final = TICKETS + 3
"""Number of a ticket in which there are notes and replies."""
TWICE: Final = "I was charged twice in March, and only one of the payments came back."
NOTE: Final = "The second charge is in the ledger, on 14 March. Sam, can you confirm?"


def past(engine: Engine) -> None:
    """Write what people asked in the weeks before, and the tickets that came of it."""
    random = np.random.default_rng(5)
    records = Records(engine)
    left = TICKETS
    for number in range(PEOPLE):
        owner = f"person:made-up-{number:02}"
        for _ in range(int(random.integers(1, 4))):
            segment, language, question, key, good = KNOWN[int(random.integers(len(KNOWN)))]
            at = clock.now() - timedelta(days=float(random.uniform(1, 26)))
            turn = _turn(records.begin(owner), question, language, segment, key, at)
            records.add(turn)
            if random.random() < good:
                continue
            if left and random.random() < 0.6:
                left -= 1
                _handed_over(engine, TICKETS - left, owner, turn, random)
            else:
                _rated_down(engine, turn)
    for number in range(left):
        turn = _turn(records.begin(f"person:late-{number}"), KNOWN[1][2], "en", *_OWN, _ago(9))
        records.add(turn)
        _handed_over(engine, TICKETS - left + number + 1, f"person:late-{number}", turn, random)


_WIKI: Final = "https://wiki.example.invalid/sitemap.xml"
_OWN: Final = ("support.billing", "refund")


def _ago(days: float) -> datetime:
    return clock.now() - timedelta(days=days)


def _turn(
    conversation: str, question: str, language: str, segment: str, key: str, at: datetime
) -> Turn:
    source = {"number": 1, "id": key, "key": key, "title": key, "text": "So it is."}
    return Turn(
        conversation, question, question, language, segment, "answered", "So it is [1].", "p", "1",
        arm="base", evidence=0.9, sources=[source], created_at=at, mode="write",
        usage={"prompt_tokens": 900, "completion_tokens": 60},
        timings_s={"generate": 1.4, "check": 0.4},
    )  # fmt: skip


def _rated_down(engine: Engine, turn: Turn) -> None:
    row = {"id": str(uuid4()), "turn_id": turn.id, "thumb": "down", "comment": ""}
    with engine.begin() as connection:
        connection.execute(insert(feedback).values(**row, created_at=turn.created_at))


def _handed_over(
    engine: Engine, number: int, owner: str, turn: Turn, random: np.random.Generator
) -> None:
    """Write a ticket that is over."""
    at = turn.created_at + timedelta(minutes=3)
    replied = at + timedelta(minutes=float(random.gamma(2, 22)))
    solved = replied + timedelta(minutes=float(random.gamma(2, 200)))
    name = ("Grace", "Sam")[number % 2]
    row: dict[str, Any] = {
        "id": str(uuid4()), "conversation_id": turn.conversation_id, "created_at": at,
        "status": "closed", "language": turn.language, "contact": f"person{number}@example.org",
        "message": turn.question, "number": number, "subject": turn.question,
        "reason": ("asked", "rated_down", "low_evidence")[number % 3],
        "priority": "normal", "segment": turn.segment, "arm": "base", "channel": "chat",
        "owner": owner, "assignee": f"key:{name}", "assignee_name": name, "cause": "solved",
        "updated_at": solved, "first_reply_due": at + timedelta(hours=4),
        "first_reply_at": replied, "solve_due": at + timedelta(hours=24), "solved_at": solved,
        "closed_at": solved, "reopened": int(number % 9 == 0),
        "rating": (5, 4, 5, 2, 5)[number % 5], "rated_at": solved,
    }  # fmt: skip
    held = {
        "conversation_id": turn.conversation_id, "holder": "closed", "ticket_id": row["id"],
        "since": solved, "latest": solved,
    }  # fmt: skip
    mine = threads.c.conversation_id == turn.conversation_id
    with engine.begin() as connection:
        connection.execute(insert(tickets).values(row))
        if not connection.execute(threads.update().where(mine).values(held)).rowcount:
            connection.execute(insert(threads).values({**held, "count": 0}))


class Caller:
    """Somebody who speaks to the API. key: as an Authorization header has it."""

    def __init__(self, api: str, headers: Mapping[str, str]) -> None:
        self._api, self._headers = api, dict(headers)

    def send(self, path: str, **what: Any) -> httpx.Response:
        """Post something. what: as httpx has it."""
        headers = self._headers
        address = f"{self._api}{path}"
        return httpx.post(address, headers=headers, timeout=90, trust_env=False, **what)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Ask for something to be done; return what is told of it."""
        reply = self.send(path, json=body)
        assert reply.is_success, f"{path}: {reply.text}"
        told: dict[str, Any] = reply.json()
        return told

    def key(self, name: str, *roles: str) -> dict[str, str]:
        """Make a key; return the headers of who has it."""
        made = self.post("/v1/keys", name=name, roles=list(roles), groups=[], days=90)
        return {"Authorization": f"Bearer {made['key']}"}


class Asker(Caller):
    """Somebody who asks, in a conversation of their own."""

    def __init__(self, api: str, headers: Mapping[str, str]) -> None:
        super().__init__(api, {**headers, "Routeback-Session": f"asker-{uuid4().hex}"})
        self.conversation = self.post("/v1/conversations")["conversation_id"]

    def ask(self, question: str) -> None:
        """Say something, to whoever holds the conversation."""
        said = [{"role": "user", "content": question}]
        about = {"conversation_id": self.conversation}
        self.post("/v1/chat/completions", messages=said, routeback=about)

    def person(self, message: str, contact: str = "") -> int:
        """Ask for a person; return the ticket's number."""
        about = {"conversation_id": self.conversation, "message": message, "contact": contact}
        return int(self.post("/v1/tickets", **about)["number"])


def today(api: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Do a day's work: tickets, notes and replies, entries and sources; return Grace's headers."""
    owner = Caller(api, headers)
    grace = owner.key("Grace", "agent", "user")
    owner.key("Sam", "agent")
    desk = Caller(api, grace)
    _work(api, headers, desk)
    _written(owner)
    return grace


def _work(api: str, headers: Mapping[str, str], desk: Caller) -> None:
    path = "/v1/desk/tickets"
    rated = Asker(api, headers)
    rated.ask("What is negative transfer?")
    number = rated.person("Is there a course about it?")
    desk.post(f"{path}/{number}/claim")
    desk.post(f"{path}/{number}/reply", text="There is one, in our library.")
    desk.post(f"{path}/{number}/solve", cause="solved")
    waits = Asker(api, headers)
    waits.ask("Can I get a refund?")
    assert waits.person("My card has expired. How is it paid back?", "ada@example.com") == WAITING
    twice = Asker(api, headers)
    twice.ask("Can I get a refund?")
    assert twice.person(TWICE, "b.okafor@example.com") == TAKEN
    desk.post(f"{path}/{TAKEN}/claim")
    desk.post(f"{path}/{TAKEN}/note", text=NOTE)
    desk.post(f"{path}/{TAKEN}/reply", text="I am looking into it. Which card did you pay with?")
    twice.ask("The one that ends in 2231.")
    german = Asker(api, headers)
    german.ask("Kann ich die Rechnung auf eine andere Firma ausstellen lassen?")
    german.person("Die Rechnung soll auf die neue Firma lauten.")
    by_hand = {"message": "Called about the newsletter.", "subject": "Newsletter, twice a day"}
    rest = {"contact": "+44 20 7946 0000", "priority": "urgent", "language": "en"}
    desk.post(path, **by_hand, **rest, client_id="opened-by-hand")


def _written(owner: Caller) -> None:
    """Write entries, and name sources: one that was read, and one that could not be."""
    for name, text, approved in (
        ("What is a holdout group?", "Customers whom a campaign leaves out.", True),
        ("How do I verify a webhook?", "Compare the header with the body's HMAC.", False),
    ):
        content = {"name": name, "text": text}
        made = owner.post("/v1/entries", kind="faq", language="en", content=content)
        if approved:
            owner.post("/v1/entries/approve", key=made["key"], language="en", version=1)
    upload = {"source": "handbook", "name": "shipping.md", "audience": "public"}
    body = b"# Shipping\n\nParcels leave within two days. A parcel can be held for a week."
    sent = owner.send("/v1/knowledge/uploads", params=upload, content=body)
    assert sent.is_success, sent.text
    owner.post("/v1/knowledge/sources", name="wiki", kind="web", address=_WIKI)
    owner.send("/v1/knowledge/sources/wiki/refresh")
