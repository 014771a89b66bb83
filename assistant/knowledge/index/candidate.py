"""An index as it would be with one more entry: to see what would be answered, before it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from assistant.knowledge.documents import Chunk
from assistant.knowledge.index.index import Hit, HybridQuery, Index, IndexPoint, StoredPoint
from assistant.knowledge.names import lookup_names

_NOT_WRITTEN: Final = "A candidate is looked at and never written."


class CandidateIndex:
    """Searches another index with one more point in it; nothing is written.

    The candidate takes the last place of a list that is full: where it belongs among the others is
    decided by whoever orders them, as for each hit. instead_of: whether a chunk is one that goes
    when the candidate comes.
    """

    def __init__(
        self, index: Index, point: IndexPoint, instead_of: Callable[[Chunk], bool]
    ) -> None:
        self._index = index
        self._point = point
        self._instead_of = instead_of

    def search(self, query: HybridQuery, limit: int) -> list[Hit]:
        """Return ``limit`` candidates, this one among them if it has anything to do with it."""
        hits = self._without(self._index.search(query, limit))
        if not self._allowed(query):
            return hits
        own = self._hit(query)
        least = min((hit.whole for hit in hits), default=-1.0)
        full = len(hits) >= limit
        if full and own.whole <= least and not query.sparse.keys() & self._point.sparse.keys():
            return hits
        return [*hits[: limit - 1], own]

    def named(self, names: Sequence[str], query: HybridQuery) -> list[Hit]:
        """Return the curated chunks that carry one of these folded names."""
        hits = self._without(self._index.named(names, query))
        mine = not set(names).isdisjoint(lookup_names(self._point.chunk))
        return [*hits, self._hit(query)] if mine and self._allowed(query) else hits

    def chunks(self, root: str | None = None) -> Iterator[tuple[str, Chunk]]:
        """Yield every (id, chunk), or those of a root."""
        for id_, chunk in self._index.chunks(root):
            if not self._instead_of(chunk):
                yield id_, chunk
        if root in {None, self._point.chunk.root}:
            yield self._point.id, self._point.chunk

    def changing(self) -> AbstractContextManager[None]:
        """Refuse."""
        raise NotImplementedError(_NOT_WRITTEN)

    def replace(
        self, add: Sequence[IndexPoint], remove: Sequence[str], done: Callable[[int], None]
    ) -> None:
        """Refuse."""
        raise NotImplementedError(_NOT_WRITTEN)

    def generation(self) -> int:
        """Return the number of the serving generation."""
        return self._index.generation()

    def close(self) -> None:
        """Leave the other index open: it is somebody else's."""

    def _without(self, hits: list[Hit]) -> list[Hit]:
        return [hit for hit in hits if not self._instead_of(hit.chunk)]

    def _allowed(self, query: HybridQuery) -> bool:
        chunk = self._point.chunk
        return chunk.audience in query.audiences and query.only in {None, chunk.language}

    def _hit(self, query: HybridQuery) -> Hit:
        point = self._point
        stored = StoredPoint(point.id, point.chunk, point.dense, point.parts, len(point.windows))
        return stored.hit(query.dense)
