"""Citations: which passage carries which sentence of an answer.

A model writes markers in brackets of many kinds, forgets them, or makes them up. While the answer
streams, they become ``[2]``, those that name no passage are dropped, and a sentence without one
gets the marker of the passage that carries it, if there is one. A sentence that no passage carries
is flagged. What is cut where does not depend on the pieces in which the text arrives.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guardrails.gate import Gate
from guardrails.text import markers
from guardrails.text.sentences import ITEM, sentences
from guardrails.text.words import content
from guardrails.types import Text

_LOOP: Final = 20
_END: Final = re.compile(r"[.!?](?:\*\*|[\"”“»)])*$")
_NAMED: Final = re.compile(r"[!?](?:\*\*|[\"”“»)])*$")
"""The end of a sentence, or of a name in it: choose **Forgot password?** and …"""
_FIGURE: Final = re.compile(r"\d\.\W*$")
_ANOTHER: Final = "Then"
_CLOSING: Final = re.compile(r"(?:\*\*|[\"”“»)])+(?=\s|$)")
_GOES_ON: Final = re.compile(r"\s*[^\W\d_A-ZÄÖÜ]")
_SPACE: Final = re.compile(r"\s+")
_NEXT: Final = re.compile(r"\s+(?P<word>\S+)")
_LINE: Final = re.compile(r"\s*\n(?P<line>[^\n]*)")
_RULE: Final = re.compile(r"\s*\|?[\s:]*-{2,}[|:\s-]*")
_LAST_CELL: Final = re.compile(r"\s*\|?\s*$")
_WORD_AND_MORE: Final = re.compile(r"\n|\s\S+\s")
"""What must have come for a sentence to be complete: a line's end, or a word and what is behind."""
_SHORT: Final = 64
_LEADS: Final = re.compile(r":[\s*_]*$|^\s*#{1,6}\s")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer. cited: passages it names; carried: whether they hold it."""

    text: str
    cited: tuple[int, ...]
    carried: bool


def check(
    answer: str, passages: Sequence[Text], question: str, language: str, gate: Gate
) -> tuple[Sentence, ...]:
    """Return the sentences of an answer, each with what it cites and whether that carries it.

    passages: as they are numbered, from 1. gate: whose measure says what carries. What only leads
    to a list cites nothing; any passage may carry it.
    """
    numbered = dict(enumerate(passages, start=1))
    checked = []
    for text in split(answer, language):
        cited = markers.numbers(text)
        plain = markers.strip(text)
        named = [numbered[number] for number in cited if number in numbered]
        named = named or (list(passages) if leads(text) else [])
        carried = bool(named) and gate.carrier(plain, named, question, language) is not None
        claims_nothing = is_head(text) or not content(plain, language)
        checked.append(Sentence(text, cited, carried or claims_nothing))
    return tuple(checked)


def split(answer: str, language: str) -> list[str]:
    """Return the sentences of an answer, each with the markers that follow it.

    A row of a table is one, and its head with the line below it.
    """
    joined: list[str] = []
    for line in answer.splitlines():
        if is_row(line) and joined and is_row(joined[-1]) and _RULE.fullmatch(line):
            joined[-1] += f"\n{line.strip()}"
            continue
        for text in [line.strip()] if is_row(line) else _sentences(line, language):
            lead = markers.leading(text) if joined else 0
            rest = text[lead:].strip()
            if lead:
                joined[-1] += f" {text[:lead].strip()}"
            if rest and joined and ITEM.fullmatch(joined[-1]):
                joined[-1] += f" {rest}"
            elif rest:
                joined.append(rest)
    return joined


def is_row(text: str) -> bool:
    """Whether a text is a row of a table, or begins with one."""
    return text.lstrip().startswith("|")


def is_head(text: str) -> bool:
    """Whether a text is the head of a table with the line below it."""
    lines = text.strip().splitlines()
    return len(lines) > 1 and is_row(text) and bool(_RULE.fullmatch(lines[1]))


def leads(text: str) -> bool:
    """Whether a text only leads to what comes after it: "Do this:", a heading, a table's head."""
    return is_head(text) or bool(_LEADS.search(markers.strip(text)))


def _sentences(text: str, language: str) -> list[str]:
    """Return the sentences of a line; none ends in the name of a button that asks something."""
    result: list[str] = []
    for part in sentences(text, language):
        closing = _CLOSING.match(part) if result else None
        if closing:
            result[-1] += closing[0]
        rest = part[closing.end() :].strip() if closing else part
        goes_on = _GOES_ON.match(rest, markers.leading(rest))
        if rest and result and _NAMED.search(result[-1]) and goes_on:
            result[-1] += f" {rest}"
        elif rest:
            result.append(rest)
    return result


