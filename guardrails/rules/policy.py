"""What a team wants of the guardrail, as numbers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from guardrails.rules.strengths import Rungs, rung_of
from guardrails.statistics.detector import Budget, spent
from guardrails.types import QUOTE

Margin = Literal["failures", "time", "tokens"]
FAILURES: Final = "failures"
TIME: Final = "time"
TOKENS: Final = "tokens"
MARGINS: Final[tuple[Margin, ...]] = (FAILURES, TIME, TOKENS)
"""Metrics of ``guardrails.rules.costs``; a loss of .5 of time or tokens is twice as much."""
Harming = Literal["facts", "focus", "complete", "form", "refusal", "gaming", "promise"]
Family = Literal[
    "facts", "focus", "complete", "form", "refusal", "gaming", "promise", "improvements"
]
FAMILIES: Final[tuple[Harming, ...]] = (
    "facts",
    "focus",
    "complete",
    "form",
    "refusal",
    "gaming",
    "promise",
)
"""Families of harms that a measure is to notice; a policy may name some."""
SENTENCE_FLOOR: Final = 0.3
ANSWER_FLOOR: Final = 0.08
"""Scores below which nothing is shown.

Low on purpose, since people write in words of their own: they stop what the passages plainly do not
carry. ``benchmarks/measure/floors.py`` says what they stop, rightly and wrongly.
"""
Rule = Literal[1, 2]
FIRST: Final = 1
"""Up to 0.1: segments above take back all below that is not proven, and an interval promotes.

The rule of now is 2: a segment is taken back on its own pairs alone, and what promotes holds on
average, too.
"""
CATASTROPHE: Final = "catastrophe"
"""Metric: whether the candidate's answer is worse than base's by very much, or base's than its."""
BESIDE: Final = frozenset({CATASTROPHE, *MARGINS})
"""Metrics that are guarded beside the mean scores."""
_LEVELS: Final = 3
_BESIDE: Final = 0.2
"""Share of the budget of false route-backs that is for all that is not mean quality."""

