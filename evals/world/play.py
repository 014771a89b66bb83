"""Plays the script through the product, with a clock that is moved on, and keeps what it wrote.

Everything goes through the composition root and the API's own routes; only the models are scripts
(``assistant.sample.writers``) and only the time is made up.
"""

import asyncio
import json
import lzma
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from assistant.api.entry.acquaintances import callers_of
from assistant.api.server import create
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.background.desk_clock import DeskClock
from assistant.knowledge import selection
from assistant.progress import Watcher
from assistant.records.database import RECORDS
from assistant.sample import world
from assistant.sample.writers import writing
from assistant.settings import LimitSettings, Settings
from assistant.turn import modes
from evals.cases import cases
from evals.cases.cases import Case
from evals.schedule import tonight
from evals.world import script
from evals.world.script import Step, Story
from guardrails import clock, digests

_OWNER, _PAGE = "owner-of-the-recording", "page-of-the-recording"
_SEED: Final = 20
_BEGINS: Final = 8
_LONG: Final = 9.0
_WEEKEND: Final = 5
_RATEABLE: Final = frozenset({"answered", "abstained"})
_NIGHT: Final = timedelta(hours=2)


@dataclass
class Film:
    """The made-up time. at: now in it."""

    at: datetime

    def wall(self) -> float:
        """Return it as seconds since 1970."""
        return self.at.timestamp()

    def to(self, moment: datetime) -> None:
        """Go on to a moment; never back."""
        self.at = max(self.at, moment)
        clock.CLOCK.follow(self.wall)


