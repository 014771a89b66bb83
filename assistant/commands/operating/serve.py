"""``routeback serve`` and ``routeback up``: the API, alone or with the pages."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from assistant import environment
from assistant.commands.operating.page import page_beside
from assistant.errors import ServerError
from assistant.running import find
from assistant.settings import Settings, load
from assistant.watching.logs import logging_to
from guardrails import clock

if TYPE_CHECKING:
    from assistant.arms.lineup import Lineup

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.1
_ENDED_S: Final = 40.0
"""To end, once told to: less than what watches over processes gives them (45 s in the chart)."""
_PAGE_S: Final = 60.0
"""After which the page's address is told although it does not answer."""
_ADMIN: Final = """Nobody is an administrator yet. This link makes one visitor one, within a day:
{address}/?admin={link}"""
_ADMIN_BY_API: Final = """Nobody is an administrator yet. POST to /v1/sessions, with a key of a
user, {{"link": "{link}"}} makes one caller one, within a day."""
_SAMPLE: Final = """Sample data: recorded from the product until {recorded:%Y-%m-%d}, with invented
people and scripts for models. Its clock goes on from there. It is in {folder}; delete that to start
anew."""
_FAILED: Final = "The model that writes could not be loaded; it is tried again."


Demo = Annotated[
    bool, typer.Option("--demo", help="Open on a sample: days and nights that were recorded.")
]


def serve() -> None:
    """Run the API until Ctrl-C or SIGTERM.

    With a database_url and knowledge.qdrant_url any number of these may run behind a balancer;
    server.background says whether they also do what is done beside answering.
    """
    settings = _checked()
    with logging_to(None, settings.log_level, settings.log_format):
        asyncio.run(until_told(_serve(settings, _no_page)))


def up(demo: Demo = False) -> None:
    """Run the API and the pages (chat, quality) until Ctrl-C or SIGTERM.

    The first time the model is fetched meanwhile; until it is there, answers are quoted. With
    --demo nothing is fetched: scripts answer, in a data folder of their own.
    """
    settings = _checked(page=True, demo=demo)
    with logging_to(None, settings.log_level, settings.log_format):
        asyncio.run(until_told(_serve(settings, page_beside)))


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run something until it ends, or SIGTERM comes: then it is cancelled, and cleans up.

    Threads that wait for what hangs would hold the process for as long: it ends all the same.
    """
    task = asyncio.ensure_future(work)
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not task.done():
            last = threading.Timer(_ENDED_S, _end)
            last.daemon = True
            last.start()
            task.cancel()
            await asyncio.wait({task})
    if not task.cancelled():
        task.result()


def _end() -> None:
    log.error("something still hangs after %g s: the process ends without it", _ENDED_S)
    os._exit(1)


def _checked(*, page: bool = False, demo: bool = False) -> Settings:
    from assistant.language import load_ahead

    load_ahead()
    from assistant.api.server import check_port

    settings = load()
    if demo:
        settings = _of_sample(settings)
    if running := find(settings.data_dir):
        raise ServerError(
            f"A server of {settings.data_dir} runs already: {running.url} (process {running.pid}).",
            hint="Use it, stop it, or set ROUTEBACK_DATA_DIR to another folder.",
        )
    check_port(settings.server.host, settings.server.port)
    if page:
        check_port(settings.server.host, settings.server.ui_port)
    return settings


def _of_sample(settings: Settings) -> Settings:
    """Open the sample in a folder of its own; return the settings with that."""
    from assistant.sample import world

    folder = settings.data_dir.resolve()
    if world.SampleWorld.of(folder) is None:
        folder /= world.FOLDER
    world.unpacked(folder)
    return settings.model_copy(update={"data_dir": folder, "database_url": None})


def _playing(settings: Settings, stack: AsyncExitStack) -> tuple[Settings, str]:
    """Return the settings of a sample, with its models answering, and what is said of it.

    Its clock is that of this process from now on. Other data are left as they are.
    """
    from assistant.sample import world
    from assistant.sample.writers import writing

    sample = world.SampleWorld.of(settings.data_dir)
    if sample is None:
        return settings, ""
    clock.CLOCK.follow(sample.wall)
    writers = stack.enter_context(writing())
    told = _SAMPLE.format(folder=settings.data_dir, recorded=sample.recorded)
    return world.settings_of(settings, settings.data_dir, writers), told


async def _serve(
    settings: Settings,
    beside: Callable[[Settings, str], AbstractAsyncContextManager[Process | None]],
) -> None:
    from assistant.api.server import serving
    from assistant.commands.console import err, out, watching

    async with AsyncExitStack() as stack:
        settings, told = _playing(settings, stack)
        if told:
            out.print(told, highlight=False)
        with watching() as watcher:
            api = await stack.enter_async_context(serving(settings, watcher))
        environment.settle()
        out.print(f"API   http://{settings.server.host}:{settings.server.port}/v1", highlight=False)
        page = await stack.enter_async_context(beside(settings, api.page_key))
        if api.admin_link:
            way = _ADMIN if page is not None else _ADMIN_BY_API
            out.print(way.format(address=_page_address(settings), link=api.admin_link))
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
