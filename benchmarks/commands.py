"""What the guardrail's commands cost where there is a history: CPU-seconds of a fresh process.

A database of 10,000 scored pairs, two candidates in ten segments, is made through the monitor; then
each command runs by itself, without a server. Usage: ``python benchmarks/commands.py [FOLDER]``;
about three minutes, and two where the folder holds the database already.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import report

from assistant.records.database import open_database
from assistant.settings import Settings
from guardrails.decisions import Decision
from guardrails.monitor import Monitor
from guardrails.store.sql_store import SqlStore
from guardrails.types import Pair, Score

PAIRS = 10_000
TIMES = 5
GOAL_S = 1.5
COMMANDS = ("status", "map", "decisions")
SEGMENTS = tuple(
    f"{kind}/{language}"
    for kind in ("glossary", "support.billing", "support.account", "support.sign-in", "other")
    for language in ("en", "de")
)
DIFFERENCES = {"tuned": (0.12, 0.0, -0.12), "other": (0.02, -0.03, 0.05)}
"""Mean difference to base, by candidate: of each third of the segments."""
VERSION = '{"base":"b","candidate":"c","index":"1","judge":"","prompt":"p","scorers":"s"}'
MINUTE = timedelta(minutes=1)


def build(folder: Path) -> int:
    """Make the history; return how many decisions came of it."""
    database = open_database(folder / "routeback.sqlite")
    monitor = Monitor(SqlStore(database), Settings().guard.policy)
    rng = np.random.default_rng(0)
    at = datetime.now(UTC) - PAIRS * MINUTE
    decided: list[Decision] = []
    for begin in range(0, PAIRS, 500):
        with monitor.store.transaction() as ledger:
            for number in range(begin, begin + 500):
                made = pair(number, at + number * MINUTE, rng)
                answers = {
                    "question": f"What is the meaning of term number {number}?",
                    "answers": {"base": "A token is text. " * 20, made.arm: "A word. " * 40},
                    "passages": ["Token", "Word", "Text"],
                    "tokens": 900,
                }
                decided += monitor.observed(ledger, made, answers)
    database.dispose()
    return len(decided)


def pair(number: int, at: datetime, rng: np.random.Generator) -> Pair:
    """Return one scored pair; candidates and segments take turns."""
    arms = tuple(DIFFERENCES)
    arm, place = arms[number % len(arms)], number // len(arms) % len(SEGMENTS)
    difference = DIFFERENCES[arm][place % 3]

    def scores(mean: float) -> dict[str, Score]:
        draws = np.clip(rng.normal(mean, 0.15, 2), 0.0, 1.0)
        return {name: Score(float(v)) for name, v in zip(("fast", "relevance"), draws, strict=True)}

    return Pair(
        id=f"turn-{number}:{arm}",
        arm=arm,
        segment=SEGMENTS[place],
        at=at,
        version=VERSION,
        base=scores(0.6),
        candidate=scores(0.6 + difference),
    )


def cpu_s(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Return what a process and its children took, user and system. The median of some runs."""
    found = []
    for _ in range(TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(found)


def measured(env: Mapping[str, str], cache: Path) -> list[tuple[str, float, float]]:
    """Return what is run, with its CPU-seconds: modules compiled before, and compiled then.

    cache: where compiled modules are kept; the second kind of run keeps none.
    """
    kept = {**env, "PYTHONPYCACHEPREFIX": str(cache)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    anew = {**env, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(cache / "none")}
    run = "from assistant.cli import main; import sys; sys.argv[1:] = {}; main()"
    programs = [
        ("an empty Python", "pass"),
        ("the imports alone", "import assistant.cli"),
        ("`routeback --help`", run.format(["--help"])),
        *((f"`routeback guard {c}`", run.format(["guard", c])) for c in COMMANDS),
    ]
    rows = []
    for name, program in programs:
        command = [sys.executable, "-c", program]
        subprocess.run(command, env=kept, check=True, stdout=subprocess.DEVNULL)
        rows.append((name, cpu_s(command, kept), cpu_s(command, anew)))
    return rows


def main() -> None:
    """Measure the commands and publish what they cost."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "routeback.sqlite").exists():
            print(f"{build(folder)} decisions")
        env = {**os.environ, "ROUTEBACK_DATA_DIR": str(folder), "COLUMNS": "100"}
        rows = measured(env, Path(made) / "compiled")
    kept = "kept" if max(seconds for _, seconds, _ in rows) <= GOAL_S else "missed"
    text = f"""
{report.table(["command", "CPU-seconds", "nothing compiled"], rows)}

Median of {TIMES} fresh processes, user and system time together, without a server, on a database of
{PAIRS:,} scored pairs of {len(DIFFERENCES)} candidates in {len(SEGMENTS)} segments, made through
the monitor. The goal ({GOAL_S} s each) is {kept}. The last column is the same where no compiled
modules are kept, as in a first run or with `PYTHONDONTWRITEBYTECODE`; two fifths of it are
SQLAlchemy.
What is read from the database takes about 0.1 s in all of them.
"""
    report.publish("commands", "What the guardrail's commands cost", text)


if __name__ == "__main__":
    main()
