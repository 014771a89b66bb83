"""What questions and pairs take in PostgreSQL, once it has been cleaned up (``VACUUM FULL``)."""

import asyncio
import json
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, create_engine, func, select, text

from benchmarks.load import clients, processes
from benchmarks.load.scaling import made_by, qdrant, waiting, worker, works
from benchmarks.load.servers import scripted, serving
from benchmarks.results import Table, figures
from guardrails.store.sql_tables import jobs
from tests.support.databases import on_a_server

_ASKED: Final = 150


def size(engine: Engine) -> int:
    """Return the bytes of a database that has nothing in it but what is kept."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM FULL"))
        return connection.scalar(text("SELECT pg_database_size(current_database())")) or 0


def measure(*, quick: bool = False) -> list[Table]:
    """Ask, compare, and look at the database; two minutes."""
    asked = clients.questions()[: 20 if quick else _ASKED]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        new_url = stack.enter_context(on_a_server())
        endpoint = stack.enter_context(scripted(folder))
        endpoint.pace(first_s=0.0, each_s=0.0)
        arm = {"name": "tuned", "base_url": f"{endpoint.url}/v1", "model": "tuned", "revision": "1"}
        settings = {
            "ROUTEBACK_DATABASE_URL": new_url(),
            "ROUTEBACK_KNOWLEDGE__QDRANT_URL": stack.enter_context(qdrant(folder)),
            "ROUTEBACK_ARMS": json.dumps([arm]),
            "ROUTEBACK_SERVER__BACKGROUND": "workers",
            "ROUTEBACK_GUARD__PAIR_RATE": "1",
        }
        env = processes.environment(folder, OPENAI_BASE_URL=f"{endpoint.url}/v1", **settings)
        engine = create_engine(settings["ROUTEBACK_DATABASE_URL"])
        with serving(folder / "api", endpoint, settings) as server:
            with worker(folder / "first", env) as process:  # makes its tables
                processes.until(partial(works, process), process)
            sizes = [size(engine)]
            asyncio.run(clients.all_asked([server.url], asked, 4))
        with engine.connect() as connection:
            queued = connection.scalar(select(func.count()).select_from(jobs)) or 0
        sizes.append(size(engine))
        with worker(folder / "second", env) as process:
            processes.until(lambda: not waiting(engine), process, 300)
        sizes.append(size(engine))
        pairs = len(made_by(engine))
        engine.dispose()
    turn, pair = (sizes[1] - sizes[0]) / len(asked), (sizes[2] - sizes[1]) / pairs
    rows = [
        ("a question, with the jobs of its pairs", turn / 1000, "kB", 1),
        ("a pair", pair / 1000, "kB", 1),
        ("pairs of a question", queued / len(asked), "", 2),
    ]
    return [figures("kept", rows, "in PostgreSQL")]
