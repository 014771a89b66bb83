"""What is guarded beside quality, and how much worse than base each may be by default."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Margin = Literal["failures", "time", "tokens"]
FAILURES: Final = "failures"
TIME: Final = "time"
TOKENS: Final = "tokens"
MARGINS: Final = (FAILURES, TIME, TOKENS)
"""Metrics of ``guardrails.costs``; a loss of .5 of time or tokens is twice as much."""
DEFAULTS: Final[Mapping[Margin, float]] = MappingProxyType(
    {"failures": 0.05, "time": 0.5, "tokens": 0.5}
)
