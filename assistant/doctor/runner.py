"""Runs checks beside each other; none can stop another."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from assistant.doctor.causes import explained
from assistant.doctor.diagnosis import Diagnosis, PartState, failed, skipped

T = TypeVar("T")
LIMIT_S: Final = 20.0
_BUSY: Final = 3
"""Processes that want to run, of each core: then what works may not answer in time, either."""


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """A look at one part.

    work: may raise whatever it likes. needs: names of those without which this says nothing; where
    one of them has failed, this is skipped. limit_s: after which it counts as hung.
    """

    name: str
    work: Callable[[], Awaitable[PartState]]
    needs: tuple[str, ...] = ()
    limit_s: float = LIMIT_S


async def examined(
    checks: Sequence[DoctorCheck], done: Callable[[Diagnosis], None] = lambda _: None
) -> list[Diagnosis]:
    """Return what all checks find, in their order. done: is told each as soon as it is known."""
    tasks: dict[str, asyncio.Task[Diagnosis]] = {}
    for check in checks:  # what a check needs stands before it
        tasks[check.name] = asyncio.create_task(_one(check, tasks, done))
    return [await tasks[check.name] for check in checks]


async def _one(
    check: DoctorCheck,
    before: Mapping[str, "asyncio.Task[Diagnosis]"],
    done: Callable[[Diagnosis], None],
) -> Diagnosis:
    needed = [await before[name] for name in check.needs if name in before]
    began = time.perf_counter()
    lacking = [one.name for one in needed if one.state.status == "failed"]
    state = skipped(f"{lacking[0]} comes first") if lacking else await _looked(check)
    diagnosis = Diagnosis(check.name, state, time.perf_counter() - began)
    done(diagnosis)
    return diagnosis


async def _looked(check: DoctorCheck) -> PartState:
    try:
        async with asyncio.timeout(check.limit_s):
            return await check.work()
    except TimeoutError:
        return failed(
            f"no answer within {check.limit_s:g} s{_busy()}",
            "an answer within that time",
            "See whether it runs, is overloaded, or a firewall drops what is sent.",
        )
    except Exception as error:
        return explained(error)


def _busy() -> str:
    """Return what may be the cause, where this machine has much more to do than it can."""
    cores = os.cpu_count() or 1
    try:
        load = os.getloadavg()[0]
    except (OSError, AttributeError):  # it is not told here
        return ""
    if not load >= _BUSY * cores:
        return ""
    return f"; but this machine is busy: its load is {load:.0f} with {cores} cores"


async def apart(work: Callable[[], T]) -> T:
    """Return what blocking work does, in a thread that nobody waits for once it has hung."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await future
