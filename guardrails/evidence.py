"""The running statistics of one candidate in one segment, over the guarded metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from guardrails.confidence import ConfidenceSequence
from guardrails.policy import Policy
from guardrails.sequential import Detector
from guardrails.types import Pair, Verdict


@dataclass(frozen=True, slots=True)
class Measured:
    """What the pairs say of one metric.

    pairs: scored ones. unscored: those without a score on either side. mean, lower, upper: of
    score(candidate) - score(base), in [-1, 1]; the interval holds at all times at once. mean is
    None without a scored pair. evidence: that the candidate is worse; it routes back from
    ``threshold`` on.
    """

    metric: str
    pairs: int
    unscored: int
    mean: float | None
    lower: float
    upper: float
    evidence: float
    threshold: float

    @property
    def tripped(self) -> bool:
        """Whether the candidate is worse by more than the tolerance."""
        return self.evidence >= self.threshold


@dataclass(frozen=True, slots=True)
class Summary:
    """What the pairs say of a candidate in a segment, metric by metric."""

    metrics: tuple[Measured, ...]

    @property
    def pairs(self) -> int:
        """Scored pairs of the metric that has fewest."""
        return min(measured.pairs for measured in self.metrics)

    @property
    def tripped(self) -> Measured | None:
        """The metric that routes back, if one does."""
        return max((m for m in self.metrics if m.tripped), key=lambda m: m.evidence, default=None)

    def weakest(self) -> Measured:
        """Return the metric with the lowest lower bound."""
        return min(self.metrics, key=lambda measured: measured.lower)

    def proven(self, policy: Policy) -> bool:
        """Return whether the candidate is shown not to be worse, on enough pairs."""
        enough = self.pairs >= policy.min_pairs
        return enough and self.weakest().lower >= -policy.tolerance and not self.tripped

    def verdict(self, policy: Policy) -> Verdict:
        """Return the verdict for the transfer map."""
        if self.tripped or any(m.upper < -policy.tolerance for m in self.metrics):
            return Verdict.WORSE
        if not self.proven(policy):
            return Verdict.UNPROVEN
        better = any(measured.lower > 0 for measured in self.metrics)
        return Verdict.BETTER if better else Verdict.EQUAL

    def record(self) -> list[dict[str, Any]]:
        """Return it as plain values, for a decision's record."""
        return [asdict(measured) for measured in self.metrics]

    @classmethod
    def of(cls, record: Sequence[Mapping[str, Any]]) -> Self:
        """Return the summary that a record was made of."""
        return cls(tuple(Measured(**measured) for measured in record))


@dataclass(slots=True)
class Evidence:
    """Detectors and intervals of one candidate in one segment, since the stage began.

    All by metric. unscored: pairs without a score on either side. threshold: see ``Measured``.
    """

    threshold: float
    unscored: dict[str, int]
    detectors: dict[str, Detector]
    intervals: dict[str, ConfidenceSequence]

    @classmethod
    def fresh(cls, policy: Policy) -> Self:
        """Return the evidence of no pair at all."""
        return cls(
            policy.budget.threshold,
            dict.fromkeys(policy.metrics, 0),
            {name: Detector(policy.tolerance) for name in policy.metrics},
            {name: ConfidenceSequence(policy.alpha) for name in policy.metrics},
        )

    def add(self, pair: Pair) -> None:
        """Take a pair; a metric without a score on both sides is counted, and no more."""
        for name, detector in self.detectors.items():
            difference = pair.difference(name)
            if difference is None:
                self.unscored[name] += 1
            else:
                detector.update(difference)
                self.intervals[name].update(difference)

    def summary(self) -> Summary:
        """Return what the pairs say so far."""
        return Summary(tuple(self._measured(name) for name in self.detectors))

    def _measured(self, name: str) -> Measured:
        detector, interval = self.detectors[name], self.intervals[name]
        return Measured(
            metric=name,
            pairs=detector.pairs,
            unscored=self.unscored[name],
            mean=interval.mean if interval.pairs else None,
            lower=interval.lower,
            upper=interval.upper,
            evidence=detector.evidence,
            threshold=self.threshold,
        )

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs, as plain values."""
        return {
            "threshold": self.threshold,
            "unscored": self.unscored,
            "detectors": {name: one.state() for name, one in self.detectors.items()},
            "intervals": {name: one.state() for name, one in self.intervals.items()},
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """Return the evidence that a state was taken of, bit for bit."""
        return cls(
            state["threshold"],
            dict(state["unscored"]),
            {name: Detector.restore(one) for name, one in state["detectors"].items()},
            {name: ConfidenceSequence.restore(one) for name, one in state["intervals"].items()},
        )
