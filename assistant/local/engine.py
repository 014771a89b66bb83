"""Supervises the embedded engine: one llama.cpp server in a child process.

Base and every adapter live in that one process. It listens on loopback, on a port and with an
API key that are new at each start, and is restarted with a growing pause when it dies or stops
answering its health check.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import httpx

from assistant.environment import QUIET
from assistant.errors import ArmError
from assistant.folders import private_file

log = logging.getLogger(__name__)

START_TIMEOUT_S: Final = 120.0
RESTART_WAIT_S: Final = 60.0
HEALTH_EVERY_S: Final = 5.0
HEALTH_MISSES: Final = 6
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0
STEADY_AFTER_S: Final = 60.0
_POLL_S: Final = 0.05


PROMPT_CACHES: Final = 4
"""Prompts whose beginning is kept: of answers, follow-up questions, pairs and the judge."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What the engine loads.

    context_tokens: per slot. slots: prompts whose beginning is kept, and the most that can be
    decoded at a time. threads: CPU threads.
    adapters: name -> GGUF file; the order is their id in the engine.
    """

    weights: Path
    adapters: Mapping[str, Path] = field(default_factory=dict)
    context_tokens: int = 4096
    slots: int = 1
    threads: int = 2

    def scales(self, adapter: str | None, strength: float = 1.0) -> list[dict[str, float]]:
        """Return the ``lora`` field of one request: every adapter, all but one at scale 0.

        A request that leaves an adapter out may be answered with that adapter's cached prefix.

        Raises:
            ArmError: the engine holds no adapter of that name (it would answer as base).
        """
        if adapter is not None and adapter not in self.adapters:
            names = ", ".join(self.adapters) or "none"
            raise ArmError(
                f"The engine holds no adapter {adapter!r}.", arm=adapter, hint=f"It holds: {names}."
            )
        return [
            {"id": index, "scale": strength if name == adapter else 0.0}
            for index, name in enumerate(self.adapters)
        ]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the engine listens now: a port on 127.0.0.1."""

    port: int
    api_key: str = field(repr=False)

    @property
    def base_url(self) -> str:
        """What an OpenAI client is given."""
        return f"http://127.0.0.1:{self.port}/v1"


