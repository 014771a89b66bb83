"""What an answer cost a reader, as scores of both sides: failures, time to answer, tokens.

They are guarded with margins of their own (``Policy.margins``), and are no part of the mean score:
a candidate that fails, dawdles or rambles cannot buy that back with better answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from guardrails.rules.policy import FAILURES, TIME, TOKENS
from guardrails.types import Result, Score, Unscored

LATE: Final = "it took too long"
CUT: Final = "it was cut at the limit of tokens"
EMPTY: Final = "it said nothing"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one arm's answer to one question took.

    seconds: from asking to the last word. tokens: of the answer. failure: why a reader would not
    have got it, or not whole; "" if nothing failed.
    """

    seconds: float = 0.0
    tokens: int = 0
    failure: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"seconds": self.seconds, "tokens": self.tokens, "failure": self.failure}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the cost that ``plain`` was asked of."""
        return cls(**values)


def compared(
    base: Cost | None, candidate: Cost | None
) -> tuple[dict[str, Result], dict[str, Result]]:
    """Return the scores of base's side and of the candidate's; None: nobody has measured it.

    failures: 1, or 0 where it failed. time, tokens: the smaller of the two sides over the own one,
    so that a difference of -.5 says that the candidate takes twice as much. Where the candidate
    failed the reader waited for both, and base's answer came on top. What base's failure would
    have cost is not known.
    """
    sides = (base, candidate)
    failures = [
        Unscored("not measured") if side is None else Score(float(not side.failure), side.failure)
        for side in sides
    ]
    times = _shares(base, candidate, lambda cost: cost.seconds)
    tokens = _shares(base, candidate, lambda cost: 1.0 + cost.tokens)
    first, second = (
        {FAILURES: failures[i], TIME: times[i], TOKENS: tokens[i]} for i in range(len(sides))
    )
    return first, second


def _shares(
    base: Cost | None, candidate: Cost | None, amount: Callable[[Cost], float]
) -> tuple[Result, Result]:
    """Return the scores of what each side took: of base's and of the candidate's."""
    if base is None or candidate is None or base.failure:
        missing = Unscored("base failed" if base and base.failure else "not measured")
        return missing, missing
    own, other = amount(base), amount(candidate)
    other += own if candidate.failure else 0.0
    least = min(own, other)
    if least <= 0.0:
        return Score(1.0), Score(1.0)
    return Score(least / own), Score(least / other)
