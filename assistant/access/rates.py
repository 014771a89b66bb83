"""How many requests a minute somebody may send."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from assistant.errors import TooMany

_WINDOW_S: Final = 60.0
_NAMES: Final = 10_000
"""Callers and addresses that are kept, before those of whom nothing is left are forgotten."""


class RequestCounter(Protocol):
    """Counts the requests of the last minute by name."""

    def hit(self, name: str, most: int) -> float:
        """Count a request; return 0, or after how many seconds one would be taken."""
        ...


class OwnCounter:
    """Counts in this process, by a clock that nobody sets. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._taken: dict[str, deque[float]] = {}
        self._most = _NAMES
        self._counting = threading.Lock()

    def hit(self, name: str, most: int) -> float:
        """Count a request; return 0, or after how many seconds one would be taken."""
        with self._counting:
            now = self._now()
            taken = self._taken.setdefault(name, deque())
            while taken and taken[0] <= now - _WINDOW_S:
                taken.popleft()
            if len(taken) >= most:
                return taken[0] + _WINDOW_S - now
            taken.append(now)
            if len(self._taken) > self._most:
                live = {n: times for n, times in self._taken.items() if times[-1] > now - _WINDOW_S}
                self._taken, self._most = live, max(_NAMES, 2 * len(live))
            return 0.0


class Rates:
    """Says who has sent too many. Call it from a thread."""

    def __init__(self, each: int, address: int, counter: RequestCounter | None = None) -> None:
        self._each = each
        self._address = address
        self._counter = counter or OwnCounter()

    def note(self, address: str, who: str | None = None) -> None:
        """Count a request. who: None for somebody who is not known.

        Raises:
            TooMany: they, or their address, have sent as many as they may.
        """
        if who is None:  # who guesses keys shuts out nobody who has one
            self._hit("strangers", address, self._address, "from this address")
            return
        self._hit("address", address, self._address, "from this address")
        self._hit("caller", who, self._each, "of yours")

    def _hit(self, kind: str, name: str, most: int, whose: str) -> None:
        if wait_s := self._counter.hit(f"{kind} {name}", most):
            raise TooMany(
                f"More than {most} requests {whose} within a minute.",
                retry_after_s=max(1, math.ceil(wait_s)),
            )
