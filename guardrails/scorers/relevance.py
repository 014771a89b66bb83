"""Answer relevance: whether an answer is about what was asked. Says nothing about its truth."""

import asyncio
import math
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.embedder import Embedder
from guardrails.scorers.ground import covered, ground
from guardrails.scorers.lexicon import LISTS
from guardrails.scorers.meaning import Meaning
from guardrails.scorers.reading import claims, read
from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Text, Unscored

_CODE: Final = 1


@dataclass(frozen=True, slots=True)
class Parameters:
    """Logistic weights: likeness with the nearest sentence, with all, words, intercept."""

    near: float = 3.0
    topic: float = 3.0
    words: float = 2.0
    intercept: float = -4.0


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
        """Score an answer by its likeness with the question, and by the question's words."""
        if self._meaning is None:
            return Unscored("there is no embedder")
        if sample.abstained:
            return Unscored("the answer abstains")
        sentences = claims(sample.answer, sample.language)
        if not sentences or not sample.question.strip():
            return Unscored("the answer is empty" if not sentences else "there is no question")
        p = self._parameters
        near = float(self._meaning.answering(sample.question, sentences).max())
        topic = self._meaning.answering_topic(sample.question, sentences)
        asked = read(sample.question, sample.language).words
        said = ground((Text(" ".join(sentences), sample.language),), sample.language)
        words = covered(asked, said.matches(asked), said.vocabulary)
        total = p.near * near + p.topic * topic + p.words * words + p.intercept
        return Score(1.0 / (1.0 + math.exp(-total)), f"likeness with the question {near:.2f}")

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)
