"""The one command, ``routeback``."""

import faulthandler
import sys
from importlib.metadata import entry_points
from typing import Final

import typer

from assistant.commands import arms, ask, keys, knowledge, log, models, privacy
from assistant.commands.guard import alarms, guard
from assistant.commands.operating import doctor, moving, page, serve, worker
from assistant.errors import RoutebackError
from assistant.folders import keep_private

ADDED: Final = "routeback.commands"
"""Entry points of packages above this one, and of other people's: a function, or a Typer app."""
OF_GUARD: Final = "routeback.guard"
"""The same, below ``routeback guard``."""
OF_MODELS: Final = "routeback.models"
"""The same, below ``routeback models``."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A glossary and support assistant that answers from your documents, and routes back "
    "to the base model when a fine-tuned one hurts.\n\n"
    "Start with:  routeback up",
)


@app.callback()
def _private(context: typer.Context) -> None:
    """Make what is written this user's alone; weights are public, and caches of them are shared."""
    if context.invoked_subcommand != "models":
        keep_private()


app.command()(serve.up)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(page.ui)
app.command()(moving.migrate)
app.command()(moving.backup)
app.command()(moving.restore)
app.command()(ask.ask)
app.command()(doctor.doctor)
app.add_typer(arms.app, name="arms")
app.add_typer(guard.app, name="guard")
guard.app.add_typer(alarms.app, name="alarms")
app.add_typer(keys.app, name="keys")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(models.app, name="models")
app.add_typer(privacy.app, name="privacy")
app.command()(log.log)


def add_commands() -> None:
    """Take in the commands that installed packages bring."""
    for group, parent in ((ADDED, app), (OF_GUARD, guard.app), (OF_MODELS, models.app)):
        for point in sorted(entry_points(group=group), key=lambda point: point.name):
            command = point.load()
            if isinstance(command, typer.Typer):
                parent.add_typer(command, name=point.name)
            else:
                parent.command(point.name)(command)


def main() -> None:
    """Run the command; an expected failure is one message and an exit code."""
    if sys.__stderr__ and not faulthandler.is_enabled():
        faulthandler.enable(sys.__stderr__)  # a bus error is no exception, and says nothing itself
    add_commands()
    try:
        app()
    except RoutebackError as error:
        typer.secho(f"Error: {error.message}", fg="red", err=True)
        if error.hint:
            typer.echo(error.hint, err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
