"""Fifteen kills of a real server on each engine; hundreds: ``python -m tests.faults.killed``."""

import sys
from pathlib import Path

import pytest

from tests.faults.killed import Run, prepare
from tests.support.databases import in_a_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), in_a_file]
KILLS = 15


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_nothing_that_was_acknowledged_is_lost_or_there_twice(
    engine: str, tmp_path: Path, request, capsys
):
    url = request.getfixturevalue("new_url")() if engine == "postgres" else ""
    prepare(tmp_path / "data")
    run = Run(tmp_path / "data", 7, url)
    assert run.run(KILLS) == []
    counts = run.counts()
    with capsys.disabled():
        sys.stderr.write(f"\n{engine}: {counts}\n")
    assert counts["kills"] == KILLS
    assert counts["turns"], "a busy machine takes less, but something"
