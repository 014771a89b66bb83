"""The words of the guardrail as types."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal

BASE: Final = "base"
"""The arm that is trusted."""
QUOTE: Final = "quote"
"""The document's own words, as an arm."""
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Stage(StrEnum):
    """How far a candidate has come in one segment."""

    SHADOW = "shadow"
    CANARY = "canary"
    SERVING = "serving"
    ROUTED_BACK = "routed_back"


RISEN: Final = frozenset({Stage.CANARY, Stage.SERVING})
"""Stages in which readers get a candidate's answers."""


class Voice(StrEnum):
    """Whose words readers get in a segment where an entry could be quoted."""

    QUOTED = "quoted"
    WRITING = "writing"


class Verdict(StrEnum):
    """What the evidence says of a candidate in one segment.

    equal: shown harmless, i.e. not worse than base by more than the tolerance. unproven: not
    shown to be anything yet, which is not the same.
    """

    BETTER = "better"
    EQUAL = "equal"
    WORSE = "worse"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Pin:
    """A person holds the stage where it is. by: who. why: for those who come later."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one candidate stands in one segment.

    canary_share: share of conversations it answers while in ``canary``, in [0, 1]. since: when
    the stage began. until: when the wait after a route-back ends. route_backs: how many there
    were; the wait grows with them. version: the parts that evidence belongs to. lower: lower
    bound of the mean difference that proved it, in [-1, 1]. decision: id of the last one. held: the
    segment above that got worse, while base answers here until the own pairs have spoken.
    """

    arm: str
    stage: Stage = Stage.SHADOW
    canary_share: float = 0.1
    segment: str = ""
    version: str = ""
    since: datetime = LONG_AGO
    until: datetime | None = None
    route_backs: int = 0
    pin: Pin | None = None
    lower: float | None = None
    decision: str = ""
    held: str = ""

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

    curated: it is the definition or FAQ entry that the question asks for by name. answers: how
    likely it answers the question that it was found for, in [0, 1]; None if nobody has said.

    Raises:
        ValueError: ``answers`` is no number in [0, 1].
    """

    text: str
    language: str
    title: str = ""
    curated: bool = False
    answers: float | None = None

    def __post_init__(self) -> None:
        if self.answers is not None and not 0.0 <= self.answers <= 1.0:
            raise ValueError(f"a probability is a number in [0, 1], got {self.answers!r}")


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


@dataclass(frozen=True, slots=True)
class Quoted:
    """What the quotation of the same passages scored. version: of the way of quoting."""

    version: str
    results: Mapping[str, Result]


@dataclass(frozen=True, slots=True)
class Pair:
    """One question answered by base and a candidate, both scored by the same scorers.

    id: of the job that made it. version: the parts that its evidence belongs to. base,
    candidate: results by metric. number: its place in the order of evidence, from 1; 0 before
    it is stored. quoted: of a candidate that is not the quotation itself, where an entry could be
    quoted. conversation: a name for the one it is from, the same for all of its pairs; "" if nobody
    has said. gap_s: seconds since the last pair with nearly the same question that told of harm, of
    those that the evidence rests on; None: there is none. signature: of the question, see
    ``guardrails.text.repeats``.
    """

    id: str
    arm: str
    segment: str
    at: datetime
    version: str
    base: Mapping[str, Result]
    candidate: Mapping[str, Result]
    number: int = 0
    quoted: Quoted | None = None
    conversation: str = ""
    gap_s: float | None = None
    signature: bytes = b""

    def difference(self, metric: str) -> float | None:
        """Return score(candidate) - score(base), in [-1, 1]; None if either has no score."""
        base, candidate = self.base.get(metric), self.candidate.get(metric)
        if isinstance(base, Score) and isinstance(candidate, Score):
            return candidate.value - base.value
        return None

    def catastrophe(self, metric: str, amount: float) -> float | None:
        """Return -1 if the candidate is worse by more than ``amount``, 1 if base is, else 0.

        None without a score on both sides. Two that err equally often have a mean of 0, however far
        apart their answers are.
        """
        difference = self.difference(metric)
        if difference is None:
            return None
        return float(difference > amount) - float(difference < -amount)

    def failed(self, side: Literal["base", "candidate"]) -> bool:
        """Return whether a side gave no answer."""
        result = (self.base if side == "base" else self.candidate).get("failures")
        return isinstance(result, Score) and result.value == 0.0

    def lacking(self, metrics: Sequence[str]) -> Literal["base", "candidate"] | None:
        """Return which side alone has no score on some of the metrics; None: none, or both."""
        base, candidate = (
            any(not isinstance(side.get(metric), Score) for metric in metrics)
            for side in (self.base, self.candidate)
        )
        if base == candidate:
            return None
        return "base" if base else "candidate"
