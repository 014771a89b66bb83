"""Places for questions that are answered at a time: so many each, so many in all, shared fairly."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from assistant.errors import TooMany

FIRST_GUESS_S: Final = 5.0
WEIGHT_OF_NEWEST: Final = 0.2


@dataclass(slots=True)
class _Waiter:
    who: str
    turn: asyncio.Future[None]


class Places:
    """Lets ``most`` questions in at a time, and of one caller ``each``, who waits included.

    A place that gets free goes to whoever holds the fewest, then to who came first: nobody gets
    more by asking more. Only for use within one event loop.
    """

    def __init__(self, most: int, each: int, waiting_s: float) -> None:
        self._most = most
        self._each = each
        self._waiting_s = waiting_s
        self._here: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._waiters: list[_Waiter] = []
        self._usual_s = FIRST_GUESS_S

    @property
    def waiting(self) -> int:
        """How many wait for a place now."""
        return sum(not waiter.turn.done() for waiter in self._waiters)

    @property
    def held(self) -> int:
        """How many places are taken."""
        return self._held.total()

    @asynccontextmanager
    async def enter(self, who: str, *, counted: bool = True) -> AsyncIterator[None]:
        """Hold a place for the length of the block. counted: whether ``each`` holds for this one.

        Raises:
            TooMany: they have all that they may have, or none got free in time.
        """
        if counted and self._here[who] >= self._each:
            raise in_use(self._each, self._usual_s)
        self._here[who] += 1
        try:
            await self._taken(who)
            began = time.monotonic()
            try:
                yield
            finally:
                self._usual_s += WEIGHT_OF_NEWEST * (time.monotonic() - began - self._usual_s)
                self._leave(who)
        finally:
            _less(self._here, who)

    async def _taken(self, who: str) -> None:
        if self.held < self._most:
            self._held[who] += 1
            return
        waiter = _Waiter(who, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self._waiting_s):
                await waiter.turn
        except BaseException as error:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self._leave(who)  # it was handed over just as the caller left
            else:
                self._waiters.remove(waiter)
            if isinstance(error, TimeoutError):
                wait_s = self._usual_s * (1 + len(self._waiters) / self._most)
                raise none_free(self.held, wait_s) from None
            raise

    def _leave(self, who: str) -> None:
        _less(self._held, who)
        waiting = [waiter for waiter in self._waiters if not waiter.turn.done()]
        if waiting:
            following = min(waiting, key=lambda waiter: self._held[waiter.who])
            self._waiters.remove(following)
            self._held[following.who] += 1
            following.turn.set_result(None)


def in_use(each: int, wait_s: float) -> TooMany:
    """Return that somebody has all places that they may have. wait_s: until one is free."""
    return TooMany(
        f"{each} of your questions are being answered; more are not taken at a time.",
        retry_after_s=wait_s,
    )


def none_free(held: int, wait_s: float) -> TooMany:
    """Return that all places were taken. wait_s: until one may be free."""
    return TooMany(
        f"{held} questions are being answered, and no place got free in time.",
        retry_after_s=wait_s,
    )


def _less(counter: Counter[str], who: str) -> None:
    counter[who] -= 1
    if counter[who] <= 0:
        del counter[who]
