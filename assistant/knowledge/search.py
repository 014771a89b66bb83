"""Finds the passages for a question: curated names first, then hybrid search."""

from collections.abc import Callable, Container, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

from assistant.knowledge import names
from assistant.knowledge.documents import Chunk
from assistant.knowledge.index.bm25 import Bm25
from assistant.knowledge.index.candidate import CandidateIndex
from assistant.knowledge.index.index import Hit, HybridQuery, Index, IndexPoint
from assistant.knowledge.replacements import Place, Replacements, family, place_of
from assistant.knowledge.rerank import overlaps, relevance
from assistant.local.embeddings import TextEmbedder
from guardrails.arrays import Vectors
from guardrails.text.function_words import DEFINING
from guardrails.text.words import words

CANDIDATES: Final = 20
"""How many hits of the fused list are reranked."""
_REMEMBERED: Final = 64
"""Questions whose embedding is kept: each is asked for by several steps of its turn."""
_TRIES: Final = 5
"""How often a search begins again, as the index was swapped meanwhile."""
MENTION_BONUS: Final = 0.02
"""What it adds to a curated entry's score that the question mentions its name."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as evidence for one question.

    score: relevance, higher is better. similarity, windows, names: cosines of the question with
    the passage, with its windows in reading order and with its names, in [-1, 1]. matched: the
    question names this curated entry and asks for nothing else. mentioned: it names it, and asks
    for more. answers: how likely it answers, as selection weighs it, in [0, 1]; None before that,
    and no part of what it is.
    """

    id: str
    chunk: Chunk
    score: float
    similarity: float
    windows: tuple[float, ...]
    names: tuple[float, ...] = ()
    matched: bool = False
    mentioned: bool = False
    answers: float | None = field(default=None, compare=False)

    @property
    def window(self) -> float:
        """The best window's cosine."""
        return max(self.windows)


class Search:
    """Searches one index. Safe to call from several threads."""

    def __init__(
        self,
        index: Index,
        embedder: TextEmbedder,
        *,
        audience: str = "public",
        language_preference: Literal["prefer", "only", "any"] = "prefer",
    ) -> None:
        self._index = index
        self._replacements = Replacements(index)
        self._embedder = embedder
        self._bm25 = Bm25()
        self._audiences = tuple(dict.fromkeys(("public", audience)))
        self._preference = language_preference
        self._vector = lru_cache(_REMEMBERED)(self._embedded)

    def seen_by(self, groups: Iterable[str]) -> "Search":
        """Return a search that finds what is meant for some groups, too."""
        search = copy(self)
        search._audiences = tuple(dict.fromkeys((*self._audiences, *sorted(groups))))  # noqa: SLF001
        return search

    def with_candidate(self, point: IndexPoint, instead_of: Callable[[Chunk], bool]) -> "Search":
        """Return a search in what there would be with one more entry: see ``CandidateIndex``."""
        search = copy(self)
        search._index = CandidateIndex(self._index, point, instead_of)  # noqa: SLF001
        search._replacements = Replacements(search._index)  # noqa: SLF001
        return search

    def embed(self, question: str) -> Vectors:
        """Embed one question. Shape (dimensions,). What was embedded lately is not again."""
        return self._vector(question)

    def _embedded(self, question: str) -> Vectors:
        vector: Vectors = self._embedder.queries([question])[0]
        return vector

    def generation(self) -> int:
        """Return the number of the generation that is searched.

        Raises:
            KnowledgeError: the index failed.
        """
        return self._index.generation()

    def find(
        self, question: str, language: str, limit: int, vector: Vectors | None = None
    ) -> list[Passage]:
        """Return at most ``limit`` passages, best first.

        vector: the question's embedding, when the caller has it already.
        """
        query = HybridQuery(
            dense=self.embed(question) if vector is None else vector,
            sparse=self._bm25.question(question),
            language=language,
            audiences=self._audiences,
            only=language if self._preference == "only" else None,
        )
        named, hits = self._hits(question, query)
        ranked = _passages(question, hits)
        runs = dict(names.candidates(question))
        ranked = [_mentioned(runs, passage) for passage in ranked]
        ranked.sort(key=lambda passage: passage.score, reverse=True)
        preferred = None if self._preference == "any" else language
        return _one_per_entry([*named, *ranked], preferred)[:limit]

    def _hits(self, question: str, query: HybridQuery) -> tuple[list[Passage], list[Hit]]:
        """Return what is asked for by name, and what else is found, both of one generation."""
        for _ in range(_TRIES):
            generation, places = self._replacements.now()
            named = self._named(question, query, places)
            hits = _standing(self._index.search(query, CANDIDATES), places)
            if self._index.generation() == generation:
                break
        return named, hits

    def _named(self, question: str, query: HybridQuery, places: frozenset[Place]) -> list[Passage]:
        """Return the curated entries that the question asks for by name, and nothing else."""
        runs = dict(names.candidates(question))
        hits = _standing(self._index.named(list(runs), query), places)
        covered = {hit.id: _covered(hit.chunk, runs) for hit in hits}
        tokens = words(question.replace("-", " "))
        asked = {i for i, token in enumerate(tokens) if token not in DEFINING}
        best = [hit for hit in hits if not _inside_another(covered[hit.id], covered.values())]
        if not asked or asked - frozenset().union(*(covered[hit.id] for hit in best)):
            return []
        best.sort(key=lambda hit: (min(covered[hit.id]), -hit.whole))
        passages = _passages(question, best)
        return [replace(passage, matched=True, mentioned=True) for passage in passages]


def _standing(hits: Sequence[Hit], places: frozenset[Place]) -> list[Hit]:
    """Leave out entries in whose place others stand."""
    if not places:
        return list(hits)
    return [h for h in hits if not (h.chunk.kind.curated and place_of(h.chunk) in places)]


def _mentioned(runs: Container[str], passage: Passage) -> Passage:
    """Raise a curated entry whose name stands somewhere in the question. runs: its words."""
    if any(name in runs for name in names.lookup_names(passage.chunk)):
        return replace(passage, score=passage.score + MENTION_BONUS, mentioned=True)
    return passage


def _passages(question: str, hits: Sequence[Hit]) -> list[Passage]:
    shared = overlaps(question, [hit.chunk.searchable for hit in hits])
    return [
        Passage(
            id=hit.id,
            chunk=hit.chunk,
            score=relevance(hit.whole, hit.window, overlap),
            similarity=hit.whole,
            windows=hit.windows,
            names=hit.names,
        )
        for hit, overlap in zip(hits, shared, strict=True)
    ]


def _covered(chunk: Chunk, runs: dict[str, frozenset[int]]) -> frozenset[int]:
    places = (runs[name] for name in names.lookup_names(chunk) if name in runs)
    return max(places, key=len, default=frozenset())


def _inside_another(own: frozenset[int], others: Iterable[frozenset[int]]) -> bool:
    return any(own < other for other in others)


def _one_per_entry(passages: Sequence[Passage], preferred: str | None) -> list[Passage]:
    """Keep one language of each entry: the preferred one if it was found, at the best place."""
    chosen: dict[str, Passage] = {}
    for passage in passages:
        chunk = passage.chunk
        content = f"{chunk.title}\0{chunk.text}"  # what was added twice is said once
        entry = family(chunk) or content
        before = chosen.get(entry)
        if before is None:
            chosen[entry] = passage
        elif preferred == chunk.language != before.chunk.language:
            matched = before.matched or passage.matched
            chosen[entry] = replace(
                passage, score=max(before.score, passage.score), matched=matched
            )
    return list(chosen.values())
