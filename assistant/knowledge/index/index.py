"""The index protocol: one name for the port, its two adapters and their contract suite."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from assistant.knowledge.documents import Chunk
from assistant.knowledge.names import lookup_names
from guardrails.arrays import Vectors

Sparse = Mapping[int, float]
"""Token id -> weight."""


@dataclass(frozen=True, slots=True)
class IndexPoint:
    """A chunk with its vectors.

    dense: unit vector of the whole, shape (dimensions,). windows: of its parts, shape
    (parts, dimensions), at least one. names: of its names as questions, shape (names, dimensions).
    """

    id: str
    chunk: Chunk
    dense: Vectors
    windows: Vectors
    sparse: Sparse
    names: Vectors | None = None

    @property
    def parts(self) -> Vectors:
        """What an adapter stores as one multivector: windows, then names."""
        return self.windows if self.names is None else np.vstack([self.windows, self.names])


@dataclass(frozen=True, slots=True)
class HybridQuery:
    """One question for the index.

    language: of the question. only: if set, passages in other languages are left out.
    """

    dense: Vectors
    sparse: Sparse
    language: str
    audiences: tuple[str, ...]
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found.

    All cosines with the question, in [-1, 1]. whole: of the chunk. windows: of each of its windows,
    in reading order. names: of each of its names; none in an index that was made without.
    """

    id: str
    chunk: Chunk
    whole: float
    windows: tuple[float, ...]
    names: tuple[float, ...] = ()

    @property
    def window(self) -> float:
        """The best window's."""
        return max(self.windows)


class Index(Protocol):
    """A set of points, replaced as a whole and searched meanwhile.

    Every method raises ``KnowledgeError`` when the store behind it fails.
    """

    def search(self, query: HybridQuery, limit: int) -> list[Hit]:
        """Return ``limit`` candidates: dense and BM25 lists, fused by rank (RRF)."""
        ...

    def named(self, names: Sequence[str], query: HybridQuery) -> list[Hit]:
        """Return the curated chunks that carry one of these folded names."""
        ...

    def chunks(self, root: str | None = None) -> Iterator[tuple[str, Chunk]]:
        """Yield every (id, chunk), or those of a root, in no particular order."""
        ...

    def changing(self) -> AbstractContextManager[None]:
        """Wait until no other process changes the index, and keep them from it; may be nested.

        What is to be replaced is read within, so that nobody changes it in between.
        """
        ...

    def replace(
        self, add: Sequence[IndexPoint], remove: Sequence[str], done: Callable[[int], None]
    ) -> None:
        """Build the next generation beside the serving one, then swap; one call at a time.

        Readers see the old or the new generation, never a mixture; if this fails at any
        point, the old one keeps serving. ``done`` is told how many points were written. ``add`` is
        read in slices of ``BATCH``, once: it may make its points as they are read.
        """
        ...

    def generation(self) -> int:
        """Return the number of the serving generation; 0 for an empty index."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...


BATCH = 256


def payload(point: IndexPoint) -> dict[str, object]:
    """Return what an adapter stores.

    The chunk, the folded names that it is found by, and how many of its parts are windows.
    """
    chunk = point.chunk
    return {**chunk.payload(), "lookup": lookup_names(chunk), "windows": len(point.windows)}


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point as an adapter stored it. windows: how many of its parts are windows."""

    id: str
    chunk: Chunk
    dense: Vectors
    parts: Vectors
    windows: int

    @classmethod
    def of(cls, id_: str, stored: dict[str, Any], vectors: Mapping[str, Any]) -> Self:
        """Read what ``payload`` made, and the vectors beside it."""
        parts = np.asarray(vectors["windows"], np.float32)
        count = int(stored.get("windows", len(parts)))
        dense = np.asarray(vectors["dense"], np.float32)
        return cls(id_, Chunk.from_payload(stored), dense, parts, count)

    def hit(self, question: Vectors) -> Hit:
        """Return it as found by a question."""
        exact = question.astype(np.float64)
        whole, parts = float(self.dense @ exact), tuple((self.parts @ exact).tolist())
        return Hit(self.id, self.chunk, whole, parts[: self.windows], parts[self.windows :])
