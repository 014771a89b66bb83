"""A generation on a Qdrant server while it is written: a collection that nobody searches yet."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from qdrant_client import QdrantClient, models

from assistant.errors import KnowledgeError
from assistant.knowledge.index.generations import DELETED_S
from assistant.knowledge.index.speaking import FAILURES, late, passing_or_late, taken
from assistant.retries import CHANGE

_FILTERED: Final = ("language", "audience", "lookup", "root")
"""What searches filter by; indexed before anything is written, so that graphs are built with it."""
_WRITE_S: Final = 60
"""How long one write may take."""
_SETTLED_S: Final = 600.0
_LOOK_EVERY_S: Final = 1.0
_NUMBERS: Final = 400_000
"""Components of vectors in one request: some 8 MB of JSON; a server takes 32 unless told."""


@dataclass(frozen=True, slots=True)
class Placement:
    """How a generation lies on the server; None: as the server's own settings say.

    replicas: copies of each shard, each on another node. shards: parts. on_disk: whether vectors
    are read from disk, which takes less memory and more time.
    """

    replicas: int | None = None
    shards: int | None = None
    on_disk: bool | None = None

    @property
    def written(self) -> int | None:
        """How many copies must have a batch before it counts as written: most of them."""
        return None if self.replicas is None else self.replicas // 2 + 1


class CollectionDraft:
    """A collection that is being made. Each step is tried again where the server may recover."""

    def __init__(self, client: QdrantClient, name: str, placement: Placement) -> None:
        self.name = name
        self._client = client
        self._placement = placement

    def create(self, dimensions: int) -> None:
        """Make the collection, and the indexes of what is filtered by."""
        cosine, on_disk = models.Distance.COSINE, self._placement.on_disk
        best = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
        vector = partial(models.VectorParams, size=dimensions, distance=cosine, on_disk=on_disk)
        unsearched = models.HnswConfigDiff(m=0)  # what was found is only weighed by them
        create = partial(
            self._client.create_collection,
            self.name,
            vectors_config={
                "dense": vector(),
                "windows": vector(multivector_config=best, hnsw_config=unsearched),
            },
            sparse_vectors_config={"bm25": models.SparseVectorParams(modifier=models.Modifier.IDF)},
            shard_number=self._placement.shards,
            replication_factor=self._placement.replicas,
            write_consistency_factor=self._placement.written,
            timeout=_WRITE_S,
        )
        try:
            CHANGE.call(create, passing_or_late)
        except FAILURES as error:
            if not (taken(error) or self._made_late(error)):
                raise  # else it is ours: nobody else has that name
        for field in _FILTERED:
            self._completed(
                self._client.create_payload_index,
                self.name,
                field,
                field_schema=models.PayloadSchemaType.KEYWORD,
            )

    def write(self, points: Sequence[models.PointStruct]) -> None:
        """Write points, as many at a time as a request may hold."""
        for part in _parts(points):
            self._completed(self._client.upsert, self.name, part)

    def settle(self, count: int, check: Callable[[], None]) -> None:
        """Wait until it has its points, and its graphs for a while. check: raises to stop that.

        Raises:
            KnowledgeError: points are missing.
        """
        counted = partial(self._client.count, self.name, exact=True)
        held = CHANGE.call(counted, passing_or_late).count
        if held != count:
            raise KnowledgeError(
                f"The collection {self.name} has {held} passages and should have {count}; "
                "the one before it keeps serving.",
                hint="Run it again, and see the log of the Qdrant server if it happens again.",
            )
        end = time.monotonic() + _SETTLED_S
        while self._optimizing() and time.monotonic() < end:
            check()
            time.sleep(_LOOK_EVERY_S)

    def delete(self) -> None:
        """Take it away."""
        self._client.delete_collection(self.name, timeout=DELETED_S)

    def _made_late(self, error: Exception) -> bool:
        """Return whether only the copies on nodes that are away were waited for in vain."""
        return late(error) and self._client.collection_exists(self.name)

    def _optimizing(self) -> bool:
        with contextlib.suppress(*FAILURES):  # it is searched as well without, only more slowly
            info = self._client.get_collection(self.name)
            return info.status == models.CollectionStatus.YELLOW
        return False

    def _completed(self, call: Callable[..., models.UpdateResult], *args: Any, **more: Any) -> None:
        def once() -> None:
            result = call(*args, **more, wait=True, timeout=_WRITE_S)
            if result.status != models.UpdateStatus.COMPLETED:
                raise TimeoutError(f"a write was {result.status}")

        CHANGE.call(once, passing_or_late)


def _parts(points: Sequence[models.PointStruct]) -> Iterator[list[models.PointStruct]]:
    part: list[models.PointStruct] = []
    total = 0
    for point in points:
        numbers = _numbers(point.vector)
        if part and total + numbers > _NUMBERS:
            yield part
            part, total = [], 0
        part.append(point)
        total += numbers
    if part:
        yield part


def _numbers(vectors: Any) -> int:
    """Return how many components the vectors of a point have."""
    dense, windows, words = vectors["dense"], vectors["windows"], vectors["bm25"]
    return len(dense) * (1 + len(windows)) + 2 * len(words.indices)
