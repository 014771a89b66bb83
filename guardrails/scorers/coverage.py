"""Coverage: how much of the right answer an answer gives, where a right one is known."""

import asyncio
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.embedder import Embedder
from guardrails.scorers.ground import Ground, covered
from guardrails.scorers.lexicon import LISTS
from guardrails.scorers.meaning import Meaning
from guardrails.scorers.reading import claims, read_all
from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Text, Unscored

_CODE: Final = 1


@dataclass(frozen=True, slots=True)
class Parameters:
    """meaning: weight of likeness against words, in [0, 1].

    wrong_figures: what is left when none of the right answer's figures is given.
    """

    meaning: float = 0.5
    wrong_figures: float = 0.5


FITTED: Final = Parameters()


class Coverage:
    """Share of the reference, or of the curated entry, that an answer gives."""

    name: Final = "coverage"

    def __init__(self, embedder: Embedder | None = None, parameters: Parameters = FITTED) -> None:
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
        given = claims(sample.answer, sample.language)
        if not given:
            return Unscored("the answer is empty")
        values = [
            v for text in right if (v := self._share(given, text, sample.language)) is not None
        ]
        if not values:
            return Unscored("the known answer is in another language and there is no embedder")
        return Score(max(values), "share of the known answer that is given")

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)

    def _share(self, given: list[str], right: Text, language: str) -> float | None:
        p = self._parameters
        wanted = [r for r in read_all(right.text, right.language) if r.claims]
        if not wanted:
            return None
        said = Ground([Text(" ".join(given), language)], language)
        near = None
        if self._meaning:
            near = float(self._meaning.nearest([r.text for r in wanted], given).mean())
        words = [word for reading in wanted for word in reading.words]
        if right.language != language:
            value = near
        else:
            value = covered(words, said.matches(words), said.vocabulary)
            value = value if near is None else (1 - p.meaning) * value + p.meaning * near
        figures = [f for reading in wanted for f in reading.figures]
        if value is not None and figures:
            told = sum(f.among(said.figures) for f in figures) / len(figures)
            value *= p.wrong_figures + (1 - p.wrong_figures) * told
        return value


def _right(sample: Sample) -> list[Text]:
    if sample.reference and sample.reference.strip():
        return [Text(sample.reference, sample.language)]
    return [passage for passage in sample.passages if passage.curated and passage.text.strip()]
