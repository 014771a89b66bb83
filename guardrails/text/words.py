"""Words, stems and content words of English and German texts."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from guardrails.text.function_words import JOINING, STOP_WORDS

if TYPE_CHECKING:  # it brings the stemmers of all languages along
    import snowballstemmer

STEMMERS: Final = {"en": "english", "de": "german"}

_WORD: Final = re.compile(r"\w+(?:[./+#&-]\w+)*[+#]*")
_SHORTEST: Final = 3
_REMEMBERED: Final = 65_536
_stemming: Final = Lock()
"""A stemmer keeps the word that it works on in itself: two at a time would take each other's."""


def words(text: str) -> list[str]:
    """Return the words of ``text``, case folded; ``A/B``, ``opt-in`` and ``C++`` stay whole."""
    return _WORD.findall(text.casefold())


@lru_cache(maxsize=_REMEMBERED)
def stem(word: str, language: str) -> str:
    """Return the stem of one case-folded word; English rules for other languages than ours."""
    with _stemming:
        return str(_stemmer(STEMMERS.get(language, "english")).stemWord(word))


def joining(said: Sequence[str], language: str) -> float:
    """Return the share of words that join others, in [0, 1]; 1 in a language that is not known."""
    if language not in JOINING or not said:
        return 1.0
    return sum(word in JOINING[language] for word in said) / len(said)


def content(text: str, language: str) -> frozenset[str]:
    """Return the stems of the content words and the numbers of ``text``."""
    tokens = words(text.replace("-", " "))
    terms = (w for w in tokens if w.isdigit() or (len(w) >= _SHORTEST and w not in STOP_WORDS))
    return frozenset(stem(word, language) for word in terms)


@cache
def _stemmer(name: str) -> "snowballstemmer.stemmer":
    import snowballstemmer

    return snowballstemmer.stemmer(name)
