"""Meaning as cosines: how near the sentences of one text are to those of another."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

import numpy as np

from guardrails.scorers.embedder import Embedder, Vectors

_HELD: Final = 4096


class Meaning:
    """Cosines by one embedder; the vectors of sentences are kept, for passages come again."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._held: OrderedDict[tuple[bool, str], Vectors] = OrderedDict()
        self._lock = Lock()
        self.revision = embedder.revision

    def nearest(self, sentences: Sequence[str], others: Sequence[str]) -> Vectors:
        """Return for each sentence the cosine with the nearest of ``others``; none may be empty."""
        nearest: Vectors = (self._statements(sentences) @ self._statements(others).T).max(axis=1)
        return nearest

    def answering(self, question: str, sentences: Sequence[str]) -> Vectors:
        """Return the cosine of a question with each sentence. Shape (len(sentences),)."""
        cosines: Vectors = self._statements(sentences) @ self._vectors([question], asked=True)[0]
        return cosines

    def _statements(self, texts: Sequence[str]) -> Vectors:
        return self._vectors(texts, asked=False)

    def _vectors(self, texts: Sequence[str], *, asked: bool) -> Vectors:
        with self._lock:
            known = {text: self._held.get((asked, text)) for text in texts}
        missing = [text for text, vector in known.items() if vector is None]
        if missing:
            embed = self._embedder.queries if asked else self._embedder.passages
            known.update(zip(missing, embed(missing), strict=True))
        with self._lock:
            for text, vector in known.items():
                if vector is not None:
                    self._held[(asked, text)] = vector
                    self._held.move_to_end((asked, text))
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
        return np.stack([vector for text in texts if (vector := known[text]) is not None])


def scaled(cosine: float, none: float, full: float) -> float:
    """Return a cosine as a degree: 0 up to ``none``, 1 from ``full``."""
    return float(np.clip((cosine - none) / (full - none), 0.0, 1.0))
