"""Work under way: who asks for the same thing meanwhile gets the outcome of the first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Runs the same work once at a time, by key.

    A failure is the outcome of all who waited for it; where the one who works is cancelled, the
    next in line works. Nothing is kept. Only for use within one event loop.
    """

    def __init__(self) -> None:
        self._outcomes: dict[str, asyncio.Future[tuple[T] | Exception | None]] = {}

    async def run(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the work under ``key`` returns, doing it unless it is being done.

        Raises:
            Exception: what the work raises.
        """
        while (going := self._outcomes.get(key)) is not None:
            outcome = await asyncio.shield(going)
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is not None:
                return outcome[0]
        return await self._work(key, work)

    async def _work(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        outcome: tuple[T] | Exception | None = None
        waiting = self._outcomes[key] = asyncio.get_running_loop().create_future()
        try:
            outcome = (await work(),)
        except Exception as error:
            outcome = error
            raise
        else:
            return outcome[0]
        finally:
            del self._outcomes[key]
            waiting.set_result(outcome)
