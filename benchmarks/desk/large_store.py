"""A large store, made of the sample world: the same tables and shapes of rows, in far more of them.

What the product wrote when the sample was recorded is the pattern: a turn's sources, a night's
result and its answers are copied whole, and texts, people and times are drawn from a seed. Pairs go
through the guard's own monitor, so that stages and decisions follow from them.
"""

import json
import lzma
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Engine, Table, delete, insert, select

from assistant import sample
from assistant.access.keys import api_keys
from assistant.access.sessions import sessions
from assistant.curation.clusters import AskedText, grouped
from assistant.records.askings import askings, line_of
from assistant.records.conversations import LOCAL, conversations
from assistant.records.database import RECORDS, open_database
from assistant.records.desk.agents import agents
from assistant.records.desk.tables import messages, threads, tickets
from assistant.records.entries import entries_versions
from assistant.records.gaps import SURE, GapStore
from assistant.records.nights import answers, nights, scores
from assistant.records.sources import sources
from assistant.records.turns import feedback, turns
from assistant.sample import world
from guardrails import clock, digests
from guardrails.arrays import Vectors
from guardrails.monitor import Monitor
from guardrails.store.sql_tables import pairs
from guardrails.store.store import Store
from guardrails.types import Pair, Score

_Row = TypeVar("_Row")
DAYS: Final = 85
"""Over which people ask: within what is kept by default."""
PEOPLE: Final = 3000
AGENTS: Final = ("Ada Brink", "Jonas Weil", "Mei Tanaka", "Piet de Boer", "Rosa Klee", "Sam Ode")
OWN: Final = 400
"""Conversations of who opens the pages; the last of them has ``LONG`` turns."""
LONG: Final = 150
OPEN: Final = 0.08
"""Share of the questions that are left open."""
UNKNOWN: Final = 150
"""The first so many in each language: of these nothing is written."""
ASKED: Final = 700
"""Questions in each language that are asked at all, again and again."""
_AT_ONCE: Final = 2000
_LOOKED: Final = 400

