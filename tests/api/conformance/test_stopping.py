"""SIGTERM, as a machine that stops its services sends it, to a real process."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from assistant.running import Running, find
from tests.support.documents import fill
from tests.support.endpoint import Endpoint
from tests.support.server import ROUTEBACK, environment, free_port

ASKED = [{"role": "user", "content": "What is a token?"}]
TWO_SENTENCES = "A token is a piece of text. A long word is often several tokens."
pytestmark = pytest.mark.timeout(300)


class Reading:
    """A stream that is read in a thread of its own."""

    def __init__(self, running: Running, *, stream: bool = True) -> None:
        self.lines: list[str] = []
        self.status = 0
        self.failure: Exception | None = None
        self._url, self._stream = running.url, stream
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        body = {"messages": ASKED, "stream": self._stream}
        url = f"{self._url}/v1/chat/completions"
        try:
            with httpx.stream("POST", url, json=body, timeout=60) as reply:
                self.status = reply.status_code
                for line in reply.iter_lines():
                    if line and not line.startswith("id: "):
                        self.lines.append(line)
        except httpx.HTTPError as error:
            self.failure = error

    def events(self) -> list[dict]:
        texts = [line.removeprefix("data: ") for line in self.lines]
        return [json.loads(text) for text in texts if text != "[DONE]"]


@contextmanager
def served(
    folder: Path, cache_dir: Path, documents: Path, endpoint: Endpoint
) -> Iterator[tuple[subprocess.Popen, Running]]:
    fill(folder, documents)
    env = environment(
        folder,
        cache_dir,
        ROUTEBACK_OPENAI_BASE_URL=endpoint.url,
        ROUTEBACK_OPENAI_MODEL="scripted",
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_SERVER__PORT=str(free_port()),
    )
    with (folder / "log").open("w") as log:
        child = subprocess.Popen([str(ROUTEBACK), "serve"], env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while (running := find(folder)) is None:
            assert child.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield child, running
    finally:
        child.kill()
        child.wait()


def stopped(child: subprocess.Popen, folder: Path) -> None:
    """Say SIGTERM, and wait for an orderly end."""
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(30) == 0, (folder / "log").read_text()
    assert not (folder / "server.json").exists()
    assert "Traceback" not in (folder / "log").read_text()


def until(true, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def place(tmp_path, cache_dir, documents, endpoint):
    with served(tmp_path, cache_dir, documents, endpoint) as (child, running):
        endpoint.script = lambda _: TWO_SENTENCES
        first = {"messages": ASKED}  # an endpoint's first answer is held to its end
        httpx.post(f"{running.url}/v1/chat/completions", json=first, timeout=60)
        yield child, running, tmp_path


@pytest.mark.slow
@pytest.mark.long
def test_a_stream_that_ends_in_time_is_whole(place, endpoint):
    child, running, folder = place
    endpoint.pause_s = 0.1
    reading = Reading(running)
    until(lambda: len(reading.lines) > 1)
    stopped(child, folder)
    reading.thread.join(10)
    assert reading.failure is None
    assert reading.lines[-1] == "data: [DONE]"
    assert reading.events()[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.slow
@pytest.mark.long
def test_a_stream_that_takes_too_long_ends_with_an_error(place, endpoint):
    child, running, folder = place
    endpoint.pause_s = 0.8  # the first sentence is shown after some 7 s, the last after 13
    reading = Reading(running)
    until(lambda: len(reading.lines) > 1)
    stopped(child, folder)
    reading.thread.join(10)
    assert reading.failure is None
    error = reading.events()[-1]["error"]
    assert (error["code"], error["type"]) == ("ServerStopping", "server_error")
    assert "data: [DONE]" not in reading.lines


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("stream", [True, False])
def test_who_waits_for_a_first_word_is_told(place, endpoint, stream):
    child, running, folder = place
    endpoint.pause_s = 30
    asked = len(endpoint.asked)
    reading = Reading(running, stream=stream)
    until(lambda: len(endpoint.asked) > asked)
    stopped(child, folder)
    reading.thread.join(10)
    assert reading.failure is None
    assert reading.status == 503
    assert reading.events()[0]["error"]["code"] == "ServerStopping"


def test_while_it_starts_it_ends_as_well(tmp_path, cache_dir, documents, endpoint):
    fill(tmp_path, documents)
    env = environment(tmp_path, cache_dir, ROUTEBACK_SERVER__PORT=str(free_port()))
    with (tmp_path / "log").open("w") as log:
        child = subprocess.Popen([str(ROUTEBACK), "serve"], env=env, stdout=log, stderr=log)
    try:
        time.sleep(2.5)
        os.kill(child.pid, signal.SIGTERM)
        assert child.wait(60) in {0, -signal.SIGTERM}
        assert not (tmp_path / "server.json").exists()
    finally:
        child.kill()
        child.wait()
