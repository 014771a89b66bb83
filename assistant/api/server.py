"""The API process: it owns the index and the engine for as long as it runs."""

import asyncio
import contextlib
import logging
import math
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Any, Final, cast

import uvicorn
from fastapi import Depends, FastAPI

from assistant.access.callers import Callers
from assistant.api import (
    arms,
    chat,
    errors,
    evals,
    feedback,
    guard,
    knowledge,
    people,
    privacy,
    status,
    tickets,
)
from assistant.api.entry.acquaintances import admin_link, callers_of
from assistant.api.entry.auth import admit
from assistant.api.entry.border import Border, own_names
from assistant.api.entry.door import Door, Limits
from assistant.api.entry.protocol import punctual
from assistant.api.relay import Relays
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.background.custody import Custody
from assistant.background.judge_loan import Lender
from assistant.background.overdue import Lateness
from assistant.background.probe import Probe
from assistant.errors import ServerError
from assistant.progress import Watcher
from assistant.records.settings_log import note_settings
from assistant.running import Running, announce, withdraw
from assistant.sending.channels import channels
from assistant.sending.dispatcher import Dispatcher
from assistant.settings import LimitSettings, Settings
from assistant.wire.service import ErrorReply

if TYPE_CHECKING:
    from assistant.background.worker import Daily

log = logging.getLogger(__name__)

NIGHTLY: Final = "routeback.nightly"
"""Entry point of the package above this one that runs a night of evals."""
Nightly = Callable[[Assistant], Awaitable[None]]

_GRACE_S: Final = 5


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server.

    ended: is done when it has stopped, for whatever reason. page_key: with which its pages call it.
    admin_link: the secret that makes one visitor of the page an administrator; empty where there
    is one already, or where nobody needs one.
    """

    ended: asyncio.Task[None]
    assistant: Assistant
    page_key: str = field(repr=False)
    admin_link: str = field(default="", repr=False)


def create(assistant: Assistant, callers: Callers) -> FastAPI:
    """Return the app that serves an assistant."""
    app = application()
    app.state.assistant = assistant
    app.state.callers = callers
    app.state.limits = Limits(assistant.settings.limits)
    app.state.names = own_names(assistant.settings.server.allowed_hosts)
    app.state.bench = Probe(assistant)
    app.state.lender = Lender(assistant)
    app.state.custody = Custody.of(assistant)
    return app


def application() -> FastAPI:
    """Return the app with its routes and errors, and nothing behind them yet."""
    app = FastAPI(
        title="Routeback",
        version=version("routeback"),
        responses={"4XX": {"model": ErrorReply}, "5XX": {"model": ErrorReply}},
        separate_input_output_schemas=False,
        dependencies=[Depends(admit)],
        openapi_url=None,  # told to callers alone, below
        docs_url=None,  # both load their scripts from elsewhere
        redoc_url=None,
    )
    app.state.limits = Limits(LimitSettings())
    app.state.relays = Relays()
    app.state.names = own_names(())
    app.add_middleware(Door)
    app.add_middleware(Border)
    errors.install(app)
    for module in (chat, feedback, tickets, status, people, knowledge, guard, evals, arms, privacy):
        app.include_router(module.router)
    return app


@asynccontextmanager
async def serving(settings: Settings, watcher: Watcher) -> AsyncIterator[Serving]:
    """Serve until the block ends. Questions are answered before the block, by quoting at least.

    Raises:
        RoutebackError: the assistant cannot be built, or its queue of pairs not be opened.
    """
    owner_key, page_key = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    alone = settings.server.loopback and settings.sign_in.issuer is None
    if alone:  # who reaches the page is the user of this machine
        page_key = owner_key
    async with AsyncExitStack() as stack:
        assistant = await stack.enter_async_context(open_assistant(settings, watcher, "beside"))
        callers = callers_of(settings, assistant.records.engine, owner_key, page_key)
        await asyncio.to_thread(note_settings, assistant.records.engine, settings)
        app = create(assistant, callers)
        stack.push_async_callback(app.state.lender.close)
        stack.push_async_callback(app.state.relays.close)
        config = uvicorn.Config(
            app,
            host=settings.server.host,
            port=settings.server.port,
            log_level=settings.log_level,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=_GRACE_S,
            timeout_keep_alive=math.ceil(settings.limits.idle_s),
            http=punctual(settings.limits.header_s),
            forwarded_allow_ips=list(settings.server.proxies),
            server_header=False,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not (server.started or task.done()):  # noqa: ASYNC110  (uvicorn has no event)
            await asyncio.sleep(0.02)
        address = f"http://{_reachable(settings.server.host)}:{settings.server.port}"
        warming = asyncio.create_task(assistant.warm_up())
        announce(settings.data_dir, Running(address, os.getpid(), owner_key))
        try:
            await stack.enter_async_context(_until_done(app.state.custody.watch()))
            await _beside(assistant, watcher, stack)
            yield Serving(task, assistant, page_key, await admin_link(settings, callers))
        finally:
            withdraw(settings.data_dir)
            warming.cancel()
            server.should_exit = True
            await task


async def _beside(assistant: Assistant, watcher: Watcher, stack: AsyncExitStack) -> None:
    """Start what a server does beside answering.

    Pairs, nights, looking after the arms, and telling people of alarms.
    """
    await asyncio.to_thread(
        import_module, "assistant.background.worker"
    )  # a second, and nobody waits
    daily = _daily(assistant)
    if missed := await asyncio.to_thread(assistant.nights.missed):
        watcher.notice(missed)
    if assistant.guard.versions or daily:
        await stack.enter_async_context(_working(assistant, daily))
    else:
        await stack.enter_async_context(_until_done(_work_later(assistant)))
    await stack.enter_async_context(_until_done(assistant.lineup.watch()))
    store, sending = assistant.guard.store, channels(assistant.settings.alarms)
    await stack.enter_async_context(_until_done(Dispatcher(store, sending).run()))
    late = Lateness(assistant.nights, store, datetime.now(UTC), daily=daily is not None)
    await stack.enter_async_context(_until_done(late.watch()))


def _daily(assistant: Assistant) -> "Daily | None":
    """Return the night of this server, if one is wanted and the package that runs it is there."""
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

    return working(assistant.pairing, sqlite_url(assistant.settings.data_dir), daily=daily)


async def _work_later(assistant: Assistant) -> None:
    """Run the pairs from the first candidate on; without one there is nothing to compare."""
    await assistant.lineup.arrived.wait()
    try:
        async with _working(assistant):
            await asyncio.Event().wait()
    except ServerError as error:
        log.error("%s %s", error.message, error.hint)  # noqa: TRY400


@asynccontextmanager
async def _until_done(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something beside the block, and end it with that."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def check_port(host: str, port: int) -> None:
    """Fail early and clearly if the port cannot be had.

    Raises:
        ServerError: it is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServerError(
                f"Port {port} on {host} cannot be used: {error.strerror}.",
                hint="Stop what uses it, or set ROUTEBACK_SERVER__PORT "
                "(page: ROUTEBACK_SERVER__UI_PORT) to another one.",
            ) from error


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
