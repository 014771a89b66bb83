"""How many requests a minute somebody may send."""

import math
import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from assistant.errors import TooMany

_COST: Final = 1


class Rates:
    """Counts requests by caller and by address, in this process; for one event loop or thread."""

    def __init__(self, each: int, address: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._each = RateLimitItemPerMinute(each, namespace="caller")
        self._address = RateLimitItemPerMinute(address, namespace="address")
        self._strangers = RateLimitItemPerMinute(address, namespace="strangers")

    def note(self, address: str, who: str | None = None) -> None:
        """Count a request. who: None for somebody who is not known.

        Raises:
            TooMany: they, or their address, have sent as many as they may.
        """
        if who is None:  # who guesses keys shuts out nobody who has one
            self._hit(self._strangers, address, "from this address")
            return
        self._hit(self._address, address, "from this address")
        self._hit(self._each, who, "of yours")

    def _hit(self, item: RateLimitItemPerMinute, key: str, whose: str) -> None:
        if self._limiter.hit(item, key, cost=_COST):
            return
        ends = self._limiter.get_window_stats(item, key).reset_time
        raise TooMany(
            f"More than {item.amount} requests {whose} within a minute.",
            retry_after_s=max(1, math.ceil(ends - time.time())),
        )
