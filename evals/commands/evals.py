"""``routeback evals``: measure the arms on cases, and say what changed and why."""

import asyncio
import json
import os
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant.errors import EvalsError
from assistant.settings import load
from evals.commands import evals_import, evals_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evals.night.history import History

app = typer.Typer(
    no_args_is_help=True, help="Measure the arms on cases, and say what changed and why."
)

app.add_typer(evals_import.app, name="import")


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Night = Annotated[str, typer.Argument(help="Id of a night, or its beginning; default: the last.")]
Count = Annotated[
    int | None, typer.Option("--cases", min=0, help="Cases a night, spread over the kinds; 0: all.")
]
Minutes = Annotated[
    float | None, typer.Option(min=0, help="For the answers; 0: as long as it takes.")
]
JudgeMinutes = Annotated[
    float | None, typer.Option("--judge-budget-minutes", min=0, help="For the judge; 0: no judge.")
]
Segments = Annotated[
    list[str] | None, typer.Option("--segment", help="Only cases of this segment; may be repeated.")
]
Url = Annotated[str | None, typer.Option(help="A running service, instead of this data folder's.")]
KeyEnv = Annotated[
    str | None, typer.Option("--key-env", help="Variable that holds the service's API key.")
]
Executor = Literal["here", "queue"]
Execute = Annotated[
    Executor, typer.Option(help="In this process, or by all machines that run `evals work`.")
]
Folder = Annotated[Path | None, typer.Option("--report", help="Folder for the report.")]


@app.command()
def nightly(
    cases: Count = None,
    minutes: Minutes = None,
    judge_budget_minutes: JudgeMinutes = None,
    segment: Segments = None,
    url: Url = None,
    key_env: KeyEnv = None,
    executor: Execute = "here",
    report: Folder = None,
) -> None:
    """Run a night: measure, compare, name the cause, act, report.

    Started again after a kill, it goes on where it was. Exit code: 0 pass, 1 regression, 2 could
    not measure; a first night has nothing to compare with, so it ends with 2.
    """
    _night("nightly", cases, minutes, judge_budget_minutes, segment, url, key_env, executor, report)


@app.command()
def run(
    cases: Count = None,
    minutes: Minutes = None,
    judge_budget_minutes: JudgeMinutes = None,
    segment: Segments = None,
    url: Url = None,
    key_env: KeyEnv = None,
    executor: Execute = "here",
    report: Folder = None,
) -> None:
    """Measure now, for a look: nothing is frozen, and the guardrail is left alone."""
    _night("run", cases, minutes, judge_budget_minutes, segment, url, key_env, executor, report)


@app.command()
def show(night: Night = "", as_json: AsJson = False) -> None:
    """Show what a night found."""
    with _history() as history:
        record = history.find(night)
        missed = history.missed()
    detail = record.detail()
    values = {**detail.model_dump(mode="json", exclude={"plan"}), "missed": missed}
    _print(values, evals_text.night_lines(detail, missed), as_json=as_json)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="Id of the earlier night.")],
    after: Night = "",
    as_json: AsJson = False,
) -> None:
    """Compare two nights, case by case."""
    from evals.report.diff import difference

    with _history() as history:
        changes = difference(history, history.find(before), history.find(after))
    values = changes.model_dump(mode="json")
    _print(values, evals_text.diff_lines(changes), as_json=as_json)


@app.command()
def trend(
    metric: Annotated[str | None, typer.Option(help="Of this metric only.")] = None,
    arm: Annotated[str | None, typer.Option(help="Of this arm only.")] = None,
    count: Annotated[int, typer.Option(min=1, max=1000, help="Nights.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Show how the means moved over the nights."""
    with _history() as history:
        view = history.trend(metric, arm, count)
        missed = history.missed()
    _print(
        {**view.model_dump(mode="json"), "missed": missed},
        evals_text.trend_lines(view, missed),
        as_json=as_json,
    )


@app.command()
def coverage(
    days: Annotated[int | None, typer.Option(min=1, help="How far back.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the cases with what people asked: what is missing, what nobody asks."""
    from assistant import sample
    from assistant.records.database import open_records
    from assistant.records.questions import DAYS
    from evals.cases.cases import load as load_cases
    from evals.cases.survey import CoverageView, survey

    settings = load()
    with open_records(settings.data_dir, settings.database_url) as database:
        gaps = survey(database, load_cases(settings.evals.cases), sample.embedder(), days or DAYS)
    view = CoverageView.model_validate(gaps)
    _print(view.model_dump(mode="json"), evals_text.coverage_lines(view), as_json=as_json)


@app.command()
def freeze(night: Night = "") -> None:
    """Take a night's answers as those that later nights are compared with.

    Do this when a change was meant: a new base model, a new judge, other documents.
    """
    from evals.night.frozen import taken

    with _history() as history:
        record = history.find(night)
        rows = taken(record.id, history.answers(record.id), history.scores(record.id), {})
        if not rows:
            raise EvalsError(f"Night {record.id} holds no answers.", hint="Name another one.")
        history.thaw()
        history.freeze(rows)
    typer.echo(f"{len(rows)} answers of night {record.id} are frozen.")


@app.command()
def work(
    name: Annotated[str, typer.Option(help="Of this machine, if it is to be found again.")] = "",
) -> None:
    """Work for nights that run with --executor queue, until Ctrl-C."""
    from evals.launch import work as working

    settings = load()
    with _watching() as watcher:
        asyncio.run(working(settings, watcher, name))


def _night(  # noqa: PLR0913, PLR0917  (one option each)
    kind: str,
    cases: int | None,
    minutes: float | None,
    judge_minutes: float | None,
    segments: list[str] | None,
    url: str | None,
    key_env: str | None,
    executor: Executor,
    report: Path | None,
) -> None:
    from evals.launch import measure

    settings = load()
    headers = None
    if key_env is not None:
        if key_env not in os.environ:
            raise EvalsError(f"--key-env names {key_env}, which is not set.")
        headers = {"Authorization": f"Bearer {os.environ[key_env]}"}
    chosen = settings.evals.model_copy(
        update={
            "count": settings.evals.count if cases is None else cases,
            "minutes": settings.evals.minutes if minutes is None else minutes,
            "reports": report or settings.evals.reports,
        }
    )
    settings = settings.model_copy(update={"evals": chosen})
    with _watching() as watcher:
        outcome, paths = asyncio.run(
            measure(
                settings,
                watcher,
                kind,
                judge_minutes=judge_minutes,
                segments=tuple(segments or ()),
                url=url,
                headers=headers,
                queue=executor == "queue",
            )
        )
    _print({}, evals_text.outcome_lines(outcome.result, paths), as_json=False)
    raise typer.Exit(outcome.exit_code)


@contextmanager
def _history() -> "Iterator[History]":
    from evals.launch import history_of

    with history_of(load()) as history:
        yield history


@contextmanager
def _watching() -> "Iterator[Any]":
    from assistant.commands.console import watching

    with watching() as watcher:
        yield watcher


def _print(values: Any, lines: Iterable[str], *, as_json: bool) -> None:
    from assistant.commands.console import say

    if as_json:
        say(json.dumps(values, ensure_ascii=False, indent=2))
        return
    for line in lines:
        say(line)
