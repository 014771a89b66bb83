"""``routeback keys``: who else than people may call the API, and as what."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import typer

from assistant.access.identity import Role
from assistant.access.keys import DAYS, ApiKey, Keys
from assistant.settings import load
from guardrails import clock

app = typer.Typer(help="Make, list, rotate and remove API keys.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="What the key is called, in records too.")]
_Days = Annotated[
    int, typer.Option("--days", min=0, max=3650, help="After which it ends; 0: never.")
]


@app.command()
def add(
    name: _Name,
    role: Annotated[list[Role], typer.Option("--role", help="What it may do; several are taken.")],
    days: _Days = DAYS,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Whose documents it may read.")
    ] = None,
    front: Annotated[
        bool, typer.Option("--front", help="It is of a page or widget: each visitor by itself.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who makes it.")] = "owner",
) -> None:
    """Make a key and print it: it can be read this once."""
    with _keys() as keys:
        typer.echo(keys.add(name, role, by, _end(days), group or (), front=front))


@app.command("list")
def list_() -> None:
    """List the keys: names, roles, when they end and were last used. None can be read again."""
    with _keys() as keys:
        found = keys.all()
    for line in lines(found, clock.now()):
        typer.echo(line)


@app.command()
def rotate(
    name: _Name,
    days: _Days = DAYS,
    by: Annotated[str, typer.Option(help="Who makes it.")] = "owner",
) -> None:
    """Put a new key in place of one, with its roles, and print it; the old one ends at once."""
    with _keys() as keys:
        typer.echo(keys.rotate(name, by, _end(days)))


@app.command()
def remove(name: _Name, by: Annotated[str, typer.Option(help="Who removes it.")] = "owner") -> None:
    """Take a key away; it ends at once."""
    with _keys() as keys:
        keys.remove(name, by)
    typer.echo(f"{name} is no key any more.")


def lines(keys: list[ApiKey], now: datetime) -> Iterator[str]:
    """Yield the keys as a person reads them."""
    if not keys:
        yield "There is no key. Make one: routeback keys add NAME --role user"
    for key in keys:
        end = "never ends" if key.ends is None else f"ends {key.ends:%Y-%m-%d}"
        end = end if key.valid(now) else f"ENDED {key.ends:%Y-%m-%d}"
        used = f"last used {key.last_used:%Y-%m-%d %H:%M} UTC" if key.last_used else "never used"
        groups = f"; groups {', '.join(sorted(key.groups))}" if key.groups else ""
        front = ", for a page" if key.front else ""
        yield f"{key.name}: {', '.join(sorted(key.roles))}{front}{groups}; {end}; {used}"


def _end(days: int) -> datetime | None:
    return clock.now() + timedelta(days=days) if days else None


@contextmanager
def _keys() -> Iterator[Keys]:
    """Open the keys of the data folder; a server that runs sees a change with the next request."""
    from assistant.records.database import open_records

    settings = load()
    with open_records(settings.data_dir, settings.database_url) as engine:
        yield Keys(engine)
