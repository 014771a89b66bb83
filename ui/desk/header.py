"""The head of a ticket: what it is, why people have it, and how much time is left."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from html import escape

import streamlit as st

from ui import figures, moments
from ui.api.desk import is_open
from ui.api.types import ApiTicketView
from ui.desk import phrases
from ui.format import literal
from ui.texts.desk import DeskText

_Fact = tuple[str, str, bool]
"""A name, what stands for it, and whether it is bad; plain text."""


def show(ticket: ApiTicketView, text: DeskText, zone: tzinfo) -> None:
    """Show the head of a ticket."""
    words = text.ticket
    with st.container(key="desk-head", gap="xsmall"):
        st.subheader(f"#{ticket.number} {literal(phrases.title(ticket))}", anchor=False)
        st.markdown(" ".join(_badges(ticket, text)))
        st.markdown(f"**{words.handed_over}** {words.reasons[ticket.reason]}")
        if ticket.cause:
            st.markdown(f"**{words.ended}** {words.causes[ticket.cause]}")
        now = moments.now()
        listed = "".join(
            f"<div class='{'rb-late' if bad else ''}'><dt>{escape(name)}</dt>"
            f"<dd>{escape(said)}</dd></div>"
            for name, said, bad in _facts(ticket, now, text, zone)
        )
        st.html(f'<dl class="rb-about">{listed}</dl>')
        more = (literal(part) for part in _more(ticket, now, text, zone))
        st.caption("\u2002·\u2002".join(more))


def _badges(ticket: ApiTicketView, text: DeskText) -> Iterator[str]:
    words = text.ticket
    colour = {"waiting": "orange", "person": "blue", "solved": "green"}.get(ticket.status, "gray")
    yield f":{colour}-badge[{words.statuses[ticket.status]}]"
    if ticket.overdue:
        yield f":red-badge[:material/alarm: {text.queue.overdue}]"
    if ticket.priority != "normal":
        urgent = "gray" if ticket.priority == "low" else "orange"
        yield f":{urgent}-badge[{words.priorities[ticket.priority]}]"


def _facts(ticket: ApiTicketView, now: datetime, text: DeskText, zone: tzinfo) -> Iterator[_Fact]:
    words = text.ticket
    who = words.yours.format(name=ticket.assignee) if ticket.mine else ticket.assignee
    yield words.assignee, who or words.nobody, False
    if is_open(ticket) or ticket.first_reply_at:
        reply = (ticket.first_reply_at, ticket.first_reply_due)
        yield words.first_reply, *phrases.target(*reply, now, zone, text)
    if is_open(ticket) or ticket.solved_at:
        solved = (ticket.solved_at, ticket.solve_due)
        yield words.solution, *phrases.target(*solved, now, zone, text)
    yield words.contact, ticket.contact or words.no_contact, False
    if ticket.linked_to is not None:
        yield words.linked, f"#{ticket.linked_to}", False
    if ticket.merged_into is not None:
        yield words.merged, f"#{ticket.merged_into}", False
    if ticket.rating is not None:
        comment = f" – {ticket.rating_comment}" if ticket.rating_comment else ""
        yield words.rated, f"{ticket.rating} / 5{comment}", False


def _more(ticket: ApiTicketView, now: datetime, text: DeskText, zone: tzinfo) -> Iterator[str]:
    """Yield what is seldom asked of a ticket, as text."""
    words = text.ticket
    if kind := phrases.segment(ticket):
        yield kind
    if ticket.language:
        yield phrases.language(ticket.language, text.language)
    yield words.channels[ticket.channel]
    if ticket.arm:
        yield f"{words.arm}: {ticket.arm}"
    yield f"{words.opened} {figures.clock(ticket.created_at, now, text.language, zone)}"
    if ticket.reopened:
        yield f"{words.reopened} {ticket.reopened}\u202f×"
