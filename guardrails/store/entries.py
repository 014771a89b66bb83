"""What the ledger holds beside what the rules know: jobs, alarms, evidence and where it began."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from guardrails.rules.evidence import Evidence

JobState = Literal["waiting", "done", "failed", "void"]


@dataclass(frozen=True, slots=True)
class PairJob:
    """A question that is to be answered by the arm that did not answer it.

    id: of turn and candidate, so that there is one each. tokens: what it is likely to cost.
    payload: all that answering needs, as plain values. error: why it failed or is void.
    """

    id: str
    turn_id: str
    arm: str
    segment: str
    at: datetime
    tokens: int
    payload: Mapping[str, Any]
    state: JobState = "waiting"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that people should look at. cleared: when it was over; None while it is not."""

    id: int
    kind: str
    arm: str
    at: datetime
    message: str
    cleared: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """Evidence of one (candidate, segment). first: number of the first pair that counts."""

    evidence: Evidence
    first: int


def following(held: KeptEvidence | None) -> int:
    """Return the attempt that evidence begun anew is; one that took no pair was none."""
    return held.evidence.attempt + held.evidence.begun if held else 1
