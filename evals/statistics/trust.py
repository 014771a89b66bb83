"""How far the judge can be trusted: agreement with people, and means corrected by labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import RoutebackError
from evals.statistics.estimate import UNSEEN, quantile
from guardrails.arrays import Floats
from guardrails.statistics.agreement import interval, kappa

ACCEPT: Final = 0.5
FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Trust:
    """Judge beside people on the same answers.

    kappa: Cohen's, in [-1, 1], of accepted or not; low, high: its 95 % bootstrap interval. All
    None with a ``reason`` where they are not defined. labelled: answers with both. unscored:
    labelled answers that the judge did not score. bias: mean of judge minus people, in [-1, 1].
    """

    kappa: float | None
    low: float | None
    high: float | None
    labelled: int
    unscored: int
    bias: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """How kappa moved between two nights, on the answers judged in both; 95 % interval.

    None with a ``reason`` where it is not defined. moved: the interval excludes 0.
    """

    change: float | None
    low: float | None
    high: float | None
    answers: int
    moved: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A prediction-powered mean in [0, 1] with a 95 % interval.

    weight: how far the judge was relied on, in [0, 1]; 0 is the labels' mean alone. naive: the
    judge's own mean, uncorrected. labelled, unlabelled: answers behind it.
    """

    mean: float
    low: float
    high: float
    weight: float
    naive: float
    labelled: int
    unlabelled: int


def trust(
    judged: Mapping[str, float | None], labels: Mapping[str, float], *, accept: float = ACCEPT
) -> Trust:
    """Return how far the judge agrees with people about what is acceptable.

    judged, labels: by answer id, in [0, 1]; None is unscored. accept: the score in (0, 1] from
    which an answer counts as accepted, on both sides.
    """
    found = [
        (score, labels[key]) for key in sorted(labels) if (score := judged.get(key)) is not None
    ]
    unscored = len(labels) - len(found)
    if len(found) < FEWEST:
        why = f"{len(found)} labelled answers are judged, at least {FEWEST} are needed."
        return Trust(None, None, None, len(found), unscored, None, why)
    scores, truth = (np.array(side) for side in zip(*found, strict=True))
    said, wanted = scores >= accept, truth >= accept
    bias = float((scores - truth).mean())
    agreement = kappa(said, wanted)
    low, high = interval(lambda rows: kappa(said[rows], wanted[rows]), len(found))
    if not np.isfinite([agreement, low, high]).all():
        why = "Judge and people accept, or refuse, nearly every answer: kappa is not defined."
        return Trust(None, None, None, len(found), unscored, bias, why)
    return Trust(agreement, low, high, len(found), unscored, bias)


def shift(
    before: Mapping[str, float | None],
    now: Mapping[str, float | None],
    labels: Mapping[str, float],
    *,
    accept: float = ACCEPT,
) -> Shift:
    """Return how the agreement moved from one night to another, paired by answer."""
    both = [
        (first, second, labels[key])
        for key in sorted(labels)
        if (first := before.get(key)) is not None and (second := now.get(key)) is not None
    ]
    if len(both) < FEWEST:
        why = f"{len(both)} labelled answers are judged in both nights, {FEWEST} are needed."
        return Shift(None, None, None, len(both), moved=False, reason=why)
    old, new, wanted = (np.array(side) >= accept for side in zip(*both, strict=True))

    def change(rows: NDArray[np.intp]) -> float:
        return kappa(new[rows], wanted[rows]) - kappa(old[rows], wanted[rows])

    moved = change(np.arange(len(both)))
    low, high = interval(change, len(both))
    if not np.isfinite([moved, low, high]).all():
        why = "Kappa is not defined in one of the nights."
        return Shift(None, None, None, len(both), moved=False, reason=why)
    return Shift(moved, low, high, len(both), moved=low > 0 or high < 0)


def corrected(
    judged: Floats, labelled: Floats, labels: Floats, *, alpha: float = 0.05
) -> Corrected:
    """Return the mean that people would give, from many judged answers and a few labels.

    Prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, Science
    382) with the weight of PPI++ (Angelopoulos, Duchi and Zrnic 2023, arXiv:2311.01453, section
    6), so it is hardly ever wider than the labels alone; Student's quantile for few labels. It
    holds if the labelled answers are a random part of all: labels of the worst answers only
    would bias it.

    judged: judge's scores of answers without a label, shape (N,). labelled, labels: judge's and
    people's scores of the labelled ones, shape (n,). All in [0, 1]. alpha: in (0, 1).

    Raises:
        RoutebackError: fewer than 10 labels, none without a label, or shapes that do not match.
    """
    few, many = len(labels), len(judged)
    if len(labelled) != few or few < FEWEST or many < FEWEST:
        raise RoutebackError(
            f"Correcting a mean needs {FEWEST} labelled answers and {FEWEST} others, and one "
            f"judge's score for each label; got {few}, {many} and {len(labelled)}.",
            hint="Label more answers.",
        )
    spread = float(np.concatenate([judged, labelled]).var(ddof=1))
    common = float(np.cov(labels, labelled)[0, 1])
    wanted = common / ((1 + few / many) * spread) if spread else 0.0
    weight = min(1.0, max(0.0, wanted))
    rest = labels - weight * labelled
    mean = weight * float(judged.mean()) + float(rest.mean())
    parts = weight**2 * float(judged.var(ddof=1)) / many, float(rest.var(ddof=1)) / few
    error = max(
        sum(parts) ** 0.5, UNSEEN / few
    )  # as in estimate: labels that all agree prove little
    # Satterthwaite, as the two parts come from samples of different size.
    below = parts[0] ** 2 / (many - 1) + parts[1] ** 2 / (few - 1)
    degrees = sum(parts) ** 2 / below if below else float(few - 1)
    half = quantile(1 - alpha / 2, degrees) * error
    naive = float(np.concatenate([judged, labelled]).mean())
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    return Corrected(min(1.0, max(0.0, mean)), low, high, weight, naive, few, many)
