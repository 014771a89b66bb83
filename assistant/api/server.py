"""The API process: it owns the index and the engine for as long as it runs."""

import asyncio
import logging
import math
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig

from assistant.access.callers import Callers
from assistant.access.embedding import Embedding
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
)
from assistant.api.bridge import incoming
from assistant.api.connection import Closing
from assistant.api.curation import entries, gaps, proposals
from assistant.api.desk import conversations, handover, numbers, queue, replying
from assistant.api.entry.access_log import hide_addresses
from assistant.api.entry.acquaintances import admin_link, callers_of
from assistant.api.entry.auth import admit
from assistant.api.entry.border import Border, own_names
from assistant.api.entry.door import Door, Limits
from assistant.api.entry.protocol import punctual
from assistant.api.queue import attachments, listing, news, replies, search
from assistant.api.relay import Relays
from assistant.api.sources import health, sources, uploads
from assistant.api.widget import script
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.background.beside import beside, until_done
from assistant.background.custody import Custody
from assistant.background.judge_loan import Lender
from assistant.background.probe import Probe
from assistant.errors import ServerError
from assistant.progress import Watcher
from assistant.records.settings_log import note_settings
from assistant.replying.drafter import Drafter
from assistant.running import Running, announce, withdraw
from assistant.sample.world import SampleWorld
from assistant.settings import LimitSettings, Settings
from assistant.sources.refresh import Refresher
from assistant.wire.service import ErrorReply

log = logging.getLogger(__name__)

_UNTOLD: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""The framework's own spans would have addresses with what people search for."""
_GRACE_S: Final = 5
_HEAD_BYTES: Final = 65_536
"""Longest address and headers: the 4,000 characters of a search take up to 12 bytes each."""
_FINISH_S: Final = 4


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


class _Server(uvicorn.Server):
    """A server that ends what it still answers, with an error, before it would be cut."""

    def __init__(self, config: uvicorn.Config, closing: Closing) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for what is being answered, and end it after a while."""
        timer = asyncio.get_running_loop().call_later(_FINISH_S, self._closing.begin)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()


def create(assistant: Assistant, callers: Callers) -> FastAPI:
    """Return the app that serves an assistant."""
    app = application()
    app.state.assistant = assistant
    app.state.callers = callers
    settings = assistant.settings
    app.state.limits = Limits(settings.limits, settings.desk.attachment_bytes, assistant.leases)
    assistant.watch.follow("door", app.state.limits.places)
    app.state.names = own_names(assistant.settings.server.allowed_hosts)
    app.state.embedding = Embedding(frozenset(assistant.settings.server.widget_origins))
    app.state.bench = Probe(assistant)
    app.state.pulses = status.pulses_of(assistant)
    app.state.sample = SampleWorld.of(settings.data_dir)
    app.state.drafter = Drafter(assistant)
    app.state.lender = Lender(assistant)
    app.state.custody = Custody.of(assistant)
    app.state.refresher = Refresher.of(
        assistant.settings, assistant.records.engine, assistant.knowledge.library
    )
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
        redirect_slashes=False,  # a path is granted as it is asked for
        telemetry=_UNTOLD,
    )
    app.state.closing = Closing()
    app.state.limits = Limits(LimitSettings())
    app.state.relays = Relays()
    app.state.sample = None
    app.state.names = own_names(())
    app.state.embedding = Embedding()
    app.add_middleware(Door)
    app.add_middleware(Border)
    errors.install(app)
    routed = (
        chat,
        conversations,
        feedback,
        handover,
        queue,
        replying,
        attachments,
        listing,
        replies,
        search,
        news,
        status,
        people,
        knowledge,
        guard,
        evals,
        script,
    )
    for module in (*routed, arms, privacy):
        app.include_router(module.router)
    for part in (sources, uploads, health, numbers, incoming):
        app.include_router(part.router)
    for growing in (entries, gaps, proposals):
        app.include_router(growing.router)
    return app


@asynccontextmanager
async def serving(settings: Settings, watcher: Watcher) -> AsyncIterator[Serving]:
    """Serve until the block ends. Questions are answered before the block, by quoting at least.

    Raises:
        RoutebackError: the assistant cannot be built, or its queue of pairs not be opened.
    """
    owner_key, given = secrets.token_urlsafe(32), settings.server.page_key
    page_key = given.get_secret_value() if given else secrets.token_urlsafe(32)
    alone = settings.server.loopback and settings.sign_in.issuer is None
    if alone and given is None:  # who reaches the page is the user of this machine
        page_key = owner_key
    async with AsyncExitStack() as stack:
        assistant = await stack.enter_async_context(open_assistant(settings, watcher, "beside"))
        callers = callers_of(settings, assistant.records.engine, owner_key, page_key)
        await asyncio.to_thread(note_settings, assistant.records.engine, settings)
        if assistant.leases is None:  # nobody else answers
            await assistant.recover()
        app = create(assistant, callers)
        hide_addresses()
        where = (settings.server.host, settings.server.metrics_port)
        stack.enter_context(assistant.watch.telling(*where))
        stack.push_async_callback(app.state.lender.close)
        stack.push_async_callback(app.state.relays.close)
        stack.push_async_callback(asyncio.to_thread, app.state.refresher.close)
        config = uvicorn.Config(
            app,
            host=settings.server.host,
            port=settings.server.port,
            log_config=None,
            access_log=settings.log_level in {"debug", "info"},
            lifespan="off",
            ws="none",
            h11_max_incomplete_event_size=_HEAD_BYTES,
            timeout_graceful_shutdown=_GRACE_S,
            timeout_keep_alive=math.ceil(settings.limits.idle_s),
            http=punctual(settings.limits.header_s),
            forwarded_allow_ips=list(settings.server.proxies),
            server_header=False,
        )
        server = _Server(config, app.state.closing)
        task = asyncio.create_task(server.serve())
        while not (server.started or task.done()):  # noqa: ASYNC110  (uvicorn has no event)
            await asyncio.sleep(0.02)
        address = f"http://{_reachable(settings.server.host)}:{settings.server.port}"
        warming = asyncio.create_task(assistant.warm_up())
        if not settings.shared:  # else commands need nobody: they use what is shared
            announce(settings.data_dir, Running(address, os.getpid(), owner_key))
        try:
            custody, refresher = app.state.custody, app.state.refresher
            await stack.enter_async_context(until_done(assistant.lineup.watch()))
            await stack.enter_async_context(until_done(custody.tidy()))
            if settings.server.background == "here":
                work = beside(assistant, custody, refresher, watcher)
                await stack.enter_async_context(work)
            yield Serving(task, assistant, page_key, await admin_link(settings, callers))
        finally:
            if not settings.shared:
                withdraw(settings.data_dir)
            warming.cancel()
            server.should_exit = True
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
