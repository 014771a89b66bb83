"""The queue in front of the embedded engine: short, fair, and honest about its length."""

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from enum import IntEnum

from assistant.errors import ArmBusy

_FIRST_GUESS_S = 10.0
_WEIGHT_OF_NEWEST = 0.2


class Priority(IntEnum):
    """Who goes first when several wait. Lower goes first. ALL: see ``Admission.alone``."""

    ALL = -1
    PERSON = 0
    BACKGROUND = 1


class Admission:
    """Lets ``slots`` answers run at a time and ``limit`` more wait their turn.

    Among those who wait, people go before background work, then first come first served.
    Only for use within one event loop. told: called with the seconds that somebody has waited.
    """

    def __init__(self, arm: str, *, slots: int, limit: int) -> None:
        self.arm = arm
        self._free = slots
        self._slots = slots
        self._limit = limit
        self._order = itertools.count()
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._usual_s = _FIRST_GUESS_S
        self._closing = 0
        self._one_closes = asyncio.Lock()
        self.told: Callable[[float], None] = lambda _waited_s: None

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(not future.done() for _, _, future in self._waiting)

    def retry_after_s(self) -> float:
        """Return about how long until everyone who is here now has been served, in seconds."""
        return max(1.0, self._usual_s * (self.waiting + 1) / self._slots)

    @asynccontextmanager
    async def enter(self, priority: Priority = Priority.PERSON) -> AsyncIterator[None]:
        """Hold one of the slots for the length of the block.

        Raises:
            ArmBusy: ``limit`` are waiting already.
        """
        async with self._place(priority):
            started = time.monotonic()
            try:
                yield
            finally:
                took = time.monotonic() - started
                self._usual_s += _WEIGHT_OF_NEWEST * (took - self._usual_s)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold all slots for the length of the block, once who is inside has left.

        Who comes meanwhile waits, however many: nobody is refused because of it.
        """
        async with self._one_closes, AsyncExitStack() as stack:
            self._closing += 1
            try:
                for _ in range(self._slots):
                    await stack.enter_async_context(self._place(Priority.ALL))
                yield
            finally:
                self._closing -= 1

    @asynccontextmanager
    async def _place(self, priority: Priority) -> AsyncIterator[None]:
        came = time.monotonic()
        if self._free:
            self._free -= 1
        else:
            await self._wait(priority)
        if priority is Priority.PERSON:
            self.told(time.monotonic() - came)
        try:
            yield
        finally:
            self._release()

    async def _wait(self, priority: Priority) -> None:
        if not self._closing and self.waiting >= self._limit:
            raise ArmBusy(
                f"{self.waiting} questions are waiting already and the queue holds {self._limit}.",
                arm=self.arm,
                retry_after_s=self.retry_after_s(),
            )
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()  # the slot was handed over just as the caller left
            raise

    def _release(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
