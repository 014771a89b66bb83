"""Whether a pilot has reached what the team wants of it."""

import math
from dataclasses import dataclass
from typing import Final, Literal

from assistant.desk.settings import PilotTarget
from assistant.outcomes.share import Quantile, Share

Standing = Literal["reached", "missed", "open", "too_few"]
"""open: the interval holds the target yet."""
_CLOSE: Final = 1e-3
"""A distance to the target, as a share of it or of 1, at which no number of cases decides."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a number stands to its target. needed: about how many cases decide, if it stays."""

    target: PilotTarget
    standing: Standing
    cases: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    needed: int | None = None


def progress(target: PilotTarget, number: Share | Quantile) -> Progress:
    """Return where a number stands to its target, by its whole interval and not by its middle.

    needed: an interval shrinks with the root of the cases, so that many times more as the square of
    how far its end is from where it would have to be; None where it is decided, or none would do.
    """
    value, low, high = number.value, number.low, number.high
    if value is None or (low is None and high is None):
        standing: Standing = "too_few"
        return Progress(target, standing, number.cases, value, low, high)
    wanted = target.at_least if target.at_least is not None else target.at_most
    assert wanted is not None  # noqa: S101  (checked where it is set)
    above = low is not None and low >= wanted
    below = high is not None and high <= wanted
    if target.at_least is not None:
        standing = (
            "reached" if above else "missed" if high is not None and high < wanted else "open"
        )
    else:
        standing = "reached" if below else "missed" if low is not None and low > wanted else "open"
    needed = None
    if standing == "open":
        end = low if value > wanted else high
        gap = abs(value - wanted)
        if end is not None and gap > _CLOSE * max(1.0, abs(wanted)):
            needed = math.ceil(number.cases * ((value - end) / gap) ** 2)
    return Progress(target, standing, number.cases, value, low, high, needed)
