"""Whether the bot is silent once a person holds a conversation, over races, restarts and kills.

The races of ``benchmarks.desk.races``: in one process, where the store is closed and opened again
after every 50 of them, and in processes that are killed (``kill -9``) in the middle of what they
do. After each restart the answers that were cut are ended, as a server does at its start; at the
end all logs are held against what had been acknowledged.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, func, select

from assistant.records.database import RECORDS, open_database
from assistant.records.desk.tables import messages, threads
from benchmarks.desk import races
from benchmarks.desk.races import Acknowledged
from benchmarks.results import HERE, Table, table

_RESTART: Final = 50
_MORE: Final = 40
"""What is acknowledged at least before a kill."""


def in_one_process(folder: Path, count: int) -> list[Acknowledged]:
    """Run races, with restarts; return what was acknowledged."""
    acknowledged: list[Acknowledged] = []
    for first in range(0, count, _RESTART):
        engine = open_database(folder / RECORDS)
        races.recovered(engine)
        for seed in range(first, min(count, first + _RESTART)):
            races.Race(engine, seed, acknowledged.append).run()
        engine.dispose()
    return acknowledged


def killed(folder: Path, kills: int, *, seed: int = 19) -> list[Acknowledged]:
    """Kill so many processes that run races on one store; return what was acknowledged.

    Raises:
        RuntimeError: one of them ended by itself.
    """
    chance = random.Random(seed)  # noqa: S311  (to be run again)
    for kill in range(kills):
        command = [sys.executable, "-m", races.__name__, str(folder), str(kill), "500"]
        before = len(races.read(folder))
        with subprocess.Popen(command, cwd=HERE.parent) as child:
            while len(races.read(folder)) < before + _MORE:
                if child.poll() is not None:
                    raise RuntimeError(f"The races ended with {child.returncode}.")
                time.sleep(0.02)
            time.sleep(chance.random() * 0.3)
            child.send_signal(signal.SIGKILL)
        engine = open_database(folder / RECORDS)
        races.recovered(engine)
        engine.dispose()
    return races.read(folder)


def _line(
    name: str, folder: Path, kills: int, acknowledged: Sequence[Acknowledged]
) -> list[object]:
    engine = open_database(folder / RECORDS)
    counts = [_count(engine, kind) for kind in ("piece", "team", "moved")]
    with engine.connect() as connection:
        conversations = connection.scalar(select(func.count()).select_from(threads)) or 0
    found = races.faults(engine, acknowledged)
    engine.dispose()
    return [name, conversations, kills, len(acknowledged), *counts, len(found)]


def _count(engine: Engine, kind: str) -> int:
    query = select(func.count()).select_from(messages).where(messages.c.kind == kind)
    with engine.connect() as connection:
        return connection.scalar(query) or 0


def measure(*, quick: bool = False) -> list[Table]:
    """Race a thousand times, and kill 40 processes; some ten minutes."""
    count, kills = (50, 2) if quick else (1000, 40)
    lines = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        said = in_one_process(Path(one), count)
        lines.append(_line("in one process", Path(one), 0, said))
        said = killed(Path(other), kills)
        lines.append(_line("killed", Path(other), kills, said))
    columns = ("races", "conversations", "kills", "acknowledged", "pieces", "replies", "moves")
    return [table("faults", (*columns, "faults"), lines)]
