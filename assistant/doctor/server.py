"""The server of this data folder: whether one runs, and asking it."""

import json
import os
import socket
from contextlib import closing
from typing import Any, Final

from assistant.doctor.diagnosis import PartState, failed, ok, skipped, warning
from assistant.errors import ServerError
from assistant.running import NOTE, Running
from assistant.settings import Settings

_ANSWERS_S: Final = 15.0


async def asked(running: Running, method: str, path: str, **options: Any) -> Any:
    """Return what the server says.

    Raises:
        ServerError: it refuses, or does not answer in JSON.
    """
    import httpx

    options = {"timeout": _ANSWERS_S, **options}
    async with httpx.AsyncClient(headers=running.headers, trust_env=False) as client:
        reply = await client.request(method, f"{running.url}{path}", **options)
    try:
        told = reply.json()
    except ValueError:
        told = None
    if reply.is_error or told is None:
        said = told["error"]["message"] if isinstance(told, dict) and "error" in told else ""
        raise ServerError(f"The server says HTTP {reply.status_code} to {path}. {said}".strip())
    return told


async def server(settings: Settings, running: Running | None) -> PartState:
    """Return whether the server of this folder can answer; without one, whether it could start."""
    if running is None:
        return _absent(settings)
    import httpx

    async with httpx.AsyncClient(trust_env=False, timeout=_ANSWERS_S) as client:
        reply = await client.get(f"{running.url}/readyz")
    where = f"{running.url} (process {running.pid})"
    if reply.is_success:
        return ok(f"{where} answers questions")
    lacking = [name for name, there in reply.json().items() if there is False and name != "ready"]
    return failed(
        f"{where} runs and cannot answer: it lacks {', '.join(lacking) or 'something'}",
        "a server that is ready",
        "See its log, and the other lines of this list.",
    )


def _absent(settings: Settings) -> PartState:
    note = settings.data_dir / NOTE
    try:
        pid = int(json.loads(note.read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        pid = 0
    if pid and _lives(pid):
        return failed(
            f"process {pid} says that it serves this folder, and does not answer",
            "an answer to /healthz",
            f"See its log; end it and start it again. If it is another program, delete {note}.",
        )
    taken = [
        f"{name} {port}"
        for name, port in (
            ("server.port", settings.server.port),
            ("server.ui_port", settings.server.ui_port),
        )
        if not _free(settings.server.host, port)
    ]
    if taken:
        return warning(
            f"no server of this folder runs, and another program has {', '.join(taken)}",
            "ports that are free",
            "End it, or set another port before you start.",
        )
    return skipped("no server of this folder runs; its ports are free")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
