"""Refusal: whether an answer abstains exactly when the evidence is missing."""

from typing import Final

from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Unscored

_CODE: Final = 1


class Refusal:
    """1 if the answer abstains exactly when it should, else 0."""

    name: Final = "refusal"
    version: Final = version(_CODE)

    def measure(self, sample: Sample) -> Result:
        """Score an answer for which it is known whether there is one."""
        if sample.answerable is None:
            return Unscored("nobody knows whether the evidence is enough")
        if not sample.abstained and not sample.answer.strip():
            return Unscored("the answer is empty")
        if sample.answerable == sample.abstained:
            reason = "abstains though there is evidence" if sample.abstained else "answers without"
            return Score(0.0, reason)
        return Score(1.0, "abstains for lack of evidence" if sample.abstained else "answers")

    async def score(self, sample: Sample) -> Result:
        """Score an answer."""
        return self.measure(sample)
