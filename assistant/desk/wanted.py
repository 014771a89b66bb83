"""What somebody looks for, as they typed it, and where it stands in a text.

Nothing that is typed is wrong: what is no letter or digit parts words. Each word is looked for as
the beginning of one, whatever its case and accents; what stands in quotes, as it is, in its order.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from typing import Final

LONGEST: Final = 300
_MOST_WORDS: Final = 12
_QUOTED: Final = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]')
_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\s*#?(\d{1,9})\s*", re.ASCII)
_AROUND: Final = 60
_SHOWN: Final = 220
_MORE: Final = "…"


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A part of a text. hit: whether it is what was looked for."""

    text: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. begins: words, as beginnings. phrases: words in their order, whole.

    number: of a ticket, where it can be one.
    """

    begins: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    number: int | None = None

    @classmethod
    def of(cls, typed: str) -> "Wanted":
        """Read what was typed."""
        text = unicodedata.normalize("NFC", typed[:LONGEST])
        number = _NUMBER.fullmatch(text)
        phrases = [tuple(_WORD.findall(quoted)) for quoted in _QUOTED.findall(text)]
        begins = dict.fromkeys(_WORD.findall(_QUOTED.sub(" ", text)))
        return cls(
            tuple(begins)[:_MOST_WORDS],
            tuple(phrase[:_MOST_WORDS] for phrase in phrases if phrase)[:_MOST_WORDS],
            int(number[1]) if number else None,
        )

    @property
    def nothing(self) -> bool:
        """Whether there is nothing that could be found."""
        return not (self.begins or self.phrases)

    @property
    def fts5(self) -> str:
        """As SQLite's FTS5 is asked: all that is in quotes is text to it."""
        phrases = [f'"{" ".join(phrase)}"' for phrase in self.phrases]
        return " AND ".join([*phrases, *(f'"{word}" *' for word in self.begins)])

    @property
    def tsquery(self) -> str:
        """As PostgreSQL's ``to_tsquery`` is asked, without accents; the words are letters alone."""
        phrases = [f"({' <-> '.join(map(folded, phrase))})" for phrase in self.phrases]
        return " & ".join([*phrases, *(f"{folded(word)}:*" for word in self.begins)])

    def excerpt(self, text: str) -> tuple[WantedPart, ...]:
        """Return a piece of a text around the first place, with what was found marked."""
        flat = " ".join(text.split())
        marks = self._marks(flat)
        first = next((at for at, hit in enumerate(marks) if hit), 0)
        start = max(0, first - _AROUND)
        start = flat.find(" ", start, first) + 1 or start if start else 0
        end = min(len(flat), start + _SHOWN)
        parts = [
            WantedPart("".join(flat[at] for at, _ in run), hit)
            for hit, run in groupby(
                ((at, marks[at]) for at in range(start, end)), key=lambda one: one[1]
            )
        ]
        before = (WantedPart(_MORE),) if start else ()
        return (*before, *parts, *((WantedPart(_MORE),) if end < len(flat) else ()))

    def _marks(self, text: str) -> list[bool]:
        """Return for each character whether it is of a word that was looked for."""
        begins = tuple(map(folded, self.begins))
        whole = {folded(word) for phrase in self.phrases for word in phrase}
        marks = [False] * len(text)
        for match in _WORD.finditer(text):
            word = folded(match[0])
            found = max((len(one) for one in begins if word.startswith(one)), default=0)
            if word in whole or found:
                marks[match.start() : match.end()] = [True] * (match.end() - match.start())
        return marks


def folded(text: str) -> str:
    """Return a text without case and accents, as both searches fold it."""
    parts = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in parts if not unicodedata.combining(c))
