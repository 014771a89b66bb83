"""The server index: a Qdrant server or cluster through ``qdrant-client``.

Each generation is a collection; an alias names the serving one and is switched atomically.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException

from assistant.errors import KnowledgeError
from assistant.knowledge.documents import Chunk
from assistant.knowledge.index.fusion import FUSION, LIST_LENGTH, RRF_K, RankList
from assistant.knowledge.index.index import (
    BATCH,
    Hit,
    HybridQuery,
    IndexPoint,
    hit,
    payload,
)
from guardrails.arrays import Vectors
from guardrails.failures import noted, told

_KEYWORDS = ("language", "audience", "lookup", "root")


class QdrantIndex:
    """An index under the alias ``name``. See ``Index`` for the methods."""

    def __init__(self, client: QdrantClient, name: str, dimensions: int) -> None:
        self._client = client
        self._name = name
        self._dimensions = dimensions

    def search(self, query: HybridQuery, limit: int) -> list[Hit]:
        """Return the best ``limit`` chunks, fused by rank."""
        with self._speaking():
            if not self._serving():
                return []
            points = self._client.query_points(
                self._name,  # the alias: a swap may happen at any time
                prefetch=[_prefetch(ranked, query) for ranked in FUSION],
                query=models.RrfQuery(
                    rrf=models.Rrf(k=RRF_K, weights=[ranked.weight for ranked in FUSION])
                ),
                limit=limit,
                with_payload=True,
                with_vectors=["dense", "windows"],
            ).points
        return [_hit(point, query.dense) for point in points]

    def named(self, names: Sequence[str], query: HybridQuery) -> list[Hit]:
        """Return the curated chunks that carry one of these folded names."""
        by_name = models.FieldCondition(key="lookup", match=models.MatchAny(any=list(names)))
        with self._speaking():
            if not names or not self._serving():
                return []
            records, _ = self._client.scroll(
                self._name,
                scroll_filter=models.Filter(must=[by_name, *_allowed(query)]),
                limit=LIST_LENGTH,
                with_payload=True,
                with_vectors=["dense", "windows"],
            )
        return [_hit(record, query.dense) for record in records]

    def chunks(self) -> Iterator[tuple[str, Chunk]]:
        """Yield every (id, chunk)."""
        for record in self._records(with_vectors=False):
            yield str(record.id), Chunk.from_payload(record.payload or {})

    def replace(
        self, add: Sequence[IndexPoint], remove: Sequence[str], done: Callable[[int], None]
    ) -> None:
        """Build the next generation as a new collection, then switch the alias to it."""
        with self._speaking():
            old = self._serving()
            draft = f"{self._name}-{self.generation() + 1:06d}"
            self._client.delete_collection(draft)  # of a run that was killed
            try:
                self._fill(draft, add, remove, done)
            except Exception as error:
                with contextlib.suppress(Exception):
                    self._client.delete_collection(draft)
                raise KnowledgeError(
                    f"The collection {draft} could not be written ({told(error)}); "
                    "the one before it keeps serving."
                ) from error
            self._switch(old, draft)
            if old:
                self._client.delete_collection(old)

    def generation(self) -> int:
        """Return the number of the serving generation."""
        with self._speaking():
            serving = self._serving()
        return int(serving.rsplit("-", 1)[1]) if serving else 0

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except (ApiException, OSError, ValueError) as error:
            raise KnowledgeError(
                f"The Qdrant server failed ({noted(error, 'Qdrant')}).",
                hint="Check knowledge.qdrant_url and that the server runs.",
            ) from error

    def _serving(self) -> str | None:
        aliases = self._client.get_aliases().aliases
        return next((a.collection_name for a in aliases if a.alias_name == self._name), None)

    def _fill(
        self,
        draft: str,
        add: Sequence[IndexPoint],
        remove: Sequence[str],
        done: Callable[[int], None],
    ) -> None:
        self._create(draft)
        gone = {*remove, *(point.id for point in add)}
        rest = (record for record in self._records(with_vectors=True) if str(record.id) not in gone)
        while records := list(itertools.islice(rest, BATCH)):
            self._client.upsert(draft, [_again(record) for record in records], wait=True)
        for start in range(0, len(add), BATCH):
            batch = [_point(point) for point in add[start : start + BATCH]]
            self._client.upsert(draft, batch, wait=True)
            done(start + len(batch))

    def _create(self, collection: str) -> None:
        size, cosine = self._dimensions, models.Distance.COSINE
        best = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
        windows = models.VectorParams(
            size=size,
            distance=cosine,
            multivector_config=best,
            hnsw_config=models.HnswConfigDiff(m=0),  # only used to rerank
        )
        self._client.create_collection(
            collection,
            vectors_config={
                "dense": models.VectorParams(size=size, distance=cosine),
                "windows": windows,
            },
            sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        for name in _KEYWORDS:
            self._client.create_payload_index(
                collection, name, field_schema=models.PayloadSchemaType.KEYWORD
            )

    def _switch(self, old: str | None, new: str) -> None:
        create = models.CreateAliasOperation(
            create_alias=models.CreateAlias(collection_name=new, alias_name=self._name)
        )
        delete = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self._name))
        self._client.update_collection_aliases([*([delete] if old else []), create])

    def _records(self, *, with_vectors: bool) -> Iterator[models.Record]:
        with self._speaking():
            serving = self._serving()
            offset: Any = None
            while serving:
                records, offset = self._client.scroll(
                    serving,
                    limit=BATCH,
                    offset=offset,
                    with_payload=True,
                    with_vectors=with_vectors,
                )
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
    return hit(str(found.id), found.payload or {}, found.vector, question)  # type: ignore[arg-type]
