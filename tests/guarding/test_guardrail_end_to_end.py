"""A candidate's whole life, through the real command, graph, store and DBOS; both arms are
scripted models behind real OpenAI-compatible servers. The server is killed on the way."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openai import OpenAI
from sqlalchemy import Engine, create_engine, event

from assistant.running import find
from guardrails.decisions import replay
from guardrails.store.store import Store
from guardrails.types import Stage
from tests.support.documents import fill
from tests.support.endpoint import serving
from tests.support.guarded import GOOD, Degrading, configuration, questions
from tests.support.server import ROUTEBACK, environment, free_port

BASE = "A token is a piece of text that a language model reads."
SEGMENT = "glossary/en"


class Server:
    """``routeback serve``, to be started, asked, and killed."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.questions = questions()
        self.folder = Path(env["ROUTEBACK_DATA_DIR"])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder.parent / "serve.log").open("ab") as log:
            command = [str(ROUTEBACK), "serve"]
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while (running := find(self.folder)) is None or running.pid != self.process.pid:
            assert self.process.poll() is None, (self.folder.parent / "serve.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        self.client = OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0)

    def kill(self) -> None:
        assert self.process is not None
        self.client.close()
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.client.close()
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)

    def ask(self) -> dict:
        messages = [{"role": "user", "content": next(self.questions)}]
        reply = self.client.chat.completions.create(model="routeback", messages=messages)
        return {"text": reply.choices[0].message.content, **reply.model_extra["routeback"]}


@pytest.fixture
def server(tmp_path: Path, cache_dir: Path, documents: Path) -> Iterator[tuple[Server, Degrading]]:
    tuned_script = Degrading()
    with serving() as base, serving() as tuned:
        base.script = lambda _: BASE
        tuned.script = tuned_script
        config = configuration(tmp_path, base, tuned)
        env = environment(
            tmp_path / "data",
            cache_dir,
            ROUTEBACK_CONFIG=str(config),
            ROUTEBACK_KNOWLEDGE__SAMPLE="false",
            ROUTEBACK_SERVER__PORT=str(free_port()),
        )
        fill(tmp_path / "data", documents)
        running = Server(env)
        running.start()
        try:
            yield running, tuned_script
        finally:
            running.stop()


@pytest.fixture
def store(server) -> Iterator[Store]:
    engine: Engine = create_engine(f"sqlite:///{server[0].folder / 'routeback.sqlite'}")
    event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA busy_timeout=10000"))
    yield Store(engine)
    engine.dispose()


def until(store: Store, server: Server, stage: Stage, most: int = 60) -> list[dict]:
    """Ask until the candidate is in a stage, waiting for each question's pair."""
    turns = []
    for _ in range(most):
        turns.append(server.ask())
        settled(store)
        with store.reading() as ledger:
            standing = ledger.standing("tuned", SEGMENT)
        if standing is not None and standing.stage is stage:
            return turns
        if standing is not None and standing.stage is Stage.ROUTED_BACK:
            time.sleep(0.2)  # the wait after a route-back is a second
    raise AssertionError(f"still {standing} after {most} questions")


def settled(store: Store) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with store.reading() as ledger:
            if not ledger.waiting(1):
                return
        time.sleep(0.05)
    raise AssertionError("a job is not done")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_shadow_canary_serving_routed_back_and_readmitted_with_a_kill_in_between(server, store):
    running, tuned = server
    assert running.ask()["route"]["arm"] == "base"
    until(store, running, Stage.CANARY)
    until(store, running, Stage.SERVING)
    served = running.ask()
    assert served["route"]["arm"] == "tuned"
    assert served["text"].startswith(GOOD)

    # Questions whose pairs are under way when the process is killed, and some after.
    for _ in range(4):
        running.ask()
    running.kill()
    running.start()
    settled(store)

    tuned.bad = True
    turns = until(store, running, Stage.ROUTED_BACK)
    # Not one bad answer was shown: base took over each time.
    assert all("Bananas" not in turn["text"] for turn in turns)
    assert all(turn["fell_back"] for turn in turns if "serves" in turn["route"]["reason"])
    routed = running.ask()
    assert routed["route"]["arm"] == "base"
    assert "routed back" in routed["route"]["reason"]

    tuned.bad = False
    until(store, running, Stage.SHADOW)
    until(store, running, Stage.CANARY)
    until(store, running, Stage.SERVING)
    assert running.ask()["route"]["arm"] == "tuned"
    settled(store)

    with store.reading() as ledger:
        decisions = ledger.decisions("tuned", SEGMENT, 50)[::-1]
        after = [d.after.value for d in decisions if d.after is not d.before]
        counts = ledger.job_counts()
        pairs = ledger.last_number()
        found = [p for arm in ("tuned", "quote") for p in ledger.pairs(arm, None, 1, pairs)]
        ids = {pair.id for pair in found}
        # Each candidate's pair has what the quotation of the same question scored.
        assert all((pair.quoted is None) == (pair.arm == "quote") for pair in found)
        for decision in decisions + ledger.decisions("quote", SEGMENT, 50):
            again = replay(decision, ledger.pairs)
            assert again is not None
            assert again.record() == decision.record()
    assert after == ["canary", "serving", "routed_back", "shadow", "canary", "serving"]
    assert counts == {"done": pairs}
    assert len(ids) == pairs


@pytest.mark.slow
def test_jobs_of_a_killed_server_are_run_by_the_next_one(server, store):
    running, _ = server
    for _ in range(3):
        running.ask()
    running.kill()
    with store.reading() as ledger:
        before = ledger.job_counts()
    assert sum(before.values()) == 6  # of the candidate and of the quotation
    running.start()
    settled(store)
    with store.reading() as ledger:
        assert ledger.job_counts() == {"done": 6}
        assert ledger.last_number() == 6
    assert httpx.get(f"{str(running.client.base_url).removesuffix('/v1/')}/readyz").json()["ready"]
