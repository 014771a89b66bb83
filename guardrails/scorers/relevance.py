"""Relevance: how near what an answer says is to the question, against the nearest of the passages.

A true sentence of the right passage may still be about something else, and half of an answer leaves
out what the question is about. Says nothing about its truth.
"""

import asyncio
import math
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.answering import PROVEN, likely, weighed
from guardrails.scorers.meaning import Meaning
from guardrails.scorers.models import Embedder
from guardrails.scorers.refusal import Refusal
from guardrails.scorers.scorer import version
from guardrails.text.reading import LONGEST, claims, read_reply
from guardrails.text.words import words
from guardrails.types import Result, Sample, Score, Unscored

_CODE: Final = 3


@dataclass(frozen=True, slots=True)
class RelevanceParameters:
    """How fast nearness to the question fades.

    steep, free: a sentence whose cosine with the question is lower by x than that of the nearest
    sentence of the passages counts exp(-steep * (x - free)), at most 1.
    """

    steep: float = 60.0
    free: float = 0.005


FITTED: Final = RelevanceParameters()


class Relevance:
    """Nearness of an answer's words to its question. embedder: without one, nothing is scored."""

    name: Final = "relevance"

    def __init__(
        self, embedder: Embedder | None = None, parameters: RelevanceParameters = FITTED
    ) -> None:
        self._meaning = Meaning(embedder) if embedder else None
        self._parameters = parameters
        self._refusal = Refusal()
        revision = embedder.revision if embedder else ""
        self.version = version(_CODE, parameters, self._refusal.version, PROVEN, revision)

    def measure(self, sample: Sample) -> Result:
        """Score an answer: the mean over its words of how near their sentence is to the question.

        An abstention is worth what it is as a refusal. Where the passages hardly answer, nearness
        to them is worth as little.
        """
        if self._meaning is None:
            return Unscored("there is no embedder")
        if sample.abstained:
            return self._refusal.measure(sample)
        parts = [_whole(sentence) for sentence in claims(sample.answer, sample.language)]
        if not parts or not sample.question.strip():
            return Unscored("there is no question" if parts else "the answer is empty")
        sources = [_whole(s) for p in sample.passages for s in claims(p.text, p.language)]
        if not sources:
            return Unscored("there are no passages to compare with")
        nearest = float(self._meaning.cosines(sample.question, sources).max())
        near = self._meaning.cosines(sample.question, parts)
        weights = [len(words(sentence)) for sentence in parts]
        if not any(weights):
            return Unscored("the answer has no words")
        worth = [
            1.0 if _leans(text, sample) else self._nearness(float(cosine) - nearest)
            for text, cosine in zip(parts, near, strict=True)
        ]
        value = sum(w * v for w, v in zip(weights, worth, strict=True)) / sum(weights)
        least = min(range(len(parts)), key=worth.__getitem__)
        return Score(value * _answered(sample), f"farthest from the question: {parts[least]}")

    def _nearness(self, gap: float) -> float:
        return min(1.0, math.exp(self._parameters.steep * (gap + self._parameters.free)))

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)


def _whole(sentence: str) -> str:
    """Return as much of a sentence as is read, with an end: one alone moves its cosine by .05."""
    text = sentence[:LONGEST].rstrip()
    return f"{text}." if text[-1:].isalnum() else text


def _leans(sentence: str, sample: Sample) -> bool:
    """Whether a sentence says again what was asked, as a bare yes does: as near as can be."""
    return read_reply(sentence, sample.question, sample.language).leans


def _answered(sample: Sample) -> float:
    """Return how far it is proven that there is an answer, in [0, 1]; 1 if nobody has said."""
    if sample.answerable is not None:
        return float(sample.answerable)
    if not weighed(sample.passages):
        return 1.0
    return min(1.0, likely(sample.passages) / PROVEN)
