"""Whether the parts that every answer needs are there: asked for probes, in bounded time."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

LONGEST_S: Final = 2.0
"""For an answer; who asks a process whether it is ready waits little longer."""


class Pulse:
    """Asks a part whether it is there, by one thread at a time, however long that one hangs.

    ask: returns whether it is; may raise. A thread of its own, since those of the loop may all wait
    for that very part, and one that nobody waits for at the end.
    """

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._asking: asyncio.Future[bool] | None = None

    async def felt(self) -> bool:
        """Return whether the part says in time that it is there."""
        if self._asking is None or self._asking.done():
            self._asking = self._asked()
        await asyncio.wait({self._asking}, timeout=LONGEST_S)
        return self._asking.done() and self._asking.result()

    def _asked(self) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        answer = loop.create_future()

        def ask() -> None:
            try:
                there = self._ask()
            except Exception:
                there = False
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(answer.set_result, there)

        threading.Thread(target=ask, name="pulse", daemon=True).start()
        return answer
