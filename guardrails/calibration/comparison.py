"""Each scorer beside people: how far they agree, per language, and how far people agree."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from guardrails.arrays import Bools, Floats, Indices
from guardrails.calibration.labels import FEWEST, FEWEST_OF_A_KIND, Labelled
from guardrails.scorers.scorer import Scorer
from guardrails.statistics.agreement import (
    auc,
    between_people,
    folds,
    held_out,
    interval,
    kappa,
    spearman,
)
from guardrails.statistics.isotonic import isotonic
from guardrails.types import Result, Score

ALL: Final = "all"

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ScorerAgreement:
    """How far one scorer agrees with people in one language; intervals are 95 %.

    scored, unscored: answers. Spearman is against the mean label; AUC and kappa are against
    accepted or not, kappa at a threshold chosen on other answers. brier: mean squared error of
    the held-out P(accept), beside that of the mere share. NaN where not defined.
    """

    scorer: str
    language: str
    scored: int
    unscored: int
    auc: float
    auc_interval: Interval
    spearman: float
    spearman_interval: Interval
    kappa: float
    kappa_interval: Interval
    brier: float
    brier_of_share: float


@dataclass(frozen=True, slots=True)
class PeopleCeiling:
    """How far people agree with each other in one language: the ceiling for any scorer."""

    language: str
    answers: int
    kappa: float
    auc: float


def enough(accepted: Bools) -> bool:
    """Return whether a map may be fitted: FEWEST answers, FEWEST_OF_A_KIND of each kind."""
    good = int(accepted.sum())
    return len(accepted) >= FEWEST and min(good, len(accepted) - good) >= FEWEST_OF_A_KIND


def arrays(
    rows: Sequence[Labelled], results: Sequence[Result], accept: float
) -> tuple[Floats, Bools, Floats]:
    """Return score, accepted and mean label of each row that has a score. Shapes (scored,)."""
    scored = [
        (r.value, row.mean) for row, r in zip(rows, results, strict=True) if isinstance(r, Score)
    ]
    scores = np.array([score for score, _ in scored], float)
    labels = np.array([label for _, label in scored], float)
    return scores, labels >= accept, labels


def agreement(
    scorer: Scorer, rows: Sequence[Labelled], results: Sequence[Result], accept: float
) -> list[ScorerAgreement]:
    """Return the agreement of one scorer over all rows, and per language if there are several."""
    agreements = []
    for language, chosen in _by_language(rows):
        own = [results[i] for i in chosen]
        scores, accepted, labels = arrays([rows[i] for i in chosen], own, accept)
        agreements.append(
            replace(
                _agreement(scores, accepted, labels),
                scorer=scorer.name,
                language=language,
                unscored=len(own) - len(scores),
            )
        )
    return agreements


def people(rows: Sequence[Labelled], accept: float) -> list[PeopleCeiling]:
    """Return how far people agree, per language, where answers have several labels."""
    ceilings = []
    for language, chosen in _by_language(rows):
        count, agree, area = between_people([rows[i].labels for i in chosen], accept)
        if count:
            ceilings.append(PeopleCeiling(language, count, agree, area))
    return ceilings


def _agreement(scores: Floats, accepted: Bools, labels: Floats) -> ScorerAgreement:
    count = len(scores)
    nothing = ScorerAgreement("", "", count, 0, *_NOTHING)
    if not count:
        return nothing
    area = auc(scores, accepted)
    order = spearman(scores, labels)
    ranking = replace(
        nothing,
        auc=area,
        auc_interval=_interval(area, lambda i: auc(scores[i], accepted[i]), count),
        spearman=order,
        spearman_interval=_interval(order, lambda i: spearman(scores[i], labels[i]), count),
    )
    if not enough(accepted):
        return ranking
    verdicts = held_out(scores, accepted)
    agree = kappa(verdicts, accepted)
    return replace(
        ranking,
        kappa=agree,
        kappa_interval=_interval(agree, lambda i: kappa(verdicts[i], accepted[i]), count),
        brier=float(np.mean((_held_out_probability(scores, accepted) - accepted) ** 2)),
        brier_of_share=float(accepted.mean() * (1 - accepted.mean())),
    )


_NO_INTERVAL: Final = (math.nan, math.nan)
_NOTHING: Final[tuple[Any, ...]] = (*(math.nan, _NO_INTERVAL) * 3, math.nan, math.nan)


def _interval(value: float, statistic: Callable[[Indices], float], count: int) -> Interval:
    return interval(statistic, count) if math.isfinite(value) else _NO_INTERVAL


def _held_out_probability(scores: Floats, accepted: Bools) -> Floats:
    """Return for each answer the P(accept) of a map fitted on the other folds. Shape (n,)."""
    fold: Indices = folds(accepted)
    chances = np.full(len(scores), accepted.mean())
    for number in np.unique(fold):
        own = fold == number
        chances[own] = np.interp(scores[own], *isotonic(scores[~own], accepted[~own]))
    return chances


def _by_language(rows: Sequence[Labelled]) -> list[tuple[str, list[int]]]:
    every = list(range(len(rows)))
    languages = sorted({row.sample.language for row in rows})
    if len(languages) == 1:
        return [(languages[0], every)]
    parts = [(name, [i for i in every if rows[i].sample.language == name]) for name in languages]
    return [(ALL, every), *parts]
