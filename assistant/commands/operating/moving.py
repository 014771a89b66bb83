"""``routeback migrate``, ``backup`` and ``restore``: all that is kept, taken elsewhere."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from assistant.errors import SettingsError
from assistant.settings import DRIVER, load, postgres

if TYPE_CHECKING:
    from assistant.moving.installation import Counts

_Json = Annotated[bool, typer.Option("--json", help="Print what was copied as JSON.")]


def migrate(
    to: Annotated[
        str,
        typer.Option(
            help="An empty PostgreSQL: postgresql+psycopg://user:password@host/name. Also from "
            "ROUTEBACK_MIGRATE_TO, so that no password stands in a list of processes.",
            envvar="ROUTEBACK_MIGRATE_TO",
        ),
    ],
    qdrant: Annotated[
        str | None, typer.Option(help="Address of a Qdrant server, for the documents.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Move this installation to a database server, counted and compared row by row.

    The server of this folder must be stopped. Nothing here is changed but for a note at the end
    that it was moved; a run that was cut short goes on where it was.
    """
    from assistant.commands.console import watching
    from assistant.moving.migration import Migration

    try:
        url = postgres(SecretStr(to))
    except ValueError as error:
        raise SettingsError(f"--to: {error}.") from error
    settings = load()
    with watching() as watcher:
        counts = asyncio.run(Migration(settings, url, qdrant).run(watcher))
    _tell(counts, as_json=as_json)
    if as_json:
        return
    typer.echo("From now on set:")
    typer.echo(f"  ROUTEBACK_DATABASE_URL={DRIVER}…")
    if qdrant is not None:
        typer.echo(f"  ROUTEBACK_KNOWLEDGE__QDRANT_URL={qdrant}")
    else:
        typer.echo("Documents were not moved, as no --qdrant was named: add them again there.")
    typer.echo(
        f"Files of {settings.data_dir} that the processes share (adapters, uploads) stay "
        "there: let it be a volume of all of them, or copy them to one."
    )


def backup(
    folder: Annotated[
        Path | None, typer.Argument(help="A new folder; default: one with the time in its name.")
    ] = None,
    documents: Annotated[
        bool,
        typer.Option(help="With the documents. A running server holds the embedded index."),
    ] = True,
    as_json: _Json = False,
) -> None:
    """Copy all that is kept into a folder: records, conversations, documents, files.

    Servers may run meanwhile, except that one with the embedded index holds the documents. What is
    in the folder is people's: keep it as safe as the installation, and for as long as you may.
    """
    from assistant.commands.console import watching
    from assistant.moving.backup import Backup

    settings = load()
    to = folder or Path(f"routeback-backup-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
    with watching() as watcher:
        counts = asyncio.run(Backup(to, documents).make(settings, watcher))
    _tell(counts, as_json=as_json)
    if not as_json:
        typer.echo(f"Backup: {to}")


def restore(
    folder: Annotated[Path, typer.Argument(help="What 'routeback backup' made.")],
    as_json: _Json = False,
) -> None:
    """Put a backup into this installation, which must be empty: any engines, any machine."""
    from assistant.commands.console import watching
    from assistant.moving.backup import Backup

    settings = load()
    with watching() as watcher:
        counts = asyncio.run(Backup(folder).restore(settings, watcher))
    _tell(counts, as_json=as_json)


def _tell(counts: "Counts", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(counts.plain(), sort_keys=True))
        return
    for name, count in counts.rows.items():
        typer.echo(f"{count:>9,} {name}")
    typer.echo(f"{counts.conversations:>9,} checkpoints of conversations")
    typer.echo(f"{counts.passages:>9,} passages of documents")
    typer.echo("Each was compared with what it was copied from.")
