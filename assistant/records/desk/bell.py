"""Tells who follows a conversation in this process that something has been said in it."""

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Bell:
    """Rings for conversations. May be rung from any thread; is listened to in event loops.

    Who works in another process does not ring it: listeners look again by themselves.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._lock = threading.Lock()

    def ring(self, conversation_id: str) -> None:
        """Tell who listens; after what is to be seen is committed."""
        with self._lock:
            listeners = tuple(self._listeners.get(conversation_id, ()))
        for listener in listeners:
            listener.wake()

    @asynccontextmanager
    async def listening(self, conversation_id: str) -> AsyncIterator["Listener"]:
        """Listen until the block ends."""
        listener = Listener(asyncio.get_running_loop())
        with self._lock:
            self._listeners[conversation_id].add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners[conversation_id].discard(listener)
                if not self._listeners[conversation_id]:
                    del self._listeners[conversation_id]


class Listener:
    """One who listens."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rung = asyncio.Event()

    def wake(self) -> None:
        """Ring, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._rung.set)

    async def heard(self, longest_s: float) -> None:
        """Wait until it rings, or so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), longest_s)
        self._rung.clear()
