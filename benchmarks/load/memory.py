"""Whether a server's memory grows with the questions that it answers.

Two servers, eight questions at a time each: one whose endpoint writes every answer, and one that
quotes all, which takes less time. First all that the sample knowledge answers, then a hundred of
these again and again.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Final

import numpy as np

from assistant.records.database import RECORDS
from assistant.retention.threads import FILE as THREADS
from benchmarks.load import clients
from benchmarks.load.servers import Server, scripted, serving
from benchmarks.results import Columns, Table, number, table

_STREAMS: Final = 8
_EVERY: Final = 125
_AGAIN: Final = 100
_MOST: Final = 10_000
_SHOWN: Final = 1_000
Followed = tuple[list[tuple[int, float]], tuple[float, float], int]
"""(questions, MB) as it went on, the bytes of a question, and how many were answered."""


def measure(*, quick: bool = False, minutes: float = 45.0) -> list[Table]:
    """Ask both for so many minutes, at most 10,000 questions, and look at their memory."""
    minutes = 0.5 if quick else minutes
    modes = {"written": "fallback", "quoted": "only"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        endpoint = stack.enter_context(scripted(folder))
        endpoint.pace(first_s=0.0, each_s=0.0)
        servers = [
            stack.enter_context(
                serving(folder / mode, endpoint, {"ROUTEBACK_ANSWERS__QUOTE": setting})
            )
            for mode, setting in modes.items()
        ]
        found = asyncio.run(_both(servers, 60 * minutes))
    lines = [
        [mode, *point]
        for mode, (points, _, _) in zip(modes, found, strict=True)
        for point in points
        if point[0] % _SHOWN == 0
    ]
    growths = [
        [mode, points[-1][0], whole, _slope(points), *(each / 1000 for each in kept)]
        for mode, (points, kept, whole) in zip(modes, found, strict=True)
    ]
    return [
        table("memory", ("answers", "questions", number("resident", 0, "MB")), lines),
        table("growth", _GROWTH, growths),
    ]


_GROWTH: Final[Columns] = (
    *("answers", "questions", "answered to the end"),
    number("growth over the last four fifths, of 1,000 questions", 2, "MB"),
    *(number(name, 1, "kB") for name in ("records, of a question", "conversations, of one")),
)


async def _both(servers: Sequence[Server], seconds: float) -> list[Followed]:
    asked = clients.questions()
    return await asyncio.gather(*(_followed(one, _endless(asked), seconds) for one in servers))


def _slope(points: Sequence[tuple[int, float]]) -> float:
    """Return by how many MB memory grows with 1,000 questions, the first fifth of them left out."""
    settled = [point for point in points if point[0] >= points[-1][0] / 5]
    done, memory = (np.array(column, float) for column in zip(*settled, strict=True))
    return 1000 * float(np.polyfit(done, memory, 1)[0])


async def _followed(server: Server, questions: Iterator[str], seconds: float) -> Followed:
    """Ask one after the other, and look at the server meanwhile."""
    points = [(0, server.process.memory_mb())]
    files = [server.folder / name for name in (RECORDS, THREADS)]
    before, whole, began = [_size(file) for file in files], 0, time.monotonic()
    async with clients.client(server.url) as made:
        while time.monotonic() < began + seconds and points[-1][0] < _MOST:
            asked = await clients.streams(made, list(islice(questions, _EVERY)), _STREAMS)
            whole += sum(one.ended for one in asked)
            points.append((points[-1][0] + _EVERY, server.process.memory_mb()))
            print(f"{points[-1]} after {time.monotonic() - began:.0f} s", flush=True)
    count = points[-1][0]
    first, second = ((_size(f) - b) / count for f, b in zip(files, before, strict=True))
    return points, (first, second), whole


def _endless(questions: Sequence[str]) -> Iterator[str]:
    return chain(questions, cycle(questions[:_AGAIN]))


def _size(file: Path) -> int:
    """Return the bytes of a SQLite file, with what is not yet in it."""
    parts = (file, file.with_name(f"{file.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
