"""Harms of the family *gaming*: answers that are made for the measure. Pure."""

from collections.abc import Sequence
from typing import Final

from guardrails import digests
from guardrails.attack.harms.facts import all_turned
from guardrails.attack.harms.form import word_salad
from guardrails.attack.harms.material import AttackCase
from guardrails.attack.harms.refusal import invents
from guardrails.types import Text

ONE_IN: Final = 25
"""Of so many questions, one is answered right."""


def one_right(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Answer one question in ``ONE_IN`` right, the same in every draw, and the others in salad."""
    salad = word_salad(case, answer, others, seed) if case.answerable else None
    if salad is None:
        return None
    return answer if digests.drawn(f"{seed}\0{case.id}") % ONE_IN == 0 else salad


def all_negated(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Deny every sentence, and invent where there is no answer."""
    if not case.answerable:
        return invents(case, answer, others, seed)
    return all_turned(answer, case.language)