class CitationStream:
    """Completes the markers of an answer while it streams, and cuts it into sentences.

    text: the sentences so far, put together. looping: the model has said a whole sentence again;
    from there on nothing is taken.
    """

    def __init__(self, passages: Sequence[Text], question: str, language: str, gate: Gate) -> None:
        self._gate = gate
        self._passages = tuple(passages)
        self._question = question
        self._language = language
        self._sentence = ""
        self._held = ""
        self._said: set[str] = set()
        self.text = ""
        self.looping = False

    def at_once(self, piece: str) -> bool:
        """Whether ``feed`` takes no time: the piece is short and completes no sentence."""
        held = self._held + piece
        return len(held) <= _SHORT and not _WORD_AND_MORE.search(held)

    def feed(self, piece: str) -> list[str]:
        """Take a piece of the model's text; return the sentences that it completed."""
        self._held += piece
        return self._settled(final=False)

    def close(self, *, cut: bool = False) -> list[str]:
        """Return the rest, after the model has ended. cut: a sentence that is not whole is none."""
        rest = self._settled(final=True)
        return rest if cut and not self._whole() else rest + self._end()

    def _whole(self) -> bool:
        """Whether the last sentence is a whole one; a number before the point may have gone on."""
        text = markers.strip(self._sentence).strip()
        if not _END.search(text) or _FIGURE.search(text):
            return False
        return len(_sentences(f"{text} {_ANOTHER}", self._language)) > 1

    def _settled(self, *, final: bool) -> list[str]:
        done: list[str] = []
        while self._held:
            if not final and markers.undecided(self._held):
                return done
            if marker := markers.first(self._held, self._sentence, len(self._passages)):
                self._held = self._held[marker.end :]
                self._sentence += self._marker(marker.numbers)
                continue
            space = _SPACE.match(self._held)
            if not space:
                self._sentence += self._held[0]
                self._held = self._held[1:]
                continue
            ended = self._ended(final=final)
            if ended is None:
                return done
            if ended:
                done += self._end()
            self._sentence += space[0]
            self._held = self._held[space.end() :]
        return done

    def _end(self) -> list[str]:
        """Return the sentence that is complete, with its marker, and begin the next one."""
        if not self._sentence.strip():
            return []
        whole = self._completed()
        whole = whole if self.text else whole.lstrip()
        self._sentence = ""
        text = markers.strip(ITEM.sub("", whole.strip(), count=1)).strip()
        self.looping = self.looping or (len(text) > _LOOP and text in self._said)
        if self.looping:
            return []
        self._said.add(text)
        self.text += whole
        return [whole]

    def _marker(self, cited: Sequence[int]) -> str:
        if not self._sentence.strip():
            return ""  # before its sentence; that gets its marker when it is complete
        return "".join(
            f" [{number}]"
            for number in dict.fromkeys(cited)
            if 1 <= number <= len(self._passages) and f"[{number}]" not in self._sentence
        )

    def _ended(self, *, final: bool) -> bool | None:
        """Whether the sentence so far is a whole one, given the space and the word after it.

        None if more has to be there to know.
        """
        text = markers.strip(self._sentence).strip()
        if not text or ITEM.fullmatch(text):
            return False
        row, line = is_row(text), _LINE.match(self._held)
        if line and not (row and not is_head(text)):
            return True
        following = line or _NEXT.match(self._held)
        if not following or not (line or (_END.search(text) and not row)):
            return False
        if not final and following.end() == len(self._held):
            return None
        if line:
            return not _RULE.fullmatch(line["line"])
        parts = _sentences(f"{text} {following['word']}", self._language)
        return len(parts) > 1 and parts[-1] == following["word"]

    def _carrier(self, sentence: str, passages: Sequence[Text]) -> int | None:
        if not passages:
            return None
        return self._gate.carrier(sentence.strip(), passages, self._question, self._language)

    def _completed(self) -> str:
        """Return the sentence with the marker that it lacks, or in place of wrong ones.

        Small models cite the wrong passage as often as none.
        """
        plain = markers.strip(self._sentence)
        cited = markers.numbers(self._sentence)
        if content(plain, self._language) and not leads(plain):
            there = range(1, len(self._passages) + 1)
            named = [self._passages[number - 1] for number in cited if number in there]
            if self._carrier(plain, named) is None:
                best = self._carrier(plain, self._passages)
                cited = cited if best is None else (best + 1,)
                if best is not None and not is_row(plain):
                    return f"{plain} [{best + 1}]"
        if not is_row(plain) or not cited:
            return self._sentence
        end = _LAST_CELL.search(plain)
        assert end  # noqa: S101  (it matches the end of any text)
        return f"{plain[: end.start()]} {markers.written(cited)} |"
