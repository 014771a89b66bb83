"""``routeback doctor``: what works, what does not, and what to do about it."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.errors import SettingsError
from assistant.sending.addresses import is_mailbox
from assistant.settings import Settings, load

if TYPE_CHECKING:
    from rich.table import Table

    from assistant.doctor.diagnosis import Diagnosis

_MARKS = {"ok": "green", "skipped": "dim", "warning": "yellow", "failed": "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    send: Annotated[
        bool, typer.Option("--send", help="Post a test message to webhook and Slack, too.")
    ] = False,
    send_to: Annotated[
        str, typer.Option("--send-to", help="An address that gets a test mail.", metavar="ADDRESS")
    ] = "",
) -> None:
    """Call every part for real; say what is wrong and what to do.

    Settings, folders, disk, time zone, certificates, proxy, database, conversations, workers,
    clock, server, embedder, checker, index, every model, mail, webhooks, sign-in and the bridge.
    What is not set up is skipped. Nothing is changed, posted or sent without --send and --send-to.

    Where a server of this data folder runs, what it alone may open (the embedded index and the
    engine) is asked of it. Run it as the same user, with the same settings.

    Exit code: 0 nothing has failed, 1 something has, 2 the settings cannot be read. With --json
    the names of the checks stay what they are: docs/doctor.md lists them.
    """
    if send_to and not is_mailbox(send_to):
        raise SettingsError(f"--send-to {send_to!r} is no e-mail address.")
    settings = _loaded(as_json=as_json)
    found = asyncio.run(_examined(settings, send_to, posts=send, quiet=as_json))
    _show(found, as_json=as_json)
    if any(one.state.status == "failed" for one in found):
        raise typer.Exit(1)


def _loaded(*, as_json: bool) -> Settings:
    """Return the settings; where they cannot be read, that is the one thing that was found."""
    try:
        return load()
    except SettingsError as error:
        if not as_json:
            raise
        from assistant.doctor.diagnosis import Diagnosis, failed

        state = failed(error.message, "settings that can be read", error.hint)
        _show([Diagnosis("settings", state)], as_json=True)
        raise typer.Exit(error.exit_code) from error


async def _examined(
    settings: Settings, send_to: str, *, posts: bool, quiet: bool
) -> "list[Diagnosis]":
    from assistant.commands.console import err
    from assistant.doctor.checkup import DoctorSending, checkup

    sending = DoctorSending(posts, send_to)
    if quiet or not err.is_terminal:
        return await checkup(settings, sending)
    with err.status("Looking at every part …") as status:
        return await checkup(settings, sending, lambda one: status.update(f"{one.name} is known …"))


def _show(found: "list[Diagnosis]", *, as_json: bool) -> None:
    from assistant.commands.console import out
    from assistant.doctor.diagnosis import overall, plain

    if as_json:
        from datetime import UTC, datetime
        from importlib.metadata import version

        values = plain(found, version("routeback"), datetime.now(UTC))
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    out.print(_table(found))
    counts = {status: sum(one.state.status == status for one in found) for status in _MARKS}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    out.print(f"{told}.", style=_MARKS[overall(found)])


def _table(found: "list[Diagnosis]") -> "Table":
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(
        Column("part", no_wrap=True), "", Column("what was found", overflow="fold"), box=None
    )
    for one in found:
        state = one.state
        lines = [state.got]
        if state.status in {"warning", "failed"}:
            lines += [f"expected: {state.expected}"] if state.expected else []
            lines += [f"→ {state.todo}"] if state.todo else []
        colour = _MARKS[state.status]
        table.add_row(one.name, Text(state.status, colour), Text("\n".join(lines)))
    return table
