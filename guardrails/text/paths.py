"""Paths through menus: "Settings → Security" must stand in a passage, whatever joins its parts."""

import re
from collections.abc import Sequence
from typing import Final

from guardrails.text.words import stem
from guardrails.types import Text

_ARROW: Final = r"(?:->|=>|[→›»▸▶➔➜⟶])"
_BOLD: Final = re.compile(r"(\*\*|__)(?P<inside>[^*_\n]{3,120})\1")
_EMPHASIS: Final = re.compile(r"\*\*|__|`+")
_JOINT: Final = re.compile(
    rf"\s*{_ARROW}\s*|\s+[>/|]\s+|(?<=[^\W\d_]{{3}})[>/](?=[A-ZÄÖÜ][^\W\d_]{{2}})"
)
"""What joins parts in bold. "TCP/IP" and "and/or" are no paths."""
_PART: Final = r"[A-ZÄÖÜ][\w&-]*(?:[ \u00a0][A-ZÄÖÜ][\w&-]*){0,2}"
_LOOSE: Final = re.compile(rf"(?<![\w&-]){_PART}(?:\s*(?:{_ARROW}|(?<=\s)>(?=\s))\s*{_PART})+")
"""Without bold, parts begin with capital letters, as names of menus do. Each repetition begins with
what the one before it cannot end with, so that no text makes the search go back and forth."""
_WORD: Final = re.compile(r"[^\W_]+")
_FAR: Final = 12
"""Words that may stand between two parts in a sentence such as "open Settings, choose Security"."""


Path = tuple[str, ...]


def paths(text: str) -> tuple[Path, ...]:
    """Return the parts of each path through menus that ``text`` names."""
    routes: list[Path] = []
    rest = text
    for match in _BOLD.finditer(text):
        parts = [part for part in _JOINT.split(match["inside"]) if _WORD.search(part)]
        if len(parts) > 1:
            routes.append(tuple(parts))
            rest = rest.replace(match[0], " ", 1)
    for match in _LOOSE.finditer(_EMPHASIS.sub("", rest)):
        parts = re.split(rf"\s*(?:{_ARROW}|\s>\s)\s*", match[0].strip())
        if len(parts) > 1:  # "Under Settings → …": where a name begins and ends is not marked
            routes.append((parts[0].split()[-1], *parts[1:-1], parts[-1].split()[0]))
    return tuple(routes)


def carried_paths(named: Sequence[Path], passages: Sequence[Text]) -> float:
    """Return 1 if each path stands in one passage, part after part; else 0."""
    return float(all(any(_stands(path, text) for text in passages) for path in named))


def _stands(path: Path, passage: Text) -> bool:
    """Whether each part of a path stands in a passage soon after the one before it."""
    words = _stems(f"{passage.title}\n{passage.text}", passage.language)
    places = set(range(len(words)))
    for part in (_stems(part, passage.language) for part in path):
        ends = {at + len(part) for at in places if part and words[at : at + len(part)] == part}
        if part:
            places = {at for end in ends for at in range(end, min(len(words), end + _FAR + 1))}
            if not ends:
                return False
    return bool(words)


def _stems(text: str, language: str) -> list[str]:
    return [stem(word, language) for word in _WORD.findall(text.casefold())]
