"""``routeback ui``: the pages, for an API that runs elsewhere; and as a child of ``up``."""

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import typer

from assistant.commands.operating.page_secrets import page_secrets
from assistant.errors import ServerError
from assistant.running import find
from assistant.settings import PAGE_KEY, PAGE_URL, Settings, load

_STOP_S: Final = 10.0


def ui() -> None:
    """Run the pages alone, for an API that runs elsewhere, until Ctrl-C or SIGTERM.

    ROUTEBACK_API_URL says where that is, and ROUTEBACK_API_KEY or server.page_key with which key
    it is called. Without either, it is the API of this machine.
    """
    settings = load()
    url, key = os.environ.get(PAGE_URL, ""), os.environ.get(PAGE_KEY, "")
    if not url:
        running = find(settings.data_dir)
        if running is None:
            raise ServerError(
                "Nothing says where the API is, and none runs on this machine.",
                hint=f"Set {PAGE_URL}, or run 'routeback serve' first, or 'routeback up' for both.",
            )
        url, key = running.url, key or running.owner_key
    if not key and settings.server.page_key is not None:
        key = settings.server.page_key.get_secret_value()
    command = _command(settings)
    address = f"http://{settings.server.host}:{settings.server.ui_port}"
    typer.echo(f"Page  {address}, for the API at {url}")
    environment = {**os.environ, PAGE_URL: url, PAGE_KEY: key}
    if os.name == "nt":
        raise SystemExit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603
    os.execvpe(command[0], command, environment)  # noqa: S606 - its signals are its own


@asynccontextmanager
async def page_beside(settings: Settings, key: str) -> AsyncIterator[Process]:
    """Run the pages as a child that ends with this process, whatever ends it."""
    command = await asyncio.to_thread(_command, settings)
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        env={
            **os.environ,
            PAGE_URL: f"http://{settings.server.host}:{settings.server.port}",
            PAGE_KEY: key,
        },
        start_new_session=True,  # Ctrl-C is for the parent, which then ends the child
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), _STOP_S)
            except TimeoutError:
                child.kill()
                await child.wait()


def _command(settings: Settings) -> list[str]:
    host, port = settings.server.host, settings.server.ui_port
    command = [sys.executable, "-m", "ui", "--server.address", host, "--server.port", str(port)]
    if settings.sign_in.issuer is not None:
        command += ["--secrets.files", str(page_secrets(settings))]
    return command
