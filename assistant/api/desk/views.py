"""Conversations and tickets, as they are told: rows in, wire types out. Blocking; from a thread."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final

from assistant.assistant import Assistant
from assistant.records.desk.log import ATTACHMENT, LogEntry, Thread
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.listing import Page
from assistant.records.turns import Turn
from assistant.wire.author import PRODUCT, Author, AuthorKind, authored
from assistant.wire.desk import EntryView, MovedView, TicketView
from assistant.wire.turn import StandingView
from guardrails import clock, digests

_ENDED: Final = frozenset({"answer", "cut"})
"""Kinds of entries that a turn belongs to."""


def standing(assistant: Assistant, thread: Thread) -> StandingView:
    """Return who holds a conversation, and when somebody answers next."""
    now = clock.now()
    if thread.ticket_id is None:
        return StandingView(holder=thread.holder.value, number=thread.count)
    ticket, office = assistant.desk.get(thread.ticket_id), assistant.settings.desk.office(now)
    waits = ticket.open and ticket.first_reply_at is None
    return StandingView(
        holder=thread.holder.value,
        ticket=ticket.number,
        ticket_id=ticket.id,
        assignee=ticket.assignee_name,
        number=thread.count,
        expected=ticket.first_reply_due if waits else None,
        open_now=office.open_at(now) if ticket.open else None,
    )


def entries(
    assistant: Assistant, log: Iterable[LogEntry], language: str = "en", *, inside: bool = False
) -> tuple[EntryView, ...]:
    """Return entries with the turns that they end. inside: for the team; see ``entry_view``."""
    said = list(log)
    ends = [entry.turn_id for entry in said if entry.kind in _ENDED and entry.turn_id]
    turns = {turn.id: turn for turn in assistant.records.some(ends)}
    return tuple(entry_view(assistant, one, language, inside=inside, turns=turns) for one in said)


def entry_view(
    assistant: Assistant,
    entry: LogEntry,
    language: str = "en",
    *,
    inside: bool = False,
    turns: Mapping[str, Turn] | None = None,
) -> EntryView:
    """Return an entry; an answer with its turn. language: of labels.

    inside: for the team, with all that the desk keeps beside it; who asks sees of that the files
    alone. turns: those of answers, where they have been read; None: not yet.
    """
    view = EntryView(
        number=entry.number,
        at=entry.at,
        kind=entry.kind,
        text=entry.text,
        author=_author(entry, language),
        turn_id=entry.turn_id,
        ticket_id=entry.ticket_id,
        client_id=entry.client_id,
    )
    if entry.kind in _ENDED and (turn := turn_of(assistant, entry, turns)):
        text = turn.answer if entry.kind == "answer" else ""  # its pieces have it
        told = {"text": text, "author": turn.author, "turn": assistant.told(turn)}
        return view.model_copy(update=told)
    if entry.kind == "moved":
        return view.model_copy(update={"moved": _moved(entry)})
    told = {name: value for name, value in entry.detail.items() if inside or name == ATTACHMENT}
    return view.model_copy(update={"detail": told})


def _moved(entry: LogEntry) -> MovedView:
    told = entry.detail
    return MovedView(
        before=told["from"],
        after=told["to"],
        move=told["move"],
        ticket=int(told["ticket"]) if "ticket" in told else None,
        reason=told.get("reason"),
        cause=told.get("cause"),
        by=entry.name,
        to=told.get("to_name", ""),
        into=int(told["into"]) if "into" in told else None,
    )


def _author(entry: LogEntry, language: str) -> Author | None:
    if entry.kind in {"team", "note"}:
        kind: AuthorKind = "draft" if entry.detail.get("drafted") else "person"
        quoting = bool(entry.detail.get("quoted"))
        return authored(kind, entry.name, language, quoting=quoting)
    return authored("product", PRODUCT, language) if entry.kind == "failed" else None


def ticket_view(
    assistant: Assistant, ticket: Ticket, viewer: str = "", among: Page | None = None
) -> TicketView:
    """Return a ticket. viewer: id of who sees it. among: the list that it is of."""
    values = asdict(ticket)
    if among is None:
        among = assistant.queue.listing(viewer).alone(ticket)
    looking = among.looking.get(ticket.id, {}) if viewer else {}
    values |= {
        "status": ticket.status.value,
        "person": digests.of(f"person {ticket.owner}")[:16] if ticket.owner else "",
        "assignee": ticket.assignee_name,
        "assigned": ticket.assignee is not None,
        "mine": bool(viewer) and ticket.assignee == viewer,
        "linked_to": among.numbers.get(ticket.linked_to or ""),
        "merged_into": among.numbers.get(ticket.merged_into or ""),
        "looking": tuple(name for agent, name in looking.items() if agent != viewer),
        "overdue": ticket.overdue(clock.now()),
        "summary": dict(ticket.summary),
    }
    return TicketView.model_validate(values)


def turn_of(
    assistant: Assistant, entry: LogEntry, turns: Mapping[str, Turn] | None = None
) -> Turn | None:
    """Return the turn that an entry ends. turns: where they have been read."""
    if not entry.turn_id:
        return None
    return assistant.records.find(entry.turn_id) if turns is None else turns.get(entry.turn_id)
