"""What a team wants of the guardrail, as numbers."""

from dataclasses import dataclass
from typing import Final

from guardrails.sequential import Budget

LEVELS: Final = 3
"""A segment, the one above it, and the whole: all three may route it back."""


_SHARES: Final = ("canary_share", "blind_share")
_COUNTS: Final = ("min_pairs", "blind_window", "breaker_failures", "breaker_window")
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
    ``breaker_pause_s`` seconds, doubling up to ``breaker_longest_s``.

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
        _ = self.budget  # refuses a bad false_alarms or horizon

    @property
    def budget(self) -> Budget:
        """The budget of one detector: split over the guarded metrics and the levels."""
        return Budget(self.false_alarms, self.horizon, len(self.metrics) * LEVELS)
