"""What a night costs without a judge: CPU of the command, for few cases and for more.

Two arms at the scripted endpoint, which does not make anybody wait, and the documents' own words.
The second night of each kind: it has something to be compared with.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.load import processes
from benchmarks.load.servers import SERVE, Endpoint, scripted
from benchmarks.results import Columns, Table, figures, number, table

_CASES: Final = (20, 120)
_ARMS: Final = 3


def night(endpoint: Endpoint, folder: Path, cases: int) -> tuple[float, float, float]:
    """Run two nights; return CPU seconds, seconds and most memory (MB) of the second."""
    folder.mkdir()
    arm = {"name": "tuned", "base_url": f"{endpoint.url}/v1", "model": "tuned", "revision": "1"}
    env = processes.environment(
        folder, OPENAI_BASE_URL=f"{endpoint.url}/v1", ROUTEBACK_ARMS=json.dumps([arm])
    )
    command = [SERVE[0], "evals", "nightly", "--cases", str(cases)]
    for expected in (2, 0):  # the first one has nothing to be compared with
        began = time.monotonic()
        with (folder / "night.log").open("wb") as log:
            child = subprocess.Popen(command, env=env, stdout=log, stderr=log)
            _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - began
        if child.returncode != expected:
            raise RuntimeError((folder / "night.log").read_text()[-2000:])
    return usage.ru_utime + usage.ru_stime, took, usage.ru_maxrss / 1000


def measure(*, quick: bool = False) -> list[Table]:
    """Measure both; four minutes."""
    counts = (16, 24) if quick else _CASES
    lines = []
    with tempfile.TemporaryDirectory() as name, scripted(Path(name)) as endpoint:
        endpoint.pace(first_s=0.0, each_s=0.0)
        for cases in counts:
            lines.append([cases, _ARMS, *night(endpoint, Path(name) / str(cases), cases)])
            print(lines[-1], flush=True)
    each = 1000 * (lines[1][2] - lines[0][2]) / (_ARMS * (counts[1] - counts[0]))
    rest = [
        ("an answer with its scores, CPU", each, "ms", 0),
        ("all the rest of a night, CPU", lines[0][2] - each * _ARMS * counts[0] / 1000, "s", 1),
    ]
    columns: Columns = (
        *("cases", "arms", number("CPU", 1, "s"), number("took", 1, "s")),
        number("most memory", 0, "MB"),
    )
    return [
        table("nights", columns, lines),
        figures("each", rest, "of it"),
    ]
