"""Starts the stand-in as a process of its own, and ends it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
KEY: Final = "QDRANT__SERVICE__API_KEY"


def started(port: int, folder: Path | None = None, key: str = "") -> subprocess.Popen[str]:
    """Start it; return it once it answers."""
    where = [str(folder)] if folder else []
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.qdrant_server", str(port), *where],
        env={**os.environ, KEY: key},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip(), "it did not start"
    return child


def ended(child: subprocess.Popen[str]) -> None:
    """End it."""
    child.terminate()
    child.wait(20)
    if child.stdout:
        child.stdout.close()


@contextmanager
def qdrant_process(port: int, folder: Path | None = None, key: str = "") -> Iterator[str]:
    """Run it as a process of its own until the block ends; yield its URL."""
    child = started(port, folder, key)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        ended(child)
