"""The running statistics of one candidate in one segment, over all that is guarded."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final, Self

from guardrails.rules.policy import BESIDE, CATASTROPHE, FIRST, Policy
from guardrails.statistics.confidence import ConfidenceSequence
from guardrails.statistics.detector import Detector
from guardrails.statistics.proof import Proof
from guardrails.statistics.ratio import differs
from guardrails.types import Pair, Verdict

AGAIN: Final = timedelta(hours=1)
"""A question that was asked before tells of harm again after so long, and proves nothing more."""
RECENT: Final = 12.0
"""A pair weighs so much less in the mean of the last ones with each pair that follows: 1 / 12."""
_LISTS: Final = ("squares", "recent", "absent", "conversations", "days")
_KEPT: Final = 1000
"""Conversations and days that are told apart; more are not needed by anybody."""


@dataclass(frozen=True, slots=True)
class MetricEvidence:
    """What the pairs say of one metric.

    pairs: scored ones. unscored: those without a score on either side. mean, lower, upper: of
    score(candidate) - score(base), in [-1, 1]; the interval holds the average over the pairs so far
    at all times at once. mean is
    None without a scored pair. evidence: that the candidate is worse; it routes back from
    ``threshold`` on. tolerance: loss of the mean that is accepted. proof: evidence that it is not
    worse than that; it promotes from ``needed`` on. distinct: pairs that the proof rests on.
    spread: standard deviation of a difference. The last five are None under the first rule.
    """

    metric: str
    pairs: int
    unscored: int
    mean: float | None
    lower: float
    upper: float
    evidence: float
    threshold: float
    tolerance: float | None = None
    proof: float | None = None
    needed: float | None = None
    distinct: int | None = None
    spread: float | None = None

    @property
    def tripped(self) -> bool:
        """Whether the candidate is worse by more than the tolerance."""
        return self.evidence >= self.threshold

    def accepted(self, policy: Policy) -> float:
        """Return the loss of the mean that is accepted, in [0, 1)."""
        return policy.tolerance if self.tolerance is None else self.tolerance

    @property
    def proven(self) -> bool:
        """Whether it is shown not to be worse by more than the tolerance."""
        return self.proof is not None and self.needed is not None and self.proof >= self.needed


@dataclass(frozen=True, slots=True)
class Summary:
    """What the pairs say of a candidate in a segment, metric by metric.

    conversations, days: how many different ones the pairs are from. leans: whether the last
    pairs are worse on average than is tolerated, on some metric. uneven: how scores are
    missing on one side more often than on the other, for a person; see ``statistics.ratio``.
    hidden: it is the candidate's side. seen: all pairs, repetitions and unscored ones included.
    """

    metrics: tuple[MetricEvidence, ...]
    conversations: int = 0
    days: int = 0
    leans: bool = False
    uneven: str = ""
    hidden: bool = False
    seen: int = 0

    @property
    def counted(self) -> float:
        """Share of the pairs that tell of harm, in (0, 1]; others repeat what was just asked."""
        most = max((m.pairs + m.unscored for m in self.metrics), default=0)
        return most / self.seen if most and self.seen else 1.0

    @property
    def pairs(self) -> int:
        """Scored pairs of the metric that has fewest."""
        return min(measured.pairs for measured in self.metrics)

    @property
    def distinct(self) -> int:
        """Scored pairs that a proof may rest on, of the metric that has fewest."""
        return min(m.pairs if m.distinct is None else m.distinct for m in self.metrics)

    @property
    def tripped(self) -> MetricEvidence | None:
        """The metric that routes back, if one does."""
        return max((m for m in self.metrics if m.tripped), key=lambda m: m.evidence, default=None)

    def weakest(self) -> MetricEvidence:
        """Return the metric whose lower bound is the furthest below what is tolerated."""
        return min(self.metrics, key=lambda measured: measured.lower + (measured.tolerance or 0.0))

    def score(self) -> MetricEvidence:
        """Return the weakest of the mean scores."""
        return Summary(tuple(m for m in self.metrics if m.metric not in BESIDE)).weakest()

    def proven(self, policy: Policy) -> bool:
        """Return whether the candidate is shown not to be worse, on enough pairs."""
        return not self.tripped and not self.missing(policy) and self._shown(policy)

    def missing(self, policy: Policy) -> str:
        """Return what a promotion still lacks beside the proof, for a person; empty if nothing."""
        needs = (
            ("distinct questions", self.distinct, policy.min_pairs),
            ("conversations", self.conversations, policy.min_conversations),
            ("days", self.days, policy.min_days),
        )
        lacking = [f"{got} of {least} {what}" for what, got, least in needs if got < least]
        return ", ".join(lacking)

    def _shown(self, policy: Policy) -> bool:
        if policy.rule == FIRST:
            return self.weakest().lower >= -policy.tolerance
        return all(measured.proven for measured in self.metrics)

    def verdict(self, policy: Policy) -> Verdict:
        """Return the verdict for the transfer map."""
        if self.tripped or any(m.upper < -m.accepted(policy) for m in self.metrics):
            return Verdict.WORSE
        if not self.proven(policy):
            return Verdict.UNPROVEN
        better = any(m.lower > 0 for m in self.metrics if m.metric in policy.metrics)
        return Verdict.BETTER if better else Verdict.EQUAL

    def record(self) -> list[dict[str, Any]]:
        """Return it as plain values, for a decision's record."""
        rows = (asdict(measured) for measured in self.metrics)
        return [{k: v for k, v in row.items() if v is not None or k == "mean"} for row in rows]

    @classmethod
    def of(cls, record: Sequence[Mapping[str, Any]]) -> Self:
        """Return the summary that a record was made of."""
        return cls(tuple(MetricEvidence(**measured) for measured in record))


