"""``routeback guard label``: pairs one after the other, a key each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

from assistant.commands.guard.source import Served
from assistant.errors import GuardError
from assistant.wire.labels import BlindPairView

if TYPE_CHECKING:
    from assistant.guarding.oversight import Oversight

_KEYS: Final = {
    "better": {"a": "a", "b": "b", "t": "tie", "s": "unsure"},
    "right": {"a": "a", "b": "b", "2": "both", "n": "neither", "s": "unsure"},
}
_WORDS: Final = {
    "better": "Which is better? a, b, t(ie), s = cannot tell; u(ndo), q(uit)",
    "right": "Which are right? a or b alone, 2 = both, n(either), s = cannot tell; u(ndo), q(uit)",
}
_QUIT, _UNDO = "q", "u"


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What a person wants to label; empty for where labels are most use. by: who."""

    arm: str
    segment: str
    kind: str
    by: str


def ask(desk: "Oversight | Served", wanted: LabelRequest, *, new: bool) -> None:
    """Ask about pairs until the person stops, or all are labelled."""
    offer = desk.next_label(wanted.arm, wanted.segment, wanted.kind, wanted.by, new=new)
    where, before = (offer.arm, offer.segment), None
    labelled: set[tuple[int, int]] = set()
    while True:
        _show(offer)
        key = _key(offer.kind, undo=before is not None)
        if key == _QUIT:
            break
        if key == _UNDO:
            offer, before = before or offer, None
            typer.echo("Once more: what you say now takes the place of what you said.")
            continue
        choice = _KEYS[offer.kind][key]
        progress = desk.label(offer.round, offer.place, choice, wanted.by)
        before = offer
        labelled.add((offer.round, offer.place))
        typer.echo(f"{progress.labels:,} of {progress.pairs:,} pairs are labelled.\n")
        try:
            offer = desk.next_label(*where, wanted.kind, wanted.by)
        except GuardError as error:
            typer.echo(error.message)
            break
    typer.echo(f"You labelled {len(labelled):,}. What they say: routeback guard labels")


def _show(offer: BlindPairView) -> None:
    typer.echo(f"Question ({offer.segment}): {_plain(offer.question)}")
    if offer.passages:
        typer.echo(f"From: {_plain('; '.join(offer.passages))}")
    for side in ("a", "b"):
        typer.echo(f"\n[{side.upper()}] {_plain(getattr(offer, side)) or '(no answer)'}")
    typer.echo("")


def _plain(text: str) -> str:
    """Return a text without what would steer a terminal."""
    return "".join(sign for sign in text if sign.isprintable() or sign == "\n")


def _key(kind: str, *, undo: bool) -> str:
    """Return the key that a person presses; the end of the input is quitting."""
    while True:
        typer.echo(_WORDS[kind])
        try:
            key = input("> ").strip().lower()[:1]
        except EOFError:
            return _QUIT
        if key in _KEYS[kind] or key == _QUIT or (key == _UNDO and undo):
            return key
        typer.echo("There is no such key here." if key != _UNDO else "Nothing to undo.")
