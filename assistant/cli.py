"""The one command, ``routeback``."""

import sys

import typer

from assistant import environment
from assistant.commands import ask, guard, knowledge, models, serve
from assistant.errors import RoutebackError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A glossary and support assistant that answers from your documents, and routes back "
    "to the base model when a fine-tuned one hurts.\n\n"
    "Start with:  routeback up",
)
app.command()(serve.up)
app.command()(serve.serve)
app.command()(ask.ask)
app.add_typer(guard.app, name="guard")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command; an expected failure is one message and an exit code."""
    environment.prepare()
    try:
        app()
    except RoutebackError as error:
        typer.secho(f"Error: {error.message}", fg="red", err=True)
        if error.hint:
            typer.echo(error.hint, err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
