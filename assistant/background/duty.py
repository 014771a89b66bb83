"""What one process of several does, and another one when that dies."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from assistant.records.processes.leases import LONGEST_S, RENEWED_S, Leases

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 5.0


async def on_duty(
    leases: Leases | None, name: str, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Do some work for as long as no other process does, until cancelled.

    leases: None: there are no others. work: begins anew each time this process takes it up.
    """
    if leases is None:
        await work()
        return
    duty = f"duty:{name}"
    while True:
        if await _taken(leases, duty):
            try:
                if await _while_held(leases, duty, asyncio.create_task(work())):
                    return
            except Exception:
                log.exception("%s failed; it is begun again", duty)
        await asyncio.sleep(_LOOK_EVERY_S)


async def _while_held(leases: Leases, duty: str, task: asyncio.Task[None]) -> bool:
    """Let a task run until it ends or the lease is lost; return whether it has ended.

    A database that is away for too long is a lease that is lost.
    """
    loop, held = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=RENEWED_S)
            began = loop.time()
            taken = await _taken(leases, duty)
            if taken:
                held = began
            elif taken is False or loop.time() - held >= LONGEST_S - RENEWED_S:
                log.warning("another process does %s now", duty)
                return False
        await task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return True


async def _taken(leases: Leases, duty: str) -> bool | None:
    """Return whether the lease is held; None if the database does not say."""
    try:
        return await asyncio.to_thread(leases.take, duty)
    except Exception:
        log.exception("%s could not be taken up; trying again", duty)
        return None
