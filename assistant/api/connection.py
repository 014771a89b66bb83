"""Stops work that nobody waits for any more, or that the server has no time for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from fastapi import Request

from assistant.errors import ServerStopping

LOOK_EVERY_S: Final = 0.5


class Disconnected(Exception):
    """The client has gone; there is nobody to answer."""


_T = TypeVar("_T")


class Closing:
    """Whether the server is about to stop: what is not answered by then is ended, and says so."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    @property
    def begun(self) -> bool:
        """Whether there is no more time."""
        return self._begun.is_set()

    def begin(self) -> None:
        """End what is being answered."""
        self._begun.set()

    async def first(self, work: Awaitable[_T]) -> _T:
        """Return what some work returns.

        Raises:
            ServerStopping: there was no time for it; it is cancelled.
        """
        task = asyncio.ensure_future(_awaited(work))
        end = asyncio.ensure_future(self._begun.wait())
        try:
            await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ServerStopping
            return task.result()
        finally:
            end.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})


async def _awaited(work: Awaitable[_T]) -> _T:
    return await work


@asynccontextmanager
async def while_connected(request: Request) -> AsyncIterator[None]:
    """Run the block as long as the client is there.

    A client that leaves while its question waits in the queue, or before the first token,
    gives its place back.

    Raises:
        Disconnected: it has gone; the block was cancelled.
        ServerStopping: the server is about to stop; likewise.
    """
    task = asyncio.current_task()
    closing: Closing = request.app.state.closing
    reason: Exception | None = None

    async def watch() -> None:
        nonlocal reason
        while not (closing.begun or await request.is_disconnected()):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)
        reason = ServerStopping() if closing.begun else Disconnected()
        if task is not None:
            task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if reason is not None and task is not None:
            task.uncancel()
            raise reason from None
        raise
    finally:
        watcher.cancel()
