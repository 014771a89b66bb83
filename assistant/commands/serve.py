"""``routeback serve`` and ``routeback up``: the API, alone or with the pages."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from assistant.errors import ServerError
from assistant.running import find
from assistant.settings import Settings, load

_STOP_S = 10.0


def serve() -> None:
    """Run the API until Ctrl-C."""
    settings = _checked()
    asyncio.run(_serve(settings, _no_page))


def up() -> None:
    """Run the API and the pages (chat, quality) until Ctrl-C; the first time, fetch the model."""
    from assistant.api.server import check_port

    settings = _checked()
    check_port(settings.server.host, settings.server.ui_port)
    asyncio.run(_serve(settings, _page))


def _checked() -> Settings:
    from assistant.api.server import check_port

    settings = load()
    if running := find(settings.data_dir):
        raise ServerError(
            f"A server of {settings.data_dir} runs already: {running.url} (process {running.pid}).",
            hint="Use it, stop it, or set ROUTEBACK_DATA_DIR to another folder.",
        )
    check_port(settings.server.host, settings.server.port)
    return settings


async def _serve(settings: Settings, beside: Callable[[Settings], Awaitable[None]]) -> None:
    from assistant.api.server import serving
    from assistant.commands.console import err, out, watching

    async with AsyncExitStack() as stack:
        with watching() as watcher:
            serving_now = await stack.enter_async_context(serving(settings, watcher))
        out.print(f"API   http://{settings.server.host}:{settings.server.port}/v1", highlight=False)
        page = asyncio.ensure_future(beside(settings))
        await asyncio.wait({serving_now.ended, page}, return_when=asyncio.FIRST_COMPLETED)
        if not serving_now.ended.done():
            err.print("The page has stopped; stopping the API too.")
        page.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await page


async def _no_page(_settings: Settings) -> None:
    await asyncio.Event().wait()


def page_key(settings: Settings) -> str:
    """Return the key that the page calls the running API with.

    The first configured one; without any, so on loopback, the owner's: the quality page reads
    and pins, and that always needs a key. Empty if no API of this data folder answers.
    """
    if settings.server.keys:
        return settings.server.keys[0]
    running = find(settings.data_dir)
    return running.owner_key if running else ""


async def _page(settings: Settings) -> None:
    """Run Streamlit as a child that ends with this process, whatever ends it."""
    from assistant.commands.console import out

    host, port = settings.server.host, settings.server.ui_port
    key = await asyncio.to_thread(page_key, settings)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ui", "--server.address", host, "--server.port", str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        env={
            **os.environ,
            "ROUTEBACK_API_URL": f"http://{host}:{settings.server.port}",
            "ROUTEBACK_API_KEY": key,
        },
        start_new_session=True,  # Ctrl-C is for the parent, which then ends the child
    )
    out.print(f"Page  http://{host}:{port}", highlight=False)
    out.print("Ctrl-C stops both.")
    try:
        await child.wait()
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), _STOP_S)
            except TimeoutError:
                child.kill()
                await child.wait()