_EN: Final = (
    "How do I {do} the {thing}?",
    "Where can I {do} my {thing} in {place}?",
    "{name} asked me to {do} the {thing}, but it says error {number}.",
    "My {thing} shows {number} instead of {other}, since {day}.",
    "Can {name} {do} a {thing} without {place}?",
    "What happens to the {thing} when I {do} it twice?",
)
_DE: Final = (
    "Wie kann ich {thing} {do}?",
    "Wo finde ich {thing} in {place}?",
    "{name} wollte {thing} {do}, aber es kommt Fehler {number}.",
    "Seit {day} zeigt {thing} {number} statt {other} an.",
    "Darf {name} {thing} auch ohne {place} {do}?",
    "Was passiert mit {thing}, wenn ich es zweimal versuche?",
)
_SAID: Final = {
    "en": (
        "Thank you, I have looked at your {thing}; it is set to {number} now.",
        "Could you tell me the number of the invoice and since when {thing} is wrong?",
        "We found the cause in {place}: please {do} it once more and it will work.",
        "That did not help, it still says error {number}.",
        "Great, {name} can use it again. Thanks for the quick reply!",
        "Customer {name} called again about {thing}, see ticket {other}.",
    ),
    "de": (
        "Danke, ich habe mir {thing} angesehen; der Wert steht jetzt auf {number}.",
        "Nennen Sie mir bitte die Rechnungsnummer, und seit wann {thing} nicht stimmt.",
        "Der Fehler lag in {place}. Bitte versuchen Sie es noch einmal.",
        "Das hat leider nicht geholfen, es kommt weiter Fehler {number}.",
        "Super, {name} kann wieder arbeiten. Vielen Dank für die schnelle Antwort!",
        "{name} hat noch einmal wegen {thing} angerufen, siehe Ticket {other}.",
    ),
}
_WORDS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "en": {
        "do": "change export reset cancel share rename merge archive print renew".split(),
        "thing": (
            "password", "invoice", "workspace", "report", "licence", "webhook", "signature",
            "calendar", "subscription", "dashboard", "attachment", "mailing list", "API token",
            "time sheet", "address book", "backup", "discount code", "payment method",
        ),
        "place": ("the settings", "the mobile app", "Safari", "the billing page", "Outlook"),
        "day": ("Monday", "the update", "last week", "this morning"),
    },
    "de": {
        "do": "ändern exportieren zurücksetzen kündigen teilen umbenennen drucken".split(),
        "thing": (
            "das Passwort", "die Rechnung", "den Arbeitsbereich", "den Bericht", "die Lizenz",
            "den Kalender", "das Abonnement", "die Übersicht", "den Anhang", "den Verteiler",
            "die Zeiterfassung", "die Sicherung", "den Gutschein", "die Zahlungsart",
        ),
        "place": ("den Einstellungen", "der App", "Firefox", "der Abrechnung", "Outlook"),
        "day": ("Montag", "dem Update", "letzter Woche", "heute früh"),
    },
}  # fmt: skip
_FIRST: Final = (
    "Anna Bilal Chiara David Elif Farid Greta Hugo Ines Jakub Kemal Lena Milan Nora Oskar Paula "
    "Quentin Rania Stefan Tove Ursula Viktor Wanda Yusuf Zoe"
).split()
_LAST: Final = (
    "Albrecht Berg Castillo Dietrich Eriksen Fischer Grünwald Hoffmann Ivanova Jansen Köhler "
    "Lindqvist Meyer Nowak Öztürk Petit Quast Richter Schäfer Thomsen Ulrich Vogel Weiß Yıldız "
    "Zimmermann Åkesson Brandt Czerny Dvořák Engel Friis Gallo Huber Iversen Jung Kraus Lorenz"
).split()


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much there is. pairs: of each of four cells."""

    turns: int = 50_000
    tickets: int = 2000
    nights: int = 200
    pairs: int = 600
    entries: int = 300


@dataclass
class _Drawn:
    """What is drawn from one seed."""

    random: random.Random

    def id(self) -> str:
        """Return an id."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def name(self) -> str:
        """Return a person's name."""
        return f"{self.random.choice(_FIRST)} {self.random.choice(_LAST)}"

    def text(self, forms: Sequence[str], language: str) -> str:
        """Return a sentence of one of the forms."""
        words = {k: self.random.choice(v) for k, v in _WORDS[language].items()}
        numbers = {
            "number": self.random.randrange(100, 99_999),
            "other": self.random.randrange(3000),
        }
        return self.random.choice(forms).format(**words, **numbers, name=self.name())


