"""``routeback guard calibrate``: how far each scorer agrees with people, and the map to use."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from assistant.errors import CalibrationError, SettingsError
from assistant.local.embeddings import Embedder, Vectors
from assistant.settings import Settings, load
from assistant.watcher import Progress, Watcher
from guardrails.calibration import Calibration, fit
from guardrails.comparison import Agreement, Interval, People, agreement, people
from guardrails.labels import Labelled, LabelsError, check_enough, read_labels
from guardrails.scorers.cache import Cached, ScoreCache
from guardrails.scorers.fast import Fast
from guardrails.scorers.overlap import TokenOverlap
from guardrails.scorers.scorer import Scorer, run
from guardrails.types import Result

if TYPE_CHECKING:
    from rich.table import Table

TIMEOUT_S: Final = 1800.0
"""Of one answer and scorer: a judge asks several times, each within its own limit."""
FILE: Final = "calibration.json"


def calibrate(
    labels: Annotated[Path, typer.Argument(help="JSON lines; see docs/calibration.md.")],
    judge: Annotated[bool, typer.Option("--judge", help="Ask the judge too. Slow.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where to keep the map; default: the data folder.")
    ] = None,
    accept: Annotated[
        float, typer.Option(min=0.01, max=1, help="A mean label from here on is a yes.")
    ] = 0.5,
) -> None:
    """Compare every scorer with people's labels, and fit what a score is worth."""
    from assistant.commands.console import out as console
    from assistant.commands.console import watching

    settings = load()
    if judge and not settings.judge.chosen:
        raise SettingsError(
            "No judge is set.",
            hint="Set judge.weights, or judge.base_url and judge.model (docs/settings.md).",
        )
    rows = labelled(labels, accept)
    path = out or settings.data_dir / FILE
    with watching() as watcher:
        found, compared = asyncio.run(_measured(settings, rows, accept, watcher, judge=judge))
    console.print(table(compared, people(rows, accept)))
    unscored = [a for a in compared if a.unscored and a.language == compared[0].language]
    for one in unscored:
        console.print(f"{one.scorer}: {one.unscored} answers have no score.", highlight=False)
    if not found.curves:
        raise CalibrationError(
            "No scorer scored enough of these answers to be calibrated.", hint="See the table."
        )
    found.save(path)
    names = ", ".join(curve.scorer for curve in found.curves)
    console.print(f"Calibration {found.version} of {names}: {path}", markup=False, soft_wrap=True)


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
) -> tuple[Calibration, list[Agreement]]:
    """Score all answers with all scorers; return the maps and the agreement of each."""
    results: list[list[Result]] = []
    for scorer in scorers:
        given: list[Result] = []
        for done, row in enumerate(rows, 1):
            given.append(await run(scorer, row.sample, TIMEOUT_S))
            progress(scorer.name, done, len(rows))
        results.append(given)
    day = time.strftime("%Y-%m-%d")
    fitted = fit(scorers, rows, results, accept=accept, date=day)
    compared = [
        one
        for scorer, given in zip(scorers, results, strict=True)
        for one in agreement(scorer, rows, given, accept)
    ]
    return fitted, compared


def table(compared: Sequence[Agreement], between: Sequence[People]) -> "Table":
    """Return the agreement of each scorer, and of people with each other below."""
    from rich.table import Table

    head = ("scorer", "language", "n", "AUC", "Spearman", "kappa", "Brier (share alone)")
    shown = Table(*head, caption="95 % bootstrap intervals; kappa and Brier on held-out answers")
    shown.columns[0].no_wrap = True
    for one in compared:
        shown.add_row(
            *(one.scorer, one.language, str(one.scored)),
            _number(one.auc, one.auc_interval),
            _number(one.spearman, one.spearman_interval),
            _number(one.kappa, one.kappa_interval),
            f"{_plain(one.brier)} ({_plain(one.brier_of_share)})",
        )
    shown.add_section()
    for pair in between:
        values = (str(pair.answers), _plain(pair.auc), "–", _plain(pair.kappa), "–")
        shown.add_row("people, one another", pair.language, *values)
    return shown


async def _measured(
    settings: Settings, rows: Sequence[Labelled], accept: float, watcher: Watcher, *, judge: bool
) -> tuple[Calibration, list[Agreement]]:
    async with _scorers(settings, watcher, judge=judge) as scorers:
        return await measure(scorers, rows, accept, watcher.progress)


@asynccontextmanager
async def _scorers(
    settings: Settings, watcher: Watcher, *, judge: bool
) -> AsyncIterator[list[Scorer]]:
    """Yield token overlap, the fast scorers and, if asked for, the judged ones."""
    from assistant.local.embeddings import E5

    embedder = _Remembering(E5())
    fast = Fast(embedder)
    scorers: list[Scorer] = [TokenOverlap(), fast, *fast.scorers]
    if not judge:
        yield scorers
        return
    from assistant.judging import open_judge

    async with open_judge(settings, None, embedder, watcher) as judged:
        with ScoreCache(settings.data_dir / "scores.sqlite") as cache:
            yield [*scorers, *(Cached(scorer, cache) for scorer in judged)]


class _Remembering:
    """An embedder that embeds each text once: scorers and answers share passages."""

    def __init__(self, embedder: Embedder) -> None:
        self.revision = embedder.revision
        self.dimensions = embedder.dimensions
        self._embed = {"q": embedder.queries, "p": embedder.passages}
        self._kept: dict[tuple[str, str], Vectors] = {}

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions. Shape (len(texts), dimensions)."""
        return self._rows("q", texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed documents. Shape (len(texts), dimensions)."""
        return self._rows("p", texts)

    def _rows(self, kind: str, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if (kind, text) not in self._kept]
        if new:
            for text, vector in zip(new, self._embed[kind](new), strict=True):
                self._kept[kind, text] = vector
        rows = [self._kept[kind, text] for text in texts]
        return np.stack(rows) if rows else np.empty((0, self.dimensions), np.float32)


def _plain(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _number(value: float, interval: Interval) -> str:
    if not math.isfinite(interval[0]):
        return _plain(value)
    return f"{value:.2f} [{interval[0]:.2f}, {interval[1]:.2f}]"
