"""What is being worked on now, so that nothing is erased and then written back.

A turn writes its conversation when it ends, with all that was said before; a pair writes its texts.
Who erases waits for the turns and ends the pairs. Everything here belongs to one event loop.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from assistant.errors import ConversationHeld

_T = TypeVar("_T")


class Underway:
    """The turns and pairs of one process."""

    def __init__(self) -> None:
        self._turns: Counter[str] = Counter()
        self._answering: set[str] = set()
        self._pairs: dict[str, asyncio.Task[Any]] = {}
        self._held: set[str] = set()
        self._ended = asyncio.Event()

    async def watch(self) -> None:
        """Do what other processes want to know, until cancelled: nothing, where there are none."""

    @asynccontextmanager
    async def turn(self, conversation_id: str, turn_id: str) -> AsyncIterator[None]:
        """Note that a turn of a conversation is under way.

        Raises:
            ConversationHeld: what was said in it is being erased.
        """
        if conversation_id in self._held:
            raise ConversationHeld("What was said here is being erased.", hint="Ask again.")
        self._turns[conversation_id] += 1
        self._answering.add(turn_id)
        try:
            yield
        finally:
            self._answering.discard(turn_id)
            self._turns[conversation_id] -= 1
            self._turns += Counter()  # forgets those at zero
            self._ended.set()

    async def stop(self, conversation_id: str, wait_s: float) -> None:
        """Stop the answers in a conversation that other processes make: there are none."""

    async def answering(self) -> frozenset[str]:
        """Return the turns that are under way, in other processes that live as well."""
        return frozenset(self._answering)

    async def pair(self, job_id: str, work: Coroutine[Any, Any, _T], ended: _T) -> _T:
        """Return what comes of a pair; ``ended`` if it was ended by ``end_pairs``."""
        task = asyncio.create_task(work)
        self._pairs[job_id] = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._pairs.get(job_id) is task:  # this one was cancelled, and nobody ended the pair
                task.cancel()
                raise
            return ended
        finally:
            if self._pairs.get(job_id) is task:
                del self._pairs[job_id]

    async def end_pairs(self, job_ids: Collection[str]) -> None:
        """End the pairs of these jobs; nothing of them is written from then on."""
        tasks = [task for job_id in job_ids if (task := self._pairs.pop(job_id, None))]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @asynccontextmanager
    async def held(self, conversation_ids: Collection[str], wait_s: float) -> AsyncIterator[None]:
        """Let no turn of these conversations begin until the block ends; wait for those that have.

        Raises:
            ConversationHeld: one took longer, or is being erased already; nothing has happened.
        """
        names = set(conversation_ids)
        if names & self._held:
            raise ConversationHeld("These conversations are being erased already.")
        self._held |= names
        try:
            try:
                async with asyncio.timeout(wait_s):
                    while names & self._turns.keys():
                        self._ended.clear()
                        await self._ended.wait()
            except TimeoutError:
                raise ConversationHeld(
                    f"A question has been under way for {wait_s:g} s; nothing was erased.",
                    hint="Try again when it is answered.",
                ) from None
            yield
        finally:
            self._held -= names
