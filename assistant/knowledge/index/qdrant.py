"""The server index: a Qdrant server or cluster through ``qdrant-client``.

Each generation is a collection; an alias names the serving one and is switched atomically. Any
number of processes may use it: they change it one after the other, see ``turns``.
"""

import contextlib
import itertools
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from qdrant_client import QdrantClient, models

from assistant.errors import KnowledgeError
from assistant.knowledge.documents import Chunk
from assistant.knowledge.index.drafts import CollectionDraft, Placement
from assistant.knowledge.index.fusion import FUSION, LIST_LENGTH, RRF_K, RankList
from assistant.knowledge.index.generations import Generations
from assistant.knowledge.index.index import (
    BATCH,
    Hit,
    HybridQuery,
    IndexPoint,
    StoredPoint,
    payload,
)
from assistant.knowledge.index.speaking import (
    FAILURES,
    advice,
    missing,
    passing,
    passing_or_late,
    speaking,
)
from assistant.knowledge.index.turns import IndexTurn, IndexTurns, Patience
from assistant.retries import CHANGE, SEARCH
from guardrails.arrays import Vectors
from guardrails.failures import told

T = TypeVar("T")

_PAGE: Final = 64
"""Points that are copied at a time, with their vectors."""


def connect(url: str, key: str | None = None, timeout_s: int = 5) -> QdrantClient:
    """Return a client; nothing is asked yet. timeout_s: for an answer to a search."""
    with warnings.catch_warnings(action="ignore"):  # of a key over plain HTTP: see the docs
        return QdrantClient(url=url, api_key=key, timeout=timeout_s, check_compatibility=False)


