"""What is done beside answering: pairs, nights, sources, messages, clocks.

By the server itself, or by as many processes of ``routeback worker`` as are wanted: pairs, messages
and sources are shared among them, and each clock is kept by one at a time.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, cast

from assistant.assistant import Assistant
from assistant.background.bridging import BridgeClock
from assistant.background.custody import Custody
from assistant.background.desk_clock import DeskClock
from assistant.background.duty import on_duty
from assistant.background.looking import GapLooking
from assistant.background.overdue import Lateness
from assistant.background.recovery import Recovery
from assistant.background.refreshing import Refreshing
from assistant.errors import ServerError
from assistant.progress import Watcher
from assistant.sending.channels import channels
from assistant.sending.dispatcher import Dispatcher
from assistant.sources.refresh import Refresher
from guardrails import clock

if TYPE_CHECKING:
    from assistant.background.worker import Daily

log = logging.getLogger(__name__)

NIGHTLY: Final = "routeback.nightly"
"""Entry point of the package above this one that runs a night of evals."""
Nightly = Callable[[Assistant], Awaitable[None]]


@asynccontextmanager
async def beside(
    assistant: Assistant, custody: Custody, refresher: Refresher, watcher: Watcher
) -> AsyncIterator[None]:
    """Do it until the block ends.

    Raises:
        ServerError: the queue of pairs cannot be opened.
    """
    async with AsyncExitStack() as stack:

        async def during(work: Coroutine[Any, Any, None]) -> None:
            await stack.enter_async_context(until_done(work))

        async def alone(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
            await during(on_duty(assistant.leases, name, work))

        await alone("retention", custody.watch)
        await alone("desk", DeskClock(assistant).watch)
        await asyncio.to_thread(
            import_module, "assistant.background.worker"
        )  # a second, and nobody waits
        daily = _daily(assistant)
        if missed := await asyncio.to_thread(assistant.nights.missed):
            watcher.notice(missed)
        if assistant.guard.versions or daily:
            await stack.enter_async_context(_working(assistant, daily))
        else:
            await during(_work_later(assistant))
        store, sending = assistant.guard.store, channels(assistant.settings.alarms)
        named = assistant.bridge.channels if assistant.bridge else ()
        await during(Dispatcher(store, sending, named=named).run())
        if assistant.bridge is not None:
            await alone("bridge", BridgeClock(assistant.bridge).watch)
        late = Lateness(assistant.nights, store, clock.now(), daily=daily is not None)
        await alone("lateness", late.watch)
        await alone("gaps", GapLooking(assistant.curation.finder).watch)
        await during(Refreshing(refresher, assistant.log).watch())
        await alone("recovery", Recovery(assistant).watch)
        yield


def _daily(assistant: Assistant) -> "Daily | None":
    """Return the night of this process, if one is wanted and the package that runs it is there."""
    settings = assistant.settings
    if settings.evals.schedule == "off":
        return None
    points = list(entry_points(group=NIGHTLY))
    if not points:
        return None
    from tzlocal import get_localzone_name

    from assistant.background.worker import Daily

    nightly = cast("Nightly", points[0].load())
    zone = get_localzone_name() or "UTC"
    return Daily(partial(nightly, assistant), settings.evals.schedule, zone)


def _working(
    assistant: Assistant, daily: "Daily | None" = None
) -> AbstractAsyncContextManager[None]:
    """Return what runs the pairs and the night."""
    from assistant.background.worker import sqlite_url, working

    server, leases = assistant.settings.database_url, assistant.leases
    if server is None or leases is None:
        return working(assistant.pairing, sqlite_url(assistant.settings.data_dir), daily=daily)
    url = server.get_secret_value()
    return working(assistant.pairing, url, executor=leases.me, daily=daily, alive=leases.alive)


async def _work_later(assistant: Assistant) -> None:
    """Run the pairs from the first candidate on; without one there is nothing to compare."""
    await assistant.lineup.arrived.wait()
    try:
        async with _working(assistant):
            await asyncio.Event().wait()
    except ServerError as error:
        log.error("%s %s", error.message, error.hint)  # noqa: TRY400


@asynccontextmanager
async def until_done(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something beside the block, and end it with that."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
