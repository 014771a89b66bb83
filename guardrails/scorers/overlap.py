"""Token overlap: the naive baseline that every scorer has to beat."""

from typing import Final

from guardrails.text.words import content
from guardrails.types import Result, Sample, Score, Unscored


class TokenOverlap:
    """Share of the answer's content words that stand in the passages.

    Without passages, in the reference. It knows neither order, negation nor numbers' meaning.
    """

    name: Final = "token_overlap"
    version: Final = "1"

    async def score(self, sample: Sample) -> Result:
        """Score one answer."""
        texts = [f"{passage.title} {passage.text}" for passage in sample.passages]
        source = " ".join(texts) or sample.reference or ""
        if not source.strip():
            return Unscored("there are neither passages nor a reference")
        stems = content(sample.answer, sample.language)
        if not stems:
            return Unscored("the answer has no content words")
        return Score(len(stems & content(source, sample.language)) / len(stems))
