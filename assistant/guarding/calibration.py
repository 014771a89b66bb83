"""Comparing scorers with people's labels: reads the labels, scores all answers with all of them."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from assistant.errors import CalibrationError
from assistant.local.checker import near_copies
from assistant.local.embedding_cache import EmbeddingCache
from assistant.local.embeddings import E5
from assistant.progress import Progress, Watcher
from assistant.settings import Settings
from guardrails.calibration.calibration import Calibration, fit
from guardrails.calibration.comparison import ScorerAgreement, agreement
from guardrails.calibration.labels import Labelled, LabelsError, check_enough, read_labels
from guardrails.judge.cache import Cached, ScoreCache
from guardrails.scorers.fast import Fast
from guardrails.scorers.overlap import TokenOverlap
from guardrails.scorers.scorer import Scorer, run
from guardrails.types import Result

TIMEOUT_S: Final = 1800.0
"""Of one answer and scorer: a judge asks several times, each within its own limit."""


def labelled(path: Path, accept: float) -> list[Labelled]:
    """Read labels that something can be learned from.

    Raises:
        CalibrationError: a line is malformed, or there are too few, or all are of one kind.
    """
    try:
        rows = read_labels(path)
        check_enough(rows, accept, path)
    except LabelsError as error:
        raise CalibrationError(str(error), hint="docs/calibration.md has the format.") from error
    return rows


async def measure(
    scorers: Sequence[Scorer], rows: Sequence[Labelled], accept: float, progress: Progress
) -> tuple[Calibration, list[ScorerAgreement]]:
    """Score all answers with all scorers; return the maps and the agreement of each."""
    results: list[list[Result]] = []
    for scorer in scorers:
        scores: list[Result] = []
        for done, row in enumerate(rows, 1):
            scores.append(await run(scorer, row.sample, TIMEOUT_S))
            progress(scorer.name, done, len(rows))
        results.append(scores)
    day = time.strftime("%Y-%m-%d")
    fitted = fit(scorers, rows, results, accept=accept, date=day)
    compared = [
        figure
        for scorer, scores in zip(scorers, results, strict=True)
        for figure in agreement(scorer, rows, scores, accept)
    ]
    return fitted, compared


async def measured(
    settings: Settings, rows: Sequence[Labelled], accept: float, watcher: Watcher, *, judge: bool
) -> tuple[Calibration, list[ScorerAgreement]]:
    """Open the scorers and measure with them. judge: with the judge too."""
    async with _scorers(settings, watcher, judge=judge) as scorers:
        return await measure(scorers, rows, accept, watcher.progress)


@asynccontextmanager
async def _scorers(
    settings: Settings, watcher: Watcher, *, judge: bool
) -> AsyncIterator[list[Scorer]]:
    """Yield token overlap, the fast scorers and, if asked for, the judged ones."""
    embedder = EmbeddingCache(E5())
    fast = Fast(embedder, checker=near_copies())
    scorers: list[Scorer] = [TokenOverlap(), fast, *fast.scorers]
    if not judge:
        yield scorers
        return
    from assistant.guarding.judge import open_judge

    async with open_judge(settings, None, embedder, watcher) as judged:
        with ScoreCache(settings.scores_file) as cache:
            yield [*scorers, *(Cached(scorer, cache) for scorer in judged)]
