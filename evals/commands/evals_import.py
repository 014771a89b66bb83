"""``routeback evals import``: cases from questions, tables and documents; a person says yes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from assistant.errors import CaseError, EvalsError
from assistant.settings import Settings, load

if TYPE_CHECKING:
    from assistant.local.embeddings import TextEmbedder
    from evals.cases.cases import Case
    from evals.cases.drafts import Draft

app = typer.Typer(
    no_args_is_help=True, help="Make cases of questions, tables and documents, one by one."
)

_HELP: Final = "[a]ccept, [e]dit, [s]kip, [q]uit"

Into = Annotated[Path, typer.Option("--into", help="The .jsonl file that cases are added to.")]
Count = Annotated[int, typer.Option("--count", min=1, max=1000, help="Drafts to look at.")]


@app.command()
def turns(
    into: Into,
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = 30,
    count: Count = 20,
) -> None:
    """Look through what people asked: redacted, without what a case asks already."""
    from assistant.records.database import open_records
    from evals.cases.drafts import distinct, from_turns

    settings = load()
    with open_records(settings.data_dir, settings.database_url) as database:
        drafts = from_turns(database, days)
    _review(distinct(drafts, _known(settings, into), _embedder(), count), into)


@app.command()
def table(
    path: Annotated[Path, typer.Argument(help="A CSV file with the columns of a case.")],
    into: Into,
    count: Count = 1000,
) -> None:
    """Look through the rows of a CSV file."""
    from evals.cases.drafts import distinct, from_csv

    settings = load()
    _review(distinct(from_csv(path), _known(settings, into), _embedder(), count), into)


@app.command()
def documents(
    path: Annotated[Path, typer.Argument(help="A document, or a folder of them.")],
    into: Into,
    base_url: Annotated[str, typer.Option(help="An OpenAI-compatible endpoint.")],
    model: Annotated[str, typer.Option(help="The model there that writes the questions.")],
    key_env: Annotated[str, typer.Option("--key-env", help="Variable with its key.")] = "",
    count: Count = 10,
) -> None:
    """Let a model write questions about documents (RAGAS test set generation)."""
    from assistant.knowledge import isolation
    from assistant.knowledge.readers.options import ReadingOptions
    from evals.cases.drafts import distinct
    from evals.cases.testset import from_documents

    settings = load()
    if key_env and key_env not in os.environ:
        raise EvalsError(f"--key-env names {key_env}, which is not set.")
    items = isolation.items(path, ReadingOptions(), settings.knowledge.reading)
    drafts = from_documents(
        items,
        base_url=base_url,
        model=model,
        api_key=os.environ.get(key_env, "none") if key_env else "none",
        count=count,
    )
    _review(distinct(drafts, _known(settings, into), _embedder(), count), into)


def _review(drafts: "Sequence[Draft]", into: Path) -> None:
    """Show each draft to a person, and keep what is accepted."""
    from evals.cases.drafts import accepted

    count = 0
    for number, draft in enumerate(drafts, start=1):
        current = draft
        typer.echo(f"\n{number} of {len(drafts)}, {draft.origin}")
        _show(current)
        while True:
            chosen = typer.prompt(_HELP, default="s").strip().lower()[:1]
            if chosen == "e":
                current = _edit(current)
                _show(current)
            elif chosen == "a":
                try:
                    accepted(into, current.case())
                except CaseError as error:
                    typer.echo(error.message)
                    continue
                count += 1
                break
            elif chosen == "q":
                typer.echo(f"\n{count} cases were added to {into}.")
                return
            elif chosen == "s":
                break
    typer.echo(f"\n{count} cases were added to {into}." if drafts else "There is nothing new.")


def _show(draft: "Draft") -> None:
    for name in ("segment", "language", "question", "behaviour", "reference"):
        typer.echo(f"  {name:<10} {draft.values.get(name, '')}")
    for name in ("facts", "sources"):
        typer.echo(f"  {name:<10} {'; '.join(draft.values.get(name, ()))}")


def _edit(draft: "Draft") -> "Draft":
    values = {
        name: typer.prompt(name, default=draft.values.get(name, ""), show_default=True)
        for name in ("segment", "language", "question", "behaviour", "reference")
    }
    for name in ("facts", "sources"):
        reply = typer.prompt(
            f"{name}, separated by ;", default="; ".join(draft.values.get(name, ()))
        )
        values[name] = [part.strip() for part in reply.split(";") if part.strip()]
    return draft.changed(**values)


def _known(settings: Settings, into: Path) -> "tuple[Case, ...]":
    from evals.cases.cases import load as load_cases

    cases = load_cases(settings.evals.cases)
    return (*cases, *load_cases(into)) if into.is_file() and into.stat().st_size else cases


def _embedder() -> "TextEmbedder":
    from assistant import sample

    return sample.embedder()