@dataclass(slots=True)
class Evidence:
    """Detectors, intervals and proofs of one candidate in one segment, since the stage began.

    All by metric. thresholds: see ``MetricEvidence``. unscored: pairs without a score on some side.
    quality: metrics of ``Policy.metrics``. absent: pairs that lack one of those on one side alone,
    by that side. squares: sums of squared differences. attempt: how often evidence has begun here,
    this time included. needed: proof for a promotion. recent: means that forget, see ``RECENT``.
    catastrophe: see ``Policy``. seen: all pairs. conversations, days: those that a proof is from.
    """

    thresholds: dict[str, float]
    unscored: dict[str, int]
    detectors: dict[str, Detector]
    intervals: dict[str, ConfidenceSequence]
    proofs: dict[str, Proof]
    quality: tuple[str, ...] = ()
    attempt: int = 1
    needed: float = 0.0
    catastrophe: float = 0.0
    seen: int = 0
    squares: dict[str, float] = field(default_factory=dict)
    recent: dict[str, float] = field(default_factory=dict)
    absent: dict[str, int] = field(default_factory=lambda: {"base": 0, "candidate": 0})
    conversations: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)

    @classmethod
    def fresh(cls, policy: Policy, attempt: int = 1) -> Self:
        """Return the evidence of no pair at all."""
        guarded = policy.guarded
        proofs = guarded if policy.rule != FIRST else ()
        return cls(
            thresholds={one.name: one.budget.threshold for one in guarded},
            unscored={one.name: 0 for one in guarded},
            detectors={
                one.name: Detector(one.tolerance, head=one.budget.head(attempt)) for one in guarded
            },
            intervals={
                one.name: ConfidenceSequence(policy.alpha, moving=policy.rule != FIRST)
                for one in guarded
            },
            proofs={one.name: Proof(one.tolerance) for one in proofs},
            quality=policy.metrics,
            attempt=attempt,
            needed=policy.needed(attempt),
            catastrophe=policy.catastrophe,
        )

    @property
    def begun(self) -> bool:
        """Whether a pair was taken."""
        return any(self.unscored.values()) or any(
            detector.pairs for detector in self.detectors.values()
        )

    def add(self, pair: Pair) -> None:
        """Take a pair; a metric without a score on both sides is counted, and no more.

        A question that repeats an earlier one proves nothing, and tells of harm again after
        ``AGAIN``. That is known when it arrives, so that nobody's scores decide what counts. Where
        base failed, its missing score is no sign of anything: failures have a metric of their own.
        """
        self.seen += 1
        differences = {name: self._difference(pair, name) for name in self.detectors}
        if self.proofs:
            self._remember(differences)
            if repeats(pair):
                return
            side = None if pair.failed("base") else pair.lacking(self.quality)
            if side is not None:
                self.absent[side] += 1
        for name, difference in differences.items():
            if difference is None:
                self.unscored[name] += 1
                continue
            self.detectors[name].update(difference)
            self.intervals[name].update(difference)
            self.squares[name] = self.squares.get(name, 0.0) + difference**2
            if self.proofs and pair.gap_s is None:
                self.proofs[name].update(difference)
        if None not in differences.values() and pair.gap_s is None:
            _note(self.conversations, pair.conversation)
            _note(self.days, pair.at.date().isoformat())

    def _remember(self, found: Mapping[str, float | None]) -> None:
        """Let the mean of the last pairs follow, repetitions included."""
        for name, difference in found.items():
            if difference is not None:
                before = self.recent.get(name, 0.0)
                self.recent[name] = before + (difference - before) / RECENT

    def _difference(self, pair: Pair, name: str) -> float | None:
        if name == CATASTROPHE:
            return pair.catastrophe(self.quality[0], self.catastrophe)
        return pair.difference(name)

    def summary(self) -> Summary:
        """Return what the pairs say so far."""
        return Summary(
            tuple(self._measured(name) for name in self.detectors),
            len(self.conversations),
            len(self.days),
            any(mean < -self.proofs[name].tolerance for name, mean in self.recent.items()),
            differs(self.absent),
            self.absent["candidate"] > self.absent["base"],
            self.seen,
        )

    def _measured(self, name: str) -> MetricEvidence:
        detector, interval = self.detectors[name], self.intervals[name]
        proof = self.proofs.get(name)
        return MetricEvidence(
            metric=name,
            pairs=detector.pairs,
            unscored=self.unscored[name],
            mean=interval.mean if interval.pairs else None,
            lower=interval.lower,
            upper=interval.upper,
            evidence=detector.evidence,
            threshold=self.thresholds[name],
            tolerance=proof.tolerance if proof else None,
            proof=proof.evidence if proof else None,
            needed=self.needed if proof else None,
            distinct=proof.pairs if proof else None,
            spread=self._spread(name) if proof and interval.pairs else None,
        )

    def _spread(self, name: str) -> float:
        interval = self.intervals[name]
        variance = self.squares[name] / interval.pairs - interval.mean**2
        return round(math.sqrt(max(variance, 0.0)), 6)

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain values."""
        return {
            "thresholds": self.thresholds,
            "unscored": self.unscored,
            "detectors": {name: detector.state() for name, detector in self.detectors.items()},
            "intervals": {name: sequence.state() for name, sequence in self.intervals.items()},
            "proofs": {name: proof.state() for name, proof in self.proofs.items()},
            "quality": list(self.quality),
            "attempt": self.attempt,
            "needed": self.needed,
            "catastrophe": self.catastrophe,
            "seen": self.seen,
            "squares": self.squares,
            "recent": self.recent,
            "absent": self.absent,
            "conversations": self.conversations,
            "days": self.days,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the evidence that a state was taken of, bit for bit; also the first rule's."""
        names = tuple(state["detectors"])
        thresholds = state.get("thresholds") or dict.fromkeys(names, state.get("threshold", 0.0))
        rest = ("attempt", "needed", "catastrophe", "seen")
        return cls(
            dict(thresholds),
            dict(state["unscored"]),
            {name: Detector.restore(value) for name, value in state["detectors"].items()},
            {name: ConfidenceSequence.restore(value) for name, value in state["intervals"].items()},
            {name: Proof.restore(value) for name, value in state.get("proofs", {}).items()},
            quality=tuple(state.get("quality", names)),
            **{name: state[name] for name in rest if name in state},
            **{name: type(state[name])(state[name]) for name in _LISTS if name in state},
        )


def repeats(pair: Pair) -> bool:
    """Return whether a pair repeats what was asked so shortly before that it tells nothing more."""
    return pair.gap_s is not None and pair.gap_s < AGAIN.total_seconds()


def _note(known: list[str], value: str) -> None:
    """Add what is new, up to ``_KEPT``."""
    if value and value not in known and len(known) < _KEPT:
        known.append(value)
