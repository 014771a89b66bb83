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
    held = [fact for fact in case.facts if holds(text, fact)]
    if len(held) < 2:  # noqa: PLR2004 - one fact has no half
        return None
    rng = chance(case, seed, "half-facts")
    order = shuffled(range(len(held)), rng)
    gone = {held[i] for i in order[: (len(held) + 1) // 2]}
    left = [fact for fact in held if fact not in gone]
    kept = [part for s in sentences(text, case.language) if (part := _without(s, gone, left))]
    told = " ".join(kept)
    if not told or any(holds(told, fact) for fact in gone):
        return None
    return told


def cut(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Break off in the middle of a sentence."""
    del case, others, seed
    words = plain(answer).split()
    if len(words) < _FEWEST_WORDS:
        return None
    kept = words[: max(4, int(_KEPT * len(words)))]
    return " ".join(kept).rstrip(".!?,;:")


def _without(
    sentence: str, gone: set[tuple[str, ...]], left: Sequence[tuple[str, ...]]
) -> str | None:
    """Return what of a sentence states none of the facts that are gone."""
    if not any(holds(sentence, fact) for fact in gone):
        return sentence
    kept = [part for part in clauses(sentence) if not any(holds(part, fact) for fact in gone)]
    told = " ".join(kept)
    if any(holds(sentence, fact) and not holds(told, fact) for fact in left):
        told = sentence
        for fact in gone:
            while found := holds(told, fact):
                told = re.sub(re.escape(found), "", told, count=1, flags=re.IGNORECASE)
        told = re.sub(r"\s{2,}", " ", told)
    return raised(ended(told.strip(" ,;:–"))) or None
