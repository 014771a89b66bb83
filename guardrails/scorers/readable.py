"""Readable: language, length, repetition, citations and end of an answer, not its content."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.scorer import version
from guardrails.text import markers
from guardrails.text.function_words import JOINING
from guardrails.text.reading import claims
from guardrails.text.words import words
from guardrails.types import Result, Sample, Score, Unscored

_CODE: Final = 4
_ENDED: Final = re.compile(r"[.!?…|)\]\"'“”»`*_]\s*$|\S+[/@]\S+\s*$")
_ITEM: Final = re.compile(r"\s*(?:[-*+•]|\d{1,2}[.)]|\||#)")
_GRAM: Final = 4


@dataclass(frozen=True, slots=True)
class ReadableParameters:
    """longest: words that nothing is lost by; of one of n words (longest / n) ** growth is left.

    foreign, broken, cut: what is left of an answer in the wrong language, with a marker that names
    no passage, or that breaks off. telling: joining words that make a language sure. judged: words
    from which an answer has to have an end.
    """

    longest: int = 40
    growth: float = 0.5
    foreign: float = 0.1
    broken: float = 0.5
    cut: float = 0.4
    telling: int = 3
    judged: int = 8


FITTED: Final = ReadableParameters()


class Readable:
    """How well an answer can be read."""

    name: Final = "readable"

    def __init__(self, parameters: ReadableParameters = FITTED) -> None:
        self._parameters = parameters
        self.version = version(_CODE, parameters, *map(sorted, JOINING.values()))

    def measure(self, sample: Sample) -> Result:
        """Score an answer; the reason names what is wrong."""
        if sample.abstained:
            return Unscored("the answer abstains")
        plain = markers.strip(sample.answer)
        tokens = words(plain)
        if not tokens:
            return Unscored("the answer is empty")
        factors = {
            "length": self._length(tokens),
            "repetition": 1.0 - _repeated(tokens, claims(sample.answer, sample.language)),
            "language": self._language(tokens, sample.language),
            "citations": self._citations(sample),
            "it breaks off": self._ended(plain, tokens),
        }
        value = 1.0
        for factor in factors.values():
            value *= factor
        wrong = [name for name, factor in factors.items() if factor < 1.0]
        return Score(value, f"wrong: {', '.join(wrong)}" if wrong else "well formed")

    async def score(self, sample: Sample) -> Result:
        """Score an answer."""
        return self.measure(sample)

    def _length(self, said: list[str]) -> float:
        p = self._parameters
        return float(min(1.0, (p.longest / len(said)) ** p.growth))

    def _language(self, said: list[str], language: str) -> float:
        if language not in JOINING:
            return 1.0
        counts = {code: sum(word in terms for word in said) for code, terms in JOINING.items()}
        own = counts.pop(language)
        other = max(counts.values())
        foreign = other >= self._parameters.telling and other > own
        return self._parameters.foreign if foreign else 1.0

    def _citations(self, sample: Sample) -> float:
        cited = markers.numbers(sample.answer)
        wrong = any(not 1 <= number <= len(sample.passages) for number in cited)
        return self._parameters.broken if wrong or markers.broken(sample.answer) else 1.0

    def _ended(self, plain: str, said: list[str]) -> float:
        """Return less than 1 where the last sentence has no end; a name or a figure needs none."""
        lines = plain.rstrip().splitlines()
        if len(said) < self._parameters.judged or _ITEM.match(lines[-1]):
            return 1.0
        last = lines[-1].rstrip()
        signed = unicodedata.category(last[-1]) == "So"  # an emoji
        return 1.0 if signed or _ENDED.search(last) else self._parameters.cut


def _repeated(said: list[str], sentences: list[str]) -> float:
    """Return the larger share of what is said again: of sentences, or of runs of four words."""
    grams = Counter(zip(*(said[at:] for at in range(_GRAM)), strict=False))
    runs = sum(grams.values())
    again = sum(count - 1 for count in grams.values()) / runs if runs else 0.0
    same = Counter(sentence.casefold() for sentence in sentences if len(words(sentence)) > 2)  # noqa: PLR2004
    total = sum(same.values())
    return max(again, sum(count - 1 for count in same.values()) / total if total else 0.0)
