"""Whether more processes do more: pairs by 1, 2 and 4 workers, answers by 1 and 2 servers.

Each process is held to a quarter of a core by a control group, so that the machine's two cores do
not decide; the endpoint is scripted and makes them wait, as a model elsewhere does. All share one
PostgreSQL. What is counted is what ends within a time in which all of them work.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, create_engine, func, select, text

from assistant.records.turns import turns
from benchmarks.load import clients, processes
from benchmarks.load.processes import Process
from benchmarks.load.servers import SERVE, Endpoint, scripted, serving
from benchmarks.results import Table, figures, number, percent, table
from guardrails.store.sql_tables import jobs, pairs
from tests.support.databases import on_a_server

SHARE: Final = 0.25
_WORKERS: Final = (1, 2, 4)
_REPLICAS: Final = (1, 2)
_STREAMS: Final = 3
"""Questions at a time, of each server."""
_WINDOW_S: Final = 60.0
_A_SECOND: Final = 0.4
"""Pairs that a worker makes at the most."""
_IDLE_S: Final = 10.0
_SETTLE_S: Final = 3.0
_FAST: Final = {"first_s": 0.0, "each_s": 0.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """What some processes did together. twice: of what they made, what is there more than once.

    cpu_ms: of one, in all processes, with what they take anyway. idle: of one process, of a core.
    """

    processes: int
    done: int
    seconds: float
    twice: int
    cpu_ms: float
    idle: float = 0.0

    @property
    def each_s(self) -> float:
        """How many a second."""
        return self.done / self.seconds


@dataclass(frozen=True, slots=True)
class Bytes:
    """What the database grew by."""

    turn: float
    pair: float


@contextmanager
def qdrant(folder: Path) -> Iterator[str]:
    """Run the tests' stand-in for a Qdrant server, which workers need; pairs do not search."""
    port = processes.free_port()
    command = [sys.executable, "-m", "tests.support.qdrant_server", str(port)]
    with processes.running(command, folder / "qdrant.log") as process:
        url = f"http://127.0.0.1:{port}"
        processes.until(lambda: processes.answers(f"{url}/collections"), process)
        yield url


def paired(
    endpoint: Endpoint, folder: Path, url: str, index: str, count: int, window_s: float
) -> tuple[Rate, Bytes]:
    """Queue pairs on one database, and let some workers make them."""
    arm = {"name": "tuned", "base_url": f"{endpoint.url}/v1", "model": "tuned", "revision": "1"}
    settings = {
        "ROUTEBACK_DATABASE_URL": url,
        "ROUTEBACK_KNOWLEDGE__QDRANT_URL": index,
        "ROUTEBACK_ARMS": json.dumps([arm]),
        "ROUTEBACK_SERVER__BACKGROUND": "workers",
        "ROUTEBACK_GUARD__PAIR_RATE": "1",
        "ROUTEBACK_GUARD__PROBE_EVERY_S": "0",
    }
    asked = clients.questions()[: int(count * _A_SECOND * window_s) + 8]
    engine = create_engine(url)
    endpoint.pace(**_FAST)
    with serving(folder / "api", endpoint, settings) as server:
        sizes = [_size(engine)]
        asyncio.run(clients.all_asked([server.url], asked, 8))
        sizes.append(_size(engine))
    endpoint.pace()
    endpoint.heard()
    env = processes.environment(folder, OPENAI_BASE_URL=f"{endpoint.url}/v1", **settings)
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(folder / f"worker-{n}", env)) for n in range(count)]
        for one in workers:
            processes.until(partial(works, one), one)
            one.held_to(SHARE)
        time.sleep(_SETTLE_S)
        before, cpu, began = _made(engine), _cpu(workers), time.monotonic()
        time.sleep(window_s)
        done, spent = _made(engine) - before, _cpu(workers) - cpu
        took = time.monotonic() - began
        endpoint.pace(**_FAST)
        processes.until(lambda: not waiting(engine), workers[0], 300)
        idle = _idle(workers)
        sizes.append(_size(engine))
    told = Counter(one["question"] for one in endpoint.heard() if one["model"] == "tuned")
    heard = [told[question] for question in asked if question in told]
    names = made_by(engine)
    twice = sum(heard) - len(heard) + len(names) - len(set(names))
    engine.dispose()
    rate = Rate(count, done, took, twice, 1000 * spent / max(1, done), idle)
    print(rate, flush=True)
    return rate, Bytes((sizes[1] - sizes[0]) / len(asked), (sizes[2] - sizes[1]) / len(names))


