"""``routeback guard alarms``: what was raised, what was sent of it, and a test of the channels."""

from collections.abc import Iterator
from typing import Annotated

import typer

from assistant.commands.guard.guard import AsJson, show_values
from assistant.commands.guard.source import open_desk
from assistant.commands.guard.text import when
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
        view = desk.alarms(count)
    show_values(view, lines(view), as_json=as_json)


@app.command("test")
def try_channels(as_json: AsJson = False) -> None:
    """Send a test message through every channel now; exit with 1 if one fails."""
    with open_desk(load()) as desk:
        trial = desk.test_alarms()
    show_values(trial, tried_lines(trial), as_json=as_json)
    if not all(channel.sent for channel in trial.channels):
        raise typer.Exit(1)


def lines(found: AlarmsView) -> Iterator[str]:
    """Yield alarms and messages as a person reads them."""
    if not found.alarms:
        yield "No alarm was ever raised."
    for alarm in found.alarms:
        details = f"({alarm.kind}, {alarm.arm}, since {when(alarm.at)})"
        if alarm.cleared:
            yield f"over since {when(alarm.cleared)} {details}: {alarm.message}"
        else:
            yield f"ALARM {details}: {alarm.message}"
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
    for view in message.deliveries:
        tries = f"{view.tries} {'try' if view.tries == 1 else 'tries'}"
        why = f" ({view.error})" if view.error else ""
        outcome = {
            "delivered": f"delivered {when(view.ended)}, {tries}{why}",
            "given_up": f"GIVEN UP {when(view.ended)}, {tries}{why}",
            "waiting": f"next try {when(view.next_try)}, {tries} so far{why}",
        }[view.state]
        yield f"  {view.to}: {outcome}"


def tried_lines(found: AlarmTrial) -> Iterator[str]:
    """Yield what a test of the channels found."""
    for trial in found.channels:
        why = f": {trial.said}" if trial.said else ""
        yield f"{trial.channel}: {'sent' if trial.sent else 'FAILED'}{why}"
