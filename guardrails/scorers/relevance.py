"""Answer relevance: whether an answer is about what was asked. Says nothing about its truth."""

import asyncio
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.embedder import Embedder
from guardrails.scorers.lexicon import LISTS
from guardrails.scorers.meaning import Meaning, scaled
from guardrails.scorers.reading import claims
from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Unscored

_CODE: Final = 1


@dataclass(frozen=True, slots=True)
class Parameters:
    """none, full: cosine of question and nearest sentence that counts as 0 and as 1."""

    none: float = 0.77
    full: float = 0.92


FITTED: Final = Parameters()


class Relevance:
    """Nearness of an answer to its question. embedder: without one, nothing is scored."""

    name: Final = "relevance"

    def __init__(self, embedder: Embedder | None = None, parameters: Parameters = FITTED) -> None:
        self._meaning = Meaning(embedder) if embedder else None
        self._parameters = parameters
        revision = embedder.revision if embedder else ""
        self.version = version(_CODE, parameters, LISTS, revision)

    def measure(self, sample: Sample) -> Result:
        """Score an answer by the sentence that is nearest to the question."""
        if self._meaning is None:
            return Unscored("there is no embedder")
        if sample.abstained:
            return Unscored("the answer abstains")
        sentences = claims(sample.answer, sample.language)
        if not sentences or not sample.question.strip():
            return Unscored("the answer is empty" if not sentences else "there is no question")
        near = float(self._meaning.answering(sample.question, sentences).max())
        value = scaled(near, self._parameters.none, self._parameters.full)
        return Score(value, f"cosine of the nearest sentence {near:.2f}")

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)
