"""The embedded index: Qdrant's engine in this process, one folder per generation.

``CURRENT`` names the serving folder and is replaced atomically. One process owns the folder.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import qdrant_edge as edge
from filelock import FileLock, Timeout

from assistant.errors import KnowledgeError
from assistant.folders import PRIVATE_FILE, close_to_others
from assistant.knowledge.documents import Chunk
from assistant.knowledge.index import shard as shards
from assistant.knowledge.index.fusion import FUSION, LIST_LENGTH, RRF_K, RankList
from assistant.knowledge.index.index import (
    BATCH,
    Hit,
    HybridQuery,
    IndexPoint,
    StoredPoint,
    payload,
)
from guardrails.failures import noted, told, unpanicked

_SPARE_BYTES: Final = 256 << 20
"""Free beside the points before a generation is begun."""
_RESERVE_BYTES: Final = 96 << 20
"""Free beside the points at each step: more than others are likely to write during one."""
_BYTES_PER_POINT: Final = 16 << 10
_BLOCK_BYTES: Final = 64 << 10
_REMEMBERED: Final = 1024
"""Points of the serving generation that are kept as they are read, some 10 KB each and more
with many names: to make one out of what the engine returns takes longer than to find it."""
_KEYWORDS: Final = ("language", "audience", "lookup", "root")


class EdgeIndex:
    """An index in ``folder``, created when absent. See ``Index`` for the methods."""

    def __init__(self, folder: Path, dimensions: int) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._swap = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._owner = FileLock(folder / "owner.lock", mode=PRIVATE_FILE, thread_local=False)
            self._owner.acquire(timeout=0)
        except Timeout:
            raise KnowledgeError(
                f"Another Routeback process owns {folder}.",
                hint="Use it over HTTP, stop it, or set ROUTEBACK_DATA_DIR to another folder.",
            ) from None
        except OSError as error:
            raise KnowledgeError(f"{folder} cannot be used: {error.strerror}.") from error
        try:
            self._generation = self._current()
            self._shard = self._open(self._generation) if self._generation else None
            self._point = _remembering(self._shard)
        except KnowledgeError:
            self._owner.release()
            raise
        self._sweep()
        close_to_others(folder)

    def search(self, query: HybridQuery, limit: int) -> list[Hit]:
        """Return the best ``limit`` chunks, fused by rank."""
        request = edge.QueryRequest(
            limit=limit,
            prefetches=[_prefetch(ranked, query) for ranked in FUSION],
            query=edge.Fusion.Rrf(RRF_K, [r.weight for r in FUSION]),  # type: ignore[arg-type]
        )
        with self._reading() as shard:
            found = shard.query(request) if shard else []
            points = [self._point(str(one.id)) for one in found]
        return [point.hit(query.dense) for point in points]

    def named(self, names: Sequence[str], query: HybridQuery) -> list[Hit]:
        """Return the curated chunks that carry one of these folded names."""
        by_name = edge.FieldCondition("lookup", match=edge.MatchAny(list(names)))
        request = edge.ScrollRequest(
            limit=LIST_LENGTH,
            filter=edge.Filter(must=[by_name, *_allowed(query)]),
            with_payload=False,
        )
        with self._reading() as shard:
            records = shard.scroll(request)[0] if shard and names else []
            points = [self._point(str(record.id)) for record in records]
        return [point.hit(query.dense) for point in points]

    def chunks(self, root: str | None = None) -> Iterator[tuple[str, Chunk]]:
        """Yield every (id, chunk), or those of a root."""
        records: list[edge.Record] = []
        offset: Any = None
        below = None
        if root is not None:
            below = edge.Filter(must=[edge.FieldCondition("root", match=edge.MatchValue(root))])
        with self._reading() as shard:  # to the end: no swap may come between two pages
            while shard:
                request = edge.ScrollRequest(
                    limit=BATCH, offset=offset, filter=below, with_payload=True
                )
                page, offset = shard.scroll(request)
                records += page
                if offset is None:
                    break
        for record in records:
            yield str(record.id), Chunk.from_payload(record.payload or {})

    def changing(self) -> contextlib.AbstractContextManager[None]:
        """Do nothing: no other process can open the folder."""
        return contextlib.nullcontext()

    def replace(
        self, add: Sequence[IndexPoint], remove: Sequence[str], done: Callable[[int], None]
    ) -> None:
        """Build the next generation beside the serving one, then swap."""
        following = self._generation + 1
        self._sweep()
        self._check_space(len(add))
        try:
            with unpanicked():
                with self._swap:
                    if self._shard:
                        self._shard.flush()
                        before, draft = self._path(self._generation), self._path(following)
                        shutil.copytree(before, draft, copy_function=_copy_without_holes)
                shard = self._open(following)
                if remove:
                    shard.update(edge.UpdateOperation.delete_points(list(remove)))
                for start in range(0, len(add), BATCH):
                    self._check_room(len(add) - start)
                    batch = [_point(point) for point in add[start : start + BATCH]]
                    shard.update(edge.UpdateOperation.upsert_points(batch))
                    done(start + len(batch))
                self._check_room(0)
                shard.optimize()
                shard.flush()
                self._point_to(following)
        except KnowledgeError:
            self._sweep()
            raise
        except Exception as error:
            self._sweep()
            raise KnowledgeError(
                f"The index in {self._folder} could not be written ({told(error)}); "
                "the one before it keeps serving.",
                hint="Check the free space and the rights of the folder, then run it again.",
            ) from error
        with self._swap:
            old, self._shard, self._generation = self._shard, shard, following
            self._point = _remembering(shard)
            if old:
                old.close()
        self._sweep()
        close_to_others(self._folder)

    def generation(self) -> int:
        """Return the number of the serving generation."""
        return self._generation

    def close(self) -> None:
        """Release the folder."""
        with self._swap:
            if self._shard:
                self._shard.close()
            self._shard = None
            self._point = _remembering(None)
        close_to_others(self._folder)  # the engine makes files as the process's umask says
        self._owner.release()

    @contextlib.contextmanager
    def _reading(self) -> Iterator["edge.EdgeShard | None"]:
        with self._swap:
            try:
                with unpanicked():
                    yield self._shard
            except KnowledgeError:
                raise
            except Exception as error:
                why = noted(error, "the index")
                raise KnowledgeError(f"The index in {self._folder} failed ({why}).") from error

    def _path(self, generation: int) -> Path:
        return self._folder / f"generation-{generation:06d}"

    def _current(self) -> int:
        try:
            generation = int((self._folder / "CURRENT").read_text())
        except FileNotFoundError:
            return 0
        except (OSError, ValueError) as error:
            raise self._damaged(error) from error
        if not self._path(generation).is_dir():
            raise self._damaged(f"{self._path(generation).name} is missing")
        return generation

    def _damaged(self, why: object) -> KnowledgeError:
        return KnowledgeError(
            f"{self._folder / 'CURRENT'} is damaged ({why}).",
            hint="Delete the folder and add the documents again.",
        )

    @property
    def _note(self) -> Path:
        return self._folder / "CURRENT.next"

    def _point_to(self, generation: int) -> None:
        note = self._note
        with note.open("w") as file:
            file.write(str(generation))
            file.flush()
            os.fsync(file.fileno())
        note.replace(self._folder / "CURRENT")

    def _open(self, generation: int) -> "edge.EdgeShard":
        path = self._path(generation)
        try:
            if path.exists():
                with unpanicked():
                    return shards.load(path, self._dimensions)
            path.mkdir(parents=True)
            shard = edge.EdgeShard.create(str(path), shards.layout(self._dimensions))
            for name in _KEYWORDS:
                keyword = edge.PayloadSchemaType.Keyword
                shard.update(edge.UpdateOperation.create_field_index(name, keyword))
        except KnowledgeError:
            raise
        except Exception as error:
            raise KnowledgeError(
                f"The index {path} cannot be opened ({told(error)}).",
                hint="Delete the folder above it and add the documents again.",
            ) from error
        return shard

    def _sweep(self) -> None:
        """Delete generations that do not serve: old ones, and drafts of a run that failed."""
        self._note.unlink(missing_ok=True)
        for path in self._folder.glob("generation-*"):
            if path != self._path(self._generation):
                shutil.rmtree(path, ignore_errors=True)

    def _check_space(self, points: int) -> None:
        """Refuse to begin where the next generation has no room."""
        current = self._path(self._generation)
        size = sum(file.stat().st_blocks * 512 for file in current.rglob("*") if file.is_file())
        needed = size + points * _BYTES_PER_POINT + _SPARE_BYTES
        if why := shards.full(self._folder, needed):
            raise why

    def _check_room(self, points: int) -> None:
        """Refuse to go on where others have filled the disk: the engine would end the process."""
        if why := shards.full(self._folder, points * _BYTES_PER_POINT + _RESERVE_BYTES):
            raise why


def _copy_without_holes(source: str, target: str) -> str:
    """Copy a file and leave out its zeros: Qdrant reserves far more space than it fills."""
    with Path(source).open("rb") as old, Path(target).open("wb") as new:
        while block := old.read(_BLOCK_BYTES):
            if block == bytes(len(block)):
                new.seek(len(block), os.SEEK_CUR)
            else:
                new.write(block)
        new.truncate(old.tell())
    return target


def _prefetch(ranked: RankList, query: HybridQuery) -> "edge.Prefetch":
    conditions = _allowed(query)
    language = edge.FieldCondition("language", match=edge.MatchValue(query.language))
    if ranked.same_language is True:
        conditions.append(language)
    vector = (
        query.dense.tolist()
        if ranked.using == "dense"
        else edge.SparseVector(list(query.sparse), list(query.sparse.values()))
    )
    return edge.Prefetch(
        limit=LIST_LENGTH,
        query=edge.Query.Nearest(vector, using=ranked.using),
        filter=edge.Filter(
            must=conditions, must_not=[language] if ranked.same_language is False else None
        ),
    )


def _allowed(query: HybridQuery) -> list[Any]:
    conditions: list[Any] = [
        edge.FieldCondition("audience", match=edge.MatchAny(list(query.audiences)))
    ]
    if query.only:
        conditions.append(edge.FieldCondition("language", match=edge.MatchValue(query.only)))
    return conditions


def _point(point: IndexPoint) -> "edge.Point":
    sparse = edge.SparseVector(list(point.sparse), list(point.sparse.values()))
    vectors = {
        "dense": point.dense.tolist(),
        "windows": point.parts.tolist(),
        "bm25": sparse,
    }
    return edge.Point(id=point.id, vector=vectors, payload=payload(point))


def _remembering(shard: "edge.EdgeShard | None") -> Callable[[str], StoredPoint]:
    """Return what reads a point of a generation, none of whose points changes."""

    @lru_cache(_REMEMBERED)
    def read(id_: str) -> StoredPoint:
        assert shard is not None, "an id was found in it"  # noqa: S101
        (record,) = shard.retrieve([id_], with_payload=True, with_vector=["dense", "windows"])
        return StoredPoint.of(str(record.id), record.payload or {}, record.vector)  # type: ignore[arg-type]

    return read
