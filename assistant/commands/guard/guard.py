"""``routeback guard``: what the guardrail knows and decided, and what a person holds.

When a server of this data folder runs, it is asked over HTTP; else its database is opened here.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from assistant.commands.guard import calibrate, simulate, text
from assistant.commands.guard.source import open_desk
from assistant.errors import GuardError
from assistant.settings import load
from assistant.wire import View
from guardrails.types import QUOTE

app = typer.Typer(no_args_is_help=True, help="See, replay and overrule what the guardrail decides.")
app.command()(simulate.simulate)
app.command()(calibrate.calibrate)


_NOTHING: Final = ("Nothing has been decided yet.",)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Candidate = Annotated[str, typer.Argument(help="Name of the arm, as `guard status` has it.")]
Segment = Annotated[str, typer.Argument(help="With its language: support.billing/en.")]
DecisionId = Annotated[str, typer.Argument(help="Its id, or the first characters of it.")]
Why = Annotated[str, typer.Option(help="The reason; it stays on the record.")]
By = Annotated[str, typer.Option(help="Who you are; default: your login name.")]
Kind = Annotated[str, typer.Option(help="better: which answer is better. right: which are right.")]


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show candidates and their stages, queue, cost, budget and alarms."""
    with open_desk(load()) as desk:
        view = desk.status()
    show_values(view, text.status_lines(view), as_json=as_json)


@app.command("map")
def map_(
    picture: Annotated[
        Path | None, typer.Option(help="Draw it into this file, .svg or .png, as well.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the transfer map: where each candidate is better, equal, worse or unproven."""
    from assistant.commands.console import out

    with open_desk(load()) as desk:
        view = desk.map()
    if picture is not None:
        from assistant.guarding.map_picture import save

        save(view, picture)
    if as_json or not view.cells:
        names = ", ".join(arm for arm in view.candidates if arm != QUOTE) or "no candidate"
        show_values(view, [f"No pair has been scored yet ({names})."], as_json=as_json)
        return
    for table in text.map_tables(view):
        out.print(table)
    show_values(view, text.map_notes(view), as_json=False)


@app.command()
def decisions(
    candidate: Annotated[str | None, typer.Option(help="Of this arm only.")] = None,
    segment: Annotated[str | None, typer.Option(help="Of this segment only.")] = None,
    count: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List decisions, newest first."""
    with open_desk(load()) as desk:
        view = desk.decisions(candidate, segment, count)
    lines = text.decisions_lines(view.decisions) if view.decisions else _NOTHING
    show_values(view, lines, as_json=as_json)


@app.command()
def show(decision: DecisionId, as_json: AsJson = False) -> None:
    """Show one decision: when, who, what moved, why, and from which pairs."""
    with open_desk(load()) as desk:
        view = desk.show(decision)
    show_values(view, text.decision_lines(view), as_json=as_json)


@app.command()
def replay(
    decision: DecisionId,
    as_json: AsJson = False,
    as_bytes: Annotated[
        bool, typer.Option("--bytes", help="Print the replayed record, and nothing else.")
    ] = False,
) -> None:
    """Decide again from the stored pairs; exit with 1 if that is not the same."""
    with open_desk(load()) as desk:
        view = desk.replay(decision)
    if as_bytes:
        sys.stdout.buffer.write((view.replayed or "").encode())
        sys.stdout.buffer.flush()
    else:
        show_values(view, text.replay_lines(view), as_json=as_json)
    if not view.same:
        raise typer.Exit(1)


@app.command()
def pin(
    candidate: Candidate,
    segment: Segment,
    stage: Annotated[str, typer.Argument(help="shadow, canary, serving or routed_back.")],
    why: Why,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Hold a candidate's stage in a segment; evidence is gathered on and does not move it."""
    with open_desk(load()) as desk:
        view = desk.pin(candidate, segment, stage, by or login(), why)
    show_values(view, text.decision_lines(view), as_json=as_json)


@app.command()
def unpin(
    candidate: Candidate, segment: Segment, why: Why, by: By = "", as_json: AsJson = False
) -> None:
    """Let go of a pinned stage: the candidate begins in shadow again."""
    with open_desk(load()) as desk:
        view = desk.unpin(candidate, segment, by or login(), why)
    show_values(view, text.decision_lines(view), as_json=as_json)


@app.command()
def label(
    candidate: Annotated[str, typer.Argument(help="Default: where labels are most use.")] = "",
    segment: Annotated[str, typer.Argument(help="With its language: support.billing/en.")] = "",
    kind: Kind = "better",
    by: By = "",
    new: Annotated[bool, typer.Option("--new", help="Begin a round with today's pairs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say which of two answers is better, blind: the most informative pairs come first.

    With --json the next pair is printed, and nothing asked.
    """
    from assistant.commands.guard import label

    who = by or login()
    with open_desk(load()) as desk:
        if as_json:
            view = desk.next_label(candidate, segment, kind, who, new=new)
            show_values(view, (), as_json=True)
            return
        label.ask(desk, label.LabelRequest(candidate, segment, kind, who), new=new)


@app.command()
def labels(as_json: AsJson = False) -> None:
    """Show what people say of the pairs, what that says of the scores, and how far they agree."""
    with open_desk(load()) as desk:
        view = desk.labels()
    show_values(view, text.labels_lines(view), as_json=as_json)


def show_values(values: View, lines: Iterable[str], *, as_json: bool) -> None:
    """Print values as JSON, or the lines that tell them."""
    from assistant.commands.console import say

    if as_json:
        say(values.model_dump_json(indent=2))
        return
    for line in lines:
        say(line)


def login() -> str:
    """Return the name of who calls.

    Raises:
        GuardError: the system does not know it.
    """
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise GuardError(
            "Your login name is unknown.", hint="Say who you are: --by NAME"
        ) from error