class Engine:
    """The supervised child. Use as ``async with Engine(spec, log_file) as engine``.

    health_every_s: pause between two health checks and the longest that one may take.
    """

    _child = "assistant.local.engine_child"

    def __init__(
        self, spec: EngineSpec, log_file: Path, *, health_every_s: float = HEALTH_EVERY_S
    ) -> None:
        self.spec = spec
        self.restarts = 0
        self._health_every_s = health_every_s
        self._log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self._endpoint: Endpoint | None = None
        self._ready = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the child and keep it alive.

        Raises:
            ArmError: it cannot be started, or cannot load what it is to hold.
        """
        try:
            await self._launch()
        except BaseException:
            await self._kill()
            raise
        self._watch = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """End the child."""
        await self._unwatch()
        await self._kill()

    async def _unwatch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch

    async def reload(self, spec: EngineSpec) -> None:
        """Start anew with another spec; if that fails, go back to the one before.

        Call it while nothing is asked of the engine: inside ``Admission.alone``.

        Raises:
            ArmError: the new spec cannot be loaded; the old one is loaded again.
        """
        before = self.spec
        await self._unwatch()
        self.spec = spec
        try:
            await self._kill()
            await self._launch()
        except BaseException:
            self.spec = before
            await self._kill()
            with contextlib.suppress(ArmError):  # the supervisor tries again
                await self._launch()
            raise
        finally:
            self._watch = asyncio.create_task(self._supervise())

    @property
    def pid(self) -> int | None:
        """Process id of the child, if one runs."""
        return self._process.pid if self._process else None

    @property
    def healthy(self) -> bool:
        """Whether the child is up and answering."""
        return self._ready.is_set()

    async def up(self, *, wait: bool) -> None:
        """Return once it can be asked. wait: else it is an error that it cannot be asked yet.

        Raises:
            ArmNotReady: it is not there yet, or could not be started.
        """
        del wait  # it was started before anybody could hold it

    async def arrival(self) -> None:
        """Return once it is up, however long that takes."""

    async def endpoint(self) -> Endpoint:
        """Return where to send requests, after waiting for a restart that is under way.

        Raises:
            ArmError: it did not come back within RESTART_WAIT_S.
        """
        try:
            async with (
                asyncio.timeout(RESTART_WAIT_S),
                _loopback_client(self._health_every_s) as client,
            ):
                while True:
                    await self._ready.wait()
                    endpoint = self._endpoint
                    if endpoint is not None and await _answers(client, endpoint.port):
                        return endpoint
                    await asyncio.sleep(_POLL_S)  # dead, and not seen by the supervisor yet
        except TimeoutError:
            raise ArmError(
                "The embedded engine is down and has not come back.",
                arm="base",
                hint=f"Its log: {self._log_file}",
            ) from None

    async def _launch(self) -> None:
        api_key = secrets.token_urlsafe(32)
        try:
            self._process = await self._spawn()
        except OSError as error:
            raise ArmError(
                f"The embedded engine could not be started: {error.strerror or error}.",
                arm="base",
                hint=f"Its log would be {self._log_file}",
            ) from error
        assert self._process.stdin is not None  # noqa: S101  (asked for above)
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(self._request(api_key))
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), START_TIMEOUT_S)
            port = json.loads(line)["port"]
        except (TimeoutError, ValueError, KeyError, OSError):
            names = [self.spec.weights.name, *(path.name for path in self.spec.adapters.values())]
            raise ArmError(
                f"The embedded engine could not load {', '.join(names)}.",
                arm="base",
                hint=f"Run 'routeback models verify'; the engine's log is {self._log_file}",
            ) from None
        self._endpoint = Endpoint(port, api_key)
        await self._until_healthy(port)
        self._ready.set()

    async def _spawn(self) -> asyncio.subprocess.Process:
        with private_file(self._log_file).open("wb") as stderr:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self._child),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={**QUIET, **os.environ},
                start_new_session=True,  # Ctrl-C is for the parent; it then closes the pipe
            )

    def _request(self, api_key: str) -> bytes:
        spec = self.spec
        message = {
            "weights": str(spec.weights),
            "adapters": [str(path) for path in spec.adapters.values()],
            "context_tokens": spec.context_tokens,
            "slots": spec.slots,
            "threads": spec.threads,
            "api_key": api_key,
        }
        return (json.dumps(message) + "\n").encode()

    async def _until_healthy(self, port: int) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        async with _loopback_client(HEALTH_EVERY_S) as client:
            while time.monotonic() < deadline:
                if await _answers(client, port):
                    return
                await asyncio.sleep(_POLL_S)
        raise ArmError(
            f"The embedded engine did not become ready in {START_TIMEOUT_S:.0f} s.",
            arm="base",
            hint=f"Its log: {self._log_file}",
        )

    async def _supervise(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            await self._until_dead()
            self._ready.clear()
            await self._kill()
            if time.monotonic() - started > STEADY_AFTER_S:
                pause = FIRST_PAUSE_S
            log.warning("the embedded engine died; starting it again in %.2f s", pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
            self.restarts += 1
            try:
                await self._launch()
            except ArmError as error:
                log.error("%s %s", error.message, error.hint)  # noqa: TRY400
                await self._kill()

    async def _until_dead(self) -> None:
        """Return when the child has exited or has missed HEALTH_MISSES checks in a row."""
        if self._process is None or self._endpoint is None:
            return
        port = self._endpoint.port
        exited = asyncio.create_task(self._process.wait())
        misses = 0
        try:
            async with _loopback_client(self._health_every_s) as client:
                while misses < HEALTH_MISSES and not exited.done():
                    await asyncio.wait({exited}, timeout=self._health_every_s)
                    if not exited.done():
                        misses = 0 if await _answers(client, port) else misses + 1
        finally:
            exited.cancel()

    async def _kill(self) -> None:
        process, self._process = self._process, None
        self._ready.clear()
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)  # send_signal would reap it behind asyncio
            await process.wait()


def _loopback_client(timeout_s: float) -> httpx.AsyncClient:
    """Return a client that knows no proxy and loads no certificates (that takes 50 ms)."""
    return httpx.AsyncClient(timeout=timeout_s, trust_env=False, verify=False)  # noqa: S501


async def _answers(client: httpx.AsyncClient, port: int) -> bool:
    try:
        response = await client.get(f"http://127.0.0.1:{port}/health")
    except httpx.HTTPError:
        return False
    return response.status_code == httpx.codes.OK


def threads_here(most: int = 8) -> int:
    """Return how many CPU threads this process may use, at most ``most``."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), most)
    return min(os.cpu_count() or 1, most)
