"""Texts as sets of character 5-grams, and which of many are nearly the same.

Candidates come from MinHash with locality-sensitive hashing (Broder 1997; Indyk and Motwani
1998); each is then compared exactly, so that a pair that is returned is one.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from guardrails.text.words import words

if TYPE_CHECKING:
    from datasketch import MinHash

_GRAM: Final = 5
_PERMUTATIONS: Final = 64
_MARGIN: Final = 0.15
"""How far below the threshold candidates are looked for: their similarity is estimated."""

Grams = frozenset[str]


def folded(text: str) -> str:
    """Return the words of a text, case folded, without punctuation."""
    return " ".join(words(text))


def grams(text: str) -> Grams:
    """Return the character 5-grams of a folded text; the text itself if it is shorter."""
    flat = folded(text)
    return frozenset(flat[at : at + _GRAM] for at in range(max(1, len(flat) - _GRAM + 1)))


def likeness(one: Grams, other: Grams) -> float:
    """Return the Jaccard similarity of two sets, in [0, 1]."""
    return len(one & other) / len(one | other)


def near(
    held: Sequence[str], asked: Sequence[str], threshold: float
) -> Iterator[tuple[int, int, float]]:
    """Yield (asked, held, similarity) for texts that are at least ``threshold`` alike.

    Of several held texts only the most similar is given. Empty texts are like none.
    """
    lookup = _Lookup(threshold)
    for number, text in enumerate(held):
        lookup.add(number, text)
    for number, text in enumerate(asked):
        best = lookup.best(text)
        if best is not None:
            yield number, *best


def repeated(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """Yield (text, earlier text, similarity) for each text that nearly repeats an earlier one."""
    lookup = _Lookup(threshold)
    for number, text in enumerate(texts):
        best = lookup.best(text)
        if best is not None:
            yield number, *best
        else:
            lookup.add(number, text)


class _Lookup:
    def __init__(self, threshold: float) -> None:
        from datasketch import MinHash, MinHashLSH  # a second to import: it brings scipy

        self._threshold = threshold
        self._hash = MinHash
        self._index = MinHashLSH(threshold=threshold - _MARGIN, num_perm=_PERMUTATIONS)
        self._grams: dict[int, Grams] = {}
        self._exact: dict[str, int] = {}

    def add(self, number: int, text: str) -> None:
        flat = folded(text)
        if not flat:
            return
        if self._exact.setdefault(flat, number) == number:
            self._grams[number] = grams(flat)
            self._index.insert(number, self._signature(self._grams[number]))

    def best(self, text: str) -> tuple[int, float] | None:
        flat = folded(text)
        if not flat or not self._grams:
            return None
        if flat in self._exact:
            return self._exact[flat], 1.0
        own = grams(flat)
        alike = (
            (likeness(own, self._grams[n]), -n) for n in self._index.query(self._signature(own))
        )
        degree, number = max(alike, default=(0.0, 0))
        return (-number, degree) if degree >= self._threshold else None

    def _signature(self, held: Grams) -> "MinHash":
        signature = self._hash(num_perm=_PERMUTATIONS, seed=1)
        signature.update_batch([gram.encode() for gram in held])
        return signature
