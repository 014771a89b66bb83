"""What is tried again within a call, how often and for how long: the one policy.

Tried again is what may be over in a moment and takes effect once, however often it is asked for;
what fails for good, or for longer than its budget, is raised as it was. Not tried again is what
another can do instead: an arm is asked once, since base or the document's own words answer in its
place. What outlives a call has a schedule that is kept: the outbox (``assistant.sending``), and
pairs and nights (DBOS).
"""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from guardrails.failures import kind

T = TypeVar("T")
Passing = type[Exception] | Callable[[Exception], bool | float]
"""Whether a failure may be over in a moment; a number: in how many seconds, as it says itself."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """How long something is tried again, in seconds.

    within_s: after which a failure is final; a try that has begun is waited for. first_s: the first
    pause; each is twice as long as the one before, up to ``longest_s``, and by chance up to
    ``first_s`` longer, so that many do not come at once.
    """

    within_s: float
    first_s: float = 0.1
    longest_s: float = 5.0

    def attempts(self, passing: Passing) -> AsyncIterator[stamina.Attempt]:
        """Return the attempts, each a block that may fail in passing."""
        return aiter(stamina.retry_context(passing, **self._options()))

    def call(self, call: Callable[[], T], passing: Passing) -> T:
        """Return what a call returns, once it succeeds. Blocking."""
        return stamina.RetryingCaller(**self._options())(passing, call)

    def _options(self) -> dict[str, Any]:
        set_on_retry_hooks((_noted,))  # its own would count and log what was said
        return {
            "attempts": None,
            "timeout": self.within_s,
            "wait_initial": self.first_s,
            "wait_max": self.longest_s,
            "wait_jitter": self.first_s,
        }


SEARCH: Final = RetryBudget(1.0)
"""Reading the index: somebody waits for an answer."""
ALIAS: Final = RetryBudget(10.0)
"""Saying whose turn it is to change the index; a turn is lost after a minute."""
CHANGE: Final = RetryBudget(30.0)
"""A step of a change of the index: a node of its server may be started anew."""
RACE: Final = RetryBudget(5.0, first_s=0.005, longest_s=0.2)
"""Writing what another has written meanwhile."""
QUEUE: Final = RetryBudget(900.0, first_s=1.0, longest_s=30.0)
"""Waiting behind people for an arm that is busy; nobody waits for what comes of it."""


def _noted(details: RetryDetails) -> None:
    why = kind(details.caused_by)
    log.info("tried again in %.1f s, the %d. time: %s", details.wait_for, details.retry_num, why)
