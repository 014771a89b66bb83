"""A real server whose parts are broken while it runs, and what must hold whatever breaks."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, select

from assistant.records.turns import turns
from assistant.running import Running, find
from tests.support.server import ROUTEBACK, environment, free_port

QUESTION = "What is a token?"
DOCUMENT = "A token is the smallest piece of text that a language model reads."


@dataclass
class House:
    """A server. log: what it has written."""

    running: Running
    log: Path
    process: subprocess.Popen[bytes]

    def call(
        self, method: str, path: str, *, timeout: float = 60, **options: Any
    ) -> httpx.Response:
        url, headers = f"{self.running.url}{path}", self.running.headers
        return httpx.request(method, url, headers=headers, timeout=timeout, **options)

    def ask(self, question: str = QUESTION, **ours: Any) -> httpx.Response:
        body = {"model": "routeback", "messages": [{"role": "user", "content": question}]}
        more = {"routeback": ours} if ours else {}
        return self.call("POST", "/v1/chat/completions", json={**body, **more})

    def ready(self) -> bool:
        return self.call("GET", "/readyz").status_code == 200

    def said(self, reply: httpx.Response) -> tuple[str, dict[str, Any]]:
        """Return the text and our field of an answer."""
        assert reply.status_code == 200, reply.text
        told = reply.json()
        return told["choices"][0]["message"]["content"], told["routeback"]

    def check_log(self, *texts: str) -> None:
        """Nothing that was not foreseen has happened, and no text of people is in it."""
        log = self.log.read_text()
        assert "Unexpected failure" not in log, log
        assert "Exception in ASGI application" not in log, log
        for text in (QUESTION, *texts):
            assert text not in log, log

    def stop(self, how: signal.Signals = signal.SIGTERM, wait_s: float = 30) -> float:
        """End it; return how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(wait_s)
        return time.monotonic() - began


@contextmanager
def served(folder: Path, cache_dir: Path, log: Path, **more: str) -> Iterator[House]:
    """Run ``routeback serve`` in a data folder until the block ends."""
    env = environment(
        folder,
        cache_dir,
        OPENAI_MODEL="scripted",
        ROUTEBACK_ANSWERS__QUOTE="fallback",
        ROUTEBACK_EVALS__SCHEDULE="off",
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_LIMITS__REQUESTS_PER_MINUTE="100000",
        ROUTEBACK_SERVER__PORT=str(free_port()),
        **more,
    )
    with log.open("ab") as file:
        process = subprocess.Popen([str(ROUTEBACK), "serve"], env=env, stdout=file, stderr=file)
    try:
        until(lambda: find(folder) is not None or process.poll() is not None)
        running = find(folder)
        assert running is not None, log.read_text()
        yield House(running, log, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail("the server did not end")


def until(holds: Callable[[], bool], wait_s: float = 90) -> float:
    """Wait until something holds; return how many seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < wait_s, "it did not happen"
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def halted(*pids: int) -> Iterator[None]:
    """Let processes stand still until the block ends."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def stored(engine: Engine) -> list[str]:
    """Return the ids of all turns."""
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(turns)) is not None
        return list(connection.scalars(select(turns.c.id)))
