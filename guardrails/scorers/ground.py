"""The passages that an answer is held against, indexed for the words of its claims."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Final

from guardrails.scorers.figures import Figure
from guardrails.scorers.reading import Reading, Word, read, read_all
from guardrails.types import Text

_PART: Final = 4
"""Letters from which a word may be a part of a compound."""
_LONG: Final = 7
_TERM: Final = 3
"""Words that the name of a thing has at most."""
_KIN: Final = 0.7
_COMPOUND: Final = 0.6
_ALIKE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Window:
    """Two sentences of a passage, the smallest place that can carry a claim.

    owner: the passage's position. stems: of both sentences and of the passage's title.
    """

    owner: int
    stems: frozenset[str]
    readings: tuple[Reading, ...]


class Ground:
    """Passages, and an index of those in one language.

    stems: of each passage in the language with its title. terms: the stems of its title where
    that names a thing, as a glossary entry's does; else none. figures: of all passages.
    sentences: of all passages, by passage.
    """

    def __init__(self, passages: Sequence[Text], language: str) -> None:
        self.language = language
        self.sentences: list[list[str]] = []
        self.windows: list[Window] = []
        self.stems: list[frozenset[str]] = []
        self.terms: list[frozenset[str]] = []
        self.figures: list[Figure] = []
        for passage in passages:
            title = read(passage.title, passage.language)
            readings = read_all(passage.text, passage.language)
            self.sentences.append([reading.text for reading in readings])
            self.figures += [f for reading in (title, *readings) for f in reading.figures]
            if passage.language != language:
                continue
            owner = len(self.stems)
            names = "?" not in passage.title and len(title.words) <= _TERM
            self.terms.append(title.stems if names else frozenset())
            self.stems.append(title.stems.union(*(reading.stems for reading in readings)))
            for at in range(max(1, len(readings) - 1)):
                pair = readings[at : at + 2]
                stems = title.stems.union(*(reading.stems for reading in pair))
                self.windows.append(Window(owner, stems, pair))
        self.vocabulary = frozenset[str]().union(*self.stems)
        self._kin: dict[str, list[str]] = defaultdict(list)
        for stem in self.vocabulary:
            self._kin[stem[:_PART]].append(stem)
        self._joined = "\n".join(sorted(self.vocabulary))

    def matches(self, words: Iterable[Word]) -> dict[str, dict[str, float]]:
        """Return for each stem what it may go back to, and how surely, in (0, 1]."""
        return {stem: self._candidates(stem) for stem in {word.stem for word in words}}

    def _candidates(self, stem: str) -> dict[str, float]:
        if stem in self.vocabulary:
            return {stem: 1.0}
        if len(stem) <= _PART:
            return {}
        found = dict.fromkeys(self._compounds(stem), _COMPOUND)
        alike = (other for other in self._kin.get(stem[:_PART], ()) if _alike(stem, other))
        return found | dict.fromkeys(alike, _KIN)

    def _compounds(self, stem: str) -> list[str]:
        """Return the words that are a part of this one, and in German those it is a part of."""
        cuts = range(_PART, len(stem) - _PART + 1) if len(stem) >= _LONG else ()
        parts = [part for at in cuts for part in (stem[:at], stem[at:])]
        found = [part for part in parts if part in self.vocabulary]
        if self.language == "de" and stem in self._joined:
            found += [other for other in self.vocabulary if stem in other]
        return found


def covered(
    words: Sequence[Word], matches: dict[str, dict[str, float]], stems: frozenset[str]
) -> float:
    """Return the weighted share of ``words`` that ``stems`` have, in [0, 1]; 0 for no words."""
    total = sum(word.weight for word in words)
    if not total:
        return 0.0
    return sum(word.weight * credit(matches[word.stem], stems) for word in words) / total


def credit(candidates: dict[str, float], stems: frozenset[str]) -> float:
    """Return how surely one of the candidates is among ``stems``, in [0, 1]."""
    return max((sure for stem, sure in candidates.items() if stem in stems), default=0.0)


@lru_cache(maxsize=256)
def ground(passages: tuple[Text, ...], language: str) -> Ground:
    """Return passages indexed; the sentences of an answer share the work."""
    return Ground(passages, language)


def _alike(stem: str, other: str) -> bool:
    """Whether two words begin alike, as ``deletion`` and ``deleted`` do."""
    shared = max(_PART + 1, ceil(_ALIKE * max(len(stem), len(other))))
    return len(stem) >= shared and other[:shared] == stem[:shared]
