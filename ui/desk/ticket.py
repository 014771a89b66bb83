"""One ticket: it follows what happens to it, while somebody writes below."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

import streamlit as st

from ui.api.attachments import AttachmentClient
from ui.api.desk import DeskClient
from ui.api.types import ApiAgentView, ApiTicketView, ApiTicketWithLog
from ui.desk import entries, header, history, team, work
from ui.desk.acting import buttons, proposing
from ui.desk.writing import composer, suggestions
from ui.errors import ApiError
from ui.format import literal
from ui.texts.desk import DeskText

FOLLOW_S: Final = 2
"""Seconds between two looks at the ticket that is shown."""
_LOG_PX: Final = 480
_SEEN: Final = "desk-seen"
FRESH: Final = "desk-fresh"
"""In the state of a visit: whether the ticket has just been read for the whole page."""


@dataclass(slots=True)
class SeenTicket:
    """A ticket as it was read last. drawn: what the buttons below it were drawn for.

    error: why it could not be read since.
    """

    name: str
    whole: ApiTicketWithLog
    drawn: tuple[Any, ...]
    error: ApiError | None = None


def look(api: DeskClient, name: str, text: DeskText) -> SeenTicket | ApiError:
    """Return a ticket as it is now; as it was seen last if it cannot be read; or why it is not."""
    last: SeenTicket | None = st.session_state.get(_SEEN)
    try:
        whole = api.ticket(name, text.language)
    except ApiError as error:
        known = last is not None and last.name == name and error.cause not in {"key", "refused"}
        if not known or last is None:
            st.session_state.pop(_SEEN, None)
            return error
        last.error = error
        return last
    seen = SeenTicket(name, whole, _state(whole.ticket))
    st.session_state[_SEEN] = seen
    return seen


def show(api: DeskClient, seen: SeenTicket, text: DeskText, zone: tzinfo) -> None:
    """Show a ticket, and what can be done with it."""
    ticket = seen.whole.ticket
    agents = team.members(api)
    _live(api, seen, agents, text, zone)
    buttons.show(api, ticket, agents, text)
    proposing.show(api, ticket, text)
    composer.show(api, ticket, agents, text)
    history.show(api, ticket, text, zone)


@st.fragment(run_every=FOLLOW_S)
def _live(
    api: DeskClient,
    seen: SeenTicket,
    agents: tuple[ApiAgentView, ...],
    text: DeskText,
    zone: tzinfo,
) -> None:
    """Read the ticket again and draw it; the page as well, if other buttons belong to it now."""
    number = seen.whole.ticket.number
    state = st.session_state
    if state.pop(FRESH, False):
        now: SeenTicket | ApiError = seen  # it has just been read
    else:
        drawn = seen.drawn
        now = look(api, seen.name, text)
        if isinstance(now, ApiError) or now.drawn != drawn:
            st.rerun()
    if isinstance(now, ApiError):
        return
    with st.container(key="desk-live", gap="xsmall"):
        if now.error:
            told = literal(work.told(now.error, text.language))
            st.error(told, icon=":material/cloud_off:")
        header.show(now.whole.ticket, text, zone)
        suggestions.summary(api, number, text)
        with st.container(key="desk-log", height=_LOG_PX, border=False, autoscroll=True):
            files = AttachmentClient.of_ticket(api.client, now.whole.ticket.number)
            entries.show(files, now.whole.entries, agents, text, zone)


def _state(ticket: ApiTicketView) -> tuple[Any, ...]:
    """Return what decides which buttons a ticket has."""
    return (
        ticket.status,
        ticket.mine,
        ticket.assignee,
        ticket.priority,
        ticket.subject,
        ticket.contact,
        ticket.merged_into,
        ticket.linked_to,
    )
