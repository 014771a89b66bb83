"""A database or an index that stands still: people are told soon, and all of it heals by itself."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from assistant.errors import DatabaseError
from assistant.records.database import open_url
from assistant.records.postgres import CONNECT_S, SILENT_S
from tests.faults.house import DOCUMENT, House, halted, served, stored, until
from tests.faults.postgres import processes
from tests.faults.wire import wired
from tests.support.databases import in_a_file
from tests.support.documents import fill
from tests.support.qdrant_server.process import ended, started
from tests.support.server import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), in_a_file]

SOON_S = 5.0
SEARCH_S = 1


@dataclass
class QdrantProcess:
    """The stand-in for a Qdrant server. folder: where it keeps what it has."""

    folder: Path
    port: int = field(default_factory=free_port)
    child: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.child = started(self.port, self.folder)

    def end(self) -> None:
        if self.child is not None:
            ended(self.child)

    @contextmanager
    def away(self, fault: str) -> Iterator[None]:
        """Let it stand still, or be gone, until the block ends."""
        assert self.child is not None
        if fault == "hung":
            with halted(self.child.pid):
                yield
            return
        self.child.kill()
        ended(self.child)
        yield
        self.start()


def alive(house: House) -> float:
    """Return how long the server takes to say that it lives."""
    began = time.monotonic()
    assert house.call("GET", "/healthz").status_code == 200
    return time.monotonic() - began


def error(reply: httpx.Response) -> str:
    return str(reply.json()["error"]["code"])


def broken(connection: Connection) -> bool:
    try:
        return connection.scalar(text("SELECT 1")) != 1
    except DatabaseError:
        return True


def told(house: House, during: Future[httpx.Response], within_s: float) -> httpx.Response:
    """Return what is said of a question, while the server says all the time that it lives."""
    began, slowest = time.monotonic(), 0.0
    while not during.done():
        slowest = max(slowest, alive(house))
        time.sleep(0.1)
        assert time.monotonic() - began < within_s, house.log.read_text()
    assert slowest < 2
    return during.result()


def test_a_postgresql_that_stands_still_or_dies(tmp_path: Path, cache_dir, documents, new_url):
    url = new_url()
    fill(tmp_path / "data", documents)
    engine, answered = open_url(url), []
    with (
        wired() as base,
        ThreadPoolExecutor(8) as people,
        served(
            tmp_path / "data",
            cache_dir,
            tmp_path / "log",
            OPENAI_BASE_URL=base.url,
            ROUTEBACK_DATABASE_URL=url,
        ) as house,
    ):
        answered.append(house.said(house.ask())[1]["turn_id"])
        with halted(*processes(engine)):
            asking = [people.submit(house.ask) for _ in range(8)]
            assert until(lambda: not house.ready(), SOON_S) < SOON_S
            for asked in asking:
                reply = told(house, asked, 2 * (SILENT_S + CONNECT_S))
                assert (reply.status_code, error(reply)) == (503, "DatabaseError")
        until(house.ready, SOON_S)
        answered.append(house.said(house.ask())[1]["turn_id"])
        time.sleep(1)  # a server of tests writes what it has said a moment later
        with engine.connect() as connection:
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
            os.kill(backend, signal.SIGKILL)  # the server ends all connections and begins anew
            until(lambda: broken(connection))
        until(house.ready)
        answered.append(house.said(house.ask())[1]["turn_id"])
        assert sorted(stored(engine)) == sorted(answered)
        house.check_log()
    engine.dispose()


@pytest.mark.long
def test_it_ends_while_its_database_stands_still(tmp_path: Path, cache_dir, documents, new_url):
    url = new_url()
    fill(tmp_path / "data", documents)
    engine = open_url(url)
    with (
        wired() as base,
        wired() as tuned,
        served(
            tmp_path / "data",
            cache_dir,
            tmp_path / "log",
            OPENAI_BASE_URL=base.url,
            ROUTEBACK_ARMS=json.dumps(
                [{"name": "tuned", "base_url": tuned.url, "model": "scripted", "revision": "1"}]
            ),
            ROUTEBACK_DATABASE_URL=url,
        ) as house,
    ):
        house.said(house.ask())
        with halted(*processes(engine)):
            time.sleep(1)
            assert house.stop(wait_s=60) < 45
    engine.dispose()


@pytest.fixture(scope="module")
def indexed(tmp_path_factory, cache_dir) -> Iterator[tuple[House, QdrantProcess]]:
    """A server whose index is on another one, with one entry in it."""
    index = QdrantProcess(tmp_path_factory.mktemp("qdrant"))
    folder = tmp_path_factory.mktemp("indexed")
    index.start()
    try:
        with (
            wired() as base,
            served(
                folder / "data",
                cache_dir,
                folder / "log",
                OPENAI_BASE_URL=base.url,
                ROUTEBACK_KNOWLEDGE__QDRANT_URL=index.url,
                ROUTEBACK_KNOWLEDGE__QDRANT_TIMEOUT_S=str(SEARCH_S),
            ) as house,
        ):
            entry = {"key": "token", "name": "Token", "kind": "glossary", "language": "en"}
            item = {**entry, "text": DOCUMENT, "source": "glossary"}
            added = house.call("POST", "/v1/knowledge", json={"root": "r", "items": [item]})
            assert "changes" in json.loads(added.text.splitlines()[-1]), added.text
            yield house, index
            house.check_log()
    finally:
        index.end()


@pytest.mark.parametrize("fault", ["hung", "killed"])
def test_an_index_that_is_away(indexed, fault: str):
    house, index = indexed
    assert DOCUMENT in house.said(house.ask())[0]
    with ThreadPoolExecutor(8) as people, index.away(fault):
        asking = [people.submit(house.ask) for _ in range(4)]
        assert until(lambda: not house.ready(), SOON_S) < SOON_S
        for asked in asking:
            reply = told(house, asked, 10)
            assert (reply.status_code, error(reply)) == (503, "KnowledgeError")
        person = people.submit(house.ask, "I want to talk to a person")
        assert house.said(told(house, person, SOON_S))[1]["outcome"] == "handed_off"
    until(house.ready, SOON_S)
    assert DOCUMENT in house.said(house.ask())[0]
