"""``routeback knowledge``: the documents that answers come from.

When a server of this data folder runs, it is told over HTTP; else the index is opened here.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from urllib.parse import quote

import typer
from rich.table import Column, Table
from rich.text import Text

from assistant.commands import knowledge_sources
from assistant.errors import KnowledgeError, LoadError, RoutebackError
from assistant.knowledge.documents import Document, Entry
from assistant.knowledge.readers.options import COLUMNS, ReadingOptions, language_code
from assistant.progress import Progress
from assistant.running import Running, find
from assistant.settings import Settings, load

if TYPE_CHECKING:
    import httpx

    from assistant.assistant import Knowledge
    from assistant.knowledge.library import Changes, Inventory
    from assistant.records.changes import What

_Told = TypeVar("_Told")

app = typer.Typer(no_args_is_help=True, help="Add, remove and search the documents.")
app.add_typer(knowledge_sources.app, name="sources")

_LISTED: Final = 20
"""Names with contradicting texts that are shown."""


@app.command()
def add(
    path: Annotated[
        str,
        typer.Argument(
            help="A file, or a folder with files below it. A web address or a git folder becomes "
            "a source: see `routeback knowledge sources`."
        ),
    ],
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
        bool,
        typer.Option("--skip-unreadable", help="Go on without files and rows that cannot be read."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would become of each file; change nothing.")
    ] = False,
) -> None:
    """Index a file or folder. Run it again after a change: only what changed is touched."""
    from assistant.commands import knowledge_add
    from assistant.commands.console import err, say, watching
    from assistant.sources.batch import loaded, printable
    from assistant.sources.register import guessed

    settings = load()
    if guessed(path)[1] != "folder" and not Path(path).exists():
        columns, spoken = _mapping(map_), language_of(language) or ""
        given = {"audience": audience, "language": spoken, "columns": columns}
        knowledge_sources.added(settings, path, name, given, "off")
        return
    options = ReadingOptions(
        _mapping(map_),
        language_of(language),
        audience,
        (*settings.knowledge.audiences, settings.knowledge.audience),
        skip=skip_unreadable,
    )
    with watching() as watcher:
        batch = loaded(Path(path), options, settings.knowledge.reading, watcher.progress)
    root = printable(name or str(Path(path).resolve()))
    if dry_run:
        for line in (
            *knowledge_add.plan(batch),
            *knowledge_add.report(batch),
            "Nothing was changed.",
        ):
            say(line)
        return
    if batch.failures and not (skip_unreadable and batch.items):
        raise knowledge_add.refusal(batch.failures)
    if not batch.items:
        report = "\n".join(knowledge_add.report(batch))
        raise LoadError(f"{path} holds no text.", source=path, hint=report)
    keep = [failure.source for failure in batch.failures]
    with watching() as watcher:
        changes = _add(settings, root, batch.items, keep, watcher.progress)
    for failure in batch.failures:
        say(f"Skipped: {failure.message}", to=err)
    for line in knowledge_add.report(batch):
        say(line, to=err)
    say(f"{root}: {changes.added} passages added, {changes.kept} kept, {changes.removed} removed.")


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="As `routeback knowledge list` names it.")],
) -> None:
    """Take out what was added under a name."""
    from assistant.commands.console import say
    from assistant.knowledge.library import Changes

    settings = load()
    if running := find(settings.data_dir):
        changes = _call(Changes, running, "DELETE", f"/roots/{quote(name)}")
    else:
        knowledge_sources.check_free(settings, name)
        with _library(settings) as knowledge:
            changes = knowledge.library.remove(name)
        _note(settings, "knowledge removed", name, changes)
    say(f"{name}: {changes.removed} passages removed.")


@app.command("list")
def list_() -> None:
    """Show what was added."""
    from assistant.commands.console import out

    table = Table(Column("name", overflow="fold"), "files", "passages", "languages")
    for root in _inventory(load()).roots:
        counts = str(root.sources), str(root.passages)
        table.add_row(Text(root.name), *counts, ", ".join(root.languages))
    out.print(table)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="A question, as a user would ask it.")],
    limit: Annotated[int, typer.Option(min=1, max=50)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the passages that an answer to this question would be given.

    Of a long passage, the parts that match, as an answer gets them.
    """
    from assistant.commands.console import out, say
    from assistant.knowledge.chunk import WINDOW, excerpt
    from assistant.language import language_of_question
    from assistant.wire.knowledge import FoundPassages

    settings = load()
    if running := find(settings.data_dir):
        params = {"q": question, "limit": limit}
        passages = _call(FoundPassages, running, "GET", "/search", params=params).passages
    else:
        with _library(settings) as knowledge:
            language = language_of_question(question, fallback="en") or "en"
            passages = tuple(knowledge.search.find(question, language, limit))
    if as_json:
        out.print_json(json.dumps([asdict(passage) for passage in passages]))
        return
    each = max(settings.knowledge.passage_characters // limit, WINDOW)
    for number, passage in enumerate(passages, start=1):
        chunk = passage.chunk
        how = "name matches" if passage.matched else f"similarity {passage.similarity:.2f}"
        where = ", ".join(part for part in (chunk.source, chunk.place, chunk.date) if part)
        say(f"[{number}] {chunk.title}", style="bold")
        text = excerpt(chunk, passage.windows, each)
        say(f"{text}\n({where}, {how})\n")


@app.command()
def show(
    source: Annotated[
        str, typer.Argument(help="A file as `knowledge search` names it, the end of it, or a name.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the passages of a file as a model gets them, in reading order.

    Of a long passage a model gets the parts that match the question best.
    """
    from assistant.commands.console import out, say
    from assistant.turn.orders import quoted
    from assistant.wire.knowledge import PassagesView

    settings = load()
    if running := find(settings.data_dir):
        params = {"source": source}
        chunks = _call(PassagesView, running, "GET", "/passages", params=params).passages
    else:
        with _library(settings) as knowledge:
            chunks = tuple(knowledge.library.passages(source))
    if as_json:
        out.print_json(json.dumps([chunk.payload() for chunk in chunks]))
        return
    for number, chunk in enumerate(chunks, start=1):
        about = [chunk.source, chunk.place, chunk.date, chunk.language, chunk.url]
        about += [] if chunk.audience == "public" else [f"for {chunk.audience}"]
        title, text = (quoted(field, chunk.language) for field in (chunk.title, chunk.text))
        say(f"[{number}] {title}", style="bold")
        say(f"{text}\n({', '.join(part for part in about if part)})\n")


@app.command()
def status() -> None:
    """Show how much is indexed and by whom it is served."""
    from assistant.commands.console import out, say

    settings = load()
    running = find(settings.data_dir)
    inventory = _inventory(settings)
    passages = sum(root.passages for root in inventory.roots)
    roots, generation = len(inventory.roots), inventory.generation
    out.print(f"{passages} passages in {roots} roots, generation {generation}.")
    where = settings.knowledge.qdrant_url or settings.data_dir / "index"
    say(f"Index: {where}")
    served = f"served by {running.url} (process {running.pid})" if running else "no server runs"
    say(f"Now {served}.")
    contradictions = inventory.contradictions
    if contradictions:
        out.print(f"Names under which different things are said: {len(contradictions)}.")
    for contradiction in contradictions[:_LISTED]:
        versions = (v.source + (f" ({v.date})" if v.date else "") for v in contradiction.versions)
        say(f"  {contradiction.name}: {', '.join(versions)}")
    if len(contradictions) > _LISTED:
        out.print(f"  and {len(contradictions) - _LISTED} more.")


def language_of(told: str | None) -> str | None:
    """Return the code of a language that a person names.

    Raises:
        LoadError: it is none.
    """
    if not told:
        return None
    if code := language_code(told):
        return code
    raise LoadError(
        f"--language {told!r} is no language.", source="--language", hint="For example: en, de."
    )


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


@contextmanager
def _library(settings: Settings) -> "Iterator[Knowledge]":
    from assistant.app import open_knowledge
    from assistant.commands.console import watching

    with watching() as watcher, open_knowledge(settings, watcher) as knowledge:
        yield knowledge


def _inventory(settings: Settings) -> "Inventory":
    from assistant.knowledge.library import Inventory

    if running := find(settings.data_dir):
        return _call(Inventory, running, "GET", "")
    with _library(settings) as knowledge:
        return knowledge.library.inventory()


def _add(
    settings: Settings,
    root: str,
    items: list[Document | Entry],
    keep: list[str],
    progress: Progress,
) -> "Changes":
    running = find(settings.data_dir)
    if running is None:
        knowledge_sources.check_free(settings, root)
        with _library(settings) as knowledge:
            changes = knowledge.library.add(root, items, progress, keep=keep)
        _note(settings, "knowledge added", root, changes)
        return changes
    import httpx  # as in ``assistant.running``

    from assistant.knowledge.library import Changes

    body = {"root": root, "items": [asdict(item) for item in items], "keep": keep}
    url = f"{running.url}/v1/knowledge"
    with httpx.stream("POST", url, json=body, headers=running.headers, timeout=None) as reply:  # noqa: S113  (indexing takes as long as it takes)
        if reply.is_error:
            reply.read()
            raise _refusal(reply)
        for line in reply.iter_lines():
            event = json.loads(line)
            if "error" in event:
                raise KnowledgeError(event["error"]["message"])
            if "changes" in event:
                return Changes(**event["changes"])
            progress(*event["progress"])
    raise KnowledgeError("The server stopped before the index was written; nothing was changed.")


def _note(settings: Settings, what: "What", root: str, changes: "Changes") -> None:
    from assistant.records.changes import ChangeLog
    from assistant.records.database import open_records

    with open_records(settings.data_dir, settings.database_url) as engine:
        ChangeLog(engine).note("owner", what, root, asdict(changes))


def _call(kind: type[_Told], running: Running, method: str, path: str, **options: Any) -> _Told:
    import httpx
    from pydantic import TypeAdapter, ValidationError

    url = f"{running.url}/v1/knowledge{path}"
    reply = httpx.request(method, url, headers=running.headers, timeout=60, **options)
    if reply.is_error:
        raise _refusal(reply)
    try:
        return TypeAdapter(kind).validate_json(reply.content)
    except ValidationError as error:
        raise KnowledgeError(
            f"The server at {running.url} answers in another way than expected.",
            hint="Is it of another version? Stop it and start it again.",
        ) from error


def _refusal(reply: "httpx.Response") -> RoutebackError:
    try:
        return KnowledgeError(reply.json()["error"]["message"])
    except (ValueError, KeyError):
        return KnowledgeError(f"The server refused with HTTP {reply.status_code}.")
