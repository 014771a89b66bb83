"""An embedder that keeps its vectors in a file, so that the next run takes seconds."""

import sqlite3
from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from assistant.local.embeddings import E5
from benchmarks.results import KEPT
from guardrails.arrays import Vectors


class RememberedE5(E5):
    """The product's embedder with a memory on disk."""

    def __init__(self) -> None:
        super().__init__()
        KEPT.mkdir(exist_ok=True)
        self._file = sqlite3.connect(KEPT / "vectors.sqlite", timeout=60)
        self._file.execute("create table if not exists vectors (key text primary key, v blob)")

    def _embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        keys = [sha256(f"{self.revision}\0{is_query}\0{t}".encode()).hexdigest() for t in texts]
        held = {key: vector for key in keys if (vector := self._held(key)) is not None}
        new = [text for text, key in zip(texts, keys, strict=True) if key not in held]
        if new:
            computed = super()._embed(new, is_query=is_query)
            with self._file:
                for text, vector in zip(new, computed, strict=True):
                    key = keys[texts.index(text)]
                    held[key] = vector
                    row = (key, vector.tobytes())
                    self._file.execute("insert or ignore into vectors values (?, ?)", row)
        return np.stack([held[key] for key in keys])

    def _held(self, key: str) -> Vectors | None:
        row = self._file.execute("select v from vectors where key = ?", (key,)).fetchone()
        return np.frombuffer(row[0], np.float32) if row else None
