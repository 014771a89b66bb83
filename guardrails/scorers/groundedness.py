"""Groundedness: whether the passages carry what an answer claims, claim by claim.

Within a language, content words, their neighbourhood, names, figures and polarity are compared;
an embedder adds likeness of meaning, and is the only way across languages. It measures support
by the passages, not truth, and no entailment: a conclusion in words of its own scores low.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.embedder import Embedder
from guardrails.scorers.ground import Ground, ground
from guardrails.scorers.lexicon import LISTS
from guardrails.scorers.meaning import Meaning, scaled
from guardrails.scorers.reading import Reading, claims, read
from guardrails.scorers.support import Support, support
from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Text, Unscored

_CODE: Final = 1
_NAMED: Final = 3
"""Missing words that a reason names."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Weights and factors, each in [0, 1], fitted by ``benchmarks/scorers.py`` and by hand.

    anywhere, window, pairs: weights of these features of ``Support``; they add up to 1.
    meaning: weight of the cosine against the three. none, full: cosines that count as 0 and 1;
    foreign_none, foreign_full: across languages. wrong_figures, contradicted, off_focus,
    wrong_names: what is left of a claim in the worst case. weakest: weight of the weakest claim
    in an answer, against the mean of all.
    """

    anywhere: float = 0.3
    window: float = 0.4
    pairs: float = 0.3
    meaning: float = 0.3
    none: float = 0.82
    full: float = 0.95
    foreign_none: float = 0.75
    foreign_full: float = 0.93
    wrong_figures: float = 0.2
    contradicted: float = 0.3
    off_focus: float = 0.5
    wrong_names: float = 0.5
    weakest: float = 0.5


FITTED: Final = Parameters()


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found for one sentence.

    degree: in [0, 1]; None if there is nothing to judge it by, which is no pass. claims: whether
    it says anything; if not, degree is 1. support: the features behind it, within a language.
    """

    text: str
    degree: float | None
    reason: str
    claims: bool = True
    support: Support | None = None


class Groundedness:
    """Share of an answer that its passages carry. embedder: None compares words alone."""

    name: Final = "groundedness"

    def __init__(self, embedder: Embedder | None = None, parameters: Parameters = FITTED) -> None:
        self._meaning = Meaning(embedder) if embedder else None
        self._parameters = parameters
        revision = embedder.revision if embedder else ""
        self.version = version(_CODE, parameters, LISTS, revision)

    def claim(self, sentence: str, passages: Sequence[Text], question: str, language: str) -> Claim:
        """Judge one sentence in ``language``; markers and list numbers in it say nothing."""
        parts = claims(sentence, language)
        reading = read(" ".join(parts), language)
        if not reading.claims:
            return Claim(reading.text, 1.0, "claims nothing", claims=False)
        if not passages:
            return Claim(reading.text, 0.0, "there are no passages")
        held = ground(tuple(passages), language)
        asked = read(question, language)
        if held.windows:
            return self._at_home(reading, asked, held)
        return self._across(reading, asked, held)

    def claims(self, sample: Sample) -> tuple[Claim, ...]:
        """Judge every sentence of an answer, in order."""
        return tuple(
            self.claim(sentence, sample.passages, sample.question, sample.language)
            for sentence in claims(sample.answer, sample.language)
        )

    def measure(self, sample: Sample) -> Result:
        """Score an answer: between the mean of its claims and the weakest one."""
        if sample.abstained:
            return Unscored("the answer abstains: it claims nothing")
        if not sample.passages:
            return Unscored("there are no passages to hold the answer against")
        judged = [claim for claim in self.claims(sample) if claim.claims]
        if not judged:
            return Unscored("the answer makes no claim")
        degrees = [claim.degree for claim in judged if claim.degree is not None]
        if len(degrees) < len(judged):
            return Unscored(next(claim.reason for claim in judged if claim.degree is None))
        weakest = min(judged, key=lambda claim: claim.degree or 0.0)
        share = self._parameters.weakest
        value = share * min(degrees) + (1 - share) * sum(degrees) / len(degrees)
        return Score(value, f"weakest of {len(judged)}: {weakest.reason}: {weakest.text}")

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)

    def _at_home(self, claim: Reading, question: Reading, held: Ground) -> Claim:
        p = self._parameters
        found = support(claim, question, held)
        degree = p.anywhere * found.anywhere + p.window * found.window + p.pairs * found.pairs
        if self._meaning:
            near = float(self._meaning.nearest([claim.text], held.sentences)[0])
            none, full = (p.foreign_none, p.foreign_full) if held.foreign else (p.none, p.full)
            degree = (1 - p.meaning) * degree + p.meaning * scaled(near, none, full)
        for share, left in (
            (found.figures, p.wrong_figures),
            (1 - found.contradicted, p.contradicted),
            (found.focus, p.off_focus),
            (found.names, p.wrong_names),
        ):
            degree *= left + (1 - left) * share
        return Claim(claim.text, degree, _reason(claim, found, held), support=found)

    def _across(self, claim: Reading, question: Reading, held: Ground) -> Claim:
        if self._meaning is None:
            reason = "the passages are in another language and there is no embedder"
            return Claim(claim.text, None, reason)
        p = self._parameters
        near = float(self._meaning.nearest([claim.text], held.sentences)[0])
        degree = scaled(near, p.foreign_none, p.foreign_full)
        wrong = [f for f in claim.figures if not f.among((*held.figures, *question.figures))]
        if claim.figures:
            right = 1 - len(wrong) / len(claim.figures)
            degree *= p.wrong_figures + (1 - p.wrong_figures) * right
        reason = f"not in the passages: {wrong[0].written}" if wrong else f"cosine {near:.2f}"
        return Claim(claim.text, degree, reason)


def _reason(claim: Reading, found: Support, held: Ground) -> str:
    if found.figures < 1:
        wrong = [f.written for f in claim.figures if not f.among(held.figures)]
        return f"not in the passages: {', '.join(wrong)}"
    if found.contradicted:
        return "says the opposite of the sentence that is nearest to it"
    matches = held.matches(claim.words)
    missing = dict.fromkeys(word.stem for word in claim.words if not matches[word.stem])
    if missing:
        return f"words not in the passages: {', '.join(list(missing)[:_NAMED])}"
    return f"{found.window:.0%} of its words are in one place"
