"""Where an arm may write although the document's own words could be shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from guardrails.rules.segment import lineage

Quote = Literal["first", "fallback", "only", "never"]


def _nobody(arm: str, segment: str) -> bool:
    del arm, segment
    return False


@dataclass(frozen=True, slots=True)
class Writing:
    """The policy of quoting, and whom the owner has let write in its place.

    quote: ``first``: an entry that answers is quoted, arms write the rest; ``fallback``: arms
    write, and what answers is quoted where they fail; ``only``: no arm writes; ``never``: nothing
    is quoted, as when an arm is measured. segments: the same by segment, the nearest one above
    counts. confirmed: whether the owner lets an arm write in a segment, and the evidence has not
    taken that back; it reads the records, so ask it from a thread.
    """

    quote: Quote = "first"
    segments: Mapping[str, Quote] = field(default_factory=dict)
    confirmed: Callable[[str, str], bool] = _nobody

    def policy(self, segment: str) -> Quote:
        """Return what holds in a segment. segment: with its language."""
        return next((self.segments[s] for s in lineage(segment) if s in self.segments), self.quote)

    def allows(self, arm: str, segment: str) -> bool:
        """Return whether an arm writes in a segment although an entry could be quoted."""
        policy = self.policy(segment)
        if policy == "only":
            return False
        return policy in {"fallback", "never"} or self.confirmed(arm, segment)

    def quotes(self, segment: str) -> bool:
        """Return whether anything may be quoted in a segment."""
        return self.policy(segment) != "never"