_SHARES: Final = ("canary_share", "blind_share")
_COUNTS: Final = (
    "min_pairs",
    "blind_window",
    "breaker_failures",
    "breaker_window",
    "strengths",
)
_PAUSES: Final = ("wait_s", "longest_wait_s", "breaker_pause_s", "breaker_longest_s")
_SECOND: Final = (
    "false_promotions",
    "min_conversations",
    "min_days",
    "catastrophe",
    "catastrophe_tolerance",
    "margins",
    "rule",
)
"""Fields that the first rule has not."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """One metric as a policy guards it.

    tolerance: loss of the mean that is accepted, in [0, 1). budget: of false route-backs by it.
    """

    name: str
    tolerance: float
    budget: Budget


@dataclass(frozen=True, slots=True)
class Policy:
    """The guardrail's settings; part of every decision's record.

    metrics: guarded scores; a candidate must hold on all of them. false_alarms: chance in (0, 1)
    of a false route-back per candidate and segment within ``horizon`` scored pairs, over all
    metrics, strengths and attempts. false_promotions: chance in (0, 1) that a candidate worse than
    tolerated is ever promoted in a segment, over all strengths, versions and attempts. tolerance:
    loss of mean score that is accepted, in [0, 1). alpha: one minus the confidence of the
    intervals. min_pairs, min_conversations, min_days: distinct questions, conversations and days
    before a promotion. catastrophe: a pair is one where the candidate's score on the first metric
    is lower by more than this, in (0, 1]; 0: not guarded. catastrophe_tolerance: share of those,
    less those the other way round, that is accepted, in [0, 1). margins: by metric of ``MARGINS``,
    the loss that is accepted, in [0, 1). canary_share: of conversations, in [0, 1]. wait_s:
    seconds between a route-back and fresh evidence; doubles with each route-back
    up to ``longest_wait_s``. blind_share: share of the last ``blind_window`` pairs that may lack
    a score. breaker_failures of the last breaker_window calls open the breaker for
    ``breaker_pause_s`` seconds, doubling up to ``breaker_longest_s``. strengths: of the candidate
    that is decided about; ``false_alarms`` is for all of them together. families: of harms that the
    measure must have been shown to notice before anybody rises; see
    ``guardrails.attack.certificate``. rule: by which version of the rules it is decided.

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
    false_promotions: float = 0.02
    min_conversations: int = 0
    min_days: int = 0
    catastrophe: float = 0.0
    catastrophe_tolerance: float = 0.03
    margins: Mapping[str, float] = field(default_factory=dict)
    rule: Rule = 2

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError("metrics: at least one must be guarded")
        rules: tuple[tuple[str, bool, str], ...] = (
            ("alpha", 0.0 < self.alpha < 1.0, "lies in (0, 1)"),
            ("tolerance", 0.0 <= self.tolerance < 1.0, "lies in [0, 1)"),
            *((name, 0.0 <= getattr(self, name) <= 1.0, "lies in [0, 1]") for name in _SHARES),
            *((name, getattr(self, name) >= 1, "is at least 1") for name in _COUNTS),
            *((name, getattr(self, name) >= 0.0, "is at least 0 seconds") for name in _PAUSES),
            ("false_promotions", 0.0 < self.false_promotions < 1.0, "lies in (0, 1)"),
            ("min_conversations", self.min_conversations >= 0, "is at least 0"),
            ("min_days", self.min_days >= 0, "is at least 0"),
            ("catastrophe", 0.0 <= self.catastrophe <= 1.0, "lies in [0, 1]"),
            ("catastrophe_tolerance", 0.0 <= self.catastrophe_tolerance < 1.0, "lies in [0, 1)"),
            ("margins", all(0.0 <= m < 1.0 for m in self.margins.values()), "lie in [0, 1)"),
        )
        for name, holds, rule in rules:
            if not holds:
                raise ValueError(f"{name} {rule}, got {getattr(self, name)!r}")
        if self.breaker_failures > self.breaker_window:
            raise ValueError("breaker_failures is at most breaker_window")
        if unknown := [name for name in self.families if name not in FAMILIES]:
            families = ", ".join(FAMILIES)
            raise ValueError(f"families are of {families}, got {', '.join(unknown)}")
        if unknown := sorted(set(self.margins) - set(MARGINS)):
            names = ", ".join(unknown)
            raise ValueError(f"margins are of {', '.join(MARGINS)}, got {names}")
        _ = self.budget  # refuses a bad false_alarms or horizon

    @property
    def budget(self) -> Budget:
        """The budget of the detector of one of ``metrics``."""
        return self.guarded[0].budget

    @property
    def guarded(self) -> tuple[Guarded, ...]:
        """All that is guarded: mean scores first, then catastrophes, then margins.

        What is not mean quality shares a fifth of the budget; strengths split all of it.
        """
        if self.rule == FIRST:
            shares = len(self.metrics) * _LEVELS * self.strengths
            budget = Budget(self.false_alarms, self.horizon, shares)
            return tuple(Guarded(name, self.tolerance, budget) for name in self.metrics)
        others = {CATASTROPHE: self.catastrophe_tolerance} if self.catastrophe else {}
        others |= {name: self.margins[name] for name in MARGINS if name in self.margins}
        rest = (1.0 - _BESIDE) if others else 1.0

        def part(share: float, count: int) -> Budget:
            parts = count * self.strengths / share
            return Budget(self.false_alarms, self.horizon, parts, ahead=True)

        own, beside = part(rest, len(self.metrics)), part(_BESIDE, max(1, len(others)))
        return (
            *(Guarded(name, self.tolerance, own) for name in self.metrics),
            *(Guarded(name, tolerance, beside) for name, tolerance in others.items()),
        )

    def of_arm(self, arm: str, rungs: Rungs) -> Self:
        """Return the policy of one arm: its strengths share it, and a quotation costs nothing."""
        margins = {} if arm == QUOTE else self.margins
        return replace(self, strengths=rung_of(arm, rungs).of, margins=margins)

    def needed(self, attempt: int) -> float:
        """Return the proof that a promotion needs, at least 1; see ``guardrails.statistics.proof``.

        attempt: how often evidence of the candidate has begun in a segment, from 1: of whatever
        version, at whatever strength and for whatever stage. Each has its share of
        ``false_promotions``.
        """
        return 1.0 / (self.false_promotions * spent(attempt))

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, for a decision's record.

        ``strengths`` is left out where there is one, ``families`` where none is named, and what
        the first rule does not know, as in the records made before there were any: those must
        replay byte for byte.
        """
        values = {**asdict(self), "metrics": list(self.metrics), "families": list(self.families)}
        values["margins"] = dict(self.margins)
        if self.rule == FIRST:
            values = {name: value for name, value in values.items() if name not in _SECOND}
        if self.strengths == 1:
            del values["strengths"]
        if not self.families:
            del values["families"]
        return values

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the policy that ``plain`` was asked of."""
        several = {name: tuple(values.get(name, ())) for name in ("metrics", "families")}
        return cls(**{"rule": FIRST, **values, **several})


DEFAULT: Final = Policy(
    metrics=("fast", "relevance"),
    min_conversations=20,
    min_days=3,
    catastrophe=0.7,
    margins=MappingProxyType({FAILURES: 0.05, TIME: 0.5, TOKENS: 0.5}),
    families=FAMILIES,
)
"""What decides where the settings say nothing else."""