def filled(folder: Path, amounts: Amounts = Amounts(), seed: int = 7) -> None:
    """Fill an empty data folder."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = (world.RECORDING / world.DATABASE).read_bytes()
    (folder / RECORDS).write_bytes(lzma.decompress(packed))
    now = clock.now()
    mark = {"recorded": now.isoformat(), "opened": datetime.now(UTC).isoformat()}
    (folder / world.MARK).write_text(json.dumps(mark), "utf-8")
    engine = open_database(folder / RECORDS)
    large = _Filling(engine, amounts, _Drawn(random.Random(seed)), now)  # noqa: S311  (no secret)
    large.fill()
    engine.dispose()


@dataclass
class _Filling:
    engine: Engine
    amounts: Amounts
    drawn: _Drawn
    now: datetime
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def fill(self) -> None:
        with self.engine.begin() as connection:
            patterns = [dict(row) for row in connection.execute(select(turns)).mappings()]
            patterns = [row for row in patterns if row["language"] in _WORDS]
            self.asked = {
                language: [self.drawn.text(forms, language) for _ in range(ASKED)]
                for language, forms in (("en", _EN), ("de", _DE))
            }
            self._emptied(connection)
            rows = self._turns(connection, patterns)
            self._tickets(connection, rows)
            self._nights(connection)
            self._written(connection)
            self._people(connection)
        self._looked_at()
        self._compared()
        with self.engine.connect() as connection:
            connection.exec_driver_sql("INSERT INTO search_index(search_index) VALUES('optimize')")
            connection.exec_driver_sql("ANALYZE")
            connection.commit()

    def _emptied(self, connection: Connection) -> None:
        """Take out the conversations of the sample, so that there are as many as are said."""
        for one in (feedback, askings, messages, threads, tickets, turns, conversations):
            connection.execute(delete(one))

    def _turns(
        self, connection: Connection, patterns: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Write the conversations with the assistant; return one turn of each, for tickets."""
        drawn, made, last = self.drawn, 0, []
        held: dict[Table, list[dict[str, Any]]] = {
            t: [] for t in (conversations, turns, askings, messages, threads, feedback)
        }
        for owner, length in self._conversations():
            conversation, began = drawn.id(), self._moment()
            if owner == LOCAL and length == LONG:
                began = self.now - timedelta(hours=10)
            language = "de" if drawn.random.random() < 0.4 else "en"
            known = [row for row in patterns if row["language"] == language]
            good = [row for row in known if _sure(row)]
            poor = [row for row in known if row["outcome"] in {"abstained", "asked"}]
            at, number = began, 0
            for _ in range(length):
                some = poor if drawn.random.random() < OPEN else good
                turn = self._turn(drawn.random.choice(some), conversation, at)
                held[turns].append(turn)
                held[askings].append(line_of(turn))
                for kind, text in (("question", turn["question"]), ("answer", "")):
                    number += 1
                    entry = self._entry(conversation, number, at, kind, text, turn_id=turn["id"])
                    held[messages].append(entry)
                    at += timedelta(seconds=drawn.random.randrange(4, 200))
                if drawn.random.random() < 0.12:
                    held[feedback].append(self._rating(turn))
            held[conversations].append(
                {"id": conversation, "owner": owner, "began": began, "latest": at}
            )
            held[threads].append(self._thread(conversation, "bot", began, at, number))
            last.append({**turn, "owner": owner, "number": number, "ended": at})
            made += length
            if len(held[turns]) > _AT_ONCE:
                _put(connection, held)
            if made >= self.amounts.turns:
                break
        _put(connection, held)
        return last

    def _conversations(self) -> Iterator[tuple[str, int]]:
        """Yield owner and turns: first those of who opens the pages."""
        yield from ((LOCAL, self.drawn.random.randint(1, 6)) for _ in range(OWN))
        yield LOCAL, LONG
        while True:
            owner = f"person:{self.drawn.random.randrange(PEOPLE):05}"
            yield owner, min(12, 1 + int(self.drawn.random.expovariate(1 / 3)))

    def _moment(self) -> datetime:
        """Return a moment of the last weeks, in the hours in which people work."""
        day = self.now - timedelta(days=self.drawn.random.randrange(1, DAYS))
        hour = min(23, max(0, int(self.drawn.random.gauss(13, 3))))
        return day.replace(
            hour=hour,
            minute=self.drawn.random.randrange(60),
            second=self.drawn.random.randrange(60),
        )

    def _turn(self, like: Mapping[str, Any], conversation: str, at: datetime) -> dict[str, Any]:
        known = self.asked[like["language"]]
        answered = like["outcome"] == "answered"
        question = self.drawn.random.choice(known if answered else known[:UNKNOWN])
        own = {"id": self.drawn.id(), "conversation_id": conversation, "created_at": at}
        return {**like, **own, "question": question, "standalone": question}

    def _rating(self, turn: Mapping[str, Any]) -> dict[str, Any]:
        thumb = "up" if self.drawn.random.random() < 0.8 else "down"
        row = {"id": self.drawn.id(), "turn_id": turn["id"], "created_at": turn["created_at"]}
        return {**row, "thumb": thumb, "comment": ""}

    def _entry(
        self, conversation: str, number: int, at: datetime, kind: str, text: str, **more: Any
    ) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": self.drawn.id(), "conversation_id": conversation, "number": number, "at": at,
            "kind": kind, "ticket_id": None, "turn_id": None, "by": "", "name": "", "text": text,
            "detail": {}, "client_id": None,
        }  # fmt: skip
        return {**row, **more}

    def _thread(
        self,
        conversation: str,
        holder: str,
        began: datetime,
        at: datetime,
        count: int,
        ticket: str | None = None,
    ) -> dict[str, Any]:
        return {
            "conversation_id": conversation, "holder": holder, "ticket_id": ticket,
            "continues": None, "goes_on_in": None, "since": began, "latest": at, "count": count,
            "seen": None,
        }  # fmt: skip

    def _tickets(self, connection: Connection, ends: list[dict[str, Any]]) -> None:
        """Hand conversations over: open, solved, closed, merged, with what was said since."""
        drawn = self.drawn
        chosen = drawn.random.sample(ends, self.amounts.tickets)
        chosen.sort(key=lambda row: row["ended"])
        names = {name: f"person:agent-{n}" for n, name in enumerate(AGENTS)}
        seen = [{"id": key, "name": name, "seen": self.now} for name, key in names.items()]
        connection.execute(insert(agents), seen)
        rows: list[dict[str, Any]] = []
        said: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for number, end in enumerate(chosen, start=1):
            late = number > len(chosen) * 0.8
            states = ("waiting", "person", "solved", "closed") if late else ("solved", "closed")
            weights = (4, 6, 3, 4) if late else (1, 12)
            status = drawn.random.choices(states, weights)[0]
            name = drawn.random.choice(AGENTS)
            agent = None if status == "waiting" else (names[name], name)
            row = self._ticket(end, number, status, agent)
            if status == "closed" and number > 50 and drawn.random.random() < 0.05:
                row |= {"cause": "merged", "merged_into": drawn.random.choice(rows)["id"]}
            elif number > 50 and drawn.random.random() < 0.04:
                row["linked_to"] = drawn.random.choice(rows)["id"]
            rows.append(row)
            at, count = end["ended"], end["number"]
            for kind, by, text in self._talk(row, end, agent):
                count, at = count + 1, at + timedelta(minutes=drawn.random.randrange(2, 90))
                detail = text if isinstance(text, dict) else {}
                words = "" if detail else str(text)
                more = {"by": by[0], "name": by[1], "ticket_id": row["id"], "detail": detail}
                said.append(self._entry(end["conversation_id"], count, at, kind, words, **more))
            row["updated_at"] = at
            conversation = end["conversation_id"]
            moved.append(self._thread(conversation, status, end["ended"], at, count, row["id"]))
        for portion in _batched([one["conversation_id"] for one in moved], 500):
            connection.execute(delete(threads).where(threads.c.conversation_id.in_(portion)))
        _put(connection, {tickets: rows, messages: said, threads: moved})

    def _ticket(
        self,
        end: Mapping[str, Any],
        number: int,
        status: str,
        agent: tuple[str, str] | None,
    ) -> dict[str, Any]:
        drawn, at = self.drawn, end["ended"]
        over = status in {"solved", "closed"}
        replied = at + timedelta(minutes=drawn.random.randrange(5, 900)) if agent else None
        solved = at + timedelta(hours=drawn.random.randrange(1, 90)) if over else None
        name = drawn.name()
        rated = over and drawn.random.random() < 0.35
        language = end["language"]
        return {
            "id": drawn.id(), "conversation_id": end["conversation_id"], "created_at": at,
            "status": status, "language": language,
            "contact": f"{name.split()[0].lower()}{number}@example.org",
            "message": drawn.text(_DE if language == "de" else _EN, language), "number": number,
            "subject": drawn.text(_DE if language == "de" else _EN, language)[:80],
            "reason": drawn.random.choice(
                ("asked", "asked", "missing_knowledge", "low_evidence", "rated_down", "by_hand")
            ),
            "priority": drawn.random.choices(("low", "normal", "high", "urgent"), (2, 14, 3, 1))[0],
            "segment": end["segment"], "arm": end["arm"] or "",
            "channel": drawn.random.choice(("chat", "widget", "api")), "owner": end["owner"],
            "assignee": agent and agent[0], "assignee_name": agent[1] if agent else "",
            "linked_to": None, "merged_into": None, "cause": "solved" if over else None,
            "updated_at": at, "user_waits_since": None if over else at,
            "first_reply_due": at + timedelta(hours=4), "first_reply_at": replied,
            "solve_due": at + timedelta(hours=24), "solved_at": solved,
            "closed_at": solved if status == "closed" else None,
            "reopened": int(drawn.random.random() < 0.05),
            "rating": drawn.random.choice((1, 3, 4, 5, 5)) if rated else None,
            "rating_comment": "", "rated_at": solved if rated else None, "summary": {},
            "notified": False,
        }  # fmt: skip

    def _talk(
        self, row: Mapping[str, Any], end: Mapping[str, Any], agent: tuple[str, str] | None
    ) -> Iterator[tuple[str, tuple[str, str], Any]]:
        """Yield kind, who, and what of a ticket's log."""
        language, nobody = row["language"], ("", "")
        moved = {"from": "bot", "to": "waiting", "move": "ask", "ticket": row["number"]}
        yield "moved", nobody, {**moved, "reason": row["reason"]}
        if agent is None:
            return
        taken = {"from": "waiting", "to": "person", "move": "claim", "ticket": row["number"]}
        yield "moved", agent, taken
        for _ in range(self.drawn.random.randrange(1, 9)):
            if self.drawn.random.random() < 0.3:
                yield "note", agent, self.drawn.text(_SAID[language], language)
            yield "team", agent, self.drawn.text(_SAID[language], language)
            if self.drawn.random.random() < 0.7:
                yield "user", (end["owner"], ""), self.drawn.text(_SAID[language], language)
        if row["status"] in {"solved", "closed"}:
            done = {"from": "person", "to": "solved", "move": "solve"}
            yield "moved", agent, {**done, "ticket": row["number"], "cause": "solved"}

    def _nights(self, connection: Connection) -> None:
        """Repeat the nights of the sample, each with its answers and scores, day by day back."""
        found = [dict(row) for row in connection.execute(select(nights)).mappings()]
        done = sorted((row for row in found if row["state"] == "done"), key=lambda row: row["at"])
        kept = {
            table: {
                row["id"]: [
                    dict(one)
                    for one in connection.execute(
                        select(table).where(table.c.night == row["id"])
                    ).mappings()
                ]
                for row in done
            }
            for table in (answers, scores)
        }
        first = min(row["at"] for row in found)
        for back in range(len(found), self.amounts.nights):
            like = done[back % len(done)]
            at = first - timedelta(days=back - len(found) + 1)
            name = f"{at:%Y-%m-%d}"
            shift = at - like["at"]
            row = {**like, "id": name, "at": at, "ended": like["ended"] + shift}
            row["result"] = {**like["result"], "night": name}
            connection.execute(insert(nights).values(**row))
            for table, by_night in kept.items():
                copies = [{**one, "night": name} for one in by_night[like["id"]]]
                for one in copies:
                    if "at" in one:
                        one["at"] += shift
                if copies:
                    connection.execute(insert(table), copies)

    def _written(self, connection: Connection) -> None:
        """Write entries with versions, and sources."""
        drawn, rows = self.drawn, []
        for number in range(self.amounts.entries):
            language = "de" if number % 3 == 0 else "en"
            name = drawn.text(_DE if language == "de" else _EN, language)
            for version in range(1, drawn.random.randint(2, 4)):
                text = " ".join(drawn.text(_SAID[language], language) for _ in range(3))
                state = drawn.random.choice(("approved", "approved", "draft", "retired"))
                rows.append(
                    {
                        "key": f"entry-{number}", "language": language, "version": version,
                        "kind": "faq", "state": state, "by": drawn.random.choice(AGENTS),
                        "at": self.now - timedelta(days=60 - version), "reason": "",
                        "content": {
                            "name": name, "text": text, "aliases": [], "url": "",
                            "audience": "public", "replaces": [],
                        },
                        "from_gap": None, "from_ticket": None,
                    }
                )  # fmt: skip
        connection.execute(insert(entries_versions), rows)
        places: list[dict[str, Any]] = [
            {
                "id": drawn.id(), "name": f"handbook-{number}", "kind": "folder",
                "address": f"/srv/handbook/{number}", "options": {}, "schedule": "daily 03:00",
                "made": self.now - timedelta(days=90), "last": self.now - timedelta(hours=9),
                "succeeded": self.now - timedelta(hours=9),
                "changed": self.now - timedelta(days=number),
                "next": self.now + timedelta(days=2), "outcome": "done", "added": number,
                "kept": 40, "removed": 0, "error": "", "notes": [], "version": "1", "claim": "",
                "claimed": None,
            }
            for number in range(12)
        ]  # fmt: skip
        connection.execute(insert(sources), places)

    def _people(self, connection: Connection) -> None:
        """Sign people in, and make keys."""
        drawn = self.drawn
        signed = [
            {
                "digest": digests.of(f"session {number}"), "person": f"person:{number:05}",
                "name": drawn.name(), "roles": ["user"], "groups": [],
                "token": digests.of(f"token {number}"),
                "began": self.now - timedelta(minutes=50),
                "latest": self.now - timedelta(minutes=drawn.random.randrange(20)), "ended": False,
            }
            for number in range(60)
        ]  # fmt: skip
        connection.execute(insert(sessions), signed)
        made = [
            {
                "name": f"machine-{number}", "digest": digests.of(f"key {number}"),
                "roles": ["user"], "groups": [], "made": self.now - timedelta(days=30),
                "made_by": "owner", "ends": None, "last_used": None, "front": False,
            }
            for number in range(40)
        ]  # fmt: skip
        connection.execute(insert(api_keys), made)

    def _looked_at(self) -> None:
        """Give the older questions that were left open their gaps, as editors' visits have done."""
        store, embedder = GapStore(self.engine), sample.embedder()
        questions = store.open_questions(DAYS)
        questions = questions[: max(0, len(questions) - _LOOKED)]
        vectors: dict[str, Vectors] = {}
        for texts in _batched(dict.fromkeys(one.text for one in questions), 32):
            vectors |= dict(zip(texts, embedder.queries(texts), strict=True))
        known: dict[str, list[AskedText]] = {}
        for portion in _batched(questions, 100):
            asked = [
                AskedText(one.turn_id, one.text, one.language, vectors[one.text]) for one in portion
            ]
            given = grouped(asked, known)
            for one in asked:
                known.setdefault(given[one.id], []).append(one)
            store.assign(given, {one.id: one.vector for one in asked})

    def _compared(self) -> None:
        """Let the guard take pairs of a candidate that is better here and worse there."""
        with self.engine.connect() as connection:
            found = connection.execute(select(pairs.c.arm, pairs.c.version).distinct()).all()
        versions = {row.arm: row.version for row in found if row.arm in world.WRITERS}
        random_ = np.random.default_rng(5)
        policy = world.GUARD.policy
        for arm, version in sorted(versions.items()):
            monitor = Monitor(Store(self.engine), policy)
            for segment, mean in (("support.account/en", 0.03), ("support.billing/de", -0.02)):
                for number in range(self.amounts.pairs):
                    value = float(np.clip(mean + random_.normal(0, 0.2), -1, 1))
                    pair = Pair(
                        id=f"large-{arm}-{segment}-{number}",
                        arm=arm,
                        segment=segment,
                        at=self.now - timedelta(minutes=5 * (self.amounts.pairs - number)),
                        version=version,
                        base=dict.fromkeys(policy.metrics, Score(0.5 - value / 2)),
                        candidate=dict.fromkeys(policy.metrics, Score(0.5 + value / 2)),
                    )
                    monitor.observe(pair, {"question": f"Question {number}", "answers": {}})


def _sure(row: Mapping[str, Any]) -> bool:
    return row["outcome"] == "answered" and (row["evidence"] or 0.0) >= SURE


def _batched(rows: Iterable[_Row], count: int) -> Iterator[list[_Row]]:
    """Yield the rows in parts of so many."""
    left = iter(rows)
    while part := list(islice(left, count)):
        yield part


def _put(connection: Connection, held: dict[Table, list[dict[str, Any]]]) -> None:
    for table, rows in held.items():
        for portion in _batched(rows, _AT_ONCE):
            connection.execute(insert(table), portion)
        rows.clear()
