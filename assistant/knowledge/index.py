"""The index protocol: one name for the port, its two adapters and their contract suite."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from assistant.knowledge.documents import Chunk
from assistant.knowledge.names import lookup_names
from assistant.local.embeddings import Vectors

Sparse = Mapping[int, float]
"""Token id -> weight."""


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk with its vectors.

    dense: unit vector of the whole, shape (dimensions,). windows: of its parts, shape
    (parts, dimensions), at least one.
    """

    id: str
    chunk: Chunk
    dense: Vectors
    windows: Vectors
    sparse: Sparse


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

    whole: cosine of question and chunk. window: the best cosine of the question and one of the
    chunk's windows. Both in [-1, 1].
    """

    id: str
    chunk: Chunk
    whole: float
    window: float


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

    def chunks(self) -> Iterator[tuple[str, Chunk]]:
        """Yield every (id, chunk), in no particular order."""
        ...

    def replace(
        self, add: Sequence[Point], remove: Sequence[str], done: Callable[[int], None]
    ) -> None:
        """Build the next generation beside the serving one, then swap; one call at a time.

        Readers see the old or the new generation, never a mixture; if this fails at any
        point, the old one keeps serving. ``done`` is told how many points were written.
        """
        ...

    def generation(self) -> int:
        """Return the number of the serving generation; 0 for an empty index."""
        ...

    def close(self) -> None:
        """Release the store."""
        ...


@dataclass(frozen=True, slots=True)
class RankList:
    """One ranked list that goes into the fusion, with its weight in reciprocal rank fusion.

    using: the vector it ranks by. same_language: only passages in the question's language
    (True), only the others (False), or all (None).
    """

    using: str
    weight: float
    same_language: bool | None = None


FUSION: tuple[RankList, ...] = (
    RankList("dense", 1.0),
    RankList("bm25", 1.0, same_language=True),
    RankList("bm25", 0.25, same_language=False),
)
"""Fitted by ``benchmarks/retrieval.py``: words decide little across languages, but names and
numbers are the same in both. Qdrant stretches the rank by the weight, so weights only matter
while RRF_K is small."""
RRF_K = 2
LIST_LENGTH = 50
BATCH = 256


def payload(chunk: Chunk) -> dict[str, object]:
    """Return what an adapter stores: the chunk, and the folded names it is found by."""
    return {**chunk.payload(), "lookup": lookup_names(chunk)}


def hit(id_: str, stored: dict[str, Any], vectors: Mapping[str, Any], question: Vectors) -> Hit:
    """Build a hit from what an adapter stored."""
    whole = float(question @ np.asarray(vectors["dense"]))
    window = float((np.asarray(vectors["windows"]) @ question).max())
    return Hit(id_, Chunk.from_payload(stored), whole, window)
