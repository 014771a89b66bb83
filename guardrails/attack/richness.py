"""Which cases a quick attack takes: few, in which as many changes as possible can be measured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from guardrails.attack.attack import makeable
from guardrails.attack.catalogue import CHANGES
from guardrails.attack.harms.material import AttackCase, AttackMaterial, Base
from guardrails.attack.streams import FEWEST

QUICK: Final = 40
"""Cases with an answer of a quick attack."""
QUICK_UNANSWERABLE: Final = 26
"""Cases without one: what a stream is drawn from at least, and one more."""

Names = frozenset[str]


def quick(material: AttackMaterial, base: Base) -> AttackMaterial:
    """Return the material with few cases, as many of each language as the other.

    One after the other, the case is taken that brings most changes nearer to what a stream is drawn
    from at least; a change counts the more the fewer cases it can be made in.
    """
    names = {
        case.id: frozenset(
            mutation.name for mutation in CHANGES if makeable(material, mutation, case, base)
        )
        for case in material.cases
    }
    answered = [case for case in material.cases if case.answerable]
    silent = [case for case in material.cases if not case.answerable]
    cases = (*_taken(answered, names, QUICK), *_taken(silent, names, QUICK_UNANSWERABLE))
    return replace(material, cases=cases)


def _taken(cases: Sequence[AttackCase], names: Mapping[str, Names], count: int) -> list[AttackCase]:
    pool = [name for case in cases for name in names[case.id]]
    worth = {name: 1.0 / pool.count(name) for name in set(pool)}
    missing = dict.fromkeys(worth, FEWEST)
    waiting = {
        language: [case for case in cases if case.language == language]
        for language in sorted({case.language for case in cases})
    }
    sample: list[AttackCase] = []
    while len(sample) < count and any(waiting.values()):
        for own in waiting.values():
            if not own or len(sample) == count:
                continue
            best = max(own, key=lambda case: _gain(names[case.id], worth, missing))
            own.remove(best)
            sample.append(best)
            for name in names[best.id]:
                missing[name] -= 1
    return sample


def _gain(names: Names, worth: Mapping[str, float], missing: Mapping[str, int]) -> float:
    return sum(worth[name] for name in sorted(names) if missing[name] > 0)
