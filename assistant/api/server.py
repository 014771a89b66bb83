"""The API process: it owns the index and the engine for as long as it runs."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points, version
from typing import Any, Final, cast

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from assistant.api import chat, errors, evals, guard, knowledge, people
from assistant.api.auth import Keys
from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.errors import ServerError
from assistant.measuring import Bench
from assistant.running import Running, announce, withdraw
from assistant.settings import Settings
from assistant.watcher import Watcher

NIGHTLY: Final = "routeback.nightly"
"""Entry point of the package above this one that runs a night of evals."""
Nightly = Callable[[Assistant], Awaitable[None]]

_GRACE_S: Final = 5


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server. ended: is done when it has stopped, for whatever reason."""

    ended: asyncio.Task[None]
    assistant: Assistant


def create(assistant: Assistant, keys: Keys) -> FastAPI:
    """Return the app that serves an assistant."""
    app = FastAPI(title="Routeback", version=version("routeback"))
    app.state.assistant = assistant
    app.state.keys = keys
    app.state.bench = Bench(assistant)
    errors.install(app)
    for router in (chat.router, people.router):
        app.include_router(router, dependencies=[Depends(_caller)])
    app.include_router(knowledge.router)
    app.include_router(guard.router)
    app.include_router(evals.router)
    app.add_api_route("/healthz", _alive)
    app.add_api_route("/readyz", _ready)
    return app


@asynccontextmanager
async def serving(settings: Settings, watcher: Watcher) -> AsyncIterator[Serving]:
    """Serve until the block ends.

    Raises:
        RoutebackError: the assistant cannot be built; nothing has been served then.
    """
    keys = Keys(owner=secrets.token_urlsafe(32), users=settings.server.keys)
    async with AsyncExitStack() as stack:
        assistant = await stack.enter_async_context(open_assistant(settings, watcher))
        nightly = _nightly(settings)
        if missed := await asyncio.to_thread(assistant.nights.missed):
            watcher.notice(missed)
        if assistant.guard.versions or nightly:
            # DBOS takes a second to import; without work there is no need of it.
            from assistant.worker import Daily, sqlite_url, working

            daily = None
            if nightly:
                run = partial(nightly, assistant)
                daily = Daily(run, settings.evals.schedule, _zone())
            url = sqlite_url(settings.data_dir)
            await stack.enter_async_context(working(assistant.pairing, url, daily=daily))
        config = uvicorn.Config(
            create(assistant, keys),
            host=settings.server.host,
            port=settings.server.port,
            log_level=settings.log_level,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve())
        while not (server.started or task.done()):  # noqa: ASYNC110  (uvicorn has no event)
            await asyncio.sleep(0.02)
        address = f"http://{_reachable(settings.server.host)}:{settings.server.port}"
        warming = asyncio.create_task(assistant.warm_up())
        announce(settings.data_dir, Running(address, os.getpid(), keys.owner))
        try:
            yield Serving(task, assistant)
        finally:
            withdraw(settings.data_dir)
            warming.cancel()
            server.should_exit = True
            await task


def _nightly(settings: Settings) -> Nightly | None:
    """Return what runs a night, if one is wanted and the package that does it is there."""
    if settings.evals.schedule == "off":
        return None
    points = entry_points(group=NIGHTLY)
    return next((cast("Nightly", point.load()) for point in points), None)


def _zone() -> str:
    """Return the name of this machine's time zone; UTC if it has none."""
    from tzlocal import get_localzone_name

    return get_localzone_name() or "UTC"


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


def _caller(request: Request) -> None:
    request.app.state.keys.caller(request)


async def _alive() -> dict[str, str]:
    return {"status": "alive"}


async def _ready(request: Request) -> JSONResponse:
    """Say whether questions can be answered, part by part."""
    assistant: Assistant = request.app.state.assistant
    parts: dict[str, Any] = {
        "knowledge": assistant.knowledge.library.generation() > 0,
        "engine": assistant.engine is None or assistant.engine.healthy,
    }
    ready = all(parts.values())
    return JSONResponse({"ready": ready, **parts}, 200 if ready else 503)
