"""How long the embedded index takes to be built and searched, by how many passages it holds.

Random vectors, which no graph can order, with random words and windows: the worst case. The
baseline is a matrix of the same vectors, all of which numpy multiplies with the question's.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, overload
from uuid import UUID

import numpy as np

from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.index.index import HybridQuery, IndexPoint
from assistant.knowledge.search import CANDIDATES
from benchmarks.results import Columns, Table, number, table
from guardrails.arrays import Vectors

_DIMENSIONS: Final = 384
_WORDS: Final = 30_000
_EACH: Final = 40
"""Different words of a passage."""
_ASKED: Final = 8
_WINDOWS: Final = 2
_QUESTIONS: Final = 300
_WARM: Final = 20
_TEXT: Final = "Nobody reads this sentence, which is as long as others are. " * 8


def _unit(rng: np.random.Generator, count: int) -> Vectors:
    """Return random directions. Shape (count, 384)."""
    drawn = rng.standard_normal((count, _DIMENSIONS), dtype=np.float32)
    unit: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


def _words(rng: np.random.Generator, count: int) -> dict[int, float]:
    """Return random words, few of them often."""
    drawn = np.minimum(rng.zipf(1.2, count), _WORDS)
    return {int(word): 1.0 for word in drawn}


class Passages(Sequence[IndexPoint]):
    """So many passages, made as they are read; the same number is the same passage."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> IndexPoint: ...
    @overload
    def __getitem__(self, place: slice) -> list[IndexPoint]: ...
    def __getitem__(self, place: int | slice) -> IndexPoint | list[IndexPoint]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(self._count))]
        rng = np.random.default_rng(place)
        vectors = _unit(rng, 1 + _WINDOWS)
        language = "de" if place % 2 else "en"
        named = (f"Passage {place}",)
        chunk = Chunk("all", f"{place}.md", named, _TEXT, language, Kind.PAGE, "public")
        words = _words(rng, _EACH)
        return IndexPoint(str(UUID(int=place)), chunk, vectors[0], vectors[1:], words)


def measured(count: int) -> list[object]:
    """Build an index of so many passages, and search it."""
    passages, rng = Passages(count), np.random.default_rng(count)
    asked = [
        HybridQuery(vector, _words(rng, _ASKED), "en", ("public",))
        for vector in _unit(rng, _QUESTIONS + _WARM)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index = EdgeIndex(folder, _DIMENSIONS)
        began, cpu = time.perf_counter(), time.process_time()
        index.replace(passages, [], lambda done: _tell(done, count))
        built, cpu = time.perf_counter() - began, time.process_time() - cpu
        found = _times(lambda query: index.search(query, CANDIDATES), asked)
        size = sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())
        index.close()
    matrix = np.concatenate([_unit(np.random.default_rng(n), 1) for n in range(count)])
    scanned = _times(lambda query: np.argpartition(-(matrix @ query.dense), CANDIDATES), asked)
    return [count, built, cpu, size / 1e6, *found, *scanned]


def _times(search: Callable[[HybridQuery], object], asked: Sequence[HybridQuery]) -> list[float]:
    """Return milliseconds at p50 and p95, of the first search of each question."""
    took = []
    for query in asked:
        began = time.perf_counter()
        search(query)
        took.append(1000 * (time.perf_counter() - began))
    return [float(np.percentile(took[_WARM:], share)) for share in (50, 95)]


def _tell(done: int, total: int) -> None:
    if done % 10_240 == 0 or done == total:
        print(f"{done}/{total} passages", flush=True)


_SIZES: Final[Columns] = (
    "passages",
    number("built in", 0, "s"),
    number("with CPU", 0, "s"),
    number("on disk", 0, "MB"),
    *(number(name, 1, "ms") for name in ("search, p50", "p95", "numpy, all of them, p50", "p95 ")),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Measure an index of 20,000 and one of 200,000 passages."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    counts = (300, 2_000) if quick else (20_000, 200_000)
    return [table("sizes", _SIZES, [measured(count) for count in counts])]
