"""Citations: which passage carries which sentence of an answer.

A model writes markers such as ``[2]``, forgets them, or makes them up. While the answer
streams, markers that name no passage are dropped and a sentence without one gets the marker of
the passage that carries it, if there is one. A sentence that no passage carries is flagged.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.knowledge.chunk import sentences
from assistant.support import Source, Support
from guardrails.words import content

_MARKER: Final = re.compile(r"\s*\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")
_MARKERS: Final = re.compile(rf"(?:{_MARKER.pattern})+")
_ITEM: Final = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*])")
_UNDECIDED: Final = re.compile(r"\s*\[[\d\s,]{0,8}$|\s+\S{0,2}$")
"""May become a marker, or space whose meaning depends on the word after it."""
_LOOP: Final = 20
_END: Final = re.compile(r"[.!?](?:\*\*|[\"”“»)])*$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer. cited: passages it names; carried: whether they hold it."""

    text: str
    cited: tuple[int, ...]
    carried: bool


def check(
    answer: str, sources: Sequence[Source], language: str, support: Support
) -> tuple[Sentence, ...]:
    """Return the sentences of an answer, each with what it cites and whether that carries it."""
    numbered = {source.number: source for source in sources}
    checked = []
    for text in split(answer, language):
        cited = tuple(int(n) for marker in _MARKER.findall(text) for n in marker.split(","))
        plain = plain_text(text)
        named = [numbered[number] for number in cited if number in numbered]
        carried = support.best(plain, named, language) is not None
        checked.append(Sentence(text, cited, carried or not content(plain, language)))
    return tuple(checked)


def split(answer: str, language: str) -> list[str]:
    """Return the sentences of an answer, each with the markers that follow it."""
    joined: list[str] = []
    for line in answer.splitlines():
        for text in sentences(line, language):
            lead = _MARKERS.match(text) if joined else None
            rest = text[lead.end() :].strip() if lead else text
            if lead:
                joined[-1] += f" {lead[0].strip()}"
            if rest and joined and _ITEM.fullmatch(joined[-1]):
                joined[-1] += f" {rest}"
            elif rest:
                joined.append(rest)
    return joined


def plain_text(text: str) -> str:
    """Return ``text`` without markers."""
    return _MARKER.sub("", text)


class CitationStream:
    """Completes the markers of an answer while it streams.

    Text is held back only at the end of a sentence and inside a marker: a few characters.
    """

    def __init__(self, sources: Sequence[Source], language: str, support: Support) -> None:
        self._support = support
        self._sources = {source.number: source for source in sources}
        self._language = language
        self._sentence = ""
        self._held = ""
        self.text = ""

    def feed(self, piece: str) -> str:
        """Take a piece of the model's text; return what can be shown now."""
        self._held += piece
        return self._emit("".join(self._settled(final=False)))

    @property
    def looping(self) -> bool:
        """Whether the model has begun to say a whole sentence again."""
        lines = split(self.text, self._language)[:-1]
        said = [plain_text(_ITEM.sub("", line, count=1)).strip() for line in lines]
        return any(len(text) > _LOOP and text in said[:i] for i, text in enumerate(said))

    def close(self) -> str:
        """Return the rest, after the model has ended."""
        return self._emit("".join(self._settled(final=True)))

    def _emit(self, text: str) -> str:
        if not self.text:
            text = text.lstrip()
        self.text += text
        return text

    def _settled(self, *, final: bool) -> Iterator[str]:
        while self._held:
            if marker := _MARKER.match(self._held):
                self._held = self._held[marker.end() :]
                yield self._marker(marker[1])
                continue
            if not final and _UNDECIDED.match(self._held):
                return
            character, self._held = self._held[0], self._held[1:]
            if character.isspace() and self._ended(character + self._held):
                yield self._completed()
                self._sentence = ""
            self._sentence += character
            yield character
        if final and self._sentence.strip():
            yield self._completed()
            self._sentence = ""

    def _marker(self, numbers: str) -> str:
        if not self._sentence.strip():
            return ""  # before its sentence; that gets its marker when it is complete
        known = [n for n in map(int, numbers.split(",")) if n in self._sources]
        text = "".join(
            f" [{number}]" for number in dict.fromkeys(known) if f"[{number}]" not in self._sentence
        )
        self._sentence += text
        return text

    def _ended(self, following: str) -> bool:
        """Whether the sentence so far is a whole one, given what follows it."""
        text = plain_text(self._sentence).strip()
        if "\n" in following[: len(following) - len(following.lstrip())]:
            return bool(text)
        if not _END.search(text):
            return False
        return len(sentences(f"{text} {following.strip()}", self._language)) > 1

    def _completed(self) -> str:
        """Return the marker that the sentence lacks, or nothing."""
        text = self._sentence.strip()
        if _MARKER.search(text) or not content(text, self._language):
            return ""
        best = self._support.best(text, list(self._sources.values()), self._language)
        return f" [{best.number}]" if best else ""
