"""Answers that are made in tasks of their own: who leaves stops them, and nothing half-done stays.

A web framework cancels what writes a response again and again until it is gone; a graph that is
cleaned up under that leaves its steps running. Here a step is cancelled once, by its own task.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass
from typing import Final

from assistant.assistant import Event

STOP_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None = None


class Relay:
    """One answer: iterate over it, or stop it."""

    def __init__(self, events: AsyncGenerator[Event]) -> None:
        self._queue: asyncio.Queue[Event | _End] = asyncio.Queue()
        self.task = asyncio.create_task(self._make(events))

    def __aiter__(self) -> "Relay":
        """Return this."""
        return self

    async def __anext__(self) -> Event:
        """Return the next event.

        Raises:
            RoutebackError: the answer failed.
        """
        event = await self._queue.get()
        if not isinstance(event, _End):
            return event
        self._queue.put_nowait(event)
        if event.error is not None:
            raise event.error
        raise StopAsyncIteration

    def stop(self) -> None:
        """Stop making the answer; what has been shown is recorded by who makes it."""
        self.task.cancel()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop making the answer if the block is left by an error or by who reads."""
        try:
            yield
        except BaseException:
            self.stop()
            raise

    async def _make(self, events: AsyncGenerator[Event]) -> None:
        end = _End()
        try:
            async with aclosing(events):
                async for event in events:
                    self._queue.put_nowait(event)
        except BaseException as error:
            end = _End(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._queue.put_nowait(end)


class Relays:
    """The answers that are being made."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: dict[asyncio.Task[None], tuple[str, str]] = {}

    def open(self, events: AsyncGenerator[Event]) -> Relay:
        """Begin to make an answer."""
        relay = Relay(events)
        self._tasks.add(relay.task)
        relay.task.add_done_callback(self._tasks.discard)
        return relay

    def keep(self, relay: Relay, owner: str, conversation_id: str, places: AsyncExitStack) -> None:
        """Remember whose an answer is that goes on without its reader.

        places: what the question holds; it is let go of when the answer has ended.
        """
        self._kept[relay.task] = (owner, conversation_id)
        relay.task.add_done_callback(self._kept.pop)
        leaving = asyncio.create_task(_left(relay.task, places))
        self._tasks.add(leaving)
        leaving.add_done_callback(self._tasks.discard)

    def kept(self, owner: str) -> int:
        """Return how many answers of somebody go on without a reader, or would."""
        return sum(whose == owner for whose, _ in self._kept.values())

    async def stop(self, conversation_id: str) -> None:
        """Stop the answers in a conversation, and wait until what they have shown is recorded."""
        tasks = {task for task, (_, name) in self._kept.items() if name == conversation_id}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    async def close(self) -> None:
        """Stop all answers, and wait until what they have shown is recorded."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait({*self._tasks}, timeout=STOP_S)


async def _left(task: asyncio.Task[None], places: AsyncExitStack) -> None:
    async with places:
        await asyncio.wait({task})
