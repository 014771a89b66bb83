"""Rounds of labels as types: what was frozen, what was drawn, what people said. Pure.

Blind: which answer stands first is drawn for each pair, and what is stored says whose answer was
meant only once somebody has chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Final, Literal

from guardrails import digests
from guardrails.arrays import Floats
from guardrails.statistics.prediction import Draw, PeopleEstimate

Kind = Literal["better", "right"]
"""What is asked: which answer is better, or which are right."""
KINDS: Final[tuple[Kind, ...]] = ("better", "right")
CHOICES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "better": ("a", "b", "tie", "unsure"),
    "right": ("a", "b", "both", "neither", "unsure"),
}
"""What may be said; ``a`` of the question what is right means a alone. Unsure is a tie."""
SAME_WORDS: Final = "(same words)"
"""Who labels pairs whose two answers are the same: nobody has to look at them."""
_LABELS: Final = {"candidate": 1, "base": -1}


@dataclass(frozen=True, slots=True)
class Round:
    """A frozen population of scored pairs, and what people say of it so far.

    id: 0 before it is stored. version: the parts that its pairs belong to. alpha: one minus the
    confidence, in (0, 1). numbers: of the pairs, shape (N,). differences: score(candidate) -
    score(base) by metric, shape (metrics, N), in [-1, 1].
    """

    arm: str
    segment: str
    kind: Kind
    version: str
    at: datetime
    alpha: float
    metrics: tuple[str, ...]
    numbers: tuple[int, ...]
    differences: Floats
    found: PeopleEstimate
    id: int = 0

    @property
    def means(self) -> dict[str, float]:
        """Mean difference by metric over all pairs of the round: what the scores say."""
        means = self.differences.mean(axis=1).tolist()
        return dict(zip(self.metrics, means, strict=True))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A pair that was drawn. place: its place in the order of draws, from 1.

    probability: with which it was drawn, in (0, 1].
    """

    place: int
    number: int
    probability: float
    tilts: tuple[float, ...]

    def draw(self, numbers: Mapping[int, int]) -> Draw:
        """Return it as the statistics take it. numbers: index in the population by number."""
        return Draw(numbers[self.number], self.tilts)


@dataclass(frozen=True, slots=True)
class Label:
    """What one person says of one draw. said: whose answer, or what else; never a or b."""

    place: int
    said: str
    by: str
    at: datetime

    @property
    def value(self) -> int:
        """1: the candidate is better, or right alone; -1: base is; 0: anything else."""
        return _LABELS.get(self.said, 0)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people who labelled the same draws agree.

    pairs: of labels of two people of one draw. same: share that is the same, in [0, 1]. kappa:
    beyond chance, in [-1, 1] (Cohen 1960, over all pairs of people); None where not defined.
    """

    pairs: int
    same: float | None
    kappa: float | None


def candidate_first(round_id: int, pair_id: str) -> bool:
    """Return whether the candidate's answer is A: the same for everybody who labels the pair."""
    return int(digests.of(f"{round_id} {pair_id}")[:2], 16) % 2 == 0


def said(choice: str, *, candidate_first: bool) -> str:
    """Return what a choice means, now that it is made."""
    if choice not in {"a", "b"}:
        return choice
    return "candidate" if (choice == "a") == candidate_first else "base"


def firsts(labels: Sequence[Label]) -> dict[int, Label]:
    """Return the label that counts by place: the first. labels: oldest first."""
    by_place: dict[int, Label] = {}
    for label in labels:
        by_place.setdefault(label.place, label)
    return by_place


def agreement(labels: Sequence[Label]) -> Agreement:
    """Return how far people agree; what nobody looked at is left out."""
    by_place: dict[int, list[int]] = {}
    for label in labels:
        if label.by != SAME_WORDS:
            by_place.setdefault(label.place, []).append(label.value)
    pairs = [pair for values in by_place.values() for pair in combinations(values, 2)]
    if not pairs:
        return Agreement(0, None, None)
    same = sum(left == right for left, right in pairs) / len(pairs)
    every = [value for pair in pairs for value in pair]
    chance = sum((every.count(value) / len(every)) ** 2 for value in (-1, 0, 1))
    kappa = None if chance == 1.0 else (same - chance) / (1.0 - chance)
    return Agreement(len(pairs), same, kappa)
