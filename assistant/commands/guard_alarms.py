"""``routeback guard alarms``: what was raised, what was sent of it, and a test of the channels."""

from collections.abc import Iterator
from typing import Annotated

import typer

from assistant.commands.guard import AsJson, show_values
from assistant.commands.guard_source import open_desk
from assistant.commands.guard_text import when
from assistant.settings import load
from assistant.wire.guard import AlarmsView, AlarmTrial, MessageView

app = typer.Typer(help="See alarms and whether people got them; try the channels.")


@app.callback(invoke_without_command=True)
def alarms(
    context: typer.Context,
    count: Annotated[int, typer.Option(min=1, max=200, help="Of alarms and of messages.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List alarms, those that are over included, and what was delivered."""
    if context.invoked_subcommand is not None:
        return
    with open_desk(load()) as desk:
        found = desk.alarms(count)
    show_values(found, lines(found), as_json=as_json)


@app.command("test")
def try_channels(as_json: AsJson = False) -> None:
    """Send a test message through every channel now; exit with 1 if one fails."""
    with open_desk(load()) as desk:
        found = desk.test_alarms()
    show_values(found, tried_lines(found), as_json=as_json)
    if not all(one.sent for one in found.channels):
        raise typer.Exit(1)


def lines(found: AlarmsView) -> Iterator[str]:
    """Yield alarms and messages as a person reads them."""
    if not found.alarms:
        yield "No alarm was ever raised."
    for alarm in found.alarms:
        told = f"({alarm.kind}, {alarm.arm}, since {when(alarm.at)})"
        if alarm.cleared:
            yield f"over since {when(alarm.cleared)} {told}: {alarm.message}"
        else:
            yield f"ALARM {told}: {alarm.message}"
    channels = ", ".join(found.channels)
    yield (
        f"Messages go to: {channels}."
        if channels
        else "No channel is configured: nobody is told (docs/alarms.md)."
    )
    for message in found.messages:
        yield f"{when(message.at)}  {message.subject}"
        yield from _delivery_lines(message)


def _delivery_lines(message: MessageView) -> Iterator[str]:
    if message.taken_up is None:
        yield "  waits for a server that sends it"
    elif not message.deliveries:
        yield "  sent to nobody: no channel was configured"
    for one in message.deliveries:
        tries = f"{one.tries} {'try' if one.tries == 1 else 'tries'}"
        why = f" ({one.error})" if one.error else ""
        told = {
            "delivered": f"delivered {when(one.ended)}, {tries}{why}",
            "given_up": f"GIVEN UP {when(one.ended)}, {tries}{why}",
            "waiting": f"next try {when(one.next_try)}, {tries} so far{why}",
        }[one.state]
        yield f"  {one.to}: {told}"


def tried_lines(found: AlarmTrial) -> Iterator[str]:
    """Yield what a test of the channels found."""
    for one in found.channels:
        why = f": {one.said}" if one.said else ""
        yield f"{one.channel}: {'sent' if one.sent else 'FAILED'}{why}"
