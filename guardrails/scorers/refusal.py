"""Refusal: whether an answer abstains exactly when the evidence is missing.

A right abstention is worth what a right answer is, and a wrong one nothing. Where nobody knows
whether there is an answer, an abstention is worth the probability that no passage answers.
"""

from typing import Final

from guardrails.scorers.answering import likely, weighed
from guardrails.scorers.scorer import version
from guardrails.types import Result, Sample, Score, Unscored

_CODE: Final = 2


class Refusal:
    """How right it is that an answer abstains, or does not."""

    name: Final = "refusal"
    version: Final = version(_CODE)

    def measure(self, sample: Sample) -> Result:
        """Score an answer by whether there is one; an answer only if that is known."""
        if not sample.abstained and not sample.answer.strip():
            return Unscored("the answer is empty")
        if sample.answerable is not None:
            if sample.answerable == sample.abstained:
                fault = (
                    "abstains though there is evidence" if sample.abstained else "answers without"
                )
                return Score(0.0, fault)
            return Score(1.0, "abstains for lack of evidence" if sample.abstained else "answers")
        if not sample.abstained:
            return Unscored("nobody knows whether the evidence is enough")
        if sample.passages and not weighed(sample.passages):
            return Unscored("nobody knows whether the evidence is enough")
        there = likely(sample.passages)
        return Score(1.0 - there, f"abstains where a passage answers with probability {there:.2f}")

    async def score(self, sample: Sample) -> Result:
        """Score an answer."""
        return self.measure(sample)
