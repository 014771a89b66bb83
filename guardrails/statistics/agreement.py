"""How far scores agree with people: AUC, Spearman, Cohen's kappa, with bootstrap intervals."""

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Final

import numpy as np

from guardrails.arrays import Bools, Floats, Indices

SEED: Final = 20261124
RESAMPLES: Final = 400
FOLDS: Final = 5


def auc(scores: Floats, accepted: Bools) -> float:
    """Return P(an accepted answer scores higher than a refused one), ties half; in [0, 1].

    NaN if there are not both kinds, or a score is NaN (Mann and Whitney 1947).
    """
    from scipy.stats import rankdata  # a second to import

    good = int(accepted.sum())
    bad = len(accepted) - good
    if not good or not bad:
        return float("nan")
    return float((rankdata(scores)[accepted].sum() - good * (good + 1) / 2) / (good * bad))


def spearman(scores: Floats, labels: Floats) -> float:
    """Return the rank correlation in [-1, 1]; NaN if either side is constant or has a NaN."""
    from scipy.stats import rankdata

    left, right = rankdata(scores), rankdata(labels)
    if left.std() == 0 or right.std() == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def kappa(left: Bools, right: Bools) -> float:
    """Return Cohen's kappa in [-1, 1]; NaN if both are constant (Cohen 1960)."""
    chance = left.mean() * right.mean() + (1 - left.mean()) * (1 - right.mean())
    return float("nan") if chance == 1 else float(((left == right).mean() - chance) / (1 - chance))


def best_threshold(scores: Floats, accepted: Bools) -> float:
    """Return the score from which accepting agrees most with people (highest kappa).

    Between two scores that occur; the lowest of several that are as good.
    """
    values, inverse = np.unique(scores, return_inverse=True)
    good = np.bincount(inverse, accepted, len(values))
    every = np.bincount(inverse, minlength=len(values))
    total, share = len(scores), accepted.mean()
    # counts[i]: accepting all from values[i] on
    hits = np.cumsum(good[::-1])[::-1]
    counts = np.cumsum(every[::-1])[::-1]
    agree = (hits + (total - accepted.sum()) - (counts - hits)) / total
    chance = share * counts / total + (1 - share) * (1 - counts / total)
    with np.errstate(invalid="ignore", divide="ignore"):
        values_of = np.where(chance < 1, (agree - chance) / (1 - chance), -1.0)
    best = int(values_of.argmax())
    return float(values[best] if best == 0 else (values[best - 1] + values[best]) / 2)


def folds(accepted: Bools) -> Indices:
    """Return a fold in [0, FOLDS) for each row, seeded and stratified. Shape (n,)."""
    order = np.random.default_rng(SEED).permutation(len(accepted))
    order = order[np.argsort(accepted[order], kind="stable")]
    fold = np.empty(len(accepted), np.intp)
    fold[order] = np.arange(len(accepted)) % FOLDS
    return fold


def held_out(scores: Floats, accepted: Bools) -> Bools:
    """Return for each row whether a threshold chosen on the other folds accepts it.

    A threshold chosen and judged on the same rows would flatter the scorer.
    """
    fold = folds(accepted)
    verdicts = np.zeros(len(scores), np.bool_)
    for number in range(FOLDS):
        own = fold == number
        if own.any() and not own.all():
            verdicts[own] = scores[own] >= best_threshold(scores[~own], accepted[~own])
    return verdicts


def interval(statistic: Callable[[Indices], float], count: int) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a statistic of rows (Efron 1979).

    statistic: called with the chosen rows, repeats included. Resamples where it is not defined
    are left out; NaN if that is more than half of them.
    """
    random = np.random.default_rng(SEED)
    values = np.array([statistic(random.integers(0, count, count)) for _ in range(RESAMPLES)])
    values = values[np.isfinite(values)]
    if 2 * len(values) < RESAMPLES:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def between_people(labels: Sequence[Sequence[float]], accept: float) -> tuple[int, float, float]:
    """Return (rows with several raters, kappa of any two, AUC of one against the others' mean).

    Pairs of raters of the same row are pooled, in both orders, so that it does not matter which
    rater stands first. NaN where it is not defined.
    """
    several = [row for row in labels if len(row) > 1]
    pairs = [pair for row in several for pair in permutations(row, 2)]
    if not pairs:
        return 0, float("nan"), float("nan")
    left, right = (np.array(side) >= accept for side in zip(*pairs, strict=True))
    scores = np.array([row[i] for row in several for i in range(len(row))])
    others = np.array(
        [np.mean([*row[:i], *row[i + 1 :]]) for row in several for i in range(len(row))]
    )
    return len(several), kappa(left, right), auc(scores, others >= accept)
