"""``routeback knowledge sources``: where documents come from, and when they are read again.

When a server of this data folder runs, it is told over HTTP; else the index is opened here.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer
from rich.table import Column, Table
from rich.text import Text

from assistant.errors import KnowledgeError, RoutebackError, SourceError
from assistant.running import Running, find
from assistant.settings import Settings, load

if TYPE_CHECKING:
    from assistant.sources.refresh import Refreshed, Refresher

app = typer.Typer(no_args_is_help=False, invoke_without_command=True, help="What is read again.")

_SCHEDULE: Final = "off, hourly, daily 02:00 or weekly mon 02:00."
_NOTES: Final = 12
"""Reasons that are told."""
_REPLY_S: Final = 120.0

_Name = Annotated[str, typer.Argument(help="As `routeback knowledge sources` names it.")]


@app.callback()
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the sources, when each was read, and what came of it."""
    from assistant.commands.console import out

    settings = load()
    if running := find(settings.data_dir):
        sources = _call(running, "GET", "")["sources"]
    else:
        from assistant.records.database import open_records
        from assistant.records.sources import Sources

        with open_records(settings.data_dir, settings.database_url) as engine:
            sources = [asdict(source) for source in Sources(engine).all()]
    if as_json:
        out.print_json(json.dumps(sources, default=str))
        return
    columns = ("kind", "address", "schedule", "last", "outcome", "next")
    table = Table(Column("name", overflow="fold"), *columns)
    for one in sources:
        last, due = (str(one[at] or "")[:16].replace("T", " ") for at in ("last", "next"))
        outcome = f"{one['outcome']}: {one['error']}" if one["error"] else one["outcome"]
        cells = one["kind"], one["address"], one["schedule"], last, outcome, due
        table.add_row(*(Text(str(cell)) for cell in (one["name"], *cells)))
    out.print(table)


@app.command()
def add(
    address: Annotated[
        str, typer.Argument(help="A folder, a web page or sitemap, or a git folder.")
    ],
    name: Annotated[str, typer.Option(help="What to call it; default: from its address.")] = "",
    kind: Annotated[str, typer.Option(help="folder, web or git; default: from its address.")] = "",
    schedule: Annotated[str, typer.Option(help=f"When it is read again: {_SCHEDULE}")] = "off",
    audience: Annotated[str, typer.Option(help="Who may be answered from it.")] = "public",
    language: Annotated[str, typer.Option(help="Of what does not say; default: detect.")] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="May be repeated. Of a git folder: branch, folder. Of a web address: host (one "
            "more that it may lead to), depth (links that are followed), pages (at most).",
        ),
    ] = None,
) -> None:
    """Name a source and read it now."""
    options = {"audience": audience, "language": language, **_options(option or [])}
    added(load(), address, name, options, schedule, kind)


@app.command()
def refresh(
    name: _Name,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Let it remove as much as it was held for.")
    ] = False,
) -> None:
    """Read a source again now; only what changed is touched."""
    _refresh(load(), name, confirmed=confirm)


@app.command()
def remove(name: _Name) -> None:
    """Take a source out, with its passages."""
    from assistant.commands.console import say

    settings = load()
    if running := find(settings.data_dir):
        removed = _call(running, "DELETE", f"/{quote(name, safe='')}")["removed"]
    else:
        with _refresher(settings) as refresher:
            removed = refresher.register.remove(name).removed
        _note(settings, "source removed", name)
    say(f"{name}: {removed} passages removed.")


def added(
    settings: Settings,
    address: str,
    name: str | None,
    options: Mapping[str, Any],
    schedule: str,
    kind: str = "",
) -> None:
    """Name a source and read it now.

    Raises:
        SourceError: it cannot be one, or not be read.
    """
    from assistant.sources.register import guessed

    guess, guessed_kind = guessed(address)
    name, kind = name or guess, kind or guessed_kind
    if kind not in {"folder", "web", "git"}:
        raise SourceError(f"{kind!r} is no kind of source: folder, web or git.")
    if kind == "folder" or address.startswith((".", "~")):
        address = str(Path(address).expanduser().resolve())
    if running := find(settings.data_dir):
        body = {"name": name, "kind": kind, "address": address, "schedule": schedule}
        _call(running, "POST", "", json={**body, "options": dict(options)})
    else:
        from typing import cast

        from assistant.records.sources import SourceKind, SourceOptions

        given = {**options, "hosts": tuple(options.get("hosts", ()))}
        with _refresher(settings) as refresher:
            of_kind = cast("SourceKind", kind)
            refresher.register.add(
                name, of_kind, address, SourceOptions(**given), schedule, here=True
            )
        _note(settings, "source added", name)
    _refresh(settings, name)


