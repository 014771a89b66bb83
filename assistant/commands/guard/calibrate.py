"""``routeback guard calibrate``: how far each scorer agrees with people, and the map to use."""

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from assistant.errors import CalibrationError, SettingsError
from assistant.settings import load

if TYPE_CHECKING:
    from rich.table import Table

    from guardrails.calibration.comparison import Interval, PeopleCeiling, ScorerAgreement

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
    from assistant.guarding import calibration
    from guardrails.calibration.comparison import people

    settings = load()
    if judge and not settings.judge.chosen:
        raise SettingsError(
            "No judge is set.",
            hint="Set judge.weights, or judge.base_url and judge.model (docs/settings.md).",
        )
    rows = calibration.labelled(labels, accept)
    path = out or settings.data_dir / FILE
    with watching() as watcher:
        fit, compared = asyncio.run(
            calibration.measured(settings, rows, accept, watcher, judge=judge)
        )
    console.print(table(compared, people(rows, accept)))
    unscored = [a for a in compared if a.unscored and a.language == compared[0].language]
    for agreement in unscored:
        console.print(
            f"{agreement.scorer}: {agreement.unscored} answers have no score.", highlight=False
        )
    if not fit.curves:
        raise CalibrationError(
            "No scorer scored enough of these answers to be calibrated.", hint="See the table."
        )
    fit.save(path)
    names = ", ".join(curve.scorer for curve in fit.curves)
    console.print(f"Calibration {fit.version} of {names}: {path}", markup=False, soft_wrap=True)


def table(compared: Sequence["ScorerAgreement"], between: Sequence["PeopleCeiling"]) -> "Table":
    """Return the agreement of each scorer, and of people with each other below."""
    from rich.table import Table

    head = ("scorer", "language", "n", "AUC", "Spearman", "kappa", "Brier (share alone)")
    shown = Table(*head, caption="95 % bootstrap intervals; kappa and Brier on held-out answers")
    shown.columns[0].no_wrap = True
    for agreement in compared:
        shown.add_row(
            *(agreement.scorer, agreement.language, str(agreement.scored)),
            _number(agreement.auc, agreement.auc_interval),
            _number(agreement.spearman, agreement.spearman_interval),
            _number(agreement.kappa, agreement.kappa_interval),
            f"{_plain(agreement.brier)} ({_plain(agreement.brier_of_share)})",
        )
    shown.add_section()
    for pair in between:
        values = (str(pair.answers), _plain(pair.auc), "–", _plain(pair.kappa), "–")
        shown.add_row("people, one another", pair.language, *values)
    return shown


def _plain(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _number(value: float, interval: "Interval") -> str:
    if not math.isfinite(interval[0]):
        return _plain(value)
    return f"{value:.2f} [{interval[0]:.2f}, {interval[1]:.2f}]"
