"""Improvements: a worse answer and a better one, which the measure must not hold back. Pure.

Each takes a case, a right answer, other entries and a seed, and returns (worse, better), or None.
"""

import re
from collections.abc import Sequence

from guardrails.attack.harms import wording
from guardrails.attack.harms.facts import all_turned
from guardrails.attack.harms.focus import other_answer
from guardrails.attack.harms.form import padding
from guardrails.attack.harms.material import AttackCase
from guardrails.attack.harms.refusal import invents
from guardrails.attack.harms.sentence import cited, plain, raised, sentences
from guardrails.types import Text

Sides = tuple[str, str]
COPIED = 3
"""Sentences that the copying base takes from a passage."""


def copied(case: AttackCase) -> str:
    """Return the first sentences of the passage that answers; empty where none does."""
    if not case.answerable or not case.passages:
        return ""
    source = case.passages[0]
    return cited(sentences(source.text, source.language)[:COPIED], 1)


def human_over_copied(
    case: AttackCase, answer: str, others: Sequence[Text], seed: int
) -> Sides | None:
    """Compare what a person wrote with three copied sentences."""
    del answer, others, seed
    worse = copied(case)
    return (worse, case.reference) if worse and case.reference else None


def quoted_over_wrong(
    case: AttackCase, answer: str, others: Sequence[Text], seed: int
) -> Sides | None:
    """Compare the entry that answers, quoted, with an answer to something else or a denial."""
    if not case.answerable or not case.passages:
        return None
    worse = other_answer(case, answer, others, seed) or all_turned(answer, case.language)
    return (worse, f"{case.passages[0].text.strip()} [1]") if worse else None


def concise_over_padded(
    case: AttackCase, answer: str, others: Sequence[Text], seed: int
) -> Sides | None:
    """Compare an answer with the same one in padding."""
    worse = padding(case, answer, others, seed) if case.answerable else None
    return (worse, answer) if worse else None


def explicit_over_none(
    case: AttackCase, answer: str, others: Sequence[Text], seed: int
) -> Sides | None:
    """Compare an answer that says yes or no with the same one without it."""
    del others, seed
    yes, no = wording.YES.get(case.language, ""), wording.NO.get(case.language, "")
    text = plain(answer)
    match = re.match(rf"(?:{yes}|{no})[,.:]\s+", text) if yes else None
    if not match or not text[match.end() :].strip():
        return None
    return raised(text[match.end() :]), answer


def abstention_over_invention(
    case: AttackCase, answer: str, others: Sequence[Text], seed: int
) -> Sides | None:
    """Compare a right abstention with an invention."""
    worse = invents(case, answer, others, seed)
    return (worse, "") if worse else None
