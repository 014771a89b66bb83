"""``routeback knowledge``: the documents that answers come from.

When a server of this data folder runs, it is told over HTTP; else the index is opened here.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer
from rich.table import Column, Table
from rich.text import Text

from assistant.errors import KnowledgeError, LoadError, RoutebackError
from assistant.knowledge.documents import Document, Entry
from assistant.knowledge.reading import COLUMNS, Options
from assistant.running import Running, find
from assistant.settings import Settings, load
from assistant.watcher import Progress

if TYPE_CHECKING:
    import httpx

app = typer.Typer(no_args_is_help=True, help="Add, remove and search the documents.")

_PLAIN: Final[dict[str, Any]] = {
    "markup": False,
    "emoji": False,
    "highlight": False,
    "soft_wrap": True,
}
"""How paths and passages are printed: as they are."""


@app.command()
def add(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with files below it.")],
    name: Annotated[str | None, typer.Option(help="What to call it; default: its path.")] = None,
    map_: Annotated[
        str,
        typer.Option(
            "--map",
            help="Which column is which, for CSV and JSONL: term=word,definition=text. "
            f"Columns: {', '.join(COLUMNS)}.",
        ),
    ] = "",
    language: Annotated[
        str | None, typer.Option(help="Language of what does not say (en, de); default: detect.")
    ] = None,
    audience: Annotated[str, typer.Option(help="Who may be answered from it.")] = "public",
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Go on without files that cannot be read.")
    ] = False,
) -> None:
    """Index a file or folder. Run it again after a change: only what changed is touched."""
    from assistant.commands.console import err, out, watching
    from assistant.knowledge.load import files, read

    options = Options(_mapping(map_), language.lower() if language else None, audience)
    items: list[Document | Entry] = []
    failures: list[LoadError] = []
    base = path if path.is_dir() else path.parent
    for file in files(path):
        try:
            items += read(file, options, source=str(file.relative_to(base)))
        except LoadError as error:
            failures.append(error)
    if failures and not (skip_unreadable and items):
        raise _all_of(failures)
    for failure in failures:
        err.print(f"Skipped: {failure.message}", **_PLAIN)
    keep = [failure.source for failure in failures]
    root = name or str(path.resolve())
    settings = load()
    with watching() as watcher:
        changes = _add(settings, root, items, keep, watcher.progress)
    out.print(
        f"{root}: {changes['added']} passages added, {changes['kept']} kept, "
        f"{changes['removed']} removed.",
        **_PLAIN,
    )


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="As `routeback knowledge list` names it.")],
) -> None:
    """Take out what was added under a name."""
    from assistant.commands.console import out

    settings = load()
    if running := find(settings.data_dir):
        changes = _call(running, "DELETE", f"/roots/{quote(name)}")
    else:
        with _library(settings) as knowledge:
            changes = asdict(knowledge.library.remove(name))
    out.print(f"{name}: {changes['removed']} passages removed.", **_PLAIN)


@app.command("list")
def list_() -> None:
    """Show what was added."""
    from assistant.commands.console import out

    table = Table(Column("name", overflow="fold"), "files", "passages", "languages")
    for root in _status(load())["roots"]:
        counts = str(root["sources"]), str(root["passages"])
        table.add_row(Text(root["name"]), *counts, ", ".join(root["languages"]))
    out.print(table)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="A question, as a user would ask it.")],
    limit: Annotated[int, typer.Option(min=1, max=50)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the passages that an answer to this question would be given."""
    from assistant.commands.console import out
    from assistant.language import language_of_question

    settings = load()
    if running := find(settings.data_dir):
        found = _call(running, "GET", "/search", params={"q": question, "limit": limit})["passages"]
    else:
        with _library(settings) as knowledge:
            language = language_of_question(question, fallback="en") or "en"
            found = [asdict(p) for p in knowledge.search.find(question, language, limit)]
    if as_json:
        out.print_json(json.dumps(found))
        return
    for number, passage in enumerate(found, start=1):
        chunk = passage["chunk"]
        how = "name matches" if passage["matched"] else f"similarity {passage['similarity']:.2f}"
        out.print(f"[{number}] {' › '.join(chunk['title_path'])}", style="bold", **_PLAIN)
        out.print(f"{chunk['text']}\n({chunk['source']}, {how})\n", **_PLAIN)