def answered(endpoint: Endpoint, folder: Path, url: str, count: int, each: int) -> Rate:
    """Let some servers on one database answer, a few questions at a time each."""
    settings = {"ROUTEBACK_DATABASE_URL": url}  # each with an index of its own
    with ExitStack() as stack:
        endpoint.pace(**_FAST)
        servers = [
            stack.enter_context(serving(folder / f"api-{n}", endpoint, settings))
            for n in range(count)
        ]
        questions = clients.questions()
        for server in servers:
            asyncio.run(clients.all_asked([server.url], questions[:20], 8))
            server.process.held_to(SHARE)
        endpoint.pace()
        wanted = questions[20:][: each * count]
        running = [server.process for server in servers]
        cpu, began = _cpu(running), time.monotonic()
        asked = asyncio.run(
            clients.all_asked([server.url for server in servers], wanted, _STREAMS * count)
        )
        took, spent = time.monotonic() - began, _cpu(running) - cpu
        idle = _idle(running)
    engine = create_engine(url)
    names = {one.told["turn_id"] for one in asked if one.ended}
    with engine.connect() as connection:
        kept = connection.scalars(select(turns.c.id).where(turns.c.id.in_(names))).all()
    engine.dispose()
    twice = len(kept) - len(names)
    whole = sum(one.ended for one in asked)
    rate = Rate(count, whole, took, twice, 1000 * spent / max(1, whole), idle)
    print(rate, len(asked) - whole, "not answered", flush=True)
    return rate


@contextmanager
def worker(folder: Path, env: Mapping[str, str]) -> Iterator[Process]:
    """Run a worker until the block ends."""
    folder.mkdir()
    own = {**env, "ROUTEBACK_DATA_DIR": str(folder)}
    with processes.running([SERVE[0], "worker"], folder / "worker.log", own) as process:
        yield process


def _cpu(running: Sequence[Process]) -> float:
    return sum(process.cpu_s() for process in running)


def _idle(running: Sequence[Process]) -> float:
    """Return the CPU seconds that one of them takes in a second in which there is nothing to do."""
    before = _cpu(running)
    time.sleep(_IDLE_S)
    return (_cpu(running) - before) / _IDLE_S / len(running)


def works(worker: Process) -> bool:
    """Return whether a worker has begun to."""
    return b"Working" in worker.log.read_bytes()


def made_by(engine: Engine) -> Sequence[str]:
    """Return the names of the pairs that there are."""
    with engine.connect() as connection:
        return connection.scalars(select(pairs.c.id)).all()


def _made(engine: Engine) -> int:
    return len(made_by(engine))


def waiting(engine: Engine) -> int:
    """Return how many pairs are still to be made."""
    waits = select(func.count()).select_from(jobs).where(jobs.c.state == "waiting")
    with engine.connect() as connection:
        return connection.scalar(waits) or 0


def _size(engine: Engine) -> int:
    """Return the bytes of a database, in full pages."""
    with engine.connect() as connection:
        return connection.scalar(text("SELECT pg_database_size(current_database())")) or 0


_RATES: Final = (
    *("processes", "done"),
    *(number("seconds", 0), number("a second", 3), number("times one", 2)),
    *("twice", number("each", 0, "CPU-ms"), percent("idle, of a core", 1)),
)


def _lines(rates: Sequence[Rate]) -> list[list[object]]:
    first = rates[0].each_s
    return [
        [r.processes, r.done, r.seconds, r.each_s, r.each_s / first, r.twice, r.cpu_ms, r.idle]
        for r in rates
    ]


def measure(*, quick: bool = False) -> list[Table]:
    """Measure each number of processes; some nine minutes."""
    window_s, each = (12.0, 6) if quick else (_WINDOW_S, 48)
    with (
        tempfile.TemporaryDirectory() as name,
        on_a_server() as new_url,
        scripted(Path(name)) as endpoint,
        qdrant(Path(name)) as index,
    ):
        made, told = [], []
        for count in _WORKERS:
            folder = Path(name) / f"workers-{count}"
            folder.mkdir()
            made.append(paired(endpoint, folder, new_url(), index, count, window_s))
        for count in _REPLICAS:
            folder = Path(name) / f"servers-{count}"
            folder.mkdir()
            told.append(answered(endpoint, folder, new_url(), count, each))
    bytes_each = made[-1][1]
    kept = [
        ("a question, with the jobs of its pairs", bytes_each.turn / 1000, "kB", 1),
        ("a pair", bytes_each.pair / 1000, "kB", 1),
    ]
    return [
        table("pairs", _RATES, _lines([rate for rate, _ in made])),
        table("answers", _RATES, _lines(told)),
        figures("bytes", kept, "in PostgreSQL"),
    ]
