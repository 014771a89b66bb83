"""How much of a sentence a passage carries: by words within a language, by meaning across."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from assistant.knowledge.chunk import sentences
from assistant.local.embeddings import Embedder, Vectors
from guardrails.words import content

CARRIED: Final = 0.5
"""Degree from which a passage carries a sentence."""

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_COSINE_NONE: Final = 0.75
_COSINE_FULL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered passage as an answer may cite it.

    number: from 1. given: the question; its numbers may be repeated in an answer.
    """

    number: int
    text: str
    language: str
    given: str = ""


class Support:
    """Measures sentences against passages.

    Across languages, the cosine with the best sentence of the passage counts, .75 as nothing
    and .95 as all: of translated sentences 95 % reach .845, of sentences about the same topic
    that are not there 5 % do (117 pairs from XQuAD's German and English).
    """

    def __init__(self, embedder: Embedder) -> None:
        self._vectors = lru_cache(maxsize=256)(
            lambda text, language: embedder.passages(sentences(text, language))
        )
        self._embedder = embedder

    def degree(self, sentence: str, source: Source, language: str) -> float:
        """Return how much of a sentence in ``language`` the source carries, in [0, 1].

        The sentence is given without markers. 0 if it has a number that neither passage nor
        question has; 1 if it claims nothing.
        """
        claimed = content(sentence, language)
        if not claimed:
            return 1.0
        if not _numbers(sentence) <= _numbers(source.text) | _numbers(source.given):
            return 0.0
        if source.language == language:
            return len(claimed & content(source.text, language)) / len(claimed)
        held: Vectors = self._vectors(source.text, source.language)
        cosine = float((held @ self._embedder.passages([sentence])[0]).max())
        return float(np.clip((cosine - _COSINE_NONE) / (_COSINE_FULL - _COSINE_NONE), 0, 1))

    def best(self, sentence: str, sources: Sequence[Source], language: str) -> Source | None:
        """Return the source that carries the sentence best, or None if none does."""
        degrees = [self.degree(sentence, source, language) for source in sources]
        best = max(range(len(sources)), key=degrees.__getitem__, default=None)
        return sources[best] if best is not None and degrees[best] >= CARRIED else None


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))
