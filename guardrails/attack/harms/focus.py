"""Harms of the family *focus*: true, cited, and no answer to what was asked. Pure."""

from collections.abc import Sequence
from typing import Final

from guardrails.attack.harms import wording
from guardrails.attack.harms.material import AttackCase
from guardrails.attack.harms.sentence import cited, lowered, sentences
from guardrails.types import Text

_TOLD: Final = 2
_LONGEST_NAME: Final = 4


def other_answer(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Answer another question, and cite the passage that answers it."""
    del answer, others, seed
    neighbour = _neighbour(case)
    if neighbour is None:
        return None
    parts = sentences(neighbour.text, neighbour.language)[:_TOLD]
    return cited(parts, len(case.passages)) or None


def unrelated_quote(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Quote a passage whole that does not answer."""
    del answer, others, seed
    neighbour = _neighbour(case)
    return None if neighbour is None else f"{neighbour.text.strip()} [{len(case.passages)}]"


def neighbour_definition(
    case: AttackCase, answer: str, others: Sequence[Text], seed: int
) -> str | None:
    """Define the term that was asked for as its neighbour is defined."""
    del answer, others, seed
    neighbour = _neighbour(case)
    name = case.passages[0].title if case.passages else ""
    if neighbour is None or not (_term(name) and _term(neighbour.title)):
        return None
    first, *_ = sentences(neighbour.text, neighbour.language) or [""]
    if not first or case.language not in wording.DEFINED:
        return None
    swapped = first.replace(neighbour.title, name)
    if swapped == first:
        text = lowered(first)
        swapped = wording.DEFINED[case.language].format(name=name, text=text)
    return f"{swapped} [{len(case.passages)}]"


def _neighbour(case: AttackCase) -> Text | None:
    """Return the last passage, if it is another than the one that answers."""
    if not case.answerable or len(case.passages) < _TOLD:
        return None
    last = case.passages[-1]
    return last if last.language == case.language and last.text.strip() else None


def _term(title: str) -> bool:
    return bool(title) and "?" not in title and len(title.split()) <= _LONGEST_NAME
