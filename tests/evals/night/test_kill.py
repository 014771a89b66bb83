"""``routeback evals nightly`` in processes that are killed: nothing is lost, nothing twice."""

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.evals.night.test_night import cells_of, rows_of
from tests.evals.nights import House, house
from tests.support.documents import fill
from tests.support.server import ROUTEBACK, environment

COUNT = 8


def configuration(at: House, folder: Path) -> Path:
    """Write the house's settings as a file, for another data folder."""
    cases = at.settings.evals.cases
    lines = [
        *("[[arms]]", 'name = "base"', f'base_url = "{at.base.url}"', 'model = "scripted"'),
        'revision = "1"',
        *("[[arms]]", 'name = "tuned"', f'base_url = "{at.tuned.url}"', 'model = "scripted"'),
        'revision = "1"',
        *("[knowledge]", "sample = false"),
        *("[evals]", f'cases = "{cases}"', "concurrency = 2", f"count = {COUNT}"),
    ]
    path = folder / "killed.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("executor", ["here", "queue"])
def test_two_kills_half_way_give_the_same_night(
    executor: str, tmp_path: Path, cache_dir: Path, documents: Path
):
    with house(tmp_path, cache_dir, documents, count=COUNT) as at:
        outcome = asyncio.run(at.night())
        expected = json.dumps(outcome.result.model_dump(mode="json")["cells"])
        killed = tmp_path / "killed"
        fill(killed, documents)
        env = environment(killed, cache_dir, ROUTEBACK_CONFIG=str(configuration(at, tmp_path)))
        for endpoint in (at.base, at.tuned):
            endpoint.asked.clear()
            endpoint.pause_s = 0.05
        command = [str(ROUTEBACK), "evals", "nightly", "--executor", executor]
        for least in (3, 10):
            with (tmp_path / f"{least}.log").open("wb") as log:
                child = subprocess.Popen(command, env=env, stdout=log, stderr=log)
            while at.asked() < least:
                assert child.poll() is None, (tmp_path / f"{least}.log").read_text()
                time.sleep(0.02)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        for endpoint in (at.base, at.tuned):
            endpoint.pause_s = 0
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr  # a first night
        assert "Going on with night" in done.stderr
        assert "first night" in done.stdout
        rows = rows_of(killed)
        assert len(rows) == len(set(rows)) == 3 * COUNT  # base, the candidate and the quotation
        assert len({night for night, *_ in rows}) == 1
        assert cells_of(killed) == expected
        # What was under way at a kill, two at a time, is all that is asked again.
        assert at.asked() <= 2 * COUNT + 2 * 2
