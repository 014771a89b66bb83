"""How the names of curated entries are compared with the words of a question."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from assistant.knowledge.documents import Chunk
from guardrails.text.words import STEMMERS, stem, words

LONGEST: Final = 12
"""Words of the longest name that is looked for in a question."""


@lru_cache(maxsize=4096)
def folded(name: str, language: str) -> str:
    """Return the form under which a name is stored and looked up."""
    return " ".join(stem(word, language) for word in words(name.replace("-", " ")))


def title_key(chunk: Chunk) -> tuple[str, str]:
    """Return what two passages under the same title in the same language have in common."""
    return folded(chunk.title, chunk.language), chunk.language


def lookup_names(chunk: Chunk) -> list[str]:
    """Return the forms under which a curated chunk can be found."""
    forms = (folded(name, chunk.language) for name in chunk.names)
    return list(dict.fromkeys(form for form in forms if form))


def candidates(question: str) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield (stored form, positions of its words) of every run of words in the question.

    Both languages are tried: German questions use English terms and the reverse.
    """
    tokens = words(question.replace("-", " "))
    for language in STEMMERS:
        stems = [stem(token, language) for token in tokens]
        for first in range(len(stems)):
            for end in range(first + 1, min(first + LONGEST, len(stems)) + 1):
                yield " ".join(stems[first:end]), frozenset(range(first, end))
