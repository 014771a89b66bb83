"""Vectors of texts, kept in the cache folder: the same file is audited more than once."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np

from assistant.local.embeddings import TextEmbedder
from assistant.progress import Progress
from guardrails import digests
from guardrails.arrays import Vectors

_AT_ONCE: Final = 16
_DIGEST: Final = 16


class KeptVectors:
    """Looks texts up before it embeds them.

    path: an ``.npz``; a damaged one is begun anew. None keeps them in memory alone.
    """

    def __init__(self, embedder: TextEmbedder, path: Path | None, progress: Progress) -> None:
        self._embedder = embedder
        self._path = path
        self._progress = progress
        self._rows: dict[bytes, Vectors] = {}
        self._new = False
        if path is None:
            return
        try:
            with np.load(path) as stored:
                if str(stored["revision"]) == embedder.revision:
                    keys = (key.tobytes() for key in stored["keys"])
                    self._rows = dict(zip(keys, stored["vectors"], strict=True))
        except (OSError, ValueError, KeyError, BadZipFile, EOFError):
            self._rows = {}

    def queries(self, texts: Sequence[str], what: str) -> Vectors:
        """Embed questions, shape (len(texts), dimensions). what: the name of the progress bar."""
        return self._embed("query", texts, what)

    def passages(self, texts: Sequence[str], what: str) -> Vectors:
        """Embed documents, shape (len(texts), dimensions)."""
        return self._embed("passage", texts, what)

    def save(self) -> None:
        """Keep what was embedded."""
        if not self._new or self._path is None:
            return
        self._new = False
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}.tmp")
        keys = np.frombuffer(b"".join(self._rows), np.uint8).reshape(-1, _DIGEST)
        with draft.open("wb") as file:
            np.savez(
                file,
                revision=np.array(self._embedder.revision),
                keys=keys,
                vectors=np.stack(list(self._rows.values())).astype(np.float32),
            )
        draft.replace(self._path)

    def _embed(self, kind: str, texts: Sequence[str], what: str) -> Vectors:
        compute = self._embedder.queries if kind == "query" else self._embedder.passages
        keys = [_key(kind, text) for text in texts]
        missing = dict.fromkeys(
            (key, text) for key, text in zip(keys, texts, strict=True) if key not in self._rows
        )
        new = list(missing)
        for at in range(0, len(new), _AT_ONCE):
            block = new[at : at + _AT_ONCE]
            vectors = compute([text for _, text in block])
            self._rows.update(zip((key for key, _ in block), vectors, strict=True))
            self._new = True
            self._progress(what, at + len(block), len(new))
        self.save()
        if not keys:
            return np.empty((0, self._embedder.dimensions), np.float32)
        return np.stack([self._rows[key] for key in keys])


def _key(kind: str, text: str) -> bytes:
    return digests.key(f"{kind}\0{text}", _DIGEST)
