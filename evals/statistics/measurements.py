"""What one night measures for attribution, and the case-by-case changes between two nights."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evals.statistics.estimate import NOTHING, Estimate, estimate
from evals.statistics.scored import Scored

Kind = tuple[str, str]
"""Segment and language."""


@dataclass(frozen=True, slots=True)
class NightScores:
    """The measurements of one night, all of one metric and all scored by that night's judge.

    live: every arm with fresh retrieval and fresh answers. frozen: the stored answers that every
    arm gave on the frozen passages, scored again and never taken from the score cache.
    reanswered: every arm answering the frozen questions from the frozen passages again. overlap:
    by case, the share in [0, 1] of passages that fresh retrieval has in common with the frozen
    ones (1: the same); a case without an entry counts as changed. mix: how many real questions of
    the last N days are of each kind.

    On the night when the answers are frozen, ``live``, ``frozen`` and ``reanswered`` are the same
    scores, and every overlap is 1.
    """

    live: Sequence[Scored]
    frozen: Sequence[Scored]
    reanswered: Sequence[Scored]
    overlap: Mapping[str, float] = field(default_factory=dict)
    mix: Mapping[Kind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """By case, how much a score moved for one reason; cases that lack a number are counted.

    values: case id to a difference in [-2, 2]. kinds, clusters: of those cases. unscored: cases
    of the night that have no number here, for want of a score or of a partner.
    """

    values: Mapping[str, float]
    kinds: Mapping[str, Kind]
    clusters: Mapping[str, str]
    unscored: int

    @property
    def unscored_share(self) -> float:
        """Share in [0, 1] of cases without a number; 1 if there are none at all."""
        whole = len(self.values) + self.unscored
        return self.unscored / whole if whole else 1.0

    def estimate(self, weights: Mapping[Kind, float]) -> Estimate:
        """Return the mean over the kinds of question, each with its weight.

        Within a kind all cases count alike. Kinds without a case are left out.
        """
        cases = [case for case in self.values if weights.get(self.kinds[case], 0.0) > 0]
        if not cases:
            return NOTHING
        sizes = Counter(self.kinds[case] for case in cases)
        shares = [weights[self.kinds[case]] / sizes[self.kinds[case]] for case in cases]
        values = np.array([self.values[case] for case in cases])
        return estimate(values, [self.clusters[case] for case in cases], np.array(shares))

    def minus(self, other: "ScoreChange") -> "ScoreChange":
        """Return this change less another, on the cases that have both."""
        both = {
            case: v - other.values[case] for case, v in self.values.items() if case in other.values
        }
        whole = max(len(side.values) + side.unscored for side in (self, other))
        return ScoreChange(both, self.kinds, self.clusters, whole - len(both))

    def only(self, cases: Iterable[str]) -> "ScoreChange":
        """Return this change with 0 for all other cases: those are known not to have moved."""
        names = set(cases)
        values = {case: v if case in names else 0.0 for case, v in self.values.items()}
        return ScoreChange(values, self.kinds, self.clusters, self.unscored)


def change(before: Sequence[Scored], after: Sequence[Scored]) -> ScoreChange:
    """Return after minus before, of one arm and metric each, paired by case and version."""
    old = {score.key: score.value for score in before}
    values, kinds, clusters = dict[str, float](), dict[str, Kind](), dict[str, str]()
    for score in after:
        first = old.get(score.key)
        if first is None or score.value is None:
            continue
        values[score.case] = score.value - first
        kinds[score.case] = (score.segment, score.language)
        clusters[score.case] = score.cluster
    lost = len({score.case for score in after} | {score.case for score in before}) - len(values)
    return ScoreChange(values, kinds, clusters, lost)


def pooled(changes: Sequence[ScoreChange]) -> ScoreChange:
    """Return the mean of several changes by case, on the cases that all have."""
    first, *others = changes
    shared = [case for case in first.values if all(case in o.values for o in others)]
    values = {case: float(np.mean([c.values[case] for c in changes])) for case in shared}
    whole = max(len(part.values) + part.unscored for part in changes)
    return ScoreChange(values, first.kinds, first.clusters, whole - len(values))
