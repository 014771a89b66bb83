"""``routeback models``: the weights on this machine."""

from typing import Annotated

import typer
from rich.table import Table

from assistant.errors import WeightsError
from assistant.local.catalogue import CATALOGUE, find
from assistant.settings import Settings, load

app = typer.Typer(no_args_is_help=True, help="List, fetch and check model weights.")


@app.command("list")
def list_() -> None:
    """Show the weights that Routeback knows, and which are here."""
    from assistant.commands.console import out, say

    settings = load()
    from assistant.local.weights import WeightsStore  # brings a client along

    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    table = Table("name", "licence", "size", "here")
    table.columns[0].no_wrap = True
    for weights in CATALOGUE:
        default = " (base)" if weights.name == settings.engine.model else ""
        here = "yes" if store.present(weights) else "no"
        size = f"{weights.size / 1e6:,.0f} MB"
        table.add_row(weights.name + default, weights.licence, size, here)
    out.print(table)
    say(f"Folder: {store.folder}")


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; default: base.")] = None,
) -> None:
    """Fetch weights: from the official hub, else from the mirror; the SHA-256 is checked."""
    from assistant.commands.console import say, watching

    settings = load()
    from assistant.local.weights import WeightsStore  # brings a client along

    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    for weights in [find(name) for name in names or [settings.engine.model]]:
        with watching() as watcher:
            path = store.pull(weights, watcher.progress)
        say(f"{weights.name}: {path}")


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which ones; default: all here.")
    ] = None,
) -> None:
    """Hash the weights that are here and compare them with the published SHA-256."""
    from assistant.commands.console import err, out, say, watching

    settings: Settings = load()
    from assistant.local.weights import WeightsStore  # brings a client along

    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    chosen = [find(name) for name in names or ()] or [
        w for w in CATALOGUE if store.path(w).is_file()
    ]
    damaged = 0
    for weights in chosen:
        try:
            with watching() as watcher:
                store.verify(weights, watcher.progress)
        except WeightsError as error:
            damaged += 1
            say(f"{weights.name}: {error.message} {error.hint}", to=err)
        else:
            out.print(f"{weights.name}: right")
    if damaged:
        raise typer.Exit(WeightsError.exit_code)
