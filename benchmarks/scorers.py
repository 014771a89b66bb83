"""Whether the fast scorers agree with people, next to token overlap, and what they cost.

``measured`` and ``compared`` take any scorer: to add a column, such as a judge on a sample, pass
it to ``main``. ``--fit`` prints the constants of ``guardrails/scorers/``.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np
import report
import scorer_fit
from memory import Memory
from numpy.typing import NDArray
from scorer_sets import Case, cases

from assistant.local.checker import NearCopies
from guardrails.scorers import ground
from guardrails.scorers.fast import Fast
from guardrails.scorers.groundedness import Groundedness
from guardrails.scorers.relevance import Relevance
from guardrails.text import reading
from guardrails.types import Result, Sample, Score

Array = NDArray[np.float64]
RESAMPLES: Final = 1000
SEED: Final = 13
FITTING, REPORTING = 0, 1
COLUMNS: Final = ("groundedness", "coverage", "readable")
ANSWERS: Final = 200


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
        return float(np.corrcoef(_ranks(labels), _ranks(scores))[0, 1])
    good, bad = scores[labels == 1], scores[labels == 0]
    wins = (good[:, None] > bad).mean() + 0.5 * (good[:, None] == bad).mean()
    return float(wins)


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
        shown = [_shown(agreement(labels, found)) for found in scores.values()]
        missing = int(np.isnan(scores[ours]).sum())
        rows.append([name, len(own), missing, agreement(labels, overlap), *shown])
        gained: list[object] = [name]
        for half in (FITTING, REPORTING, None):
            at = halves == half if half is not None else np.ones(len(own), bool)
            mine = agreement(labels[at], scores[ours][at])
            low, high = gain(labels[at], scores[ours][at], overlap[at])
            gained.append(f"{mine:.3f} ({low:+.3f} to {high:+.3f})")
        gains.append([*gained, "yes" if low > 0 else "no"])
        print(rows[-1], gains[-1], flush=True)
    return rows, gains


def costs(tried: Sequence[Case]) -> list[list[object]]:
    """Return CPU-milliseconds an answer, without embedding: p50, p95 and the most."""
    usual = [
        case.sample
        for case in tried
        if len(case.sample.passages) == 4
        and max(len(passage.text) for passage in case.sample.passages) <= 600
        and {passage.language for passage in case.sample.passages} == {case.sample.language}
    ][:ANSWERS]
    grounded, fast = Groundedness(), Fast()

    def claims(sample: Sample) -> None:
        grounded.claims(sample)

    def all_of_them(sample: Sample) -> None:
        fast.measure(sample)

    timed = {
        "all, passages never seen": (all_of_them, True),
        "all, passages seen before": (all_of_them, False),
        "claims of an answer, passages never seen": (claims, True),
    }
    rows = []
    for name, (work, cold) in timed.items():
        spent = np.array([_spent(work, sample, cold=cold) for sample in usual])
        rows.append(
            [name, len(usual), *np.percentile(spent, [50, 95]).tolist(), float(spent.max())]
        )
    return rows


def main(extra: Mapping[str, Measuring] | None = None) -> None:
    """Run; extra: more columns by name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print fitted constants instead")
    fit = parser.parse_args().fit
    tried = cases()
    embedder = Memory()
    if fit:
        scorer_fit.main(tried, embedder)
        return
    checker = NearCopies()
    fast = Fast(embedder, checker=checker)
    parts = {scorer.name: scorer for scorer in fast.scorers}
    columns: dict[str, Measuring] = {
        "ours": fast,
        "ours, no checker": Fast(embedder),
        "relevance": Relevance(embedder),
        **{name: parts[name] for name in COLUMNS},
        **(extra or {}),
    }
    spent = costs(tried)
    rows, gains = compared(tried, columns, ours="ours")
    head = ["cases", "n", "unscored", "overlap", *columns]
    text = "\n\n".join(
        (
            report.table(head, rows),
            NOTES,
            report.table(
                ["cases", "ours, fitting half", "other half", "both", "above overlap"], gains
            ),
            GAINS,
            report.table(["CPU-ms an answer", "n", "p50", "p95", "most"], spent),
            COSTS.format(version=fast.version),
        )
    )
    report.publish("scorers", "Fast scorers", text)


NOTES: Final = """Areas under the ROC curve; Spearman's correlation for the SAF grades. *Overlap* is
the naive baseline: the share of the answer's words that the passages have (ClapNQ: of the
question's words; SAF: of the reference's words that the answer has). *Ours* is the fast score with
embedder and checker; nobody says here how likely a passage answers, so *answering* is left out.
Labels: ExpertQA, one expert, complete support against less; MTRAG, median of
three people at least 3 of 4, whose own agreement is low (kappa .26); ClapNQ, whether the passage,
quoted as the answer, answers the question. The other sets are made, not observed: a glossary's
definition under another term's name, with and without that term's own entry among the passages;
sentences denied; numbers exchanged for others of the same paragraph. Made errors are cleaner than
those of a model, so these rows show that a fault is seen, not how often it will be."""
GAINS: Final = """With 95 % bootstrap intervals, over cases, of the gain over overlap. Weights, word
lists and rules of groundedness and coverage were set after looking at these rows, so the other half
is no untouched test; the score as a product, the saturation and the use of the checker were not set
by any of them. *Above overlap* refers to both halves.

What the new score gives up here: sentences that the passages have are all worth 1, so whether an
expert finds a claim *fully* supported (ExpertQA) is no longer seen, and nearness of a quotation to
its question (ClapNQ) is left to selection, which is not asked here. Its relevance compares an
answer with its own passage, so a quotation is always near. What none of the sets shows: conclusions
in words of their own, and inventions on the right topic in the topic's words.
The local 1.5B model judged a sample of these rows: [its table](#the-local-model-as-judge)."""
COSTS: Final = """Answers about terms from four passages of at most 600 characters, without
embedding and checker; version {version}. What the whole check costs: [its
table](#what-the-check-costs). Embedding costs about 0.8 CPU-ms a
character on this machine, for sentences that are not remembered."""


def _shown(value: float) -> object:
    return "–" if np.isnan(value) else value


def _ranks(values: Array) -> Array:
    """Return ranks from 0; equal values share their mean."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Array = (ends - (counts + 1) / 2)[at]
    return ranks


def _spent(work: Callable[[Sample], None], sample: Sample, *, cold: bool) -> float:
    work(sample)
    if cold:
        for remembered in (reading.read, reading.read_all, ground.ground):
            remembered.cache_clear()
    before = time.process_time()
    work(sample)
    return (time.process_time() - before) * 1000


if __name__ == "__main__":
    main()
