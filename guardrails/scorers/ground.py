"""The passages that an answer is held against, indexed for the words of its claims."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Final

from guardrails.text.figures import Figure
from guardrails.text.reading import (
    SentenceReading,
    Word,
    after_verdict,
    is_closed,
    read,
    read_all,
    statement,
    verdict_of,
)
from guardrails.types import Text

_PATH: Final = " › "
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

    owner: the passage's position. stems: of both sentences and of the passage's title. heading:
    of the title. asked: of the question in it, which says what the sentences are about, and
    nothing of its answer.
    """

    owner: int
    stems: frozenset[str]
    readings: tuple[SentenceReading, ...]
    heading: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()


class Ground:
    """Passages, and an index of those in one language.

    places: of the passages in the language among all. stems: of each of them with its title. said:
    the same without the questions in titles. terms: the stems of its title where that names a
    thing, as a glossary entry's does; else none. figures: of all passages. sentences: of all
    passages, by passage.
    """

    def __init__(self, passages: Sequence[Text], language: str) -> None:
        self.language = language
        self.sentences: list[list[str]] = []
        self.windows: list[Window] = []
        self.stems: list[frozenset[str]] = []
        self.said: list[frozenset[str]] = []
        self.texts = tuple(p for p in passages if p.language == language)
        self.places = tuple(n for n, p in enumerate(passages) if p.language == language)
        self.terms: list[frozenset[str]] = []
        self.figures: list[Figure] = []
        for passage in passages:
            heading, question = _heading(passage)
            readings = read_all(passage.text, passage.language)
            self.sentences.append([reading.text for reading in readings])
            self.figures += [f for reading in (heading, question, *readings) for f in reading.lent]
            if passage.language != language:
                continue
            readings = _answered(readings, question)
            owner = len(self.stems)
            names = not question.text and len(heading.words) <= _TERM
            self.terms.append(heading.stems if names else frozenset())
            self.said.append(heading.stems.union(*(reading.stems for reading in readings)))
            self.stems.append(self.said[-1] | question.stems)
            for at in range(max(1, len(readings) - 1)):
                pair = readings[at : at + 2]
                stems = heading.stems.union(*(reading.stems for reading in pair))
                self.windows.append(Window(owner, stems, pair, heading.stems, question.stems))
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
        shares = dict.fromkeys(self._compounds(stem), _COMPOUND)
        alike = (other for other in self._kin.get(stem[:_PART], ()) if _alike(stem, other))
        return shares | dict.fromkeys(alike, _KIN)

    def _compounds(self, stem: str) -> list[str]:
        """Return the words that are a part of this one, and in German those it is a part of."""
        cuts = range(_PART, len(stem) - _PART + 1) if len(stem) >= _LONG else ()
        parts = [part for at in cuts for part in (stem[:at], stem[at:])]
        words = [part for part in parts if part in self.vocabulary]
        if self.language == "de" and stem in self._joined:
            words += [other for other in self.vocabulary if stem in other]
        return words


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


def _heading(passage: Text) -> tuple[SentenceReading, SentenceReading]:
    """Return what a title says, and the question that it asks, if it does."""
    parts = passage.title.split(_PATH)
    question = parts.pop() if parts[-1].rstrip().endswith("?") else ""
    return read(_PATH.join(parts), passage.language), read(question, passage.language)


def _answered(
    readings: tuple[SentenceReading, ...], asked: SentenceReading
) -> tuple[SentenceReading, ...]:
    """Return the sentences of an entry; a yes or no to its question says what that asks."""
    verdict = verdict_of(readings[0].text) if readings and asked.text else None
    if verdict is None or not is_closed(asked.text, asked.language):
        return readings
    first, *others = readings
    rest = read(after_verdict(first.text), first.language)
    reading = statement(asked.text, verdict, first.language, first.text)
    return (reading, *((rest,) if rest.claims else ()), *others)


def _alike(stem: str, other: str) -> bool:
    """Whether two words begin alike, as ``deletion`` and ``deleted`` do."""
    shared = max(_PART + 1, ceil(_ALIKE * max(len(stem), len(other))))
    return len(stem) >= shared and other[:shared] == stem[:shared]
