"""Small hand-made points, and what an index should answer from them."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np

from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.index.fusion import FUSION, LIST_LENGTH, RRF_K, RankList
from assistant.knowledge.index.index import HybridQuery, IndexPoint
from guardrails.arrays import Vectors

DIMENSIONS = 8


def unit(*values: float) -> Vectors:
    """Return the unit vector in this direction; missing values are 0."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def point(
    number: int,
    dense: Vectors | None = None,
    words: Mapping[int, float] | None = None,
    *,
    windows: Sequence[Vectors] = (),
    language: str = "en",
    audience: str = "public",
    names: tuple[str, ...] = (),
    root: str = "docs",
    source: str = "page.md",
) -> IndexPoint:
    """Return a point whose id and text are its number."""
    vector = unit(1) if dense is None else dense
    chunk = Chunk(
        root=root,
        source=source,
        title_path=("Guide", f"Part {number}"),
        text=f"text {number}",
        language=language,
        kind=Kind.GLOSSARY if names else Kind.PAGE,
        audience=audience,
        url=f"https://example.com/{number}",
        key=f"key-{number}",
        names=names,
    )
    sparse = {number + 1000: 1.0} if words is None else words
    return IndexPoint(id_of(number), chunk, vector, np.stack([*windows] or [vector]), sparse)


def id_of(number: int) -> str:
    """Return the id of a point."""
    return str(UUID(int=number + 1))


def query(
    dense: Vectors | None = None,
    words: Mapping[int, float] | None = None,
    *,
    language: str = "en",
    audiences: tuple[str, ...] = ("public",),
    only: str | None = None,
) -> HybridQuery:
    """Return a question; without words it has one that no point has."""
    return HybridQuery(
        dense=unit(1) if dense is None else dense,
        sparse={999_999: 1.0} if words is None else words,
        language=language,
        audiences=audiences,
        only=only,
    )


def random_points(count: int, seed: int) -> list[IndexPoint]:
    """Return points in two languages with random directions and words."""
    rng = np.random.default_rng(seed)
    return [
        point(
            number,
            unit(*rng.normal(size=DIMENSIONS)),
            {int(word): float(rng.uniform(0.1, 2)) for word in rng.choice(60, 8, replace=False)},
            windows=[unit(*rng.normal(size=DIMENSIONS)) for _ in range(int(rng.integers(1, 4)))],
            language="de" if number % 3 == 0 else "en",
        )
        for number in range(count)
    ]


def random_query(rng: np.random.Generator) -> HybridQuery:
    """Return a question with a random direction and three words."""
    words = {int(word): 1.0 for word in rng.choice(60, 3, replace=False)}
    return query(unit(*rng.normal(size=DIMENSIONS)), words)


def fused_scores(points: Sequence[IndexPoint], asked: HybridQuery) -> dict[str, float]:
    """Return what weighted reciprocal rank fusion gives each point, by the definitions.

    RRF: Cormack, Clarke and Büttcher (2009), with Qdrant's constant and weights. BM25's inverse
    document frequency: Robertson and Zaragoza (2009).
    """
    scores: Counter[str] = Counter()
    for ranked in FUSION:
        for rank, id_ in enumerate(_ranked(points, asked, ranked)[:LIST_LENGTH]):
            scores[id_] += 1 / ((rank + 1) / ranked.weight + RRF_K - 1)
    return dict(scores)


def _ranked(points: Sequence[IndexPoint], asked: HybridQuery, ranked: RankList) -> list[str]:
    scores = {}
    for held in points:
        if ranked.same_language is (held.chunk.language != asked.language):
            continue
        score = _score(points, held, asked, ranked.using)
        if score is not None:
            scores[held.id] = score
    return sorted(scores, key=scores.__getitem__, reverse=True)


def _score(
    points: Sequence[IndexPoint], held: IndexPoint, asked: HybridQuery, using: str
) -> float | None:
    if using == "dense":
        return float(held.dense @ asked.dense)
    if using == "windows":
        return float((held.windows @ asked.dense).max())
    shared = held.sparse.keys() & asked.sparse.keys()
    if not shared:
        return None
    return sum(held.sparse[w] * asked.sparse[w] * _idf(points, w) for w in shared)


def _idf(points: Sequence[IndexPoint], word: int) -> float:
    holding = sum(word in held.sparse for held in points)
    return math.log((len(points) - holding + 0.5) / (holding + 0.5) + 1)
