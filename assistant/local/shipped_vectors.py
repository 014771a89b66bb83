"""Vectors of texts that Routeback ships, so that the first start need not compute them.

Embedding the sample knowledge takes minutes on two cores; the file is a megabyte. Written by
``make sample``; a text that is not in it is embedded as usual.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from assistant.local.embeddings import TextEmbedder
from guardrails import digests
from guardrails.arrays import Vectors

_DIGEST: Final = 12


class ShippedVectors:
    """An embedder that looks a text up before it computes its vector.

    path: what ``write`` wrote; one that another embedder made is not used.
    """

    def __init__(self, embedder: TextEmbedder, path: Path) -> None:
        self._embedder = embedder
        self.dimensions = embedder.dimensions
        self.revision = embedder.revision
        self._rows: Mapping[bytes, int] = {}
        with np.load(path) as stored:
            if str(stored["revision"]) == embedder.revision:
                self._vectors: Vectors = stored["vectors"].astype(np.float32)
                self._vectors /= np.linalg.norm(self._vectors, axis=1, keepdims=True)
                self._rows = {key.tobytes(): row for row, key in enumerate(stored["keys"])}

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Shape (len(texts), dimensions)."""
        return self._embed("query", texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed documents. Shape (len(texts), dimensions)."""
        return self._embed("passage", texts)

    def knows(self, kind: str, text: str) -> bool:
        """Return whether a text's vector is at hand. kind: ``query`` or ``passage``."""
        return _key(kind, text) in self._rows

    def _embed(self, kind: str, texts: Sequence[str]) -> Vectors:
        rows = [self._rows.get(_key(kind, text)) for text in texts]
        unknown = [text for text, row in zip(texts, rows, strict=True) if row is None]
        compute = self._embedder.queries if kind == "query" else self._embedder.passages
        if len(unknown) == len(texts):
            return compute(texts)
        computed = iter(compute(unknown) if unknown else ())
        return np.stack([next(computed) if row is None else self._vectors[row] for row in rows])


def write(
    path: Path, embedder: TextEmbedder, queries: Sequence[str], passages: Sequence[str]
) -> None:
    """Write the vectors of these texts, as half-precision numbers."""
    texts = [("query", text) for text in dict.fromkeys(queries)]
    texts += [("passage", text) for text in dict.fromkeys(passages)]
    rows = [
        (embedder.queries if kind == "query" else embedder.passages)([text])[0]
        for kind, text in texts
    ]
    keys = np.frombuffer(b"".join(_key(*text) for text in texts), np.uint8)
    with path.open("wb") as file:
        np.savez(
            file,
            revision=np.array(embedder.revision),
            keys=keys.reshape(-1, _DIGEST),
            vectors=np.stack(rows).astype(np.float16),
        )


def _key(kind: str, text: str) -> bytes:
    return digests.key(f"{kind}\0{text}", _DIGEST)
