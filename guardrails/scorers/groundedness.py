"""Groundedness: whether the passages carry what an answer claims, claim by claim.

Within a language, content words, their neighbourhood, names, figures and polarity are compared;
an embedder adds likeness of meaning, and is the only way across languages. It measures support
by the passages, not truth, and no entailment: a conclusion in words of its own scores low.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guardrails.scorers.embedder import Embedder
from guardrails.scorers.ground import Ground, ground
from guardrails.scorers.lexicon import LISTS
from guardrails.scorers.meaning import Meaning
from guardrails.scorers.reading import SAYS, Reading, claims, read, read_reply, repeats
from guardrails.scorers.support import Support, share_of_figures, support
from guardrails.scorers.version import version
from guardrails.types import Result, Sample, Score, Text, Unscored

_CODE: Final = 5
_NAMED: Final = 3
"""Missing words that a reason names."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Logistic weights of what speaks for a claim, and what is left by what speaks against it.

    words: of ``anywhere``, ``window``, ``pairs`` of ``Support``, and the intercept. both: of
    these three, of likeness with the nearest sentence and with the passage, and the intercept.
    boost: how far likeness may lift a claim above what its words give, in [0, 1]: an invention
    on the right topic is very like its passage. across: of the two, and the intercept, where no
    passage is in the claim's language.
    wrong_figures, contradicted, off_focus, wrong_names, wrong_subject, only_asked, wrong_paths:
    share of the degree, in [0, 1], that is left in the worst case. leaning: degree and focus below
    which a bare yes to what was asked is not carried, and what is then left of it: its condition
    must stand where the question is dealt with. weakest: weight of the weakest claim against the
    mean of all.
    """

    words: tuple[float, float, float, float] = (2.0, 3.0, 3.0, -4.0)
    both: tuple[float, float, float, float, float, float] = (2.0, 1.0, 1.5, 2.0, 5.0, -8.0)
    boost: float = 0.25
    across: tuple[float, float, float] = (7.8, 1.9, -6.2)
    wrong_figures: float = 0.2
    contradicted: float = 0.3
    off_focus: float = 0.7
    wrong_names: float = 0.7
    wrong_subject: float = 0.2
    only_asked: float = 0.05
    wrong_paths: float = 0.05
    leaning: tuple[float, float, float] = (0.5, 0.9, 0.05)
    weakest: float = 0.5


FITTED: Final = Parameters()


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found for one sentence.

    degree: in [0, 1]; None if there is nothing to judge it by, which is no pass. claims: whether
    it says anything; if not, degree is 1. weight: how much it says, at least 0. support: the
    features behind it, within a language.
    """

    text: str
    degree: float | None
    reason: str
    claims: bool = True
    weight: float = 0.0
    support: Support | None = None


