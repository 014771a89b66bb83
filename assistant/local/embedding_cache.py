"""An embedder that computes each text once: scorers and answers share sentences."""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np

from assistant.local.embeddings import TextEmbedder
from guardrails.arrays import Vectors


class EmbeddingCache:
    """Keeps every vector for as long as it lives. Safe to use from several threads."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder
        self.revision, self.dimensions = embedder.revision, embedder.dimensions
        self._lock = Lock()
        self._held: dict[tuple[str, str], Vectors] = {}

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Shape (len(texts), dimensions)."""
        return self._embed("query", texts, self._embedder.queries)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed statements. Shape (len(texts), dimensions)."""
        return self._embed("passage", texts, self._embedder.passages)

    def _embed(
        self, kind: str, texts: Sequence[str], compute: Callable[[Sequence[str]], Vectors]
    ) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if (kind, text) not in self._held]
        if missing:
            vectors = compute(missing)
            with self._lock:
                self._held |= {(kind, t): v for t, v in zip(missing, vectors, strict=True)}
        rows = [self._held[kind, text] for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimensions), np.float32)
