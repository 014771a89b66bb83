"""``routeback log``: who changed what."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from assistant.errors import DatabaseError
from assistant.records.changes import ChangeLog, LoggedChange
from assistant.settings import load


def log(
    count: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that no entry was altered or taken out.")
    ] = False,
) -> None:
    """Show who changed knowledge, arms, stages, keys, sessions and settings, exported and erased.

    The log is only added to. Taking entries from its end does not show in it: keep the digest of
    the last one elsewhere.
    """
    from assistant.records.database import open_records

    settings = load()
    with open_records(settings.data_dir, settings.database_url) as engine:
        entries = ChangeLog(engine).newest(count)
        broken = ChangeLog(engine).broken() if verify else None
    for entry in entries:
        typer.echo(json.dumps(asdict(entry), default=str) if as_json else _line(entry))
    if broken is not None:
        raise DatabaseError(
            f"The log was altered at or before the entry of {broken.at:%Y-%m-%d %H:%M:%S} UTC: "
            f"{broken.what} {broken.target}."
        )
    if verify and entries:
        typer.echo(f"No entry was altered. The last one's digest: {entries[-1].digest}")


def _line(entry: LoggedChange) -> str:
    shown = {name: value for name, value in entry.detail.items() if name != "settings"}
    more = f"  {json.dumps(shown, ensure_ascii=False)}" if shown else ""
    return f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.by}: {entry.what}: {entry.target}{more}"
