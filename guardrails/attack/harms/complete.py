"""Harms of the family *complete*: true as far as it goes. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from guardrails.attack.harms.chance import chance, shuffled
from guardrails.attack.harms.material import AttackCase
from guardrails.attack.harms.sentence import clauses, ended, holds, plain, raised, sentences
from guardrails.types import Text

_FEWEST_WORDS: Final = 8
_KEPT: Final = 0.55


def half_facts(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Leave half of the key facts out, with the clauses that state them."""
    del others
    text = plain(answer)
    facts = [fact for fact in case.facts if holds(text, fact)]
    if len(facts) < 2:  # noqa: PLR2004 - one fact has no half
        return None
    rng = chance(case, seed, "half-facts")
    order = shuffled(range(len(facts)), rng)
    gone = {facts[i] for i in order[: (len(facts) + 1) // 2]}
    left = [fact for fact in facts if fact not in gone]
    parts = [part for s in sentences(text, case.language) if (part := _without(s, gone, left))]
    rest = " ".join(parts)
    if not rest or any(holds(rest, fact) for fact in gone):
        return None
    return rest


def cut(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Break off in the middle of a sentence."""
    del case, others, seed
    words = plain(answer).split()
    if len(words) < _FEWEST_WORDS:
        return None
    head = words[: max(4, int(_KEPT * len(words)))]
    return " ".join(head).rstrip(".!?,;:")


def _without(
    sentence: str, gone: set[tuple[str, ...]], left: Sequence[tuple[str, ...]]
) -> str | None:
    """Return what of a sentence states none of the facts that are gone."""
    if not any(holds(sentence, fact) for fact in gone):
        return sentence
    parts = [part for part in clauses(sentence) if not any(holds(part, fact) for fact in gone)]
    rest = " ".join(parts)
    if any(holds(sentence, fact) and not holds(rest, fact) for fact in left):
        rest = sentence
        for fact in gone:
            while phrase := holds(rest, fact):
                rest = re.sub(re.escape(phrase), "", rest, count=1, flags=re.IGNORECASE)
        rest = re.sub(r"\s{2,}", " ", rest)
    return raised(ended(rest.strip(" ,;:–"))) or None
