"""How far the judge can be trusted: its agreement with people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from guardrails.statistics.agreement import interval, kappa

ACCEPT: Final = 0.5
"""The score from which an answer counts as accepted, on both sides."""
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


def trust(judged: Mapping[str, float | None], labels: Mapping[str, float]) -> Trust:
    """Return how far the judge agrees with people about what is acceptable.

    judged, labels: by answer id, in [0, 1]; None is unscored.
    """
    pairs = [
        (score, labels[key]) for key in sorted(labels) if (score := judged.get(key)) is not None
    ]
    unscored = len(labels) - len(pairs)
    if len(pairs) < FEWEST:
        why = f"{len(pairs)} labelled answers are judged, at least {FEWEST} are needed."
        return Trust(None, None, None, len(pairs), unscored, None, why)
    scores, truth = (np.array(side) for side in zip(*pairs, strict=True))
    verdicts, truths = scores >= ACCEPT, truth >= ACCEPT
    bias = float((scores - truth).mean())
    agreement = kappa(verdicts, truths)
    low, high = interval(lambda rows: kappa(verdicts[rows], truths[rows]), len(pairs))
    if not np.isfinite([agreement, low, high]).all():
        why = "Judge and people accept, or refuse, nearly every answer: kappa is not defined."
        return Trust(None, None, None, len(pairs), unscored, bias, why)
    return Trust(agreement, low, high, len(pairs), unscored, bias)