@app.command()
def status() -> None:
    """Show how much is indexed and by whom it is served."""
    from assistant.commands.console import out

    settings = load()
    running = find(settings.data_dir)
    held = _status(settings)
    passages = sum(root["passages"] for root in held["roots"])
    out.print(
        f"{passages} passages in {len(held['roots'])} roots, generation {held['generation']}."
    )
    where = settings.knowledge.qdrant_url or settings.data_dir / "index"
    out.print(f"Index: {where}", **_PLAIN)
    served = f"served by {running.url} (process {running.pid})" if running else "no server runs"
    out.print(f"Now {served}.", **_PLAIN)


def _mapping(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if bad := [
        left for left, equals, right in pairs if not (equals and left.strip() and right.strip())
    ]:
        raise LoadError(
            f"--map has {bad[0]!r}, which is not NAME=COLUMN.",
            source="--map",
            hint="For example: --map term=word,definition=text",
        )
    return {left.strip(): right.strip() for left, _, right in pairs}


def _all_of(failures: list[LoadError]) -> LoadError:
    if len(failures) == 1:
        return failures[0]
    lines = "".join(f"\n  - {error.message}" for error in failures)
    return LoadError(
        f"{len(failures)} files cannot be read, nothing was changed:{lines}",
        source=failures[0].source,
        hint="Mend them, or run it again with --skip-unreadable.",
    )


@contextmanager
def _library(settings: Settings) -> Iterator[Any]:
    from assistant.app import open_knowledge
    from assistant.commands.console import watching

    with watching() as watcher, open_knowledge(settings, watcher) as knowledge:
        yield knowledge


def _status(settings: Settings) -> dict[str, Any]:
    if running := find(settings.data_dir):
        return _call(running, "GET", "")
    with _library(settings) as knowledge:
        roots = [asdict(root) for root in knowledge.library.roots()]
        return {"generation": knowledge.library.generation(), "roots": roots}


def _add(
    settings: Settings,
    root: str,
    items: list[Document | Entry],
    keep: list[str],
    progress: Progress,
) -> dict[str, int]:
    running = find(settings.data_dir)
    if running is None:
        with _library(settings) as knowledge:
            return asdict(knowledge.library.add(root, items, progress, keep=keep))
    import httpx  # as in ``assistant.running``

    body = {"root": root, "items": [asdict(item) for item in items], "keep": keep}
    url = f"{running.url}/v1/knowledge"
    with httpx.stream("POST", url, json=body, headers=running.headers, timeout=None) as reply:  # noqa: S113  (indexing takes as long as it takes)
        if reply.is_error:
            reply.read()
            raise _refusal(reply)
        for line in reply.iter_lines():
            told = json.loads(line)
            if "error" in told:
                raise KnowledgeError(told["error"]["message"])
            if "changes" in told:
                changes: dict[str, int] = told["changes"]
                return changes
            progress(*told["progress"])
    raise KnowledgeError("The server stopped before the index was written; nothing was changed.")


def _call(running: Running, method: str, path: str, **options: Any) -> dict[str, Any]:
    import httpx

    url = f"{running.url}/v1/knowledge{path}"
    reply = httpx.request(method, url, headers=running.headers, timeout=60, **options)
    if reply.is_error:
        raise _refusal(reply)
    value: dict[str, Any] = reply.json()
    return value


def _refusal(reply: "httpx.Response") -> RoutebackError:
    try:
        return KnowledgeError(reply.json()["error"]["message"])
    except (ValueError, KeyError):
        return KnowledgeError(f"The server refused with HTTP {reply.status_code}.")
