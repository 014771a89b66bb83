"""The check between a model and a reader: a sentence passes, fails, or could not be checked.

Nothing fails open: what could not be checked has not passed.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Literal

from guardrails.failures import noted
from guardrails.rules import policy
from guardrails.scorers.fast import Fast
from guardrails.scorers.groundedness import Claim
from guardrails.text.addresses import addresses
from guardrails.text.reading import LONGEST
from guardrails.types import Result, Sample, Score, Text

RULES: Final = 3
"""Raised by hand when it changes what is shown: a certificate says what that let pass."""
Outcome = Literal["passed", "failed", "unchecked"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check says. reason: for a person; empty if it passed. claims: it says anything."""

    outcome: Outcome
    reason: str = ""
    claims: bool = True


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks sentences while they stream, and answers when they are whole.

    sentences, answers: score in [0, 1] below which one fails. timeout_s: a check that takes
    longer could not be made.
    """

    scorers: Fast
    sentences: float = policy.SENTENCE_FLOOR
    answers: float = policy.ANSWER_FLOOR
    timeout_s: float = 5.0
    _judging: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(2, "carriers"), repr=False, compare=False
    )

    async def sentence(
        self, text: str, passages: tuple[Text, ...], question: str, language: str
    ) -> Checked:
        """Check one sentence against the passages."""
        links = {a for part in (question, *(p.text for p in passages)) for a in addresses(part)}
        if strange := [shown for address, shown in addresses(text).items() if address not in links]:
            return Checked("failed", f"no passage has the address {strange[0]}")
        if len(text) > LONGEST:
            return Checked("failed", f"it has {len(text):,} characters, more than can be read")
        claim = self.scorers.groundedness.claim
        try:
            async with asyncio.timeout(self.timeout_s):
                verdict = await asyncio.to_thread(claim, text, passages, question, language)
        except Exception as error:
            return self._unmade(error)
        if verdict.degree is None:
            return Checked("unchecked", verdict.reason)
        if not passes(verdict, self.sentences):
            return Checked("failed", f"{verdict.reason} ({verdict.degree:.2f})")
        return Checked("passed", claims=verdict.claims)

    def carrier(
        self, text: str, passages: Sequence[Text], question: str, language: str
    ) -> int | None:
        """Return the place of the passage that carries a sentence; None if none does.

        By words, as it only says what to cite: whether it is shown is decided by ``sentence``. What
        claims nothing is carried by none, nor what cannot be judged in time. text: without markers.
        Takes its time; call it from a thread.
        """
        claim = self.scorers.groundedness.claim
        try:
            judged = self._judging.submit(claim, text, passages, question, language, checked=False)
            verdict = judged.result(self.timeout_s)
        except Exception as error:
            noted(error, "the check")
            return None
        named = verdict.claims and verdict.owner >= 0 and carried(verdict, self.sentences)
        return verdict.owner if named else None

    async def answer(self, sample: Sample) -> tuple[Checked, dict[str, Result]]:
        """Check a whole answer; return the verdict and the scores behind it."""
        try:
            async with asyncio.timeout(self.timeout_s):
                results = await asyncio.to_thread(self.scorers.measure_all, sample)
                combined = self.scorers.combine(results)
        except Exception as error:
            return self._unmade(error), {}
        results[self.scorers.name] = combined
        if not isinstance(combined, Score):
            return Checked("unchecked", combined.reason), results
        if combined.value < self.answers:
            why = f"{combined.reason} ({combined.value:.2f} < {self.answers:g})"
            return Checked("failed", why), results
        return Checked("passed"), results

    def _unmade(self, error: Exception) -> Checked:
        if isinstance(error, TimeoutError):
            why = f"it took longer than {self.timeout_s:g} s"
        else:
            why = noted(error, "the check")
        return Checked("unchecked", f"the check failed ({why})")


def passes(claim: Claim, floor: float) -> bool:
    """Return whether a sentence may be shown. floor: degree in [0, 1] below which it may not.

    A number that neither passages nor question have, a denial of what they say that words see and,
    if it was asked, the checker too, a path through menus that they have not, and words that make
    no sentence are never shown, however many of its words the passages have.
    """
    support, marked = claim.support, claim.marks
    if support is None or not carried(claim, floor):
        return carried(claim, floor)
    denied = support.contradicted and (support.refuted or marked is None or marked.denied)
    return not (denied or (marked and marked.unordered))


def carried(claim: Claim, floor: float) -> bool:
    """Return whether the passages have what a sentence says, a denial of it left aside."""
    degree = claim.degree if claim.carried is None else claim.carried
    if degree is None or degree < floor:
        return False
    support = claim.support
    return support is None or support.figures == support.said == support.paths == 1.0
