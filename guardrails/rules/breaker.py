"""The hard breaker: a candidate that fails at once is taken out at once.

Closed until k of the last m calls failed; then open, and half-open when the pause is over: one
call is let through, and decides (Nygard, *Release It!*, 2007). The pause doubles.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from guardrails.clock import over
from guardrails.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Breaker:
    """The last calls of one candidate. failures: oldest first, what went wrong or "".

    opened: when it opened; None while closed. openings: in a row, without a success between.
    probing: since when a probe is under way.
    """

    failures: tuple[str, ...] = ()
    opened: datetime | None = None
    openings: int = 0
    probing: datetime | None = None

    def allows(self, policy: Policy, now: datetime) -> bool:
        """Return whether a call may be made now; while half-open, only one at a time."""
        if self.opened is None:
            return True
        pause = self.pause(policy)
        if not over(self.opened, pause, now):
            return False
        return self.probing is None or over(self.probing, max(pause, timedelta(seconds=60)), now)

    def pause(self, policy: Policy) -> timedelta:
        """Return how long it stays open."""
        seconds = policy.breaker_pause_s * 2.0 ** max(0, self.openings - 1)
        return timedelta(seconds=min(seconds, policy.breaker_longest_s))

    def probe(self, now: datetime) -> "Breaker":
        """Return the breaker with a probe under way, if it is open."""
        return replace(self, probing=now) if self.opened else self

    def after(self, failure: str, policy: Policy, now: datetime) -> "Breaker":
        """Return the breaker after one more call. failure: "" if it went well."""
        if self.opened is not None:
            if not failure:
                return Breaker()
            return replace(self, opened=now, openings=self.openings + 1, probing=None)
        failures = (*self.failures, failure)[-policy.breaker_window :]
        if sum(map(bool, failures)) < policy.breaker_failures:
            return replace(self, failures=failures)
        return Breaker(failures, now, self.openings + 1)
