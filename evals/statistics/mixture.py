"""The question mix: how much of a change comes from other questions, not from other answers."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evals.statistics.estimate import NOTHING, UNSEEN, Estimate
from evals.statistics.measurements import Kind
from evals.statistics.scored import Scored


@dataclass(frozen=True, slots=True)
class QuestionMix:
    """Shares of the kinds of question in two nights, over the kinds that have cases.

    before, after: sum to 1 each. asked_before, asked_after: real questions behind them. outside:
    share in [0, 1] of tonight's real questions whose kind has no scored case; nothing can be said
    of those. known: whether both nights have real questions; else the cases' own shares stand in
    for both, and mix shift cannot be measured.
    """

    before: Mapping[Kind, float]
    after: Mapping[Kind, float]
    asked_before: int
    asked_after: int
    outside: float
    known: bool

    @property
    def middle(self) -> dict[Kind, float]:
        """The mean of both nights' shares: what effects within a kind are weighted with."""
        return {kind: (share + self.after[kind]) / 2 for kind, share in self.before.items()}


def mixture(
    before: Mapping[Kind, int], after: Mapping[Kind, int], cases: Sequence[Scored]
) -> QuestionMix:
    """Return both nights' shares over the kinds in which a case has a score."""
    counts = Counter((score.segment, score.language) for score in cases if score.value is not None)
    kinds = sorted(counts)
    asked_before = sum(before.get(kind, 0) for kind in kinds)
    asked_after = sum(after.get(kind, 0) for kind in kinds)
    if not asked_before or not asked_after:
        whole = max(counts.total(), 1)
        shares = {kind: counts[kind] / whole for kind in kinds}
        outside = 1.0 if sum(after.values()) else 0.0
        return QuestionMix(shares, shares, asked_before, asked_after, outside, known=False)
    return QuestionMix(
        before={kind: before.get(kind, 0) / asked_before for kind in kinds},
        after={kind: after.get(kind, 0) / asked_after for kind in kinds},
        asked_before=asked_before,
        asked_after=asked_after,
        outside=1 - asked_after / sum(after.values()),
        known=True,
    )


def shifted(mix: QuestionMix, before: Sequence[Scored], after: Sequence[Scored]) -> Estimate:
    """Return how much the mean moved because the mix did: Σ (w' - w)·(m + m')/2.

    The symmetric decomposition of Kitagawa (1955): with the effects within a kind weighted by the
    mean of both mixes it adds up to the whole change, and there is no interaction left. The error
    (delta method) is the multinomial chance in both mixes, with the cases' means taken as they
    are: what is explained is the reported number. Real questions are counted as independent.

    before, after: scores of one arm in the two nights.
    """
    scores = defaultdict[Kind, list[float]](list)
    for score in (*before, *after):
        if score.value is not None:
            scores[(score.segment, score.language)].append(score.value)
    kinds = [kind for kind in mix.before if scores[kind]]
    if not kinds or not mix.known:
        return NOTHING
    means = np.array([np.mean(scores[kind]) for kind in kinds])
    old = np.array([mix.before[kind] for kind in kinds])
    new = np.array([mix.after[kind] for kind in kinds])
    moved = float((new - old) @ means)
    chance = sum(
        float(shares @ means**2 - (shares @ means) ** 2) / count
        for shares, count in ((old, mix.asked_before), (new, mix.asked_after))
    )
    count = min(mix.asked_before, mix.asked_after)
    error = max(max(0.0, chance) ** 0.5, UNSEEN / count)
    return Estimate(moved, error, float(max(count - 1, 0)), count, count)
