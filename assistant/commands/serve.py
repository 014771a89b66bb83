"""``routeback serve`` and ``routeback up``: the API, alone or with the pages."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from assistant.commands.page_secrets import page_secrets
from assistant.errors import ServerError
from assistant.running import find
from assistant.settings import Settings, load

if TYPE_CHECKING:
    from assistant.arms.lineup import Lineup

_STOP_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.1
_PAGE_S: Final = 60.0
"""After which the page's address is told although it does not answer."""
_ADMIN: Final = """Nobody is an administrator yet. This link makes one visitor one, within a day:
{address}/?admin={link}"""
_ADMIN_BY_API: Final = """Nobody is an administrator yet. POST to /v1/sessions, with a key of a
user, {{"link": "{link}"}} makes one caller one, within a day."""
_FAILED: Final = "The model that writes could not be loaded; it is tried again."


def serve() -> None:
    """Run the API until Ctrl-C or SIGTERM."""
    settings = _checked()
    asyncio.run(_until_told(_serve(settings, _no_page)))


def up() -> None:
    """Run the API and the pages (chat, quality) until Ctrl-C or SIGTERM.

    The first time the model is fetched meanwhile; until it is there, answers are quoted.
    """
    settings = _checked(page=True)
    asyncio.run(_until_told(_serve(settings, _page)))


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run something until it ends, or SIGTERM comes: then it is cancelled, and cleans up."""
    task = asyncio.ensure_future(work)
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _checked(*, page: bool = False) -> Settings:
    from assistant.language import load_ahead

    load_ahead()
    from assistant.api.server import check_port

    settings = load()
    if running := find(settings.data_dir):
        raise ServerError(
            f"A server of {settings.data_dir} runs already: {running.url} (process {running.pid}).",
            hint="Use it, stop it, or set ROUTEBACK_DATA_DIR to another folder.",
        )
    check_port(settings.server.host, settings.server.port)
    if page:
        check_port(settings.server.host, settings.server.ui_port)
    return settings


async def _serve(
    settings: Settings,
    beside: Callable[[Settings, str], AbstractAsyncContextManager[Process | None]],
) -> None:
    from assistant.api.server import serving
    from assistant.commands.console import err, out, watching

    async with AsyncExitStack() as stack:
        with watching() as watcher:
            api = await stack.enter_async_context(serving(settings, watcher))
        out.print(f"API   http://{settings.server.host}:{settings.server.port}/v1", highlight=False)
        page = await stack.enter_async_context(beside(settings, api.page_key))
        if api.admin_link:
            told = _ADMIN if page is not None else _ADMIN_BY_API
            out.print(told.format(address=_page_address(settings), link=api.admin_link))
        telling = asyncio.create_task(_tell(settings, page, api.assistant.lineup))
        ends = {api.ended, *((asyncio.create_task(page.wait()),) if page else ())}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling
        if not api.ended.done():
            err.print("The page has stopped; stopping the API too.")


async def _tell(settings: Settings, page: Process | None, lineup: "Lineup") -> None:
    """Say where the page is once it answers, then how far the model that writes is."""
    from assistant.commands.console import err, following, out

    if page is not None:
        host, port = settings.server.host, settings.server.ui_port
        await _answering(f"http://{host}:{port}/_stcore/health")
        out.print(f"Page  {_page_address(settings)}", highlight=False)
        out.print("Ctrl-C stops both.")
    if lineup.coming.model == "ready":
        return
    with following() as show:
        while (now := lineup.coming).model != "ready":
            failed = now.model == "failed"  # the log says why
            show(_FAILED if failed else now.message, now.progress)
            await asyncio.sleep(_LOOK_EVERY_S)
    err.print("The model that writes is ready.")


def _page_address(settings: Settings) -> str:
    """Return where people open the page."""
    here = f"http://{settings.server.host}:{settings.server.ui_port}"
    return settings.sign_in.page_url.rstrip("/") or here


async def _answering(url: str) -> None:
    """Return once an address answers, or it takes too long."""
    import httpx  # as in ``assistant.running``

    async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501  (http)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PAGE_S):
                while True:
                    with contextlib.suppress(httpx.HTTPError):
                        if (await client.get(url)).is_success:
                            return
                    await asyncio.sleep(_LOOK_EVERY_S)


@asynccontextmanager
async def _no_page(_settings: Settings, _key: str) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _page(settings: Settings, key: str) -> AsyncIterator[Process]:
    """Run Streamlit as a child that ends with this process, whatever ends it."""
    host, port = settings.server.host, settings.server.ui_port
    secrets: tuple[str, ...] = ()
    if settings.sign_in.issuer is not None:
        secrets = ("--secrets.files", str(await asyncio.to_thread(page_secrets, settings)))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ui",
        "--server.address",
        host,
        "--server.port",
        str(port),
        *secrets,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        env={
            **os.environ,
            "ROUTEBACK_API_URL": f"http://{host}:{settings.server.port}",
            "ROUTEBACK_API_KEY": key,
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
