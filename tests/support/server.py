"""Starts the real API for a test: the app in a thread, or the command in a process."""

import asyncio
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from assistant.api.server import serving
from assistant.assistant import Assistant
from assistant.cli import main
from assistant.progress import Watcher
from assistant.running import Running, find
from assistant.settings import Settings

ROUTEBACK = Path(sys.executable).parent / "routeback"
_PORTS = range(10_000, 16_000)
"""Below those that a system gives to connections that go out (Linux: from 32768, gVisor: 16000)."""


def free_port() -> int:
    """Return a port that is free, and that no connection takes before the caller listens there."""
    while True:
        port = secrets.choice(_PORTS)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


@contextmanager
def in_thread(
    settings: Settings, begin: Callable[[Assistant], None] = lambda _: None
) -> Iterator[Running]:
    """Serve in a thread until the block ends. begin: is given what serves, once it does."""
    ready = threading.Event()
    stop = threading.Event()
    failures: list[BaseException] = []

    async def serve() -> None:
        async with serving(settings, Watcher()) as server:
            await asyncio.to_thread(begin, server.assistant)
            ready.set()
            await asyncio.to_thread(stop.wait)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        ready.wait(120)
        running = find(settings.data_dir)
        assert running is not None, failures
        yield running
    finally:
        stop.set()
        thread.join(30)
        assert not failures, failures


def environment(data_dir: Path, cache_dir: Path, **more: str) -> dict[str, str]:
    names = {
        "ROUTEBACK_DATA_DIR": str(data_dir),
        "ROUTEBACK_CACHE_DIR": str(cache_dir),
        "ROUTEBACK_OFFLINE": "1",
        "ROUTEBACK_ENGINE__THREADS": "1",
    }
    return {**os.environ, **names, **more}


def routeback(
    *arguments: str, env: dict[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end. given: what a person types."""
    command = [str(ROUTEBACK), *arguments]
    return subprocess.run(
        command, env=env, input=given, capture_output=True, text=True, timeout=150, check=False
    )


def in_process(
    *arguments: str, env: dict[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command as ``routeback`` does, in this process: a second instead of five."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in os.environ.keys() - env.keys():
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["routeback", *arguments])
        patch.setattr(sys, "stdin", io.StringIO(given))
        umask = os.umask(0o022)
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            os.umask(umask)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@contextmanager
def process(
    *arguments: str, env: dict[str, str], wait_s: float = 150, note: Path | None = None
) -> Iterator[Running]:
    """Run ``routeback serve`` or ``up`` until the block ends; then Ctrl-C it.

    note: the folder that says where it runs; None: the data folder.
    """
    data_dir = note or Path(env["ROUTEBACK_DATA_DIR"])
    child = subprocess.Popen(
        [str(ROUTEBACK), *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + wait_s
        while (running := find(data_dir)) is None:
            assert child.poll() is None, child.stdout and child.stdout.read()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
        yield running
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
