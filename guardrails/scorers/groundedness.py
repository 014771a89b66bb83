"""Groundedness: whether the passages carry what an answer claims, claim by claim.

Within a language, content words, their neighbourhood, names, figures and polarity are compared, and
a checker says what is wrong in a near-copy; across languages an embedder compares meaning. Far
fewer of a passage's words than a copy has are enough: what counts from there is evidence against a
claim. It measures support by the passages, not truth, and no entailment.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from guardrails.scorers.copies import NOTHING, RULES, Marks, marks
from guardrails.scorers.ground import Ground, ground
from guardrails.scorers.meaning import Meaning
from guardrails.scorers.models import Checker, Embedder
from guardrails.scorers.scorer import version
from guardrails.scorers.support import Support, share_of_figures, support
from guardrails.text.function_words import JOINING
from guardrails.text.lexicon import LISTS
from guardrails.text.reading import SAYS, SentenceReading, claims, read, read_reply, repeats
from guardrails.types import Result, Sample, Score, Text, Unscored

_CODE: Final = 7
_REMEMBERED: Final = 16
"""Answers whose claims are kept: several scorers ask for those of one answer."""
_NAMED: Final = 3
"""Missing words that a reason names."""


@dataclass(frozen=True, slots=True)
class GroundednessParameters:
    """Logistic weights of what speaks for a claim, and what is left by what speaks against it.

    words: of ``anywhere``, ``window``, ``pairs`` of ``Support``, and the intercept. across: of
    likeness with the nearest sentence and with the passage, and the intercept, where no passage is
    in the claim's language. full, far: of these two, in (0, 1], from which a claim is as good as a
    copy. Shares of the degree, each in [0, 1], that are left in the worst case: wrong_figures,
    wrong_names, wrong_subject, only_asked, wrong_paths; contradicted by words, denied where the
    checker alone marks a denial, refuted where both do or an entry's own yes or no; exchanged where
    a word is marked that stands nowhere else, unordered where words make no sentence, turned where
    the other yes or no is the better one. leaning: degree and focus below which a bare yes to what
    was asked is not carried, and what is then left of it: its condition must stand where the
    question is dealt with. weakest: weight of the weakest claim against the mean of all. little:
    weight of a claim that is too slight to be the weakest.
    """

    words: tuple[float, float, float, float] = (2.0, 3.0, 3.0, -4.0)
    across: tuple[float, float, float] = (7.8, 1.9, -6.2)
    full: float = 0.3
    far: float = 0.6
    wrong_figures: float = 0.2
    contradicted: float = 0.6
    denied: float = 0.6
    refuted: float = 0.15
    exchanged: float = 0.3
    unordered: float = 0.02
    turned: float = 0.1
    wrong_names: float = 0.7
    wrong_subject: float = 0.2
    only_asked: float = 0.05
    wrong_paths: float = 0.05
    leaning: tuple[float, float, float] = (0.5, 0.9, 0.05)
    weakest: float = 0.5
    little: float = 1.0


FITTED: Final = GroundednessParameters()


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found for one sentence.

    degree: in [0, 1]; None if there is nothing to judge it by, which is no pass. claims: whether
    it says anything; if not, degree is 1. weight: how much it says, at least 0. carried: the degree
    before what is only likely, a denial or what the checker marks, is held against it. support: the
    features behind it, within a language. marks: what the checker found; None if it was not asked.
    owner: place of the passage that carries it best; -1 if there is none.
    """

    text: str
    degree: float | None
    reason: str
    claims: bool = True
    weight: float = 0.0
    carried: float | None = None
    support: Support | None = None
    marks: Marks | None = None
    owner: int = -1


