"""Meaning as cosines: how near the sentences of one text are to those of another.

E5's cosines are compressed, so they are returned stretched: what is unrelated is near 0, a
translation near 1.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

import numpy as np

from guardrails.arrays import Vectors
from guardrails.scorers.models import Embedder

_HELD: Final = 4096
NONE: Final = 0.75
FULL: Final = 0.95
"""Cosines that are 0 and 1."""


class Meaning:
    """Cosines by one embedder; the vectors of sentences are kept, for passages come again."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._held: OrderedDict[tuple[bool, str], Vectors] = OrderedDict()
        self._lock = Lock()
        self.revision = embedder.revision

    def nearest(self, sentences: Sequence[str], others: Sequence[str]) -> Vectors:
        """Return for each sentence its likeness with the nearest of ``others``, in [0, 1].

        Shape (len(sentences),). Neither may be empty.
        """
        likeness = stretched(self._statements(sentences) @ self._statements(others).T)
        nearest: Vectors = likeness.max(axis=1)
        return nearest

    def topic(self, sentence: str, passages: Sequence[Sequence[str]]) -> float:
        """Return the likeness of a sentence with the passage whose mean is nearest, in [0, 1].

        passages: their sentences; one without any is left out, and 0 is returned for none.
        """
        means = [self._statements(texts).mean(axis=0) for texts in passages if texts]
        vector = self._statements([sentence])[0]
        cosines = [float(vector @ mean / np.linalg.norm(mean)) for mean in means]
        return float(stretched(np.array(cosines, np.float32)).max()) if cosines else 0.0

    def cosines(self, question: str, sentences: Sequence[str]) -> Vectors:
        """Return the cosine of a question with each sentence. Shape (len(sentences),)."""
        cosines: Vectors = self._statements(sentences) @ self._vectors([question], asked=True)[0]
        return cosines

    def _statements(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, asked=False)

    def _vectors(self, texts: Sequence[str], *, asked: bool) -> Vectors:
        with self._lock:
            vectors = {text: self._held.get((asked, text)) for text in texts}
        missing = [text for text, vector in vectors.items() if vector is None]
        if missing:
            embed = self._embedder.queries if asked else self._embedder.passages
            vectors.update(zip(missing, embed(missing), strict=True))
        with self._lock:
            for text, vector in vectors.items():
                if vector is not None:
                    self._held[(asked, text)] = vector
                    self._held.move_to_end((asked, text))
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
        return np.stack([vector for text in texts if (vector := vectors[text]) is not None])


def stretched(cosines: Vectors) -> Vectors:
    """Return cosines as likeness in [0, 1]. Shape as given."""
    likeness: Vectors = np.clip((cosines - NONE) / (FULL - NONE), 0.0, 1.0)
    return likeness
