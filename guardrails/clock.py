"""Time that waits are measured in: no jump of the wall clock makes one longer than it is.

A clock that is wrong for a moment (a virtual machine that wakes, a dead battery, a mistyped date)
leaves times behind that lie years ahead. Two rules keep them harmless:

1. ``now`` follows a jump of the wall clock only once it has lasted ``PATIENCE_S``; until then time
   goes on as a clock that cannot be set says. So a jump forward and back within an hour is never
   seen by a running process, and ends no wait early. Sleep of the machine is no jump.
2. A wait whose stored beginning lies ahead by more than ``SLACK`` began under a wrong clock. It is
   *over* where that can hurt nobody: a breaker lets one probe through, tokens and changes of that
   time do not count against today, a night is due. The wait of a candidate that was routed back
   *begins anew* instead, as readers could be hurt: it is as long as it was meant to be, and no
   shorter (``anchored``).

What cannot be told: a jump forward that lasts longer than an hour, or one while no process runs,
looks like a machine that was switched off, and ends waits. A candidate is then in shadow early,
where it answers nobody, and rises on fresh pairs alone.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from guardrails.types import Standing

SLACK: Final = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""

PATIENCE_S: Final = 3600.0
"""How long a jump of the wall clock must last before it is believed."""


def ahead(at: datetime, now: datetime) -> bool:
    """Return whether a stored time lies in the future, so that a wrong clock must have said it."""
    return at > now + SLACK


def over(began: datetime, length: timedelta, now: datetime) -> bool:
    """Return whether a wait is over; one that began in the future is."""
    return ahead(began, now) or now >= began + length


def within(at: datetime, length: timedelta, now: datetime) -> bool:
    """Return whether something happened in the last stretch of time; not if in the future."""
    return not over(at, length, now)


def anchored(standing: Standing, now: datetime) -> Standing:
    """Return a standing whose wait, if it began in the future, begins now; else the same one."""
    if standing.until is None or not ahead(standing.since, now):
        return standing
    return replace(standing, since=now, until=now + (standing.until - standing.since))


def _steady() -> float:
    """Return seconds of a clock that nobody sets, and that runs while the machine sleeps."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


@dataclass(slots=True)
class Clock:
    """The wall clock without its jumps. wall, steady: in seconds. Safe in any thread."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = _steady
    _offset: float | None = None
    _jumped: tuple[float, float] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def now(self) -> datetime:
        """Return the time, in UTC."""
        with self._lock:
            steady = self.steady()
            offset = self.wall() - steady
            if self._offset is None or self._believed(offset, steady):
                self._offset, self._jumped = offset, None
            return datetime.fromtimestamp(steady + self._offset, UTC)

    def follow(self, wall: Callable[[], float]) -> None:
        """Go by another wall clock from now on: that of a world that was recorded."""
        with self._lock:
            self.wall, self._offset, self._jumped = wall, None, None

    def offset(self) -> float:
        """Return how far the wall clock is from the steady one, in seconds; changes by jumps."""
        return self.wall() - self.steady()

    def _believed(self, offset: float, steady: float) -> bool:
        """Return whether what the wall clock says now is taken over."""
        slack = SLACK.total_seconds()
        if self._offset is not None and abs(offset - self._offset) <= slack:
            return True
        if self._jumped is None or abs(offset - self._jumped[0]) > slack:
            self._jumped = (offset, steady)
        return steady - self._jumped[1] >= PATIENCE_S


CLOCK: Final = Clock()
"""The clock of this process; it is first looked at when it is first asked."""


def now() -> datetime:
    """Return the time by the clock of this process, in UTC."""
    return CLOCK.now()
