"""Tickets in words. Pure functions; markdown where it is said."""

from datetime import datetime, tzinfo
from typing import Final

from ui import figures
from ui.api.client import Language
from ui.api.desk import is_open
from ui.api.types import ApiEntryView, ApiMovedView, ApiTicketView
from ui.format import literal
from ui.texts.chat import TEXTS as CHAT
from ui.texts.desk import DeskText, TicketText

_UNKNOWN: Final = "other"
_LONGEST: Final = 70
_FEW_WORDS: Final = 12


def title(ticket: ApiTicketView) -> str:
    """Return the subject of a ticket, or its first words, as text."""
    if ticket.subject:
        return ticket.subject
    words = ticket.message.split()
    first = " ".join(words[:_FEW_WORDS])
    cut = first[:_LONGEST].rstrip()
    return cut if cut == " ".join(words) else f"{cut.rstrip('.,;:!?')} …"


def row(ticket: ApiTicketView, now: datetime, text: DeskText, *, shown: bool) -> str:
    """Return the label of a ticket in the list, as markdown of two paragraphs.

    shown: it is the one that is shown beside; screen readers are told.
    """
    queue = text.queue
    hidden = f"*{queue.shown}:* " if shown else ""
    head = f"{hidden}**#{ticket.number}** {literal(title(ticket) or '–')}"
    marks = []
    if ticket.overdue:
        marks.append(f":red-badge[:material/alarm: {queue.overdue}]")
    if ticket.priority in {"high", "urgent"}:
        marks.append(f":orange-badge[{text.ticket.priorities[ticket.priority]}]")
    if not is_open(ticket):
        marks.append(f":gray-badge[{text.ticket.statuses[ticket.status]}]")
    said = [text.ticket.short_reasons[ticket.reason]]
    if ticket.user_waits_since and is_open(ticket):
        span = figures.duration(now - ticket.user_waits_since, text.language)
        said.insert(0, f"**{queue.waits.format(span=span)}**")
    kind = segment(ticket)
    said += [literal(part) for part in (kind, language(ticket.language, text.language)) if part]
    if ticket.priority == "low":
        said.append(text.ticket.priorities["low"])
    said.append(
        f":material/person: {literal(ticket.assignee)}" if ticket.assigned else queue.nobody
    )
    line = "\u2002·\u2002".join(said)
    return f"{head}\n\n{' '.join((*marks, line))}"


def segment(ticket: ApiTicketView) -> str:
    """Return the kind of question of a ticket, without its language; nothing if unknown."""
    kind = ticket.segment.partition("/")[0]
    return "" if kind == _UNKNOWN else kind


def language(code: str, interface: Language) -> str:
    """Return what a language is called."""
    return CHAT[interface].languages.get(code, code)


def target(
    given: datetime | None,
    until: datetime | None,
    now: datetime,
    zone: tzinfo,
    text: DeskText,
) -> tuple[str, bool]:
    """Return how a target stands, as text, and whether it was missed.

    given: when it was reached; None: not yet. until: when it is due; None: there is no target.
    """
    words = text.ticket

    def clock(at: datetime) -> str:
        return figures.clock(at, now, text.language, zone)

    if given is not None:
        return words.done.format(moment=clock(given)), until is not None and given > until
    if until is None:
        return words.no_target, False
    told = words.left if now <= until else words.late
    span = figures.duration(abs(until - now), text.language)
    return told.format(span=span, moment=clock(until)), now > until


def moved(move: ApiMovedView, words: TicketText) -> str:
    """Return how a conversation passed on, as text."""
    name: str = move.move
    if name == "claim" and move.to:
        name = "assign"
    elif name == "return" and not move.by:
        name = "withdraw"
    elif name == "ask" and move.by:
        name = "open"
    elif name == "close" and move.into is not None:
        name = "merge"
    told = words.moves.get(name, name)
    by = move.by or words.somebody
    line = told.format(by=by, to=move.to, into=move.into, ticket=move.ticket)
    if name == "ask" and move.reason and move.reason != "asked":
        return f"{line}: {words.short_reasons[move.reason]}"
    return line


def remark(entry: ApiEntryView, words: TicketText) -> str:
    """Return a note that the desk wrote by itself, as text; nothing if a person wrote it."""
    by, detail = entry.author.name if entry.author else "", entry.detail
    if changed := detail.get("changed"):
        fields = words.fields.items()
        what = [f"{name}: {_value(changed[of], words)}" for of, name in fields if of in changed]
        return words.changed.format(by=by, what=", ".join(what))
    if linked := detail.get("linked"):
        return words.linked_line.format(by=by, number=linked)
    return ""


def _value(value: object, words: TicketText) -> str:
    """Return what something was changed to, as text."""
    return next((said for key, said in words.priorities.items() if key == value), str(value)) or "–"


def merged(entry: ApiEntryView, words: TicketText) -> str:
    """Return that a ticket was merged into this one, as text; nothing if the entry is no such."""
    told = entry.detail.get("merged")
    if not isinstance(told, dict):
        return ""
    by = entry.author.name if entry.author else ""
    return words.merged_line.format(by=by, number=told.get("from"))
