"""Merging a ticket into another of the same person, and linking it with any."""

from functools import partial
from typing import Final

import streamlit as st

from ui.api.desk import DeskClient, is_open
from ui.api.types import ApiTicketView
from ui.desk import phrases, queue, work
from ui.errors import ApiError
from ui.texts.desk import DeskText

_PICK: Final = 0
_LONGEST: Final = 64


def show(api: DeskClient, ticket: ApiTicketView, desk: work.Work, text: DeskText) -> None:
    """Offer the person's other tickets first, and then any by its number."""
    words, number = text.actions, ticket.number
    titles = {other.number: phrases.title(other) for other in _others(api, ticket)}
    key = f"desk-into-{number}"
    st.markdown(f"**{words.merge}**")
    st.caption(words.merge_more)
    if titles:
        st.selectbox(
            words.same_person,
            [_PICK, *titles],
            format_func=lambda one: f"#{one} {titles[one]}" if one else words.pick,
            key=key,
        )
        st.button(
            words.merge,
            key="desk-merge",
            on_click=_merge,
            args=(api, ticket, desk, key),
        )
    else:
        st.caption(words.no_other)
    st.caption(words.merge_only_own)
    link(api, ticket, desk, text)


def link(api: DeskClient, ticket: ApiTicketView, desk: work.Work, text: DeskText) -> None:
    """Offer to link a ticket with any other."""
    words, key = text.actions, f"desk-link-to-{ticket.number}"
    with st.form(f"desk-link-{ticket.number}", border=False):
        st.text_input(words.other, placeholder=words.other_hint, max_chars=_LONGEST, key=key)
        st.caption(words.link_more)
        linked = st.form_submit_button(
            words.link, key="desk-link-now", on_click=_link, args=(api, ticket, desk, key)
        )
    if linked and not work.typed(key):
        st.warning(words.no_number)


def _others(api: DeskClient, ticket: ApiTicketView) -> list[ApiTicketView]:
    """Return the person's other tickets that are open; none if that cannot be read."""
    try:
        theirs = api.person(str(ticket.number)).tickets
    except ApiError:
        return []
    return [other for other in theirs if is_open(other) and other.number != ticket.number]


def _merge(api: DeskClient, ticket: ApiTicketView, desk: work.Work, key: str) -> None:
    """Merge into the ticket that was picked, and show that one."""
    into = st.session_state.get(key) or _PICK
    if into and desk.tried("more", partial(api.merge, str(ticket.number), str(into))):
        queue.choose(str(into))


def _link(api: DeskClient, ticket: ApiTicketView, desk: work.Work, key: str) -> None:
    if other := work.typed(key):
        desk.tried("more", partial(api.link, str(ticket.number), other))
