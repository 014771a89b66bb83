"""What is answered while the model is still being fetched, and what then becomes of it."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from assistant import app
from assistant.commands.ask import NOTICE
from assistant.errors import GuardError
from assistant.local import late_engine
from assistant.local.catalogue import SMOLLM
from assistant.progress import Watcher
from assistant.running import Running
from assistant.settings import (
    AnswerSettings,
    ArmSettings,
    EngineSettings,
    GuardSettings,
    KnowledgeSettings,
    ServerSettings,
    Settings,
)
from evals.night.subject import service
from tests.local.adapters import write_adapter
from tests.local.late import LATE, late_weights
from tests.local.weights.hub import Hub
from tests.support.calling import ask as call
from tests.support.documents import fill
from tests.support.server import ROUTEBACK, environment, free_port, in_thread, routeback

QUESTION = "What is negative transfer?"
DEFINED = "knowledge from one task makes a model worse"
SEGMENT = "glossary/en"

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def smollm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from assistant.local.weights import WeightsStore

    return WeightsStore(tmp_path_factory.mktemp("checked"), offline=True).ready(SMOLLM)


@pytest.fixture
def hub(smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(late_engine, "SOONEST_S", 0.05)
    with late_weights(smollm, tmp_path, monkeypatch) as hub:
        yield hub


@dataclass
class Server:
    running: Running

    def ask(self, **more: object) -> httpx.Response:
        body = {"model": "routeback", "messages": [{"role": "user", "content": QUESTION}], **more}
        url = f"{self.running.url}/v1/chat/completions"
        return httpx.post(url, json=body, headers=self.running.headers, timeout=120)

    def status(self) -> dict:
        return self.get("/v1/status").json()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.running.url}{path}", headers=self.running.headers)


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def settings_of(tmp_path: Path, documents: Path, **more: object) -> Settings:
    """Return settings of a machine without any weights, with the documents indexed."""
    made = {
        "data_dir": tmp_path / "data",
        "cache_dir": tmp_path / "cache",
        "base": "embedded",
        "answer_tokens": 64,  # the small model goes on and on
        "engine": EngineSettings(model=LATE.name, context_tokens=2048, threads=1),
        "knowledge": KnowledgeSettings(sample=False),
        "server": ServerSettings(port=free_port(), api_keys="user"),
        "guard": GuardSettings(probe_every_s=0.5),
        **more,
    }
    settings = Settings(**made)
    fill(settings.data_dir, documents)
    return settings


def children(pid: int) -> list[str]:
    done = subprocess.run(["pgrep", "-aP", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.long
def test_while_the_model_is_fetched_answers_are_quoted_and_then_it_writes(
    hub: Hub, tmp_path: Path, documents: Path
):
    gate = threading.Event()
    hub.half_way = gate.wait
    adapter = write_adapter(tmp_path / "tone.gguf", seed=4, spread=0.15)
    settings = settings_of(
        tmp_path,
        documents,
        answers=AnswerSettings(quote="fallback"),  # whoever can write does
        arms=(ArmSettings(name="tone", adapter=adapter),),
    )
    with in_thread(settings) as running:
        server = Server(running)
        try:
            until(lambda: (server.status()["progress"] or 0) > 0.4)
            assert server.status()["model"] == "fetching"
            assert "still being fetched (" in server.status()["message"]
            assert server.get("/health").status_code == 200
            parts = {"ready": True, "knowledge": True, "records": True, "engine": False}
            assert server.get("/readyz").json() == parts
            assert httpx.get(f"{running.url}/v1/status").status_code == 401  # as all of /v1

            quoted = server.ask().json()
            assert DEFINED in quoted["choices"][0]["message"]["content"]
            assert quoted["routeback"]["mode"] == "quote"
            assert "still being fetched" in quoted["routeback"]["fell_back"]
            # A candidate that answers here is no worse for not being there yet.
            pin = {"arm": "tone", "segment": SEGMENT, "stage": "serving", "by": "a", "why": "b"}
            call(running, "POST", "/v1/guard/pin", json=pin)
            again = server.ask().json()["routeback"]
            assert (again["mode"], again["route"]["arm"]) == ("quote", "quote")
            found = call(running, "GET", "/v1/guard/status")
            tone = next(one for one in found["candidates"] if one["arm"] == "tone")
            assert tone["breaker"]["calls"] == 0
            waiting = found["queue"]["waiting"]
            assert waiting
            assert found["queue"]["failed"] == 0
            # What must fit the weights cannot be tried on them yet.
            body = {"name": "more", "adapter": str(adapter), "by": "a"}
            with pytest.raises(GuardError, match="still being fetched"):
                call(running, "POST", "/v1/arms", json=body)
            before = call(running, "GET", "/v1/evals/arms")["arms"]
            measured, told = _measured(running, gate)
        finally:
            gate.set()
        assert measured == before
        assert before["base"] == "late"
        assert any("still being fetched" in said for said in told)

        assert server.status() == {
            "model": "ready",
            "progress": None,
            "message": "The model that writes is ready.",
            "sample": None,
        }
        until(lambda: server.get("/readyz").json()["engine"])
        written = server.ask().json()
        assert written["usage"]["completion_tokens"] > 0
        until(lambda: not call(running, "GET", "/v1/guard/status")["queue"]["waiting"])
        found = call(running, "GET", "/v1/guard/status")
        assert found["queue"]["failed"] == 0
        assert found["queue"]["done"] + found["queue"]["void"] >= waiting
    assert _bases(settings) <= {"late"}  # nothing began anew when it became ready


def _bases(settings: Settings) -> set[str]:
    """Return the revisions of base that pairs were made of."""
    with closing(sqlite3.connect(settings.data_dir / "routeback.sqlite")) as database:
        rows = database.execute("select version from guard_pairs").fetchall()
    return {json.loads(version)["base"] for (version,) in rows}


def _measured(running: Running, gate: threading.Event) -> tuple[dict[str, str], list[str]]:
    """Open what evals ask, while it is fetched; the gate is opened once it is seen to wait."""
    told: list[str] = []

    async def opened() -> dict[str, str]:
        watcher = Watcher(told.append)
        async with service(running.url, running.headers, watcher) as subject:
            return dict(subject.arms)

    async def both() -> dict[str, str]:
        opening = asyncio.create_task(opened())
        while not told:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert not opening.done()
        gate.set()
        return await opening

    found: list[dict[str, str]] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(both())))
    thread.start()
    thread.join(120)
    return found[0], told


@pytest.mark.slow
@pytest.mark.long
def test_a_damaged_file_leaves_quotations_and_is_taken_when_it_is_right(
    hub: Hub, tmp_path: Path, documents: Path
):
    settings = settings_of(tmp_path, documents, answers=AnswerSettings(quote="fallback"))
    weights = settings.cache_dir / "models" / LATE.filename
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"not weights")
    with in_thread(settings) as running:
        server = Server(running)
        until(lambda: server.status()["model"] == "failed")
        assert "is damaged" in server.status()["message"]
        assert "routeback models pull late" in server.status()["message"]
        assert DEFINED in server.ask().json()["choices"][0]["message"]["content"]
        evals = {"arm": "base", "question": QUESTION}
        with pytest.raises(GuardError, match="is damaged"):
            call(running, "POST", "/v1/evals/ask", json=evals)
        weights.write_bytes(hub.content)
        server.ask()  # needs it, and is quoted
        until(lambda: server.status()["model"] == "ready")
        assert server.ask().json()["usage"]["completion_tokens"] > 0


async def test_in_process_a_quotation_starts_no_engine(hub: Hub, tmp_path: Path, documents: Path):
    settings = settings_of(tmp_path, documents)
    async with app.open_assistant(settings, Watcher(), "when asked") as assistant:
        told = [event async for event in assistant.answer(QUESTION)]
        assert DEFINED in told[-1].answer
        assert told[-1].mode == "quote"
        assert assistant.engine.pid is None
        assert not any("engine_child" in child for child in children(os.getpid()))
    assert hub.paths == []
    assert not (settings.data_dir / "engine.log").exists()


@pytest.fixture
def env(tmp_path: Path, documents: Path, smollm: Path):
    """A process on a machine without weights whose network swallows all that is sent."""
    assert smollm.is_file()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        env = environment(
            tmp_path / "data",
            tmp_path / "cache",
            ROUTEBACK_KNOWLEDGE__SAMPLE="false",
            ROUTEBACK_BASE="embedded",
            ROUTEBACK_OFFLINE="0",
            ROUTEBACK_SERVER__PORT=str(free_port()),
            ROUTEBACK_SERVER__UI_PORT=str(free_port()),
            HTTPS_PROXY=proxy,
            https_proxy=proxy,
            NO_PROXY="127.0.0.1",
            no_proxy="127.0.0.1",
        )
        fill(tmp_path / "data", documents)
        yield env


@pytest.mark.slow
@pytest.mark.long
def test_up_without_weights_answers_says_what_is_missing_and_ends_at_once(env):
    lines: list[str] = []
    command = [str(ROUTEBACK), "up"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as up:
        reading = threading.Thread(target=lambda: lines.extend(iter(up.stdout.readline, "")))
        reading.start()
        try:
            until(lambda: _line(lines, "still being fetched") is not None or up.poll() is not None)
            assert _line(lines, "Page  http") < _line(lines, "still being fetched"), lines
            asked = routeback("ask", QUESTION, env=env)
            assert DEFINED in asked.stdout, asked.stderr
            assert "[1] Negative transfer (glossary.jsonl)" in asked.stdout
            url = f"http://127.0.0.1:{env['ROUTEBACK_SERVER__PORT']}"
            assert httpx.get(f"{url}/v1/status").json()["model"] == "fetching"
            assert not any("engine_child" in child for child in children(up.pid))
        finally:
            up.send_signal(signal.SIGINT)
            ending = time.monotonic()
            try:
                up.wait(60)
            finally:
                up.kill()
                reading.join(10)
        assert time.monotonic() - ending < 25, "it waited for the network"
        assert children(up.pid) == []


def _line(lines: list[str], word: str) -> int | None:
    return next((number for number, line in enumerate(lines) if word in line), None)


@pytest.mark.slow
@pytest.mark.long
def test_ask_without_a_server_fetches_nothing_unless_an_arm_must_write(env):
    quoted = routeback("ask", QUESTION, env=env)
    assert DEFINED in quoted.stdout, quoted.stderr
    assert quoted.stderr.strip() == NOTICE.strip()
    log = Path(env["ROUTEBACK_DATA_DIR"]) / "engine.log"
    assert not log.exists()
    written = routeback(
        *("ask", QUESTION, "--json"),
        env={**env, "ROUTEBACK_ANSWERS__QUOTE": "fallback", "ROUTEBACK_OFFLINE": "1"},
    )
    assert written.returncode == 0, written.stderr
    assert "ROUTEBACK_OFFLINE is set" in written.stderr
    assert "SmolLM2 135M Instruct, Q4_1 answers" in written.stderr
    assert log.exists()
    assert json.loads(written.stdout)["outcome"] == "answered"
