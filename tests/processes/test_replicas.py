"""Two real servers on one PostgreSQL: what one begins the other tells, ends and takes over."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from assistant.records.database import open_url
from assistant.records.turns import Records, turns
from assistant.running import Running
from guardrails.store.sql_tables import jobs
from guardrails.store.store import Store
from tests.support.databases import in_a_file
from tests.support.documents import fill
from tests.support.server import environment, free_port, process

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), in_a_file]

QUESTION = "What is negative transfer?"


@pytest.fixture
def url(new_url) -> str:
    return new_url()


@pytest.fixture
def replicas(
    tmp_path: Path, cache_dir: Path, documents: Path, endpoint, url: str
) -> Iterator[tuple[Running, Running]]:
    """Two servers with documents of their own, which compare a tuned arm with base."""

    def env(name: str) -> dict[str, str]:
        fill(tmp_path / name, documents)
        arm = {"name": "tuned", "base_url": endpoint.url, "model": "scripted", "revision": "1"}
        return environment(
            tmp_path / name,
            cache_dir,
            OPENAI_BASE_URL=endpoint.url,
            OPENAI_MODEL="scripted",
            ROUTEBACK_DATABASE_URL=url,
            ROUTEBACK_KNOWLEDGE__SAMPLE="false",
            ROUTEBACK_ANSWERS__QUOTE="fallback",
            ROUTEBACK_ARMS=json.dumps([arm]),
            ROUTEBACK_SERVER__PORT=str(free_port()),
        )

    with process("serve", env=env("one")) as one, process("serve", env=env("two")) as two:
        yield one, two


def ask(at: Running, conversation: str, seen: list[str], keep: bool = False) -> None:
    """Ask and note what is shown; a server that dies ends it."""
    body = {
        "model": "routeback",
        "stream": True,
        "messages": [{"role": "user", "content": QUESTION}],
        "routeback": {"conversation_id": conversation, "keep": keep},
    }
    sent = {"headers": at.headers, "json": body, "timeout": 60}
    try:
        with httpx.stream("POST", f"{at.url}/v1/chat/completions", **sent) as reply:
            assert reply.status_code in {200, 409}, reply.read()
            seen += reply.iter_lines()
    except httpx.TransportError:
        seen.append("cut")


def begun(url: str) -> str:
    """Begin a conversation of who asks; return its id."""
    engine = open_url(url)
    name = Records(engine).begin("local", None)
    engine.dispose()
    return str(name)


def until(what, wait_s: float = 90) -> None:
    deadline = time.monotonic() + wait_s
    while not what():
        if time.monotonic() > deadline:
            pytest.fail("it did not happen")
        time.sleep(0.2)


def outcome(records: Records, conversation: str) -> str:
    stored = records.conversation(conversation)
    return stored[-1].outcome if stored else ""


def test_a_conversation_goes_on_at_another_server(replicas, url):
    one, two = replicas
    seen: list[str] = []
    name = begun(url)
    ask(one, name, seen)
    ask(two, name, seen)
    told = httpx.get(f"{two.url}/v1/conversations/{name}", headers=two.headers, timeout=30).json()
    kinds = [entry["kind"] for entry in told["entries"]]
    assert kinds.count("answer") == 2
    engine = open_url(url)
    first, second = Records(engine).conversation(name)
    assert first.outcome == second.outcome == "answered"
    engine.dispose()


def test_an_answer_is_stopped_at_another_server(replicas, endpoint, url):
    one, two = replicas
    endpoint.asked.clear()
    endpoint.pause_s = 1.0
    seen: list[str] = []
    name = begun(url)
    asking = threading.Thread(target=ask, args=(one, name, seen, True))
    asking.start()
    until(lambda: any(QUESTION in asked[-1]["content"] for asked in endpoint.asked))
    engine = open_url(url)
    began = time.monotonic()
    path = f"{two.url}/v1/conversations/{name}/stop"
    assert httpx.post(path, headers=two.headers, timeout=30).status_code == 200
    try:
        until(lambda: outcome(Records(engine), name) == "left", 10)
    finally:
        engine.dispose()
    assert time.monotonic() - began < 10
    asking.join(30)


def test_what_a_killed_server_was_doing_is_ended_and_gone_on_with(replicas, endpoint, url):
    """One is killed in an answer and in a pair: the other ends the one and makes the other."""
    one, two = replicas
    seen: list[str] = []
    engine, name = open_url(url), begun(url)
    for _ in range(3):
        ask(one, begun(url), seen)
    endpoint.pause_s = 1.0
    endpoint.asked.clear()
    asking = threading.Thread(target=ask, args=(one, name, seen))
    asking.start()
    until(lambda: any(QUESTION in asked[-1]["content"] for asked in endpoint.asked))
    os.kill(one.pid, signal.SIGKILL)
    asking.join(30)
    endpoint.reset()
    until(lambda: outcome(Records(engine), name) == "left")

    def done() -> bool:
        with Store(engine).reading() as ledger:
            states = ledger.connection.scalars(select(jobs.c.state)).all()
        return bool(states) and "waiting" not in states

    until(done)
    with engine.connect() as connection:
        names = connection.scalars(select(turns.c.id)).all()
    assert len(names) == len(set(names)) == 4
    assert httpx.get(f"{two.url}/readyz", timeout=30).status_code == 200
    engine.dispose()
