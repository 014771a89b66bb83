"""What an answer costs a server, how soon its first sentence is shown, and what happens above that.

Real processes on loopback: ``routeback serve``, a bare pass-through and a scripted endpoint (50 ms
to the first token, then 20 a second). CPU is that of a server with all its threads, read from
``/proc``, less what it takes when nobody asks. No question is asked twice at a time, and none whose
vector or check is still remembered.
"""

import asyncio
import json
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from assistant.records.database import RECORDS
from benchmarks.load import clients, processes
from benchmarks.load.arms import EACH_S, FIRST_S
from benchmarks.load.clients import Asked
from benchmarks.load.processes import Process
from benchmarks.load.servers import UNCHECKED, Endpoint, Server, bare, scripted, serving
from benchmarks.results import Columns, Count, Table, figures, number, table

_IDLE_S: Final = 10.0
_USUAL: Final = 10
_MANY: Final = (50, 200)
_TRIED: Final = (1, 10, 20, 32, 48, 64)
_SOON_S: Final = 0.4
_AT_ONCE: Final = {"first_s": 0.0, "each_s": 0.0}
_OPEN: Final = {"ROUTEBACK_LIMITS__QUESTIONS": "1000", "ROUTEBACK_LIMITS__WAITING_S": "60"}


@dataclass(frozen=True, slots=True)
class Load:
    """What one load showed. took_s: all of it. cpu_s: of the server meanwhile.

    late_s: first text after the first sentence was said. over_s: how much longer an answer took
    than the endpoint took to say it.
    """

    streams: int
    asked: list[Asked]
    took_s: float
    cpu_s: float
    late_s: list[float]
    over_s: list[float]

    @property
    def whole(self) -> int:
        """How many answers came to their end."""
        return sum(one.ended for one in self.asked)

    def cpu_ms(self, idle: float = 0.0) -> float:
        """Return the CPU of an answer. idle: CPU seconds of a second in which nobody asks."""
        return 1000 * (self.cpu_s - idle * self.took_s) / max(1, self.whole)


def loaded(
    server: Server, endpoint: Endpoint, questions: Sequence[str], streams: int, **pace: float
) -> Load:
    """Ask so many questions at a time, and look at the server meanwhile. pace: of the endpoint."""
    endpoint.pace(**pace)
    endpoint.heard()
    before, began = server.process.cpu_s(), time.monotonic()
    asked = asyncio.run(clients.all_asked([server.url], questions, streams))
    took, cpu = time.monotonic() - began, server.process.cpu_s() - before
    said = {one["question"]: one for one in endpoint.heard()}
    late, over = [], []
    each_s = pace.get("each_s", EACH_S)
    for one in asked:
        if (heard := said.get(one.question)) and one.ended and one.first:
            late.append(one.first - heard["first_sentence"])
            speaks = pace.get("first_s", FIRST_S) + each_s * max(0, heard["tokens"] - 1)
            over.append(one.over - one.began - speaks)
    load = Load(streams, asked, took, cpu, late, over)
    print(
        f"{streams:4} streams: {load.whole} of {len(asked)} whole in {took:.1f} s, "
        f"{load.cpu_ms():.1f} CPU-ms each, first text +{_p(late, 95):.3f} s at p95",
        flush=True,
    )
    return load


def idle(process: Process) -> float:
    """Return the CPU seconds that a process takes in a second in which nobody asks."""
    before = process.cpu_s()
    time.sleep(_IDLE_S)
    return (process.cpu_s() - before) / _IDLE_S


def written(server: Server, endpoint: Endpoint, most: int | None) -> list[list[str]]:
    """Return the questions that a model answers, in each wording.

    most: how many are looked at; None: all. Only the first wording is tried: the others say the
    same.
    """
    worded = [clients.questions(wording)[:most] for wording in range(clients.WORDINGS)]
    load = loaded(server, endpoint, worded[0], 8, **_AT_ONCE)
    found = {one.question for one in load.asked if one.written}
    places = [place for place, question in enumerate(worded[0]) if question in found]
    print(f"{len(places)} of {len(worded[0])} questions are written", flush=True)
    return [[questions[place] for place in places] for questions in worded]


def lost(folder: Path, asked: Sequence[Asked]) -> int:
    """Return how many answers that came whole are not stored once, as they were shown."""
    place = f"file:{folder / RECORDS}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as records:
        rows = records.execute("SELECT id, answer FROM turns").fetchall()
    stored: dict[str, list[str]] = {}
    for name, answer in rows:
        stored.setdefault(name, []).append(answer)
    return sum(
        [text.strip() for text in stored.get(one.told.get("turn_id", ""), [])] != [one.text.strip()]
        for one in asked
        if one.ended
    )


def stored(folder: Path) -> int:
    """Return how many turns are stored."""
    with closing(sqlite3.connect(f"file:{folder / RECORDS}?mode=ro", uri=True)) as records:
        return int(records.execute("SELECT count(*) FROM turns").fetchone()[0])


