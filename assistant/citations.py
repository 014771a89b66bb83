"""Citations: which passage carries which sentence of an answer.

A model writes markers such as ``[2]``, forgets them, or makes them up. While the answer
streams, markers that name no passage are dropped and a sentence without one gets the marker of
the passage that carries it, if there is one. A sentence that no passage carries is flagged.
"""

import re
from collections.abc import Sequence
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
_NAMED: Final = re.compile(r"[!?](?:\*\*|[\"”“»)])*$")
"""The end of a sentence, or of a name in it: choose **Forgot password?** and …"""
_CLOSING: Final = re.compile(r"(?:\*\*|[\"”“»)])+(?=\s|$)")
_GOES_ON: Final = re.compile(rf"(?:{_MARKER.pattern})*\s*[^\W\d_A-ZÄÖÜ]")


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
        for text in _sentences(line, language):
            lead = _MARKERS.match(text) if joined else None
            rest = text[lead.end() :].strip() if lead else text
            if lead:
                joined[-1] += f" {lead[0].strip()}"
            if rest and joined and _ITEM.fullmatch(joined[-1]):
                joined[-1] += f" {rest}"
            elif rest:
                joined.append(rest)
    return joined


def _sentences(text: str, language: str) -> list[str]:
    """Return the sentences of a line; none ends in the name of a button that asks something."""
    found: list[str] = []
    for part in sentences(text, language):
        closing = _CLOSING.match(part) if found else None
        if closing:
            found[-1] += closing[0]
        rest = part[closing.end() :].strip() if closing else part
        if rest and found and _NAMED.search(found[-1]) and _GOES_ON.match(rest):
            found[-1] += f" {rest}"
        elif rest:
            found.append(rest)
    return found


def plain_text(text: str) -> str:
    """Return ``text`` without markers."""
    return _MARKER.sub("", text)


class CitationStream:
    """Completes the markers of an answer while it streams, and cuts it into sentences.

    text: the sentences so far, put together. looping: the model has said a whole sentence again;
    from there on nothing is taken.
    """

    def __init__(self, sources: Sequence[Source], language: str, support: Support) -> None:
        self._support = support
        self._sources = {source.number: source for source in sources}
        self._language = language
        self._sentence = ""
        self._held = ""
        self._said: set[str] = set()
        self.text = ""
        self.looping = False

    def feed(self, piece: str) -> list[str]:
        """Take a piece of the model's text; return the sentences that it completed."""
        self._held += piece
        return self._settled(final=False)

    def close(self) -> list[str]:
        """Return the rest, after the model has ended."""
        return self._settled(final=True)

    def _settled(self, *, final: bool) -> list[str]:
        done: list[str] = []
        while self._held:
            if marker := _MARKER.match(self._held):
                self._held = self._held[marker.end() :]
                self._sentence += self._marker(marker[1])
                continue
            if not final and _UNDECIDED.match(self._held):
                return done
            character, self._held = self._held[0], self._held[1:]
            if character.isspace() and self._ended(character + self._held):
                done += self._end()
            self._sentence += character
        return done + self._end() if final else done

    def _end(self) -> list[str]:
        """Return the sentence that is complete, with its marker, and begin the next one."""
        if not self._sentence.strip():
            return []
        whole = self._completed()
        whole = whole if self.text else whole.lstrip()
        self._sentence = ""
        said = plain_text(_ITEM.sub("", whole.strip(), count=1)).strip()
        self.looping = self.looping or (len(said) > _LOOP and said in self._said)
        if self.looping:
            return []
        self._said.add(said)
        self.text += whole
        return [whole]

    def _marker(self, numbers: str) -> str:
        if not self._sentence.strip():
            return ""  # before its sentence; that gets its marker when it is complete
        known = [n for n in map(int, numbers.split(",")) if n in self._sources]
        return "".join(
            f" [{number}]" for number in dict.fromkeys(known) if f"[{number}]" not in self._sentence
        )

    def _ended(self, following: str) -> bool:
        """Whether the sentence so far is a whole one, given what follows it."""
        text = plain_text(self._sentence).strip()
        if "\n" in following[: len(following) - len(following.lstrip())]:
            return bool(text)
        if not _END.search(text):
            return False
        return len(_sentences(f"{text} {following.strip()}", self._language)) > 1

    def _completed(self) -> str:
        """Return the sentence with the marker that it lacks, or in place of wrong ones.

        Small models cite the wrong passage as often as none.
        """
        plain = plain_text(self._sentence)
        if not content(plain, self._language):
            return self._sentence
        cited = [int(n) for found in _MARKER.findall(self._sentence) for n in found.split(",")]
        named = [self._sources[number] for number in cited]
        if self._support.best(plain.strip(), named, self._language):
            return self._sentence
        best = self._support.best(plain.strip(), list(self._sources.values()), self._language)
        return f"{plain} [{best.number}]" if best else self._sentence
