"""Strengths of one candidate: which are paired, which share a budget, and in which order.

An adapter at strength 0.5 is the point halfway between base and the tuned weights, as in WiSE-FT
(Wortsman et al. 2022). Each strength is an arm with evidence and stages of its own.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from guardrails.types import RISEN, Stage

MARK: Final = "@"


@dataclass(frozen=True, slots=True)
class Rung:
    """One strength of a candidate. strength: in (0, 1]. of: how many strengths it has."""

    candidate: str
    strength: float = 1.0
    of: int = 1


Rungs = Mapping[str, Rung]
"""By arm; an arm that is not in it is a candidate with one strength."""
ALONE: Final[Rungs] = MappingProxyType({})
"""No candidate has several strengths."""


def name_of(candidate: str, strength: float) -> str:
    """Return the arm that a strength of a candidate is: ``tone``, ``tone@0.5``."""
    return candidate if strength == 1.0 else f"{candidate}{MARK}{strength:g}"


def parted(arm: str) -> tuple[str, float]:
    """Return candidate and strength as a name says them: what ``name_of`` has put together."""
    candidate, mark, end = arm.rpartition(MARK)
    try:
        strength = float(end) if mark and candidate else 1.0
    except ValueError:
        return arm, 1.0
    return (candidate, strength) if 0 < strength < 1 else (arm, 1.0)


def rung_of(arm: str, rungs: Rungs) -> Rung:
    """Return which strength of which candidate an arm is."""
    return rungs.get(arm) or Rung(arm)


def grouped(strengths: Mapping[str, tuple[str, float]]) -> dict[str, Rung]:
    """Return the rungs of arms. strengths: candidate and strength, by arm."""
    candidates = [candidate for candidate, _ in strengths.values()]
    return {
        arm: Rung(candidate, strength, candidates.count(candidate))
        for arm, (candidate, strength) in strengths.items()
    }


def ordered(arms: Iterable[str], rungs: Rungs) -> list[str]:
    """Return arms by candidate, the full strength first."""

    def place(arm: str) -> tuple[str, float, str]:
        rung = rung_of(arm, rungs)
        return rung.candidate, -rung.strength, arm

    return sorted(set(arms), key=place)


def paired(arm: str, stages: Mapping[str, Stage], rungs: Rungs) -> bool:
    """Return whether an arm gets pairs in a segment, where arms stand as ``stages`` says.

    What may answer is always compared with base. The rest is, unless a stronger one of the same
    candidate has proven itself (``canary`` or ``serving``): the weaker one is what would be
    fallen back on, and to compare it costs an answer for each question.
    """
    if stages.get(arm) in RISEN:
        return True
    return not any(stages.get(other) in RISEN for other in stronger(arm, stages, rungs))


def stronger(arm: str, arms: Collection[str], rungs: Rungs) -> list[str]:
    """Return those of ``arms`` that are the same candidate at more strength."""
    own = rung_of(arm, rungs)
    pairs = ((other, rung_of(other, rungs)) for other in arms)
    return [
        other
        for other, rung in pairs
        if rung.candidate == own.candidate and rung.strength > own.strength
    ]