def _options(given: list[str]) -> dict[str, Any]:
    """Return what ``--option`` says.

    Raises:
        SourceError: it names nothing that there is, or a number is none.
    """
    options: dict[str, Any] = {}
    for part in given:
        key, equals, value = part.partition("=")
        if not equals or key not in {"branch", "folder", "host", "depth", "pages"}:
            raise SourceError(
                f"--option {part!r} is no option of a source.",
                hint="There is branch=, folder=, host=, depth= and pages=.",
            )
        if key == "host":
            options.setdefault("hosts", []).append(value)
        elif key in {"branch", "folder"}:
            options[key] = value
        elif value.isascii() and value.isdigit():
            options[key] = int(value[:9])
        else:
            raise SourceError(f"--option {key} is a number, got {value!r}.")
    return options


def check_free(settings: Settings, root: str) -> None:
    """Check that a root is none of a source, which the next refresh would make as it was.

    Raises:
        SourceError: it is.
    """
    from assistant.records.database import open_records
    from assistant.records.sources import Sources

    with open_records(settings.data_dir, settings.database_url) as engine:
        if Sources(engine).find(root) is not None:
            raise SourceError(
                f"{root} is a source: it holds what is read there.",
                hint=f"routeback knowledge sources remove {root}",
            )


def _refresh(settings: Settings, name: str, *, confirmed: bool = False) -> None:
    from assistant.commands.console import err, say, watching

    if running := find(settings.data_dir):
        with watching() as watcher:
            outcome, changes = _streamed(running, name, watcher.progress, confirmed=confirmed)
        notes = _call(running, "GET", f"/{quote(name, safe='')}")["notes"]
    else:
        with watching() as watcher, _refresher(settings) as refresher:
            done = refresher.refresh(name, watcher.progress, confirmed=confirmed)
            notes = [asdict(note) for note in refresher.store.get(name).notes]
        outcome, changes = done.outcome, asdict(done.changes)
        _note(settings, "source refreshed", name, done)
    for note in notes[:_NOTES]:
        say(f"  {note['count']} × {note['what']} ({note['example']})", to=err)
    counts = "{added} passages added, {kept} kept, {removed} removed".format(**changes)
    if outcome == "done":
        say(f"{name}: {counts}.")
        return
    say(f"{name}: nothing was changed. It would be: {counts}.")
    say(f"If that is meant: routeback knowledge sources refresh {name} --confirm")
    raise typer.Exit(1)


@contextmanager
def _refresher(settings: Settings) -> "Iterator[Refresher]":
    from assistant.app import open_knowledge
    from assistant.commands.console import watching
    from assistant.records.database import open_records
    from assistant.sources.refresh import Refresher

    with (
        watching() as watcher,
        open_records(settings.data_dir, settings.database_url) as engine,
        open_knowledge(settings, watcher) as knowledge,
    ):
        yield Refresher.of(settings, engine, knowledge.library)


def _note(settings: Settings, what: Any, name: str, done: "Refreshed | None" = None) -> None:
    from assistant.records.changes import ChangeLog
    from assistant.records.database import open_records

    detail = {"outcome": done.outcome, **asdict(done.changes)} if done else {}
    with open_records(settings.data_dir, settings.database_url) as engine:
        ChangeLog(engine).note("owner", what, name, detail)


def _streamed(
    running: Running, name: str, progress: Any, *, confirmed: bool
) -> tuple[str, dict[str, int]]:
    import httpx

    act = "confirm" if confirmed else "refresh"
    url = f"{running.url}/v1/knowledge/sources/{quote(name, safe='')}/{act}"
    with httpx.stream("POST", url, headers=running.headers, timeout=None) as reply:  # noqa: S113  (reading takes as long as it takes)
        if reply.is_error:
            reply.read()
            raise _refusal(reply)
        for line in reply.iter_lines():
            event = json.loads(line)
            if "error" in event:
                raise SourceError(event["error"]["message"])
            for key, outcome in (("changes", "done"), ("held", "held")):
                if key in event:
                    return outcome, event[key]
            progress(*event["progress"])
    raise KnowledgeError("The server stopped before the source was read; it is read again later.")


def _call(running: Running, method: str, path: str, **options: Any) -> dict[str, Any]:
    import httpx

    url = f"{running.url}/v1/knowledge/sources{path}"
    reply = httpx.request(method, url, headers=running.headers, timeout=_REPLY_S, **options)
    if reply.is_error:
        raise _refusal(reply)
    told: dict[str, Any] = reply.json()
    return told


def _refusal(reply: Any) -> RoutebackError:
    try:
        return SourceError(reply.json()["error"]["message"])
    except (ValueError, KeyError):
        return SourceError(f"The server refused with HTTP {reply.status_code}.")
