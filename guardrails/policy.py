"""What a team wants of the guardrail, as numbers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from guardrails.attack.families import FAMILIES
from guardrails.sequential import Budget

LEVELS: Final = 3
"""A segment, the one above it, and the whole: all three may route it back."""


_SHARES: Final = ("canary_share", "blind_share")
_COUNTS: Final = (
    "min_pairs",
    "blind_window",
    "breaker_failures",
    "breaker_window",
    "strengths",
)
_PAUSES: Final = ("wait_s", "longest_wait_s", "breaker_pause_s", "breaker_longest_s")


@dataclass(frozen=True, slots=True)
class Policy:
    """The guardrail's settings; part of every decision's record.

    metrics: guarded scores; a candidate must hold on all of them. false_alarms: chance in (0, 1)
    of a false route-back per candidate and segment within ``horizon`` scored pairs. tolerance:
    loss of mean score that is accepted, in [0, 1). alpha: one minus the confidence of the
    intervals. min_pairs: scored pairs before a promotion. canary_share: of conversations, in
    [0, 1]. wait_s: seconds between a route-back and fresh evidence; doubles with each route-back
    up to ``longest_wait_s``. blind_share: share of the last ``blind_window`` pairs that may lack
    a score. breaker_failures of the last breaker_window calls open the breaker for
    ``breaker_pause_s`` seconds, doubling up to ``breaker_longest_s``. strengths: of the candidate
    that is decided about; ``false_alarms`` is for all of them together. families: of harms that the
    measure must have been shown to notice before anybody rises; see
    ``guardrails.attack.certificate``.

    Raises:
        ValueError: a value is out of its range.
    """

    metrics: tuple[str, ...] = ("quality",)
    false_alarms: float = 0.05
    horizon: int = 4000
    tolerance: float = 0.05
    alpha: float = 0.05
    min_pairs: int = 50
    canary_share: float = 0.1
    wait_s: float = 86_400.0
    longest_wait_s: float = 30 * 86_400.0
    blind_share: float = 0.3
    blind_window: int = 50
    breaker_failures: int = 5
    breaker_window: int = 10
    breaker_pause_s: float = 60.0
    breaker_longest_s: float = 3600.0
    strengths: int = 1
    families: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError("metrics: at least one must be guarded")
        rules: tuple[tuple[str, bool, str], ...] = (
            ("alpha", 0.0 < self.alpha < 1.0, "lies in (0, 1)"),
            ("tolerance", 0.0 <= self.tolerance < 1.0, "lies in [0, 1)"),
            *((name, 0.0 <= getattr(self, name) <= 1.0, "lies in [0, 1]") for name in _SHARES),
            *((name, getattr(self, name) >= 1, "is at least 1") for name in _COUNTS),
            *((name, getattr(self, name) >= 0.0, "is at least 0 seconds") for name in _PAUSES),
        )
        for name, holds, rule in rules:
            if not holds:
                raise ValueError(f"{name} {rule}, got {getattr(self, name)!r}")
        if self.breaker_failures > self.breaker_window:
            raise ValueError("breaker_failures is at most breaker_window")
        if unknown := [name for name in self.families if name not in FAMILIES]:
            known = ", ".join(FAMILIES)
            raise ValueError(f"families are of {known}, got {', '.join(unknown)}")
        _ = self.budget  # refuses a bad false_alarms or horizon

    @property
    def budget(self) -> Budget:
        """The budget of one detector: split over guarded metrics, levels and strengths."""
        shares = len(self.metrics) * LEVELS * self.strengths
        return Budget(self.false_alarms, self.horizon, shares)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for a decision's record.

        ``strengths`` is left out where there is one, and ``families`` where none is named, as in
        the records made before there were any: those must replay byte for byte.
        """
        values = {**asdict(self), "metrics": list(self.metrics), "families": list(self.families)}
        if self.strengths == 1:
            del values["strengths"]
        if not self.families:
            del values["families"]
        return values

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the policy that ``plain`` was asked of."""
        several = {name: tuple(values.get(name, ())) for name in ("metrics", "families")}
        return cls(**{**values, **several})
