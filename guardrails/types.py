"""The words of the guardrail as types."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """How far a candidate has come in one segment."""

    SHADOW = "shadow"
    CANARY = "canary"
    SERVING = "serving"
    ROUTED_BACK = "routed_back"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one candidate stands in one segment.

    canary_share: share of conversations it answers while in ``canary``, in [0, 1].
    """

    arm: str
    stage: Stage
    canary_share: float = 0.1

    def __post_init__(self) -> None:
        if not 0.0 <= self.canary_share <= 1.0:
            raise ValueError(f"canary_share is a share in [0, 1], got {self.canary_share!r}")


@dataclass(frozen=True, slots=True)
class Route:
    """The arm that answers one question, and why."""

    arm: str
    segment: str
    reason: str


@dataclass(frozen=True, slots=True)
class Text:
    """A passage as a scorer sees it.

    curated: it is the definition or FAQ entry that the question asks for by name.
    """

    text: str
    language: str
    title: str = ""
    curated: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer to score, with all that it may be judged by.

    answer: as the reader saw it, citation markers included. language: of the question, ISO
    639-1. reference: a right answer, where one is known. answerable: whether the evidence
    was enough for an answer; None if nobody knows. abstained: whether the answer says that
    there is none.
    """

    question: str
    language: str
    passages: Sequence[Text]
    answer: str
    reference: str | None = None
    answerable: bool | None = None
    abstained: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """How good an answer is by one scorer: in [0, 1], higher is better.

    Raises:
        ValueError: the value is not a finite number in [0, 1].
    """

    value: float
    reason: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and 0.0 <= self.value <= 1.0):
            raise ValueError(f"a score is a finite number in [0, 1], got {self.value!r}")


@dataclass(frozen=True, slots=True)
class Unscored:
    """There is no score, and why. Never a zero, never a pass."""

    reason: str


Result = Score | Unscored
