"""The stub's conversations: who holds each, and the log, as the API tells them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.ui.support import answering


@dataclass
class Talk:
    """A conversation. entries: as ``EntryView``. said: all that there ever were.

    ratings: of its ticket. stopped: somebody had the answer stopped.
    """

    name: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0
    holder: str = "bot"
    ticket: int | None = None
    assignee: str = ""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ratings: list[dict[str, Any]] = field(default_factory=list)
    contact: str = ""
    goes_on_in: str = ""
    stopped: bool = False

    def add(self, kind: str, text: str = "", **more: Any) -> dict[str, Any]:
        self.count += 1
        at = datetime.now(UTC).isoformat()
        entry = {"number": self.count, "at": at, "kind": kind, "text": text, **more}
        self.entries = [*self.entries, entry]
        self.said.append(entry)
        return entry

    def move(self, holder: str, move: str, by: str = "", **more: Any) -> None:
        told = {"before": self.holder, "after": holder, "move": move, "by": by}
        self.holder = holder
        self.add("moved", moved={**told, "ticket": self.ticket, **more})

    def open(self, number: int, message: str, contact: str, client_id: str | None) -> None:
        """Ask for a person, or add to what was asked."""
        self.contact = contact or self.contact
        if self.holder in {"waiting", "person"}:
            self.add("user", message, client_id=client_id)
            return
        self.ticket = number
        self.move("waiting", "ask", reason="asked")
        self.add("user", message, detail={"opens": True})

    def reply(self, by: str, text: str, kind: str = "person") -> None:
        """Let somebody of the team answer."""
        if self.holder != "person":
            self.assignee = by
            self.move("person", "claim", by)
        author = answering.author_of(kind, by)
        self.add("team", text, author=author)

    def standing(self) -> dict[str, Any]:
        held: dict[str, Any] = {"holder": self.holder, "number": self.count}
        if self.ticket is not None:
            held |= {"ticket": self.ticket, "ticket_id": f"ticket-{self.ticket}"}
            held |= {"assignee": self.assignee, "open_now": False}
        if self.holder == "waiting":
            expected = datetime(2026, 11, 30, 12, 0, tzinfo=UTC) + timedelta(hours=1)
            held["expected"] = expected.isoformat()
        return held

    def view(self, after: int) -> dict[str, Any]:
        return {
            "conversation_id": self.goes_on_in or self.name,
            "standing": self.standing(),
            "entries": [entry for entry in self.entries if entry["number"] > after],
        }

    def line(self) -> dict[str, Any]:
        said = [e["text"] for e in self.entries if e["kind"] in {"question", "user"}]
        return {
            "conversation_id": self.name,
            "began": self.began.isoformat(),
            "latest": self.entries[-1]["at"] if self.entries else self.began.isoformat(),
            "title": said[0] if said else "",
            "holder": self.holder,
            "ticket": self.ticket,
        }

    async def write(self, question: str, turn_id: str, pause_s: float) -> None:
        """Answer, piece by piece, whoever reads it."""
        text, about = answering.answer(question, self.name)
        about["turn_id"] = turn_id
        if "slow" in question:
            await asyncio.sleep(6.5)
        words = text.split(" ")
        for number, word in enumerate(words):
            if number == len(words) // 2 and "break" in question:
                self.add("failed", "The arm 'base' did not answer.", turn_id=turn_id)
                return
            while number == 5 and "endless" in question and not self.stopped:
                self.add("piece", " and", turn_id=turn_id)
                await asyncio.sleep(0.2)
            if self.stopped:
                left = {**about, "outcome": "left"}
                self.add("cut", turn=left, turn_id=turn_id)
                return
            await asyncio.sleep(pause_s)
            if self.holder != "bot":
                taken = {**about, "outcome": "taken_over"}
                self.add("cut", turn=taken, turn_id=turn_id)
                return
            self.add("piece", word if not number else f" {word}", turn_id=turn_id)
        pieces = [e for e in self.entries if e["kind"] == "piece" and e["turn_id"] == turn_id]
        self.entries = [e for e in self.entries if e not in pieces]
        self.add("answer", text, turn=about, turn_id=turn_id, author=about["author"])
        if about["outcome"] == "handed_off":
            self.ticket = 1
            self.move("waiting", "ask", reason="asked")
            self.add("user", question, detail={"opens": True})

    async def follow(self, turn_id: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the entries of an answer as they come, to its end."""
        told = 0
        while True:
            for entry in self.said[told:]:
                told += 1
                if entry.get("turn_id") == turn_id and entry["kind"] != "question":
                    yield entry
                    if entry["kind"] in {"answer", "cut", "failed"}:
                        return
            await asyncio.sleep(0.005)
