"""Which API process the command line takes for that of a folder."""

import asyncio
import time
from pathlib import Path

from fastapi import FastAPI

from assistant.running import Running, announce, find
from tests.support.listening import listening
from tests.support.server import free_port


def test_a_server_that_is_busy_is_found(tmp_path: Path):
    app = FastAPI()

    @app.get("/healthz")
    async def health() -> None:
        await asyncio.sleep(2.5)

    with listening(app) as address:
        running = Running(address, pid=1, owner_key="k")
        announce(tmp_path, running)
        assert find(tmp_path) == running


def test_where_nobody_listens_there_is_none_at_once(tmp_path: Path):
    assert find(tmp_path) is None
    announce(tmp_path, Running(f"http://127.0.0.1:{free_port()}", pid=1, owner_key="k"))
    started = time.monotonic()
    assert find(tmp_path) is None
    assert time.monotonic() - started < 10  # less than a busy one is waited for


def test_a_note_that_is_none_or_a_server_that_is_another_is_ignored(tmp_path: Path):
    (tmp_path / "server.json").write_text("{")
    assert find(tmp_path) is None
    with listening(FastAPI()) as address:
        announce(tmp_path, Running(address, pid=1, owner_key="k"))
        assert find(tmp_path) is None
