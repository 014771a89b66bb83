"""The words of the guardrail as types."""

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
