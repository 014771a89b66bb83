"""Stops work that nobody waits for any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import Request

LOOK_EVERY_S: Final = 0.5


class Disconnected(Exception):
    """The client has gone; there is nobody to answer."""


@asynccontextmanager
async def while_connected(request: Request) -> AsyncIterator[None]:
    """Run the block as long as the client is there.

    A client that leaves while its question waits in the queue, or before the first token,
    gives its place back.

    Raises:
        Disconnected: it has gone; the block was cancelled.
    """
    task = asyncio.current_task()
    gone = False

    async def watch() -> None:
        nonlocal gone
        while not await request.is_disconnected():  # noqa: ASYNC110  (there is no event)
            await asyncio.sleep(LOOK_EVERY_S)
        gone = True
        if task is not None:
            task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if gone and task is not None:
            task.uncancel()
            raise Disconnected from None
        raise
    finally:
        watcher.cancel()
