"""How the dense and the word lists of a search are fused, and how long they are."""

from dataclasses import dataclass


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
"""Fitted by ``benchmarks/retrieval/retrieval.py``: words decide little across languages, but names
and numbers are the same in both. Qdrant stretches the rank by the weight, so weights only matter
while RRF_K is small."""
RRF_K = 2
LIST_LENGTH = 50
"""Passages of each list."""
