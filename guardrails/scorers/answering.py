"""Answering: what the passage that carries an answer is worth for the question.

No check of support sees a true sentence about something else. So an answer is worth what selection
says of the passages that it says again: how likely they answer what was asked.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from guardrails.scorers.groundedness import Claim, Groundedness
from guardrails.scorers.scorer import version
from guardrails.text.closed_questions import asks_yes_or_no
from guardrails.text.reading import claims, is_choice, verdict_of
from guardrails.types import Result, Sample, Score, Text, Unscored

_CODE: Final = 2
_INDIRECT: Final = 0.85
"""What is left of an answer to a yes-or-no question that says neither."""
PROVEN: Final = 0.5
"""Probability that a passage answers from which an answer by it loses nothing."""
_HARDLY: Final = 1e-6
_OWN: Final = 0.5
"""Probability, against that of the likeliest passage, from which a passage is as good as that."""


class Answering:
    """How likely what an answer says is what was asked for.

    relative: against the likeliest passage; whether that answers has been decided already.
    """

    name: Final = "answering"

    def __init__(self, groundedness: Groundedness, *, relative: bool = False) -> None:
        self._groundedness = groundedness
        self._relative = relative
        self.version = version(_CODE, groundedness.version, relative, PROVEN, _OWN, _INDIRECT)

    def measure(self, sample: Sample) -> Result:
        """Score an answer: the share of it that comes from what answers, by how likely that does.

        A sentence comes from the passage that carries it best.
        """
        if why := _unknown(sample):
            return Unscored(why)
        if self._relative and likely(sample.passages) < PROVEN:
            return Score(1.0, "that these passages answer was decided elsewhere")
        parts = [
            claim
            for claim in self._groundedness.claims(sample)
            if claim.claims and claim.owner >= 0
        ]
        if not parts:
            return Unscored("the answer makes no claim")
        value, reason = self._worth(sample, parts)
        if asks_yes_or_no(sample.question) and not _says_which(sample):
            return Score(_INDIRECT * value, "says neither yes nor no to what asks for it")
        return Score(value, reason)

    def _worth(self, sample: Sample, told: Sequence[Claim]) -> tuple[float, str]:
        chances = [passage.answers or 0.0 for passage in sample.passages]
        best = max(chances)
        if best < _HARDLY:
            return 0.0, "no passage answers"
        total = sum(claim.weight for claim in told)
        own = sum(c.weight * min(1.0, chances[c.owner] / (_OWN * best)) for c in told) / total
        carrying = likely(sample.passages[claim.owner] for claim in told)
        decided = self._relative or sample.answerable is True
        worth = min(1.0, carrying / (_OWN * best if decided else PROVEN))
        titles = dict.fromkeys(sample.passages[claim.owner].title for claim in told)
        return own * worth, f"{', '.join(titles)} answers with probability {carrying:.2f}"

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)


def _unknown(sample: Sample) -> str:
    """Return why nothing can be said, or nothing."""
    if sample.abstained:
        return "the answer abstains"
    return "" if weighed(sample.passages) else "nobody has said how likely the passages answer"


def weighed(passages: Sequence[Text]) -> bool:
    """Return whether it has been said how likely the passages answer; without any, it has not.

    Raises:
        ValueError: it has been said of some of them only.
    """
    count = sum(passage.answers is not None for passage in passages)
    if 0 < count < len(passages):
        raise ValueError(f"{count} of {len(passages)} passages have been weighed")
    return count > 0


def likely(passages: Iterable[Text]) -> float:
    """Return how likely one of some passages answers, in [0, 1]; of one title the likeliest."""
    best: dict[str, float] = {}
    for passage in passages:
        name = passage.title or passage.text
        best[name] = max(best.get(name, 0.0), passage.answers or 0.0)
    return min(1.0, sum(best.values()))


def _says_which(sample: Sample) -> bool:
    """Whether an answer begins with a yes or no; to "this or that?" neither is one."""
    parts = claims(sample.answer, sample.language)
    return is_choice(sample.question) or verdict_of(parts[0]) is not None