class Groundedness:
    """Share of an answer that its passages carry.

    embedder: None compares words alone. within: whether meaning counts within a language too;
    if not, sentences are only embedded where no passage is in their language.
    """

    name: Final = "groundedness"

    def __init__(
        self,
        embedder: Embedder | None = None,
        parameters: Parameters = FITTED,
        *,
        within: bool = True,
    ) -> None:
        self._meaning = Meaning(embedder) if embedder else None
        self._within = within and self._meaning is not None
        self._parameters = parameters
        revision = embedder.revision if embedder else ""
        self.version = version(_CODE, parameters, LISTS, revision, self._within)

    def claim(self, sentence: str, passages: Sequence[Text], question: str, language: str) -> Claim:
        """Judge one sentence in ``language``; markers and list numbers in it say nothing."""
        parts = claims(sentence, language)
        reading = read_reply(" ".join(parts), question, language)
        if not reading.claims:
            return Claim(reading.text, 1.0, "claims nothing", claims=False)
        if not passages:
            return Claim(reading.text, 0.0, "there are no passages", weight=reading.weight)
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
        """Score an answer: between the mean of its claims, weighted, and the weakest one.

        0 for one that only says the question again: what it claims is what was asked about.
        """
        if sample.abstained:
            return Unscored("the answer abstains: it claims nothing")
        if not sample.passages:
            return Unscored("there are no passages to hold the answer against")
        if repeats(sample.answer, sample.question, sample.language):
            return Score(0.0, "says the question again and nothing else")
        judged = [claim for claim in self.claims(sample) if claim.claims]
        if not judged:
            return Unscored("the answer makes no claim")
        degrees = [claim.degree for claim in judged if claim.degree is not None]
        if len(degrees) < len(judged):
            return Unscored(next(claim.reason for claim in judged if claim.degree is None))
        weakest = min(judged, key=lambda claim: claim.degree or 0.0)
        share = self._parameters.weakest
        total = sum(claim.weight for claim in judged)
        mean = sum(claim.weight * (claim.degree or 0.0) for claim in judged) / total
        value = share * min(degrees) + (1 - share) * mean
        return Score(value, f"weakest of {len(judged)}: {weakest.reason}: {weakest.text}")

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)

    def _at_home(self, claim: Reading, question: Reading, held: Ground) -> Claim:
        p = self._parameters
        found = support(claim, question, held)
        by_words = (found.anywhere, found.window, found.pairs)
        degree = _logistic(p.words, *by_words)
        if self._within:
            with_meaning = _logistic(p.both, *by_words, *self._likeness(claim, held))
            degree = min(with_meaning, degree + p.boost)
        degree *= _left(p.wrong_figures, found.figures**2)
        degree *= _left(p.contradicted, 1.0 - found.contradicted)
        degree *= _left(p.off_focus, found.focus)
        degree *= _left(p.wrong_names, found.names)
        degree *= _left(p.wrong_subject, found.subject)
        degree *= _left(p.only_asked, found.said)
        degree *= _left(p.wrong_paths, found.paths)
        least, on_topic, left = p.leaning
        if claim.leans and (degree < least or found.focus < on_topic):
            degree *= left
        reason = _reason(claim, found, held)
        return Claim(claim.text, degree, reason, weight=claim.weight, support=found)

    def _across(self, claim: Reading, question: Reading, held: Ground) -> Claim:
        if self._meaning is None:
            reason = "the passages are in another language and there is no embedder"
            return Claim(claim.text, None, reason, weight=claim.weight)
        near, topic = self._likeness(claim, held)
        right = share_of_figures(claim.figures, (*held.figures, *question.lent))
        degree = _logistic(self._parameters.across, near, topic)
        degree *= _left(self._parameters.wrong_figures, right**2)
        reason = f"likeness {near:.2f}" if right == 1.0 else _wrong(claim, held)
        return Claim(claim.text, degree, reason, weight=claim.weight)

    def _likeness(self, claim: Reading, held: Ground) -> tuple[float, float]:
        if self._meaning is None or not any(held.sentences):
            return 0.0, 0.0
        sentences = [sentence for passage in held.sentences for sentence in passage]
        near = float(self._meaning.nearest([claim.text], sentences)[0])
        return near, self._meaning.topic(claim.text, held.sentences)


def _logistic(weights: Sequence[float], *features: float) -> float:
    *slopes, intercept = weights
    total = intercept + sum(w * f for w, f in zip(slopes, features, strict=True))
    return 1.0 / (1.0 + math.exp(-total))


def _left(worst: float, share: float) -> float:
    """Return what is left of a degree if ``share`` of something is right."""
    return worst + (1.0 - worst) * share


def _wrong(claim: Reading, held: Ground) -> str:
    wrong = [figure.written for figure in claim.figures if not figure.among(held.figures)]
    if wrong:
        return f"not in the passages: {', '.join(wrong)}"
    return f"another figure stands there: {claim.text}"


def _reason(claim: Reading, found: Support, held: Ground) -> str:
    against = (
        (found.figures < 1, _wrong(claim, held)),
        (not found.subject, "says of one term what the passages say of another"),
        (not found.paths, "names a path through menus that does not stand there"),
        (bool(found.contradicted), "says the opposite of the sentence that is nearest to it"),
        (not found.said, "says what the entry's own question asks, and not what it answers"),
    )
    if reason := next((told for wrong, told in against if wrong), ""):
        return reason
    matches = held.matches(claim.words)
    missing = dict.fromkeys(w.stem for w in claim.words if w.weight >= SAYS and not matches[w.stem])
    if missing:
        return f"words not in the passages: {', '.join(list(missing)[:_NAMED])}"
    return f"{found.window:.0%} of its words are in one place"
