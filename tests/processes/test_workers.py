"""One server and two workers that begin at once on empty engines: the pairs are the workers'."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from assistant.records.database import open_url
from guardrails.store.sql_tables import jobs, pairs
from guardrails.store.store import Store
from tests.support.databases import in_a_file
from tests.support.qdrant_server.process import qdrant_process
from tests.support.server import ROUTEBACK, environment, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), in_a_file]
ROOT = Path(__file__).parents[2]


@contextmanager
def command(name: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        child = subprocess.Popen([str(ROUTEBACK), name], env=env, stdout=file, stderr=file)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def until(holds: Callable[[], bool], logs: list[Path], wait_s: float = 120) -> None:
    deadline = time.monotonic() + wait_s
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail("\n".join(log.read_text() for log in logs))
        time.sleep(0.3)


@pytest.mark.parametrize(
    "end",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.long),
        pytest.param(signal.SIGSTOP, marks=pytest.mark.long),
    ],
    ids=["killed", "told to end", "stands still"],
)
def test_workers_make_the_pairs_and_one_that_goes_is_made_up_for(
    tmp_path, cache_dir, endpoint, new_url, monkeypatch, end: signal.Signals
):
    url, port = new_url(), free_port()
    arm = {"name": "tuned", "base_url": endpoint.url, "model": "scripted", "revision": "1"}
    monkeypatch.chdir(ROOT)
    with qdrant_process(free_port()) as qdrant:
        logs = [tmp_path / f"{name}.log" for name in ("api", "one", "two")]

        def env(name: str) -> dict[str, str]:
            return environment(
                tmp_path / name,
                cache_dir,
                OPENAI_BASE_URL=endpoint.url,
                OPENAI_MODEL="scripted",
                ROUTEBACK_DATABASE_URL=url,
                ROUTEBACK_KNOWLEDGE__QDRANT_URL=qdrant,
                ROUTEBACK_ANSWERS__QUOTE="fallback",
                ROUTEBACK_ARMS=json.dumps([arm]),
                ROUTEBACK_SERVER__BACKGROUND="workers",
                ROUTEBACK_SERVER__PORT=str(port),
            )

        with (
            command("serve", env("api"), logs[0]),
            command("worker", env("one"), logs[1]) as one,
            command("worker", env("two"), logs[2]) as two,
        ):
            api = f"http://127.0.0.1:{port}"

            def ready() -> bool:
                try:
                    return httpx.get(f"{api}/readyz", timeout=10).status_code == 200
                except httpx.TransportError:
                    return False

            def ask() -> None:
                asked = [{"role": "user", "content": "How do I reset my password?"}]
                body = {"model": "routeback", "messages": asked}
                told = httpx.post(f"{api}/v1/chat/completions", json=body, timeout=60)
                assert told.status_code == 200, told.text

            engine = open_url(url)

            def done(count: int) -> bool:
                with Store(engine).reading() as ledger:
                    states = ledger.connection.scalars(select(jobs.c.state)).all()
                return len(states) >= count and "waiting" not in states

            until(ready, logs)
            ask()
            until(lambda: done(1), logs)
            assert (one.poll(), two.poll()) == (None, None), "both begin on an empty index"
            endpoint.pause_s = 0.2
            for _ in range(3):
                ask()
            one.send_signal(end)
            endpoint.pause_s = 0.0
            until(lambda: done(4), logs)
            one.send_signal(signal.SIGCONT)
            time.sleep(3 if end == signal.SIGSTOP else 0)  # what it still writes comes to nothing
            with engine.connect() as connection:
                made = connection.scalars(select(pairs.c.id)).all()
                wanted = select(jobs.c.id).where(jobs.c.state == "done")
                assert sorted(made) == sorted(connection.scalars(wanted).all())
            engine.dispose()
