"""Whether two questions are nearly the same, by signatures that are small enough to be kept.

A signature is a MinHash (Broder 1997) of the letters' 4-grams: the share of equal places estimates
how much of both the two have in common (Jaccard).
"""

import re
from typing import Final

import numpy as np

ALIKE: Final = 0.5
"""From here on two questions are nearly the same. Of repetitions that are made on purpose (case,
marks, a counter, a courtesy, a typo) 99 % are found; 25 % of what people ask has so near a neighbour
among 40 questions about the very same thing (96 questions of Banking77), and counts once."""
LOOKED_THROUGH: Final = 2000
"""Earlier pairs that a question is compared with."""
_PLACES: Final = 64
_GRAM: Final = 4
_GAPS: Final = re.compile(r"[\W_]+")
_READ: Final = 2000


def signature(question: str) -> bytes:
    """Return the signature of a question, 256 bytes; empty if it has neither letters nor digits."""
    from datasketch import MinHash  # a second to import: it brings scipy

    text = _GAPS.sub(" ", question[:_READ].casefold()).strip()
    if not text:
        return b""
    grams = {text[at : at + _GRAM] for at in range(max(1, len(text) - _GRAM + 1))}
    sketch = MinHash(num_perm=_PLACES, seed=1)
    sketch.update_batch([gram.encode() for gram in sorted(grams)])
    return np.asarray(sketch.hashvalues, np.uint32).tobytes()


def alike(one: bytes, other: bytes) -> bool:
    """Return whether two questions are nearly the same; signatures of other kinds are not."""
    if not one or len(one) != len(other):
        return False
    first, second = np.frombuffer(one, np.uint32), np.frombuffer(other, np.uint32)
    return bool((first == second).mean() >= ALIKE)
