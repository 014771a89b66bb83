"""Whether two questions are nearly the same, by signatures that are small enough to be kept.

A signature is a MinHash (Broder 1997) of the 4-grams of the words that say what is asked about: the
share of equal places estimates how much of both the two have in common (Jaccard). So neither case,
marks, courtesy, order nor a typo makes another question, and another term in "What is …?" does.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from guardrails.text.function_words import COURTESIES, JOINING, STOP_WORDS
from guardrails.text.words import words

ALIKE: Final = 0.65
"""From here on two questions are nearly the same. Of repetitions made on purpose (case, marks, a
counter, a courtesy, a typo) 99 % are found, and of 300 questions about different terms 5 % have so
near a neighbour. Of 40 that people asked about the very same thing, 40 % (Banking77)."""
LOOKED_THROUGH: Final = 2000
"""Earlier pairs that a question is compared with."""
_ASIDE: Final = STOP_WORDS | COURTESIES | frozenset().union(*JOINING.values())
_PLACES: Final = 64
_GRAM: Final = 4
_READ: Final = 2000


def signature(question: str) -> bytes:
    """Return the signature of a question, 256 bytes; empty if it has neither letters nor digits."""
    from datasketch import MinHash  # a second to import: it brings scipy

    tokens = words(question[:_READ])
    grams = {gram for word in tokens if word not in _ASIDE for gram in _grams(word)}
    grams = grams or {gram for word in tokens for gram in _grams(word)}
    if not grams:
        return b""
    sketch = MinHash(num_perm=_PLACES, seed=1)
    sketch.update_batch([gram.encode() for gram in sorted(grams)])
    return np.asarray(sketch.hashvalues, np.uint32).tobytes()


def alike(many: Sequence[bytes], one: bytes) -> list[bool]:
    """Return which questions are nearly the same as one; signatures of other kinds are not."""
    same = [mark if one and len(mark) == len(one) else bytes(len(one)) for mark in many]
    if not same or not one:
        return [False] * len(many)
    marks = np.frombuffer(b"".join(same), np.uint32).reshape(len(same), -1)
    hits = (marks == np.frombuffer(one, np.uint32)).mean(axis=1) >= ALIKE
    return [bool(hit) for hit in hits]


def _grams(word: str) -> set[str]:
    """Return the 4-grams of a word between marks of its ends."""
    marked = f"^{word}$"
    return {marked[at : at + _GRAM] for at in range(max(1, len(marked) - _GRAM + 1))}