def _steps(folder: Path, count: int) -> dict[str, float]:
    """Return the CPU milliseconds of what is done to a question before anybody answers it."""
    env = processes.environment(folder / "steps")
    done = subprocess.run(
        processes.module("parts", str(count)), env=env, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _p(values: Sequence[float], percentile: float) -> float:
    return float(np.percentile(values, percentile)) if values else float("nan")


def measure(*, quick: bool = False) -> list[Table]:
    """Measure all of it; some eight minutes."""
    few, some = (6, 30) if quick else (100, None)
    with tempfile.TemporaryDirectory() as name, scripted(Path(name)) as endpoint:
        folder = Path(name)
        with serving(folder / "unchecked", endpoint, _OPEN, UNCHECKED) as server:
            worded = written(server, endpoint, some)
            asked, more = worded[0], [question for wording in worded[1:] for question in wording]
            before = idle(server.process)
            without = loaded(server, endpoint, asked[:few], _USUAL)
            still = (before + idle(server.process)) / 2  # at the end it may clear up what was
            plumbing = [loaded(server, endpoint, more[: 2 * n], n) for n in _MANY]
        with bare(folder, endpoint) as through:
            loaded(through, endpoint, asked[:_USUAL], _USUAL, **_AT_ONCE)
            passed = loaded(through, endpoint, asked[:few], _USUAL)
        with serving(folder / "checked", endpoint, _OPEN) as server:
            loaded(server, endpoint, asked, 8, **_AT_ONCE)  # reads the passages
            fast = loaded(server, endpoint, asked, 8, **_AT_ONCE)
            full = loaded(server, endpoint, asked[:few], _USUAL)
            tried = []
            for streams in _TRIED:
                count = max(10 if quick else 20, 2 * streams)
                tried.append(loaded(server, endpoint, more[:count], streams))
                more = [*more[count:], *more[:count]]
            missing = lost(server.folder, [one for load in (full, *tried) for one in load.asked])
        borne = [load.streams for load in tried if _p(load.late_s, 95) <= _SOON_S]
        limit = max(borne, default=1)
        settings = {"ROUTEBACK_LIMITS__QUESTIONS": str(limit), "ROUTEBACK_LIMITS__WAITING_S": "1"}
        with serving(folder / "limited", endpoint, settings) as server:
            loaded(server, endpoint, asked[:few], 4, **_AT_ONCE)
            before = stored(server.folder)
            above = loaded(server, endpoint, more[: 8 * limit], 4 * limit)
            gone = lost(server.folder, above.asked)
            excessive = stored(server.folder) - before - above.whole
        steps = _steps(folder, 10 if quick else 200)
    beyond = without.cpu_ms(still) - passed.cpu_ms()
    costs = [
        ["bare pass-through", passed.whole, passed.cpu_ms(), None],
        ["without the check", without.whole, without.cpu_ms(still), beyond],
        ["as it is", full.whole, full.cpu_ms(still), full.cpu_ms(still) - passed.cpu_ms()],
    ]
    honest = sum(one.status == 429 and one.after.isdigit() for one in above.asked)
    busy = sum(one.status == 429 for one in above.asked)
    excess = [
        ("answers at a time that are let in", limit, "", 0),
        ("asked at a time", above.streams, "", 0),
        ("asked", len(above.asked), "", 0),
        ("answered to the end", above.whole, "", 0),
        ("429 with Retry-After", honest, "", 0),
        ("429 without", busy - honest, "", 0),
        ("anything else", len(above.asked) - above.whole - busy, "", 0),
        ("answered and not stored once as shown", gone, "", 0),
        ("stored and not answered", excessive, "", 0),
        ("first text of those at p95", _p(above.late_s, 95), "s", 2),
    ]
    goals = [
        ("CPU beyond the pass-through without the check, at most 25", beyond, "ms", 1),
        *(
            (f"first text at {n} at a time, p95, at most 0.4", _p(_of(tried, n).late_s, 95), "s", 3)
            for n in (1, 10)
        ),
        ("answers not stored once as they were shown, 0", missing + gone, "", 0),
    ]
    return [
        table("cpu", _CPU, costs),
        figures(
            "steps",
            [
                ("its vector (multilingual-e5-small, 4 bits)", steps["vector"], "CPU-ms", 1),
                ("the search of 500 passages", steps["search"], "CPU-ms", 1),
                ("the weighing (token states)", steps["weighing"], "CPU-ms", 1),
                ("beyond the pass-through, less these", beyond - sum(steps.values()), "CPU-ms", 1),
            ],
            "of a question, before anybody answers",
        ),
        table("first", _FIRST, [_line(load, still) for load in tried]),
        table(
            "plumbing",
            _FIRST,
            [_line(passed, 0.0), *(_line(load, still) for load in (without, *plumbing))],
        ),
        figures("above", excess, "above the limit"),
        figures(
            "rest",
            [
                ("CPU of a server that nobody asks, of a core", still, "%", 1),
                ("answers a second, the endpoint without delay", fast.whole / fast.took_s, "", 1),
                ("CPU of an answer then", fast.cpu_ms(), "ms", 1),
            ],
            "beside",
        ),
        figures("goals", goals, "goal"),
    ]


_CPU: Final[Columns] = (
    "server",
    "answers",
    *(number(name, 1, "CPU-ms") for name in ("an answer", "beyond the pass-through")),
)
_FIRST: Final[Columns] = (
    *("at a time", "answers whole"),
    *(number(name, 3, "s") for name in ("first text, p50", "p95", "answer longer by, p50", "p95 ")),
    *(number("answers a second", 2), number("an answer", 1, "CPU-ms")),
)


def _of(loads: Sequence[Load], streams: int) -> Load:
    return next(load for load in loads if load.streams == streams)


def _line(load: Load, idle_s: float) -> list[object]:
    return [
        load.streams,
        Count(hits=load.whole, of=len(load.asked)),
        *(_p(load.late_s, 50), _p(load.late_s, 95)),
        *(_p(load.over_s, 50), _p(load.over_s, 95)),
        *(load.whole / load.took_s, load.cpu_ms(idle_s)),
    ]
