"""Whether the fast scorers agree with people, next to token overlap.

``--fit`` prints the constants of ``guardrails/scorers/`` in place of the tables.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.local.checker import NearCopies
from benchmarks.measure import scorer_fit
from benchmarks.measure.scorer_sets import Case, cases
from benchmarks.remembered import RememberedE5
from benchmarks.results import Table, number, table
from guardrails.scorers.fast import Fast
from guardrails.scorers.relevance import Relevance
from guardrails.statistics.agreement import auc, spearman
from guardrails.types import Result, Sample, Score

Array = NDArray[np.float64]
RESAMPLES: Final = 1000
SEED: Final = 13
FITTING, REPORTING = 0, 1
COLUMNS: Final = ("groundedness", "coverage", "readable")


class Measuring(Protocol):
    """What a column needs of a scorer."""

    def measure(self, sample: Sample) -> Result:
        """Score an answer."""
        ...


def measured(scorer: Measuring, tried: Sequence[Case]) -> Array:
    """Return the score of each case, NaN where it is Unscored. Shape (len(tried),)."""
    results = [scorer.measure(case.sample) for case in tried]
    return np.array([r.value if isinstance(r, Score) else np.nan for r in results])


def agreement(labels: Array, scores: Array) -> float:
    """Return the area under the ROC curve for 0 and 1, Spearman's correlation for grades.

    NaN if there are fewer than two different labels or no score.
    """
    there = ~np.isnan(scores)
    labels, scores = labels[there], scores[there]
    if len(np.unique(labels)) < 2:
        return float("nan")
    if not np.isin(labels, (0.0, 1.0)).all():
        return spearman(labels, scores)
    return auc(scores, labels == 1)


def gain(labels: Array, scores: Array, baseline: Array) -> tuple[float, float]:
    """Return the 95 % bootstrap interval, over cases, of the gain over the baseline."""
    there = np.flatnonzero(~np.isnan(scores))
    draw = np.random.default_rng(SEED)
    gains = []
    for _ in range(RESAMPLES):
        at = draw.choice(there, len(there))
        gains.append(agreement(labels[at], scores[at]) - agreement(labels[at], baseline[at]))
    low, high = np.nanpercentile(gains, [2.5, 97.5])
    return float(low), float(high)


def compared(
    tried: Sequence[Case], columns: Mapping[str, Measuring], *, ours: str
) -> tuple[list[list[object]], list[list[object]]]:
    """Return the table of agreements, a row for each set, and the one of gains over overlap."""
    rows: list[list[object]] = []
    gains: list[list[object]] = []
    for name in dict.fromkeys(case.set for case in tried):
        own = [case for case in tried if case.set == name]
        labels = np.array([case.label for case in own])
        halves = np.array([case.half for case in own])
        overlap = np.array([case.overlap for case in own])
        scores = {column: measured(scorer, own) for column, scorer in columns.items()}
        shown = [agreement(labels, found) for found in scores.values()]
        missing = int(np.isnan(scores[ours]).sum())
        rows.append([name, len(own), missing, agreement(labels, overlap), *shown])
        gained: list[object] = [name]
        for half in (FITTING, REPORTING, None):
            at = halves == half if half is not None else np.ones(len(own), bool)
            mine = agreement(labels[at], scores[ours][at])
            low, high = gain(labels[at], scores[ours][at], overlap[at])
            gained += [mine, [low, high]]
        gains.append([*gained, "yes" if low > 0 else "no"])
        print(rows[-1], gains[-1], flush=True)
    return rows, gains


GAINS = (
    "cases",
    *(
        column
        for half in ("fitting half", "other half", "both")
        for column in (f"ours, {half}", number("gain, 95 %", 3, signed=True))
    ),
    "above overlap",
)


def measure(*, quick: bool = False, fit: bool = False) -> list[Table]:
    """Score every case; ten minutes, the first time more."""
    tried = cases()[:: 10 if quick else 1]
    embedder = RememberedE5()
    if fit:
        scorer_fit.main(tried, embedder)
        return []
    fast = Fast(embedder, checker=NearCopies())
    parts = {scorer.name: scorer for scorer in fast.scorers}
    columns: dict[str, Measuring] = {
        "ours": fast,
        "ours, no checker": Fast(embedder),
        "relevance": Relevance(embedder),
        **{name: parts[name] for name in COLUMNS},
    }
    rows, gains = compared(tried, columns, ours="ours")
    return [
        table("agreement", ("cases", "n", "unscored", "overlap", *columns), rows),
        table("gains", GAINS, gains),
    ]