@dataclass
class Play:
    """One recording under way."""

    assistant: Assistant
    http: httpx.AsyncClient
    film: Film
    told: Callable[[str], None]
    keys: dict[str, str] = field(default_factory=dict)
    conversations: dict[int, str] = field(default_factory=dict)
    drawn: random.Random = field(default_factory=lambda: random.Random(_SEED))  # noqa: S311  (a play)

    async def run(self, first: datetime) -> None:
        """Play all days and nights."""
        for name, roles in script.AGENTS.items():
            body = {"name": name, "roles": roles, "groups": [], "days": 0}
            self.keys[name] = (await self._owner("POST", "/v1/keys", body))["key"]
        pool = await asyncio.to_thread(self._pool)
        self.told(f"{len(pool)} questions")
        due: list[tuple[datetime, int, Story, int]] = []
        tickets: dict[int, dict[str, Any]] = {}
        began = time.monotonic()
        for day in range(script.DAYS):
            morning = first + timedelta(days=day)
            events = self._asked(morning, day, pool)
            for number, story in enumerate(script.STORIES):
                if story.day == day:
                    at = morning + timedelta(hours=_BEGINS + 1 + number % 4, minutes=7 * number)
                    due.append((at, number, story, -1))
            night = morning + timedelta(days=1) + _NIGHT
            plain = list(events)
            while plain or (due and min(due)[0] < night):
                plain.sort(key=lambda one: one[0])
                if due and (not plain or min(due)[0] <= plain[0][0]):
                    at, number, story, step = min(due)
                    due.remove((at, number, story, step))
                    self.film.to(at)
                    await self._step(tickets, number, story, step)
                    if step + 1 < len(story.steps):
                        later = self.film.at + timedelta(hours=story.steps[step + 1].hours)
                        due.append((_working(later), number, story, step + 1))
                    elif story.closes:
                        await self._entry(tickets[number]["ticket_id"])
                else:
                    at, question, asker = plain.pop(0)
                    self.film.to(at)
                    await self._ask(asker, question, rated=True)
                await self._pairs()
            self.film.to(night)
            await asyncio.to_thread(DeskClock(self.assistant).tick, self.film.at)
            await tonight(self.assistant)
            self.told(f"{time.monotonic() - began:.0f} s: day {day + 1} of {script.DAYS}")
        await self._end()

    def _pool(self) -> list[tuple[str, str]]:
        """Return the questions with answers, in a mixed order."""
        some = [c for c in cases.load() if not c.history and c.behaviour == "answer"]
        some = [c for c in some if (c.segment, c.language) in script.KINDS]
        self.drawn.shuffle(some)
        return [(c.question, c.language) for c in some if self._fits(c)]

    def _fits(self, case: Case) -> bool:
        """Return whether a question is taken for what it is, and something is found for it."""
        knowledge = self.assistant.knowledge
        vector = knowledge.search.embed(case.question)
        if self.assistant.segmenter.segment(case.question, vector) != case.segment:
            return False
        found = knowledge.search.find(case.question, case.language, selection.CONSIDERED)
        weighed = selection.select(case.question, case.language, found, knowledge.states)
        return bool(modes.choose(case.question, weighed).passages)

    def _asked(
        self, morning: datetime, day: int, pool: list[tuple[str, str]]
    ) -> list[tuple[datetime, tuple[str, str], int]]:
        weekend = morning.weekday() >= _WEEKEND
        count = script.EACH_DAY // (3 if weekend else 1)
        found = []
        for _ in range(min(count, len(pool))):
            at = morning + timedelta(hours=_BEGINS + _LONG * self.drawn.random())
            found.append((at, pool.pop(), self.drawn.randrange(script.ASKERS)))
        for on, asker, question in script.OPEN:
            if on == day:
                at = morning + timedelta(hours=_BEGINS + _LONG * self.drawn.random())
                found.append((at, (question, "en"), asker))
        return found

    async def _ask(self, asker: int, question: tuple[str, str], *, rated: bool = False) -> str:
        text, language = question
        conversation = self.conversations.get(asker) if self.drawn.random() < 1 / 2 else None
        if conversation is None:
            begun = await self._visitor(asker, "POST", "/v1/conversations")
            conversation = self.conversations[asker] = str(begun["conversation_id"])
        body = {
            "model": "routeback",
            "messages": [{"role": "user", "content": text}],
            "routeback": {"conversation_id": conversation, "interface": language},
        }
        reply = await self._visitor(asker, "POST", "/v1/chat/completions", body, strict=False)
        turn = (reply.get("routeback") or {}) if reply else {}
        self.film.to(self.film.at + timedelta(seconds=20))
        if not reply:  # it is over or held: a new one
            self.conversations.pop(asker, None)
        elif rated and turn.get("outcome") in _RATEABLE and self.drawn.randrange(script.RATED) == 0:
            good = turn.get("outcome") == "answered" and self.drawn.random() < 5 / 6
            thumb = {"turn_id": turn["turn_id"], "thumb": "up" if good else "down"}
            await self._visitor(asker, "POST", "/v1/feedback", thumb)
        return conversation

    async def _step(
        self, tickets: dict[int, dict[str, Any]], number: int, story: Story, place: int
    ) -> None:
        if place < 0:
            self.conversations.pop(story.asker, None)
            for question in story.questions:
                conversation = await self._ask(story.asker, (question, story.language))
            body = {
                "conversation_id": conversation,
                "message": story.message,
                "contact": story.contact,
                "language": story.language,
                "channel": "chat",
            }
            tickets[number] = await self._visitor(story.asker, "POST", "/v1/tickets", body)
            return
        step, ticket = story.steps[place], tickets[number]
        await self._done(step, story, ticket)

    async def _done(self, step: Step, story: Story, ticket: dict[str, Any]) -> None:
        path = f"/v1/desk/tickets/{ticket['ticket_id']}"
        talk = f"/v1/conversations/{ticket['conversation_id']}"
        match step.doing:
            case "ask":
                await self._visitor(story.asker, "POST", f"{talk}/messages", {"text": step.text})
            case "rate":
                rating = {"rating": int(step.text), "comment": ""}
                await self._visitor(story.asker, "POST", f"{talk}/rating", rating)
            case "claim":
                await self._agent(step.by, f"{path}/claim", {"take_over": True})
            case "solve":
                await self._agent(step.by, f"{path}/solve", {})
            case "return":
                await self._agent(step.by, f"{path}/return", {})
            case "draft":
                ticket["draft"] = await self._agent(step.by, f"{path}/draft", {})
            case "note" | "reply":
                await self._agent(step.by, f"{path}/{step.doing}", {"text": step.text})
            case "merge":
                await self._agent(step.by, f"{path}/merge", {"ticket": step.text})

    async def _entry(self, ticket: str) -> None:
        """Make an entry of what was solved, and leave another as a draft."""
        editor = next(iter(script.AGENTS))
        written = await self._agent(editor, "/v1/entries", {**script.ENTRY, "from_ticket": ticket})
        named = {name: written[name] for name in ("key", "language", "version")}
        await self._agent(editor, "/v1/entries/approve", {**named, "reason": "Checked"})
        await self._agent(editor, "/v1/entries", dict(script.DRAFT))

    async def _pairs(self) -> None:
        """Compare what has been answered, as the worker does."""
        while True:
            names = await asyncio.to_thread(self._waiting)
            for name in names:
                await self.assistant.pairing.run(name)
            if not names:
                return

    def _waiting(self) -> list[str]:
        with self.assistant.guard.store.reading() as ledger:
            return [job.id for job in ledger.waiting(100)]

    async def _end(self) -> None:
        """Take the keys away: there is none in the recording."""
        for name in self.keys:
            await self._owner("DELETE", f"/v1/keys/{name}")

    async def _owner(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return await self._send(method, path, body, {"Authorization": f"Bearer {_OWNER}"})

    async def _agent(self, name: str, path: str, body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.keys[name]}"}
        return await self._send("POST", path, body, headers)

    async def _visitor(
        self, asker: int, method: str, path: str, body: Any = None, *, strict: bool = True
    ) -> dict[str, Any]:
        session = digests.of(f"asker {asker}")
        headers = {"Authorization": f"Bearer {_PAGE}", "Routeback-Session": session}
        return await self._send(method, path, body, headers, strict=strict)

    async def _send(
        self, method: str, path: str, body: Any, headers: dict[str, str], *, strict: bool = True
    ) -> dict[str, Any]:
        self.film.to(self.film.at + timedelta(seconds=2))
        reply = await self.http.request(method, path, json=body, headers=headers)
        if strict or reply.is_success:
            assert reply.is_success, (method, path, body, reply.text)  # noqa: S101
            told: dict[str, Any] = reply.json()
            return told
        return {}


def _working(at: datetime) -> datetime:
    """Return the moment, or the next morning of a working day."""
    while at.weekday() >= _WEEKEND or not 8 <= at.hour < 17:  # noqa: PLR2004
        at = (at + timedelta(hours=1)).replace(minute=at.minute)
    return at


async def play(folder: Path, told: Callable[[str], None]) -> datetime:
    """Play the script in an empty folder; return when it ended, in its own time."""
    ends = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    first = (ends - timedelta(days=script.DAYS)).replace(hour=0)
    film = Film(first)
    film.to(first)
    with writing() as address:
        settings = world.settings_of(Settings(), folder, address).model_copy(
            update={"limits": LimitSettings(requests_per_minute=10**6)}
        )
        async with open_assistant(settings, Watcher()) as assistant, _api(assistant) as http:
            await Play(assistant, http, film, told).run(first)
    return film.at


@asynccontextmanager
async def _api(assistant: Assistant) -> AsyncIterator[httpx.AsyncClient]:
    callers = callers_of(assistant.settings, assistant.records.engine, _OWNER, _PAGE)
    app = create(assistant, callers)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", timeout=60
    ) as http:
        yield http
    await app.state.lender.close()
    await app.state.relays.close()


def keep(folder: Path, ended: datetime, recording: Path = world.RECORDING) -> int:
    """Write the recording; return its size in bytes."""
    whole = folder / "whole.sqlite"
    with sqlite3.connect(folder / RECORDS) as database:
        database.execute("VACUUM INTO ?", (str(whole),))
    recording.mkdir(exist_ok=True)
    packed = lzma.compress(whole.read_bytes(), preset=9 | lzma.PRESET_EXTREME)
    (recording / world.DATABASE).write_bytes(packed)
    told = json.dumps({"recorded": ended.isoformat()}) + "\n"
    (recording / world.END).write_text(told, "utf-8")
    return len(packed)
