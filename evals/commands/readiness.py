"""``routeback readiness``: whether an owner may let a tuned model answer people here."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.progress import Watcher
from assistant.settings import Settings, load

if TYPE_CHECKING:
    from rich.table import Table

    from evals.readiness.verdict import ReadinessReport


def readiness(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write a report: FILE.html, FILE.md or FILE.json.")
    ] = None,
) -> None:
    """Say whether this installation is ready to let a tuned model answer people.

    Owners and targets of each kind of question, whether the eval cases are like what people ask and
    a night would see harm, the certificate of the measure, agreement with people, the quality of
    base, audits of training data, budgets, who takes over, the notice that a machine speaks,
    retention, redaction, and documents on high-risk topics (EU AI Act, Annex III: a hint).

    Each passes, fails or is not applicable, with what that rests on. What is missing fails, and
    says what to do: nothing is passed without grounds. docs/readiness.md has the rules.

    Exit code: 0 ready, 1 not ready, 2 could not be looked at.
    """
    from assistant.commands.console import out as console
    from assistant.commands.console import watching
    from evals.readiness import report as written

    if out is not None:
        written.form_of(out)
    settings = _played(load())
    with watching() as watcher:
        report = _reported(settings, watcher)
    if out is not None:
        written.write(report, out)
    if as_json:
        typer.echo(json.dumps(report.plain(), ensure_ascii=False, indent=2))
    else:
        console.print(_table(report))
        console.print(report.words, style="green" if report.ready else "red", highlight=False)
        if out is not None:
            console.print(f"Report: {out}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if report.ready else 1)


def _played(settings: Settings) -> Settings:
    """Return the settings; of a sample world those that it was recorded with, by its clock."""
    from assistant.sample import world
    from guardrails import clock

    sample = world.SampleWorld.of(settings.data_dir)
    if sample is None:
        return settings
    clock.CLOCK.follow(sample.wall)
    return world.settings_of(settings, settings.data_dir, "http://127.0.0.1:1/v1")


def _reported(settings: Settings, watcher: Watcher) -> "ReadinessReport":
    from importlib.metadata import version

    from evals.readiness.grounds import gathered
    from evals.readiness.items import items
    from evals.readiness.verdict import ReadinessReport

    grounds = gathered(settings, watcher)
    return ReadinessReport(grounds.at, version("routeback"), items(grounds))


def _table(report: "ReadinessReport") -> "Table":
    from rich.table import Column, Table
    from rich.text import Text

    from evals.readiness.items import lines

    colours = {"pass": "green", "fail": "red", "not applicable": "dim"}
    table = Table(
        "", "what", Column("what that rests on, and what to do", overflow="fold"), box=None
    )
    for item in report.items:
        mark = Text(item.outcome, colours[item.outcome])
        table.add_row(mark, Text(item.title), Text("\n".join(lines(item))))
    return table