class Groundedness:
    """Share of an answer that its passages carry.

    embedder: for what is in another language than its passages; None: that is not judged. checker:
    None leaves near-copies to words.
    """

    name: Final = "groundedness"

    def __init__(
        self,
        embedder: Embedder | None = None,
        parameters: GroundednessParameters = FITTED,
        *,
        checker: Checker | None = None,
    ) -> None:
        self._checker = checker
        self._judged = lru_cache(maxsize=_REMEMBERED)(self._claims)
        self._meaning = Meaning(embedder) if embedder else None
        self._parameters = parameters
        revision = embedder.revision if embedder else ""
        marked = (checker.version, RULES, sorted(map(sorted, JOINING.values()))) if checker else ()
        self.version = version(_CODE, parameters, LISTS, revision, marked)

    def claim(
        self,
        sentence: str,
        passages: Sequence[Text],
        question: str,
        language: str,
        *,
        checked: bool = True,
    ) -> Claim:
        """Judge one sentence in ``language``; markers and list numbers in it say nothing.

        checked: by the checker as well, where there is one.
        """
        parts = claims(sentence, language)
        reading = read_reply(" ".join(parts), question, language)
        if not reading.claims:
            return Claim(reading.text, 1.0, "claims nothing", claims=False)
        if not passages:
            return Claim(reading.text, 0.0, "there are no passages", weight=reading.weight)
        source = ground(tuple(passages), language)
        query = read(question, language)
        if not source.windows:
            return self._across(reading, query, source)
        checker = self._checker if checked else None
        home = self._at_home(reading, query, source, passages, checker)
        away = tuple(passage for passage in passages if passage.language != language)
        if not away or self._meaning is None or (home.carried or 0.0) >= self._parameters.full:
            return home
        foreign = self._across(reading, query, ground(away, language))
        if (foreign.degree or 0.0) <= (home.carried or 0.0):
            return home
        return replace(foreign, owner=passages.index(away[foreign.owner]))

    def claims(self, sample: Sample) -> tuple[Claim, ...]:
        """Judge every sentence of an answer, in order; the last answers are remembered."""
        passages = tuple(sample.passages)
        return self._judged(sample.answer, passages, sample.question, sample.language)

    def _claims(
        self, answer: str, passages: tuple[Text, ...], question: str, language: str
    ) -> tuple[Claim, ...]:
        return tuple(
            self.claim(sentence, passages, question, language)
            for sentence in claims(answer, language)
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
        if unknown := next((claim for claim in judged if claim.degree is None), None):
            return Unscored(unknown.reason)
        telling = [claim for claim in judged if claim.weight >= self._parameters.little] or judged
        weakest = min(telling, key=lambda claim: claim.degree or 0.0)
        share = self._parameters.weakest
        total = sum(claim.weight for claim in judged)
        mean = sum(claim.weight * (claim.degree or 0.0) for claim in judged) / total
        value = share * (weakest.degree or 0.0) + (1 - share) * mean
        return Score(value, f"weakest of {len(judged)}: {weakest.reason}: {weakest.text}")

    async def score(self, sample: Sample) -> Result:
        """Score an answer without holding up the event loop."""
        return await asyncio.to_thread(self.measure, sample)

    def _at_home(
        self,
        claim: SentenceReading,
        question: SentenceReading,
        held: Ground,
        passages: Sequence[Text],
        checker: Checker | None,
    ) -> Claim:
        p = self._parameters
        backing = support(claim, question, held)
        owner = held.places[backing.owner]
        by_words = (backing.anywhere, backing.window, backing.pairs)
        degree = _logistic(p.words, *by_words)
        least, on_topic, left = p.leaning
        stands = degree >= least and backing.focus >= on_topic
        degree = min(1.0, degree / p.full)
        if claim.leans and not stands:
            degree *= left
        degree *= _left(p.wrong_figures, backing.figures**2)
        degree *= _left(p.wrong_names, backing.names)
        degree *= _left(p.wrong_subject, backing.subject)
        degree *= _left(p.only_asked, backing.said)
        degree *= _left(p.wrong_paths, backing.paths)
        notes = None
        if checker is not None:
            notes = marks(checker, claim, question.text, passages[owner], held, backing.window)
        marked = notes or NOTHING
        carried = degree
        degree *= self._denial(backing, notes)
        degree *= p.exchanged if marked.exchanged else 1.0
        degree *= p.unordered if marked.unordered else 1.0
        degree *= p.turned if marked.turned else 1.0
        reason = _reason(claim, backing, marked, held)
        return Claim(
            claim.text,
            degree,
            reason,
            weight=claim.weight,
            carried=carried,
            support=backing,
            marks=notes,
            owner=owner,
        )

    def _denial(self, found: Support, told: Marks | None) -> float:
        """Return what is left of a claim that denies what stands there, or the other way round."""
        p = self._parameters
        if found.contradicted:
            sure = found.refuted or told is None or told.denied
            return p.refuted if sure else p.contradicted
        denied = told.denied if told else 0.0
        return _left(p.denied, 1.0 - max(0.0, 2.0 * denied - 1.0))

    def _across(self, claim: SentenceReading, question: SentenceReading, held: Ground) -> Claim:
        if self._meaning is None:
            reason = "the passages are in another language and there is no embedder"
            return Claim(claim.text, None, reason, weight=claim.weight)
        near, topic = self._likeness(claim, held)
        right = share_of_figures(claim.figures, (*held.figures, *question.lent))
        degree = min(1.0, _logistic(self._parameters.across, near, topic) / self._parameters.far)
        degree *= _left(self._parameters.wrong_figures, right**2)
        reason = f"likeness {near:.2f}" if right == 1.0 else _wrong(claim, held)
        owner = self._nearest(claim, held)
        return Claim(claim.text, degree, reason, weight=claim.weight, owner=owner)

    def _nearest(self, claim: SentenceReading, held: Ground) -> int:
        """Return the place of the passage with the sentence that is most like a claim."""
        best = [
            float(self._meaning.nearest([claim.text], sentences)[0])
            if self._meaning and sentences
            else -1.0
            for sentences in held.sentences
        ]
        return max(range(len(best)), key=best.__getitem__)

    def _likeness(self, claim: SentenceReading, held: Ground) -> tuple[float, float]:
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


def _wrong(claim: SentenceReading, held: Ground) -> str:
    wrong = [figure.written for figure in claim.figures if not figure.among(held.figures)]
    if wrong:
        return f"not in the passages: {', '.join(wrong)}"
    return f"another figure stands there: {claim.text}"


def _reason(claim: SentenceReading, found: Support, marked: Marks, held: Ground) -> str:
    against = (
        (marked.unordered, "its words make no sentence"),
        (bool(marked.exchanged), f"stands nowhere in the passages: {marked.exchanged}"),
        (marked.turned, "the other yes or no is the better one"),
        (found.figures < 1, _wrong(claim, held)),
        (not found.subject, "says of one term what the passages say of another"),
        (not found.paths, "names a path through menus that does not stand there"),
        (bool(found.contradicted), "says the opposite of the sentence that is nearest to it"),
        (not found.said, "says what the entry's own question asks, and not what it answers"),
    )
    if reason := next((phrase for wrong, phrase in against if wrong), ""):
        return reason
    matches = held.matches(claim.words)
    missing = dict.fromkeys(w.stem for w in claim.words if w.weight >= SAYS and not matches[w.stem])
    if missing:
        return f"words not in the passages: {', '.join(list(missing)[:_NAMED])}"
    return f"{found.window:.0%} of its words are in one place"