class QdrantIndex:
    """An index under the alias ``name``. See ``Index`` for the methods."""

    def __init__(
        self,
        client: QdrantClient,
        name: str,
        dimensions: int,
        placement: Placement | None = None,
        patience: Patience | None = None,
    ) -> None:
        patience = patience or Patience()
        self._client = client
        self._name = name
        self._dimensions = dimensions
        self._placement = placement or Placement()
        self._generations = Generations(client, name, patience.grace_s)
        self._turns = IndexTurns(self._generations, patience)
        self._changing = threading.RLock()
        self._turn: IndexTurn | None = None
        self._begun = False

    def search(self, query: HybridQuery, limit: int) -> list[Hit]:
        """Return the best ``limit`` chunks, fused by rank."""

        def found() -> list[models.ScoredPoint]:
            return self._client.query_points(
                self._name,  # the alias: a swap may happen at any time
                prefetch=[_prefetch(ranked, query) for ranked in FUSION],
                query=models.RrfQuery(
                    rrf=models.Rrf(k=RRF_K, weights=[ranked.weight for ranked in FUSION])
                ),
                limit=limit,
                with_payload=True,
                with_vectors=["dense", "windows"],
            ).points

        return [_hit(point, query.dense) for point in self._read(found)]

    def named(self, names: Sequence[str], query: HybridQuery) -> list[Hit]:
        """Return the curated chunks that carry one of these folded names."""
        if not names:
            return []
        by_name = models.FieldCondition(key="lookup", match=models.MatchAny(any=list(names)))

        def found() -> list[models.Record]:
            records, _ = self._client.scroll(
                self._name,
                scroll_filter=models.Filter(must=[by_name, *_allowed(query)]),
                limit=LIST_LENGTH,
                with_payload=True,
                with_vectors=["dense", "windows"],
            )
            return records

        return [_hit(record, query.dense) for record in self._read(found)]

    def chunks(self, root: str | None = None) -> Iterator[tuple[str, Chunk]]:
        """Yield every (id, chunk), or those of a root."""

        def found() -> list[models.Record]:  # to the end: no swap may come between two pages
            serving = self._generations.serving()
            return list(self._records(serving, root=root)) if serving else []

        for record in self._read(found):
            yield str(record.id), Chunk.from_payload(record.payload or {})

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Wait until no other process changes the index, and keep them from it."""
        with self._my_turn():
            yield

    def replace(
        self, add: Sequence[IndexPoint], remove: Sequence[str], done: Callable[[int], None]
    ) -> None:
        """Build the next generation as a new collection, then switch the alias to it."""
        with self._my_turn() as turn:
            self._replace(turn, add, remove, done)

    def generation(self) -> int:
        """Return the number of the serving generation."""
        with speaking():
            serving = SEARCH.call(self._generations.serving, passing)
            return self._generations.number(serving)

    def close(self) -> None:
        """Close the connection."""
        self._generations.close()
        self._client.close()

    @contextlib.contextmanager
    def _my_turn(self) -> Iterator[IndexTurn]:
        with self._changing:
            if self._turn is not None:
                yield self._turn
                return
            with speaking():
                turn = self._turn = self._turns.take()
            try:
                yield turn
            finally:
                self._turn = None
                turn.release()

    def _read(self, call: Callable[[], list[T]]) -> list[T]:
        """Return what a call finds; once more where what it searched was removed under it.

        That is no failure of the server: it is asked again however long the first look took.
        """

        def once() -> list[T]:
            self._begun = self._begun or self._generations.serving() is not None
            return call() if self._begun else []

        def twice() -> list[T]:
            try:
                return once()
            except FAILURES as error:
                if not missing(error):
                    raise
            self._begun = False  # look whether there is an index at all
            return once()

        with speaking():
            return SEARCH.call(twice, lambda error: missing(error) or passing(error))

    def _replace(
        self,
        turn: IndexTurn,
        add: Sequence[IndexPoint],
        remove: Sequence[str],
        done: Callable[[int], None],
    ) -> None:
        with speaking():
            old = self._generations.serving()
            self._generations.clear(old)
        name = self._generations.draft(turn.after + 1)
        draft = CollectionDraft(self._client, name, self._placement)
        try:
            draft.create(self._dimensions)
            self._fill(turn, old, draft, add, remove, done)
        except Exception as error:
            if turn.held():  # else somebody else clears up
                with contextlib.suppress(*FAILURES):
                    draft.delete()
            if isinstance(error, KnowledgeError):
                raise
            raise KnowledgeError(
                f"The collection {name} could not be written ({told(error)}); "
                "the one before it keeps serving.",
                hint=advice(error),
            ) from error
        with speaking():
            try:
                turn.swap(name)
            except FAILURES:
                if self._generations.serving() != name:  # else it was done, and only not said
                    raise
        with contextlib.suppress(*FAILURES):
            self._generations.serving()  # what served before goes after a while

    def _fill(
        self,
        turn: IndexTurn,
        old: str | None,
        draft: CollectionDraft,
        add: Sequence[IndexPoint],
        remove: Sequence[str],
        done: Callable[[int], None],
    ) -> None:
        written = set[str]()
        for start in range(0, len(add), BATCH):
            batch = add[start : start + BATCH]
            turn.check()
            draft.write([_point(point) for point in batch])
            written.update(point.id for point in batch)
            done(start + len(batch))
        count, without = len(written), written.union(remove)
        rest = self._records(old, vectors=True) if old else iter(())
        kept = (_again(record) for record in rest if str(record.id) not in without)
        while points := list(itertools.islice(kept, BATCH)):
            turn.check()
            draft.write(points)
            count += len(points)
        draft.settle(count, turn.check)

    def _records(
        self, collection: str, *, root: str | None = None, vectors: bool = False
    ) -> Iterator[models.Record]:
        below = None
        if root is not None:
            match = models.MatchValue(value=root)
            below = models.Filter(must=[models.FieldCondition(key="root", match=match)])
        offset: Any = None
        while True:
            page = partial(
                self._client.scroll,
                collection,
                scroll_filter=below,
                limit=_PAGE if vectors else BATCH,
                offset=offset,
                with_payload=True,
                with_vectors=vectors,
            )
            copied = CHANGE.call(page, passing_or_late) if vectors else SEARCH.call(page, passing)
            records, offset = copied
            yield from records
            if offset is None:
                return


def _prefetch(ranked: RankList, query: HybridQuery) -> models.Prefetch:
    language = models.FieldCondition(key="language", match=models.MatchValue(value=query.language))
    conditions = _allowed(query)
    if ranked.same_language is True:
        conditions.append(language)
    vector = query.dense.tolist() if ranked.using == "dense" else _sparse(query.sparse)
    return models.Prefetch(
        query=vector,
        using=ranked.using,
        limit=LIST_LENGTH,
        filter=models.Filter(
            must=conditions, must_not=[language] if ranked.same_language is False else None
        ),
    )


def _allowed(query: HybridQuery) -> list[Any]:
    audience = models.MatchAny(any=list(query.audiences))
    conditions: list[Any] = [models.FieldCondition(key="audience", match=audience)]
    if query.only:
        only = models.MatchValue(value=query.only)
        conditions.append(models.FieldCondition(key="language", match=only))
    return conditions


def _sparse(weights: Any) -> models.SparseVector:
    return models.SparseVector(indices=list(weights), values=list(weights.values()))


def _point(point: IndexPoint) -> models.PointStruct:
    vectors = {
        "dense": point.dense.tolist(),
        "windows": point.parts.tolist(),
        "bm25": _sparse(point.sparse),
    }
    return models.PointStruct(id=point.id, vector=vectors, payload=payload(point))


def _again(record: models.Record) -> models.PointStruct:
    return models.PointStruct(id=record.id, vector=record.vector or {}, payload=record.payload)  # type: ignore[arg-type]


def _hit(found: models.ScoredPoint | models.Record, question: Vectors) -> Hit:
    point = StoredPoint.of(str(found.id), found.payload or {}, found.vector)  # type: ignore[arg-type]
    return point.hit(question)
