"""The API process: it owns the index and the engine for as long as it runs."""

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from assistant.api import chat, errors, knowledge, people
from assistant.api.auth import Keys
from assistant.app import Assistant, open_assistant
from assistant.errors import ServerError
from assistant.running import Running, announce, withdraw
from assistant.settings import Settings
from assistant.watcher import Watcher


def create(settings: Settings, watcher: Watcher) -> FastAPI:
    """Return the app; it builds its assistant when it starts and takes it down when it stops."""
    keys = Keys(owner=secrets.token_urlsafe(32), users=settings.server.keys)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_assistant(settings, watcher) as assistant:
            app.state.assistant = assistant
            address = f"http://{_reachable(settings.server.host)}:{settings.server.port}"
            announce(settings.data_dir, Running(address, os.getpid(), keys.owner))
            try:
                yield
            finally:
                withdraw(settings.data_dir)

    app = FastAPI(title="Routeback", version="0.1.0", lifespan=lifespan)
    app.state.keys = keys
    errors.install(app)
    for router in (chat.router, people.router):
        app.include_router(router, dependencies=[Depends(_caller)])
    app.include_router(knowledge.router)
    app.add_api_route("/healthz", _alive)
    app.add_api_route("/readyz", _ready)
    return app


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
