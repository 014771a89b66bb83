"""Form: length, language, repetition and citations of an answer. Says nothing of its content."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

from guardrails import markers
from guardrails.scorers.reading import claims
from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Unscored
from guardrails.words import words

_CODE: Final = 2
_OPEN: Final = re.compile(r"\[\d[\d\s,]*$|\[\s*\]")
_GRAM: Final = 4
_TELLING: Final = {
    "en": """
        the and of to is are was were with that this from not but you your our can has have will it
        its into which who than then they their there these those such any may must should would a
        an for on by or be as if when how do does
    """,
    "de": """
        der die das den dem des ein eine einen einem einer und oder ist sind waren mit dass von aus
        nicht aber sie ihr ihre ihren kann können hat haben wird werden wurde wie wenn als auch nur
        noch bei auf zum zur über nach vor durch diese dieser dieses sich für im zu es ich wir
    """,
}


@dataclass(frozen=True, slots=True)
class Parameters:
    """shortest, longest: words of a good answer; beyond twice ``longest`` nothing is left.

    foreign, broken: what is left of an answer in the wrong language, or with a marker that names
    no passage. telling: function words that make a language sure.
    """

    shortest: int = 3
    longest: int = 220
    foreign: float = 0.2
    broken: float = 0.5
    telling: int = 3


FITTED: Final = Parameters()


class Form:
    """How well an answer is formed."""

    name: Final = "form"

    def __init__(self, parameters: Parameters = FITTED) -> None:
        self._parameters = parameters
        self.version = version(_CODE, parameters, _TELLING)

    def measure(self, sample: Sample) -> Result:
        """Score an answer; the reason names what is wrong."""
        said = words(markers.strip(sample.answer))
        if not said:
            return Unscored("the answer is empty")
        factors = {
            "length": self._length(said),
            "repetition": 1.0 - _repeated(said, claims(sample.answer, sample.language)),
            "language": self._language(said, sample.language),
            "citations": self._citations(sample),
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
        if len(said) < p.shortest:
            return len(said) / p.shortest
        return min(1.0, max(0.0, 2.0 - len(said) / p.longest))

    def _language(self, said: list[str], language: str) -> float:
        if language not in _TELLING:
            return 1.0
        counts = {code: sum(word in _telling()[code] for word in said) for code in _TELLING}
        own = counts.pop(language)
        other = max(counts.values())
        foreign = other >= self._parameters.telling and other > own
        return self._parameters.foreign if foreign else 1.0

    def _citations(self, sample: Sample) -> float:
        cited = markers.numbers(sample.answer)
        wrong = any(not 1 <= number <= len(sample.passages) for number in cited)
        return self._parameters.broken if wrong or _OPEN.search(sample.answer) else 1.0


def _repeated(said: list[str], sentences: list[str]) -> float:
    """Return the larger share of what is said again: of sentences, or of runs of four words."""
    grams = Counter(zip(*(said[at:] for at in range(_GRAM)), strict=False))
    runs = sum(grams.values())
    again = sum(count - 1 for count in grams.values()) / runs if runs else 0.0
    same = Counter(sentence.casefold() for sentence in sentences if len(words(sentence)) > 2)  # noqa: PLR2004
    total = sum(same.values())
    return max(again, sum(count - 1 for count in same.values()) / total if total else 0.0)


@cache
def _telling() -> dict[str, frozenset[str]]:
    return {code: frozenset(listed.split()) for code, listed in _TELLING.items()}
