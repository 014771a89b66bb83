"""Orders the candidates of one question by meaning and by words, across languages.

The fused list decides which passages are looked at; their order comes from the cosine with the
whole passage, the cosine with its best window, and how much of the question's rare words the
passage has. Words are compared by spelling that is folded to what English and German share,
and by character trigrams, so that *Photosynthese* meets *photosynthesis* and names and numbers
count in both. Fitted by ``benchmarks/retrieval/retrieval.py``.
"""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from guardrails.text.function_words import STOP_WORDS

WINDOW_WEIGHT: Final = 0.6
OVERLAP_WEIGHT: Final = 0.004
ALIKE: Final = 0.55
"""Trigram similarity from which two words count as the same."""

_SHORT_GRAMS: Final = 5
_WORD: Final = re.compile(r"\w+")
_FOLDS: Final = (
    *(("ä", "a"), ("ö", "o"), ("ü", "u"), ("ß", "ss")),
    *(("sch", "sh"), ("ph", "f"), ("ck", "k"), ("th", "t"), ("qu", "kv")),
    *(("c", "k"), ("z", "k"), ("y", "i"), ("w", "v")),
)
_DOUBLED: Final = re.compile(r"(.)\1")


def relevance(whole: float, window: float, overlap: float) -> float:
    """Return the score of one candidate from its two cosines and its word overlap."""
    meaning = (1 - WINDOW_WEIGHT) * whole + WINDOW_WEIGHT * window
    return meaning + OVERLAP_WEIGHT * overlap


def overlaps(question: str, texts: Sequence[str]) -> list[float]:
    """Return, for each text, the sum of the weights of the question's words that it has.

    A word weighs more the fewer of these texts have it (inverse document frequency among the
    candidates, so no statistics of the corpus are needed).
    """
    terms = {folded(word) for word in _WORD.findall(question.casefold()) if word not in STOP_WORDS}
    words = [_Words.of(text) for text in texts]
    totals = [0.0] * len(texts)
    for word in sorted(terms):
        shares = [bag.best(word) for bag in words]
        df = sum(shares)
        weight = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
        totals = [total + weight * share for total, share in zip(totals, shares, strict=True)]
    return totals


def alike(asked: Sequence[str], text: str) -> list[float]:
    """Return how alike the most similar word of a text is, for each word, in {0} ∪ [ALIKE, 1]."""
    bag = _Words.of(text)
    return [bag.best(folded(word.casefold())) for word in asked]


@lru_cache(maxsize=65_536)
def folded(word: str) -> str:
    """Return a case-folded word in the spelling that English and German share."""
    if word.isdigit():
        return word
    for old, new in _FOLDS:
        word = word.replace(old, new)
    return _DOUBLED.sub(r"\1", word)


class _Words:
    """The words of one text, findable by trigram."""

    def __init__(self, text: str) -> None:
        self._words = tuple({folded(word) for word in _WORD.findall(text.casefold())})
        self._exact = frozenset(self._words)
        self._sizes = [len(_grams(word)) for word in self._words]
        self._with: dict[str, list[int]] = defaultdict(list)
        for position, word in enumerate(self._words):
            for gram in _grams(word):
                self._with[gram].append(position)

    @classmethod
    @lru_cache(maxsize=4096)
    def of(cls, text: str) -> "_Words":
        return cls(text)

    def best(self, word: str) -> float:
        """Return how alike the most similar word is, in {0} ∪ [ALIKE, 1]. Numbers: 0 or 1."""
        if word in self._exact:
            return 1.0
        if word.isdigit():
            return 0.0
        grams = _grams(word)
        shared: dict[int, int] = defaultdict(int)
        for gram in grams:
            for position in self._with.get(gram, ()):
                shared[position] += 1
        best = max(
            (_alike(n, len(grams), self._sizes[position]) for position, n in shared.items()),
            default=0.0,
        )
        return best if best >= ALIKE else 0.0


def _alike(shared: int, one: int, other: int) -> float:
    """Return the share of the shorter word's trigrams; Dice if that word is very short."""
    least = min(one, other)
    return min(1.0, shared / least if least >= _SHORT_GRAMS else 2 * shared / (one + other))


@lru_cache(maxsize=65_536)
def _grams(word: str) -> frozenset[str]:
    if word.isdigit():
        return frozenset()
    padded = f"^{word}$"
    return frozenset(padded[i : i + 3] for i in range(max(1, len(padded) - 2)))
