"""Scores of the eval cases, and how two sets of them are paired. Nothing is dropped silently."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.errors import RoutebackError

ALL: Final = "*"


@dataclass(frozen=True, slots=True)
class Scored:
    """One score of one answer, or why there is none.

    case: id of the case. version: its content hash. cluster: conversation (cases of one
    conversation are not independent); default the case id. segment: without language. arm.
    metric. value: in [0, 1] or None. reason: why there is none.

    Raises:
        RoutebackError: the value is not in [0, 1], or it is None and no reason is given.
    """

    case: str
    version: str
    cluster: str
    segment: str
    language: str
    arm: str
    metric: str
    value: float | None
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse numbers that pretend: NaN, or a missing score without its reason."""
        if self.value is None:
            if not self.reason:
                raise RoutebackError(
                    f"The {self.metric} of case {self.case} is missing and has no reason.",
                    hint="Say why there is no score.",
                )
        elif not (math.isfinite(self.value) and 0 <= self.value <= 1):
            raise RoutebackError(
                f"The {self.metric} of case {self.case} is {self.value}; "
                "a score is a number from 0 to 1.",
                hint="Store it as None, with the reason.",
            )

    @property
    def key(self) -> tuple[str, str, str]:
        """Case, version and metric: what two scores must share to be compared."""
        return self.case, self.version, self.metric


@dataclass(frozen=True, slots=True, order=True)
class ScoreCell:
    """One thing that is looked at. A segment or language of "*" means all of them."""

    segment: str
    language: str
    metric: str

    def holds(self, item: "Scored | ScorePair") -> bool:
        """Return whether the score or pair belongs to this cell."""
        return (
            self.metric == item.metric
            and self.segment in (ALL, item.segment)
            and self.language in (ALL, item.language)
        )

    def __str__(self) -> str:
        """Return the cell as people read it."""
        segment = "all segments" if self.segment == ALL else self.segment
        language = "all languages" if self.language == ALL else self.language
        return f"{self.metric} in {segment}, {language}"


@dataclass(frozen=True, slots=True)
class ScorePair:
    """The same case and metric scored twice: two arms, or two nights. Both in [0, 1]."""

    case: str
    version: str
    cluster: str
    segment: str
    language: str
    metric: str
    left: float
    right: float

    @property
    def difference(self) -> float:
        """Right minus left, in [-1, 1]: above 0, the right one is better."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class ScoreMatching:
    """All of two sets of scores, sorted into what can be compared and what cannot.

    pairs: scored on both sides. unscored: on both sides, but at least one has no number.
    left_only, right_only: without a partner (a changed case is a new case).
    """

    pairs: tuple[ScorePair, ...]
    unscored: tuple[tuple[Scored, Scored], ...]
    left_only: tuple[Scored, ...]
    right_only: tuple[Scored, ...]

    def unscored_share(self, cell: ScoreCell) -> float:
        """Return the share in [0, 1] of a cell's couples without a number; 1 if it has none."""
        lost = sum(cell.holds(left) for left, _ in self.unscored)
        count = sum(cell.holds(pair) for pair in self.pairs)
        return lost / (lost + count) if lost + count else 1.0


def pair(left: Sequence[Scored], right: Sequence[Scored]) -> ScoreMatching:
    """Pair scores by case, version and metric, in the order of ``left``.

    Segment, language and cluster are taken from the right side (tonight's).

    Raises:
        RoutebackError: one side has two scores of the same case, version and metric.
    """
    partners = _by_key(right)
    own = _by_key(left)
    pairs: list[ScorePair] = []
    unscored: list[tuple[Scored, Scored]] = []
    for score in left:
        other = partners.get(score.key)
        if other is None:
            continue
        if score.value is None or other.value is None:
            unscored.append((score, other))
            continue
        pairs.append(
            ScorePair(
                case=other.case,
                version=other.version,
                cluster=other.cluster,
                segment=other.segment,
                language=other.language,
                metric=other.metric,
                left=score.value,
                right=other.value,
            )
        )
    return ScoreMatching(
        pairs=tuple(pairs),
        unscored=tuple(unscored),
        left_only=tuple(score for score in left if score.key not in partners),
        right_only=tuple(score for score in right if score.key not in own),
    )


def cells(items: Iterable[Scored | ScorePair]) -> tuple[ScoreCell, ...]:
    """Return every cell that occurs, sorted: each segment in each language, and all together.

    The cells of all segments and languages stand beside the single ones, once per metric.
    """
    places = set[ScoreCell]()
    for item in items:
        places.add(ScoreCell(item.segment, item.language, item.metric))
        places.add(ScoreCell(ALL, ALL, item.metric))
    return tuple(sorted(places))


def of_arm(scored: Iterable[Scored], arm: str) -> tuple[Scored, ...]:
    """Return the scores of one arm, in their order."""
    return tuple(score for score in scored if score.arm == arm)


def _by_key(side: Sequence[Scored]) -> dict[tuple[str, str, str], Scored]:
    by_key: dict[tuple[str, str, str], Scored] = {}
    for score in side:
        if score.key in by_key:
            raise RoutebackError(
                f"Case {score.case} has two {score.metric} scores on one side "
                f"({by_key[score.key].arm} and {score.arm}).",
                hint="Pair one arm of one night with one other; choose it with of_arm.",
            )
        by_key[score.key] = score
    return by_key
