"""Kills a real server again and again while people use it, and looks whether anything is lost.

``python -m tests.faults.killed FOLDER SEED KILLS [DATABASE_URL]``: turns, ratings, tickets,
messages, documents, pairs, decisions and messages to a webhook. What was acknowledged must be there
exactly once; what was not may be there once or not at all.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr
from sqlalchemy import Connection, func, select

from assistant.app import open_knowledge
from assistant.progress import Watcher
from assistant.records.database import open_records
from assistant.records.desk.tables import messages, tickets
from assistant.records.turns import feedback, turns
from assistant.running import Running, find
from assistant.settings import KnowledgeSettings, Settings
from guardrails.decisions import replay
from guardrails.store.sql_tables import decisions, jobs, outbox, pairs
from guardrails.store.store import Store
from tests.support.documents import fill, write
from tests.support.endpoint import serving
from tests.support.listening import listening
from tests.support.server import environment, free_port

PEOPLE = 3
LONGEST_S = 6.0
"""On a slow machine half of it is over before anything is acknowledged."""
DRAINED_S = 180.0
DRAINED_A_KILL_S = 5.0
"""More pairs wait the more often whoever makes them was killed."""
START_S = 90.0
QUESTIONS = (
    "What is negative transfer?",
    "What is a token?",
    "What is a pod?",
    "How do I reset my password?",
)
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


@dataclass
class Acknowledged:
    """What a server said it had taken."""

    turns: list[str] = field(default_factory=list)
    ratings: list[str] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)


class Run:
    """One run in a folder. url: of a PostgreSQL; empty: SQLite."""

    def __init__(self, folder: Path, seed: int, url: str = "") -> None:
        self.folder, self.seed, self.url = folder, seed, url
        self.chance = random.Random(seed)
        self.taken = Acknowledged()
        self.heard: Counter[str] = Counter()
        self.kills = 0
        self.failures: list[str] = []
        self._forks: subprocess.Popen[str] | None = None

    def run(self, kills: int) -> list[str]:
        """Let it all happen; return what does not hold."""
        with serving() as base, serving() as tuned, listening(self._webhook()) as hook:
            tuned.script = lambda _: "The moon is made of cheese and of nothing else."
            env = self._environment(base.url, tuned.url, hook)
            with self._forking() as start:
                for _ in range(kills):
                    with self._served(start, env) as running:
                        self._used(running, self.chance.uniform(0.1, LONGEST_S))
                        os.kill(running.pid, signal.SIGKILL)
                        self.kills += 1
                    self._join()
                with self._served(start, env) as running:
                    drained = self._drained()
                    os.kill(running.pid, signal.SIGINT)
        return [*self.failures, *["it was not drained"] * (not drained), *self._faults()]

    # A server and those who use it

    @property
    def _log(self) -> Path:
        """The log of the server that runs now."""
        return self.folder.with_name(f"server-{self.kills:03}.log")

    def _environment(self, base: str, tuned: str, hook: str) -> dict[str, str]:
        arm = {"name": "tuned", "base_url": tuned, "model": "scripted", "revision": "1"}
        return environment(
            self.folder,
            self.folder.with_name("cache"),
            OPENAI_BASE_URL=base,
            OPENAI_MODEL="scripted",
            ROUTEBACK_ARMS=json.dumps([arm]),
            ROUTEBACK_ANSWERS__QUOTE="fallback",
            ROUTEBACK_KNOWLEDGE__SAMPLE="false",
            ROUTEBACK_EVALS__SCHEDULE="off",
            ROUTEBACK_ALARMS__WEBHOOK__URL=hook,
            ROUTEBACK_ALARMS__WEBHOOK__SECRET=SECRET,
            ROUTEBACK_DESK__NOTIFY='["webhook"]',
            ROUTEBACK_GUARD__MIN_PAIRS="8",
            ROUTEBACK_GUARD__MIN_CONVERSATIONS="2",
            ROUTEBACK_GUARD__FALSE_ALARMS="0.5",
            ROUTEBACK_GUARD__HORIZON="2",
            ROUTEBACK_GUARD__WAIT_S="1",
            ROUTEBACK_LIMITS__REQUESTS_PER_MINUTE="100000",
            ROUTEBACK_LIMITS__ADDRESS_REQUESTS_PER_MINUTE="100000",
            ROUTEBACK_SERVER__PORT=str(free_port()),
            **({"ROUTEBACK_DATABASE_URL": self.url} if self.url else {}),
        )

    @contextmanager
    def _forking(self) -> Iterator[Callable[[dict[str, str]], None]]:
        """Yield what starts servers without importing everything for each."""
        command = [sys.executable, "-m", "tests.knowledge.fork_server"]
        forks = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        assert forks.stdin is not None
        assert forks.stdout is not None
        assert forks.stdout.readline() == "ready\n"
        stdin = forks.stdin

        def start(env: dict[str, str]) -> None:
            streams = {"out": str(self._log), "err": str(self._log)}
            told = {"argv": ["serve"], "env": env, "cwd": str(self.folder.parent), **streams}
            stdin.write(json.dumps(told) + "\n")
            stdin.flush()

        self._forks = forks
        try:
            yield start
        finally:
            stdin.close()
            forks.wait(30)
            forks.stdout.close()

    @contextmanager
    def _served(
        self, start: Callable[[dict[str, str]], None], env: dict[str, str]
    ) -> Iterator[Running]:
        (self.folder / "server.json").unlink(missing_ok=True)
        start(env)
        until = time.monotonic() + START_S
        while (running := find(self.folder)) is None:
            if time.monotonic() > until:
                raise AssertionError(self._log.read_text())
            time.sleep(0.05)
        try:
            yield running
        finally:
            assert self._forks is not None
            assert self._forks.stdout is not None
            self._forks.stdout.readline()  # it has ended

    def _used(self, at: Running, seconds: float) -> None:
        self._people = [
            threading.Thread(target=self._person, args=(at, random.Random(f"{self.kills} {n}")))
            for n in range(PEOPLE)
        ]
        for person in self._people:
            person.start()
        time.sleep(seconds)

    def _join(self) -> None:
        for person in self._people:
            person.join(60)

    def _person(self, at: Running, chance: random.Random) -> None:
        """Do what people do until the server is gone."""
        kills = self.kills
        try:
            with httpx.Client(base_url=at.url, headers=at.headers, timeout=30) as client:
                conversation = _done(client.post("/v1/conversations"))["conversation_id"]
                while True:
                    self._asks(client, conversation, chance)
                    doing = chance.random()
                    if doing < 0.3:
                        self._hands_over(client, chance)
                    elif doing < 0.6:
                        self._adds(client, chance)
        except httpx.TransportError:
            return
        except Exception as error:
            self.failures.append(f"server {kills}: {error!r}")

    def _asks(self, client: httpx.Client, conversation: str, chance: random.Random) -> None:
        question = f"{chance.choice(QUESTIONS)} ({_name(chance)[:6]})"
        body = {
            "model": "routeback",
            "messages": [{"role": "user", "content": question}],
            "routeback": {"conversation_id": conversation, "client_id": _name(chance)},
        }
        turn = _done(client.post("/v1/chat/completions", json=body))["routeback"]["turn_id"]
        self.taken.turns.append(turn)
        if chance.random() < 0.5:
            comment = _name(chance)
            rating = {"turn_id": turn, "thumb": "up", "comment": comment}
            _done(client.post("/v1/feedback", json=rating))
            self.taken.ratings.append(comment)

    def _hands_over(self, client: httpx.Client, chance: random.Random) -> None:
        name = _name(chance)
        wanted = {"message": f"A person, please: {name}", "client_id": name}
        opened = _done(client.post("/v1/tickets", json=wanted))
        self.taken.tickets.append(opened["ticket_id"])
        said = {"text": "And this, too.", "client_id": _name(chance)}
        path = f"/v1/conversations/{opened['conversation_id']}/messages"
        _done(client.post(path, json=said))
        self.taken.messages.append(said["client_id"])

    def _adds(self, client: httpx.Client, chance: random.Random) -> None:
        name = f"root-{_name(chance)}"
        entry = {"key": name, "name": name, "text": f"{name} is a thing.", "kind": "glossary"}
        body = {"root": name, "items": [{**entry, "language": "en", "source": name}]}
        reply = client.post("/v1/knowledge", json=body)
        assert reply.is_success, reply.text
        if "changes" in json.loads(reply.text.splitlines()[-1]):
            self.taken.documents.append(name)

    def _webhook(self) -> FastAPI:
        app = FastAPI()

        @app.post("/")
        async def hear(request: Request) -> Response:
            self.heard[request.headers.get("webhook-id", "")] += 1
            return Response(status_code=204)

        return app

    # What is there in the end

    def _drained(self) -> bool:
        """Wait until no pair waits and every message has gone out; return whether that came."""
        until = time.monotonic() + DRAINED_S + DRAINED_A_KILL_S * self.kills
        while time.monotonic() < until:
            with self._reading() as connection:
                waiting = select(func.count()).select_from(jobs).where(jobs.c.state == "waiting")
                left = connection.scalar(waiting) or 0
                sent = {name for name in self.heard if name}
                unsent = set(connection.scalars(select(outbox.c.id))) - sent
            if not left and not unsent:
                return True
            time.sleep(0.5)
        return False

    def _faults(self) -> list[str]:
        with self._reading() as connection:
            found = [
                *self._of_turns(connection),
                *_once("rating", self.taken.ratings, _all(connection, feedback.c.comment)),
                *_once("ticket", self.taken.tickets, _all(connection, tickets.c.id)),
                *_once("message", self.taken.messages, _all(connection, messages.c.client_id)),
                *self._of_pairs(connection),
                *self._of_messages(connection),
            ]
        return [*found, *self._of_decisions(), *self._of_documents()]

    def _of_turns(self, connection: Connection) -> Iterator[str]:
        yield from _once("turn", self.taken.turns, _all(connection, turns.c.id))
        for kind in ("question", "answer"):
            logged = select(messages.c.turn_id).where(messages.c.kind == kind)
            yield from _once(f"{kind} in the log", self.taken.turns, connection.scalars(logged))
        ended = select(messages.c.turn_id).where(messages.c.kind.in_(["answer", "cut", "failed"]))
        ends = Counter(connection.scalars(ended))
        asked = connection.scalars(select(messages.c.turn_id).where(messages.c.kind == "question"))
        for turn in asked:
            if ends[turn] != 1:
                yield f"the answer {turn} has ended {ends[turn]} times"

    def _of_pairs(self, connection: Connection) -> Iterator[str]:
        made = Counter(connection.scalars(select(pairs.c.id)))
        for row in connection.execute(select(jobs.c.id, jobs.c.state)):
            wanted = int(row.state == "done")
            if made[row.id] != wanted:
                yield f"the job {row.id} is {row.state} and has {made[row.id]} pairs"

    def _of_messages(self, connection: Connection) -> Iterator[str]:
        """Each is stored once and has arrived, perhaps more than once, under one id."""
        for name in connection.scalars(select(outbox.c.id)):
            if not self.heard[name]:
                yield f"the message {name} has not arrived"
        told = sum("ticket" in str(topic) for topic in _all(connection, outbox.c.topic))
        if told < len(self.taken.tickets):
            yield f"{len(self.taken.tickets)} tickets, of which {told} were told"

    def _of_decisions(self) -> Iterator[str]:
        with self._opened() as engine, Store(engine).reading() as ledger:
            names = Counter(ledger.connection.scalars(select(decisions.c.id)))
            yield from (f"decision {name} is there twice" for name, n in names.items() if n > 1)
            for one in ledger.decisions(None, None, 10_000):
                again = replay(one, ledger.pairs)
                if again is not None and again.id != one.id:
                    yield f"decision {one.id} is another one when it is replayed"

    def _of_documents(self) -> Iterator[str]:
        settings = Settings(data_dir=self.folder, knowledge=KnowledgeSettings(sample=False))
        with open_knowledge(settings, Watcher()) as knowledge:
            roots = [chunk.root for chunk in knowledge.library.stock()]
        yield from _once("document", self.taken.documents, roots)

    def counts(self) -> dict[str, int]:
        """Return how many of what were acknowledged or made."""
        with self._reading() as connection:
            made = {
                "pairs": len(_all(connection, pairs.c.id)),
                "decisions": len(_all(connection, decisions.c.id)),
                "outbox": len(_all(connection, outbox.c.id)),
            }
        taken = {name: len(names) for name, names in vars(self.taken).items()}
        return {"kills": self.kills, **taken, **made}

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        url = SecretStr(self.url) if self.url else None
        with open_records(self.folder, url) as engine:
            yield engine

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._opened() as engine, engine.connect() as connection:
            yield connection


def prepare(folder: Path) -> None:
    """Index the documents of the suite in a folder that is not there yet."""
    documents = folder.with_name("documents")
    write(documents)
    fill(folder, documents)


def _done(reply: httpx.Response) -> Any:
    """Return what was acknowledged; a server that is going says so, which is none."""
    if reply.status_code == 503:
        raise httpx.ReadError("it is being stopped")
    assert reply.is_success, f"{reply.request.url.path}: {reply.status_code} {reply.text}"
    return reply.json()


def _name(chance: random.Random) -> str:
    return f"{chance.getrandbits(64):016x}"


def _all(connection: Connection, column: Any) -> list[Any]:
    return list(connection.scalars(select(column)))


def _once(what: str, taken: list[str], there: Any) -> Iterator[str]:
    counts = Counter(there)
    for name in taken:
        if counts[name] != 1:
            yield f"the {what} {name} is there {counts[name]} times"


def main() -> None:
    """Run as the command line says; exit with 1 if something does not hold."""
    folder, seed, kills, *url = sys.argv[1:]
    prepare(Path(folder))
    run = Run(Path(folder), int(seed), *url)
    faults = run.run(int(kills))
    lines = [json.dumps({**run.counts(), "faults": len(faults)}), *faults[:20]]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
