"""Coverage: how much of the right answer an answer gives, where a right one is known."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from guardrails.scorers.ground import Ground, covered
from guardrails.scorers.meaning import Meaning
from guardrails.scorers.models import Embedder
from guardrails.scorers.scorer import version
from guardrails.text.lexicon import LISTS
from guardrails.text.reading import SentenceReading, claims, read, read_all
from guardrails.types import Result, Sample, Score, Text, Unscored

_CODE: Final = 3


@dataclass(frozen=True, slots=True)
class CoverageParameters:
    """What counts, and how much.

    meaning: weight of likeness against words, in [0, 1], where a reference is known. asked: weight,
    in [0, 1], of a word that the question has said already. wrong_figures: what is left when none
    of the right answer's figures is given.
    """

    meaning: float = 0.25
    asked: float = 0.4
    wrong_figures: float = 0.8


FITTED: Final = CoverageParameters()


class Coverage:
    """Share of the reference, or of the curated entry, that an answer gives.

    embedder: for likeness of meaning with a reference, and with a known answer in another language;
    None: the first is left to words, the other is not compared.
    """

    name: Final = "coverage"

    def __init__(
        self, embedder: Embedder | None = None, parameters: CoverageParameters = FITTED
    ) -> None:
        self._meaning = Meaning(embedder) if embedder else None
        self._parameters = parameters
        revision = embedder.revision if embedder else ""
        self.version = version(_CODE, parameters, LISTS, revision)

    def measure(self, sample: Sample) -> Result:
        """Score an answer against the known one that it gives most of."""
        if sample.abstained:
            return Unscored("the answer abstains")
        right = _right(sample)
        if not right:
            return Unscored("neither a reference nor a curated entry is known")
        parts = claims(sample.answer, sample.language)
        if not parts:
            return Unscored("the answer is empty")
        if not any(read(sentence, sample.language).claims for sentence in parts):
            return Unscored("the answer says nothing of its own but yes or no")
        values = [v for text in right if (v := self._share(parts, text, sample)) is not None]
        if not values:
            return Unscored("the known answer is in another language and there is no embedder")
        return Score(max(values), "share of the known answer that is given")

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)

    def _share(self, given: list[str], right: Text, sample: Sample) -> float | None:
        p = self._parameters
        readings = [r for r in read_all(right.text, right.language) if r.claims]
        if not readings:
            return None
        ground = Ground([Text(" ".join(given), sample.language)], sample.language)
        foreign = right.language != sample.language
        near = None
        if self._meaning and (foreign or sample.reference):  # live, only what words cannot compare
            near = float(self._meaning.nearest([r.text for r in readings], given).mean())
        if foreign:
            if near is None:
                return None
            value = near
        else:
            value = self._words(readings, ground, sample.question)
            value = value if near is None else (1 - p.meaning) * value + p.meaning * near
        figures = [f for reading in readings for f in reading.figures]
        if figures:
            share = sum(f.among(ground.figures) for f in figures) / len(figures)
            value *= p.wrong_figures + (1 - p.wrong_figures) * share
        return value

    def _words(self, wanted: list[SentenceReading], said: Ground, question: str) -> float:
        """Return the share of the words that are wanted; the question's own count less."""
        stems = read(question, said.language).stems
        words = {
            word.stem: replace(word, weight=word.weight * self._parameters.asked)
            if word.stem in stems
            else word
            for reading in wanted
            for word in reading.words
        }
        return covered(list(words.values()), said.matches(words.values()), said.vocabulary)


def _right(sample: Sample) -> list[Text]:
    if sample.reference and sample.reference.strip():
        return [Text(sample.reference, sample.language)]
    return [passage for passage in sample.passages if passage.curated and passage.text.strip()]
