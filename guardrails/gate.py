"""The check between a model and a reader: a sentence passes, fails, or could not be checked.

Nothing fails open: what could not be checked has not passed.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

from guardrails.scorers.fast import Fast
from guardrails.types import Result, Sample, Score, Text

Outcome = Literal["passed", "failed", "unchecked"]

SENTENCE_FLOOR: Final = 0.10
ANSWER_FLOOR: Final = 0.20
"""Measured by ``benchmarks/overhead.py``: below them stand 1 % of base's sentences and answers
that people would accept."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check says. reason: for a person; empty if it passed."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks sentences while they stream, and answers when they are whole.

    sentences, answers: score in [0, 1] below which one fails. timeout_s: a check that takes
    longer could not be made.
    """

    scorers: Fast
    sentences: float = SENTENCE_FLOOR
    answers: float = ANSWER_FLOOR
    timeout_s: float = 5.0

    async def sentence(
        self, text: str, passages: tuple[Text, ...], question: str, language: str
    ) -> Checked:
        """Check one sentence against the passages."""
        claim = self.scorers.groundedness.claim
        try:
            async with asyncio.timeout(self.timeout_s):
                found = await asyncio.to_thread(claim, text, passages, question, language)
        except Exception as error:
            return Checked("unchecked", f"the check failed: {_said(error)}")
        if found.degree is None:
            return Checked("unchecked", found.reason)
        if found.degree < self.sentences:
            return Checked("failed", f"{found.reason} ({found.degree:.2f} < {self.sentences:g})")
        return Checked("passed")

    async def answer(self, sample: Sample) -> tuple[Checked, dict[str, Result]]:
        """Check a whole answer; return the verdict and the scores behind it."""
        try:
            async with asyncio.timeout(self.timeout_s):
                results = await asyncio.to_thread(self.scorers.measure_all, sample)
                combined = self.scorers.combine(results)
        except Exception as error:
            return Checked("unchecked", f"the check failed: {_said(error)}"), {}
        results[self.scorers.name] = combined
        if not isinstance(combined, Score):
            return Checked("unchecked", combined.reason), results
        if combined.value < self.answers:
            why = f"{combined.reason} ({combined.value:.2f} < {self.answers:g})"
            return Checked("failed", why), results
        return Checked("passed"), results


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
