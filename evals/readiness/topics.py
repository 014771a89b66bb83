"""Hints that documents are about what the EU AI Act (Annex III) calls high-risk. A heuristic.

A search by the installation's own embedder brings passages near to each area; a passage is named
where its title has a word of the area, or its text two different ones. It finds what is worded as
expected and misses what is not; it is no legal advice, and silence of it proves nothing.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from assistant.knowledge.search import Passage

Find = Callable[[str, str, int], Sequence[Passage]]
"""Returns the passages of a question, in a language, at most so many."""
SegmentOf = Callable[[str], str]
"""Returns the segment that a question is in."""
NEAREST: Final = 8
_TWO: Final = 2


@dataclass(frozen=True, slots=True)
class Area:
    """An area of Annex III. asked: by language, what passages are searched by. words: stems."""

    name: str
    asked: Mapping[str, str]
    words: tuple[str, ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches a word of the area."""
        return re.compile(rf"\b(?:{'|'.join(self.words)})", re.IGNORECASE)


@cache
def areas() -> tuple[Area, ...]:
    """Return the areas, as ``areas.toml`` has them."""
    told = tomllib.loads((files("evals.readiness") / "areas.toml").read_text("utf-8"))
    return tuple(Area(one["name"], one["asked"], tuple(one["words"])) for one in told["area"])


@dataclass(frozen=True, slots=True)
class TopicHint:
    """A passage that may be of an area. segment: in which a question by its title would be."""

    area: str
    title: str
    source: str
    words: tuple[str, ...]
    segment: str


def hints(find: Find, segment_of: SegmentOf) -> tuple[TopicHint, ...]:
    """Return the passages that may be of an area, each once an area."""
    return tuple(hint for area in areas() for hint in _of(area, find, segment_of))


def _of(area: Area, find: Find, segment_of: SegmentOf) -> Iterator[TopicHint]:
    seen = set[tuple[str, str]]()
    for language, question in area.asked.items():
        for passage in find(question, language, NEAREST):
            chunk = passage.chunk
            words = found(area, chunk.title, chunk.text)
            if words and (chunk.source, chunk.title) not in seen:
                seen.add((chunk.source, chunk.title))
                segment = segment_of(chunk.title)
                yield TopicHint(area.name, chunk.title, chunk.source, words, segment)


def found(area: Area, title: str, text: str) -> tuple[str, ...]:
    """Return the words by which a passage may be of an area; none where they are too few."""
    in_title = {match.lower() for match in area.pattern.findall(title)}
    words = in_title | {match.lower() for match in area.pattern.findall(text)}
    return tuple(sorted(words)) if in_title or len(words) >= _TWO else ()
