"""The embedded engine while it is on its way: weights are fetched and checked, then it is started.

Arms stand in front of it from the first moment, so that all that needs no model works; who asks it
too early is told how far it is, or waits.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal, Protocol, Self, TypeVar

from assistant.errors import ArmError, ArmNotReady, RoutebackError, WeightsError
from assistant.local.catalogue import LAST_RESORT, Weights
from assistant.local.engine import Endpoint, Engine, EngineSpec
from assistant.local.lora import adapter
from assistant.local.weights import WeightsStore
from assistant.progress import Progress, Watcher, silent

log = logging.getLogger(__name__)

State = Literal["ready", "fetching", "starting", "failed"]
T = TypeVar("T")

SOONEST_S: Final = 5.0
"""Shortest pause between two tries, whoever needs the engine."""
FIRST_PAUSE_S: Final = 15.0
LONGEST_PAUSE_S: Final = 600.0
_LEAVE_S: Final = 1.0
"""How long the end of a fetch is waited for; a read that is stuck ends with the process."""
_LATER: Final = "Ask again later; what the documents say in their own words is quoted meanwhile."


@dataclass(frozen=True, slots=True)
class Coming:
    """How far the model that writes is.

    progress: of what is under way, in [0, 1], where that is known. message: a sentence for a
    person. hint: what to do about it.
    """

    model: State
    progress: float | None
    message: str
    hint: str = ""


READY: Final = Coming("ready", None, "The model that writes is ready.")


class EngineWanted(Exception):
    """The engine is needed, and nobody is bringing it up: whoever opened it must."""


class Host(Protocol):
    """Who lines up the arms of the engine."""

    def adapters(self) -> Mapping[str, Path]:
        """Return what the engine is to hold, by arm. Blocking."""
        ...

    async def settle(self) -> None:
        """Take in what the engine holds, before anybody asks it."""
        ...

    async def swap(self, weights: Path) -> None:
        """Let the engine hold other weights from now on."""
        ...


class LateEngine(Engine):
    """An engine that is brought up after it was made, by ``bring`` or, beside all else, ``begin``.

    weights: those that it holds or is to hold; the last resort where no others can be had.
    """

    def __init__(
        self, spec: EngineSpec, log_file: Path, store: WeightsStore, wanted: Weights
    ) -> None:
        """spec: the weights in it are not looked at. wanted: those that are fetched."""
        self.weights = expected(store, wanted)
        super().__init__(replace(spec, weights=store.path(self.weights)), log_file)
        self._store = store
        self._wanted = wanted
        self._there = False
        self._begun = False
        self._failures = 0
        self._news = asyncio.Condition()
        self._needed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._why = ""
        self._coming = Coming("starting", None, "The model that writes is not started yet.")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.stop()

    @property
    def there(self) -> bool:
        """Whether it has been brought up; it may be restarting."""
        return self._there

    @property
    def on_its_way(self) -> bool:
        """Whether somebody is bringing it up."""
        return self._begun and not self._there

    @property
    def coming(self) -> Coming:
        """How far it is."""
        if self._there and not self.healthy:
            return Coming("starting", None, "The model that writes is being started again.")
        return self._coming

    def not_ready(self) -> ArmNotReady:
        """Return why it cannot be asked yet."""
        coming = self.coming
        return ArmNotReady(coming.message, arm="base", hint=coming.hint or _LATER)

    async def up(self, *, wait: bool) -> None:
        """Return once it can be asked. A start that has failed is tried again.

        wait: until it is up, or a try has failed.

        Raises:
            ArmNotReady: it is not there yet, or could not be started.
            EngineWanted: nobody is bringing it up.
        """
        if self._there:
            return
        if not self._begun:
            raise EngineWanted
        self._needed.set()
        if not wait:
            raise self.not_ready()
        count = self._failures
        async with self._news:
            await self._news.wait_for(lambda: self._there or self._failures > count)
        if not self._there:
            raise self.not_ready()

    async def arrival(self) -> None:
        """Return once it is up, however long that takes and however often it fails before."""
        async with self._news:
            await self._news.wait_for(lambda: self._there)

    async def endpoint(self) -> Endpoint:
        """Return where to send requests, after waiting for it to be up."""
        await self.up(wait=True)
        return await super().endpoint()

    def begin(self, host: Host) -> None:
        """Bring it up beside all else, however many tries that takes; what fails is logged."""
        self._begun = True
        self._task = asyncio.create_task(self._keep_trying(host))

    async def bring(self, watcher: Watcher, host: Host) -> None:
        """Fetch what is missing and start; adapters that do not fit are left out, and that is said.

        Raises:
            WeightsError: the weights are damaged.
            ArmError: it cannot be started.
        """
        self._begun = True
        try:
            self.weights, self._why = await self._fetched(watcher)
            self._coming = Coming("starting", None, "The model that writes is still being started.")
            adapters = await asyncio.to_thread(host.adapters)
            path = self._store.path(self.weights)
            self.spec = replace(self.spec, weights=path, adapters=adapters)
            await self._start(watcher)
            await host.settle()
        except Exception as error:
            await self.stop()
            await self._failed(error)
            raise
        self._there, self._coming = True, self._ready_with()
        async with self._news:
            self._news.notify_all()

    async def fitting(self, spec: EngineSpec, watcher: Watcher) -> EngineSpec:
        """Return a spec with the adapters that fit its weights; say which do not."""
        offline = WeightsStore(self._store.folder, offline=True)

        def fits(name: str, path: Path) -> bool:
            try:
                adapter.check(adapter.opened(path), spec.weights, offline)
            except WeightsError as error:
                watcher.notice(f"{name} is left out, base answers: {error.message} {error.hint}")
                return False
            return True

        def all_that_fit() -> dict[str, Path]:
            return {name: path for name, path in spec.adapters.items() if fits(name, path)}

        return replace(spec, adapters=await asyncio.to_thread(all_that_fit))

    async def _start(self, watcher: Watcher) -> None:
        try:
            await self.start()
        except ArmError:
            spec = await self.fitting(self.spec, watcher)
            if len(spec.adapters) == len(self.spec.adapters):
                raise
            self.spec = spec
            await self.start()

    async def _fetched(self, watcher: Watcher) -> tuple[Weights, str]:
        here = self._store.path(self._wanted).is_file()
        doing = "started" if here else "fetched"
        state: State = "starting" if here else "fetching"
        self._coming = Coming(state, None, f"The model that writes is still being {doing}.")
        if self._task is None:  # somebody waits for it
            announce(self._store, self._wanted, watcher)

        def progress(what: str, done: int, total: int) -> None:
            share = done / total if total else None
            doing = "checked" if what == "checking" else "fetched"
            percent = "" if share is None else f" ({100 * share:.0f} %)"
            message = f"The model that writes is still being {doing}{percent}."
            self._coming = Coming("fetching", share, message)
            watcher.progress(what, done, total)

        def work(progress: Progress) -> tuple[Weights, str]:
            return obtained(self._store, self._wanted, Watcher(watcher.notice, progress))

        return await _aside(work, progress)

    async def _keep_trying(self, host: Host) -> None:
        pause = FIRST_PAUSE_S
        while not self._there:
            try:
                await self.bring(Watcher(log.warning), host)
            except RoutebackError as error:
                log.error("%s %s", error.message, error.hint)  # noqa: TRY400
            except Exception:
                log.exception("the embedded engine could not be brought up")
            if not self._there:
                await self._pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
        pause = FIRST_PAUSE_S
        while self.weights is not self._wanted:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
            await self._better(host)

    async def _pause(self, longest_s: float) -> None:
        """Wait until it is worth trying again: somebody needs it, or some time has gone."""
        self._needed.clear()
        await asyncio.sleep(SOONEST_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._needed.wait(), max(0.0, longest_s - SOONEST_S))

    async def _better(self, host: Host) -> None:
        """Try once more for the weights that are wanted, while the last resort answers."""
        try:
            path = await _aside(partial(self._store.pull, self._wanted), silent)
            await host.swap(path)
        except RoutebackError as error:
            log.info("%s still answers: %s", self.weights.title, error.message)
        except Exception:
            log.exception("the weights could not be swapped; trying again")
        else:
            self.weights, self._coming = self._wanted, READY
            log.warning("%s has been fetched and answers from now on", self._wanted.title)

    async def _failed(self, error: Exception) -> None:
        why = error.message if isinstance(error, RoutebackError) else type(error).__name__
        hint = error.hint if isinstance(error, RoutebackError) else ""
        message = f"The model that writes could not be loaded: {why}"
        self._coming = Coming("failed", None, message, f"{hint} It is tried again.".strip())
        self._failures += 1
        async with self._news:
            self._news.notify_all()

    def _ready_with(self) -> Coming:
        if self.weights is self._wanted:
            return READY
        warning = f"{self.weights.title} writes until then: expect weaker answers."
        return replace(READY, message=f"{self._why} {warning}".strip())


def expected(store: WeightsStore, wanted: Weights) -> Weights:
    """Return the weights that can be counted on: the last resort if others cannot be fetched."""
    return LAST_RESORT if store.offline and not store.path(wanted).is_file() else wanted


def announce(store: WeightsStore, wanted: Weights, watcher: Watcher) -> None:
    """Say what is going to be fetched, if anything is."""
    if not store.offline and not store.path(wanted).is_file():
        watcher.notice(f"Fetching {wanted.title} ({wanted.size / 1e6:.0f} MB, once).")


def obtained(store: WeightsStore, wanted: Weights, watcher: Watcher) -> tuple[Weights, str]:
    """Return weights that are ready now, fetched if need be, and why it is the last resort, if so.

    Blocking.

    Raises:
        WeightsError: the file is damaged.
    """
    if store.path(wanted).is_file():
        store.ready(wanted, watcher.progress)
        return wanted, ""
    try:
        store.pull(wanted, watcher.progress, patient=True)
    except WeightsError as error:
        why = f"{error.message} {error.hint}"
        watcher.notice(f"{why}\nUntil then {LAST_RESORT.title} answers: expect weaker answers.")
        store.ready(LAST_RESORT, watcher.progress)
        return LAST_RESORT, why
    return wanted, ""


class _Stopped(Exception):
    """Nobody waits for what a thread does any more."""


async def _aside(work: Callable[[Progress], T], progress: Progress) -> T:
    """Run blocking work in a thread that the end of this process does not wait for.

    Cancelled, it ends at the next progress that it tells.
    """
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    stopped = threading.Event()

    def told(what: str, so_far: int, total: int) -> None:
        if stopped.is_set():
            raise _Stopped
        progress(what, so_far, total)

    def run() -> None:
        ended: Callable[[], None]
        try:
            ended = partial(done.set_result, work(told))
        except BaseException as error:
            ended = partial(done.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop has gone
            done.get_loop().call_soon_threadsafe(ended)

    threading.Thread(target=run, name="weights", daemon=True).start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        stopped.set()
        done.add_done_callback(lambda future: future.exception())
        await asyncio.wait({done}, timeout=_LEAVE_S)
        raise
