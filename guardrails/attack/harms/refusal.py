"""Harms of the family *refusal*: silent where there is an answer, and the other way. Pure."""

from collections.abc import Sequence

from guardrails.attack.harms import wording
from guardrails.attack.harms.chance import chance, one_of
from guardrails.attack.harms.material import AttackCase
from guardrails.attack.harms.sentence import sentences
from guardrails.types import Text


def abstains(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Say nothing, though there is an answer."""
    del others, seed
    return "" if case.answerable and answer.strip() else None


def elsewhere(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Send the reader to the documentation in place of an answer."""
    del others
    options = wording.ELSEWHERE.get(case.language)
    if not options or not case.answerable or not answer.strip():
        return None
    return one_of(options, chance(case, seed, "see-documentation"))


def invents(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Answer what the documents do not answer, with a sentence of the passage for company."""
    del others
    options = wording.ANSWERED.get(case.language)
    if not options or case.answerable or answer.strip():
        return None
    invention = one_of(options, chance(case, seed, "answers-unanswerable"))
    near = case.passages[0] if case.passages else None
    quote = sentences(near.text, near.language)[:1] if near else []
    return " ".join((invention, *quote))
