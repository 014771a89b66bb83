"""The list of tickets: it renews itself, and what is late comes first."""

from math import ceil
from typing import Final

import streamlit as st

from ui import figures, moments
from ui.api.desk import DeskClient, View
from ui.api.types import ApiTicketsView
from ui.desk import phrases, search, work
from ui.errors import ApiError
from ui.format import literal
from ui.texts.desk import DeskText

REFRESH_S: Final = 10
"""Seconds between two looks at the list."""
ROWS: Final = 12
"""Tickets on a page of the list."""
_VIEW, _WORDS, _PAGE, _LAST = "desk-view", "desk-words", "desk-page", "desk-queue-last"
_CHOSEN, _GO = "desk-chosen", "desk-go"


def chosen() -> str:
    """Return the name of the ticket that the address or the last click names; nothing if none."""
    return st.query_params.get("ticket") or st.session_state.get(_CHOSEN, "")


def choose(ticket: str) -> None:
    """Show a ticket, from the next run of the page on; nothing: only the list."""
    st.session_state[_CHOSEN] = ticket
    st.session_state[_GO] = True
    st.query_params.from_dict({"ticket": ticket} if ticket else {})


@st.fragment(run_every=REFRESH_S)
def show(api: DeskClient, number: int | None, text: DeskText) -> None:
    """Show the list. number: of the ticket that is shown beside it."""
    state = st.session_state
    if state.pop(_GO, False):  # a click within the list: the ticket stands outside of it
        st.rerun()
    _choices(text)
    if words := work.typed(_WORDS):
        search.show(api, words, choose, text)
        return
    view: View = state.get(_VIEW) or "open"
    page = max(1, int(state.get(_PAGE, 1)))
    queue = _read(api, view, page, text)
    if queue is None:
        return
    with st.container(key="desk-rows", gap="xxsmall"):
        now = moments.now()
        for ticket in queue.tickets:
            st.button(
                phrases.row(ticket, now, text, shown=ticket.number == number),
                key=f"row-{ticket.number}",
                width="stretch",
                on_click=choose,
                args=(str(ticket.number),),
            )
        if not queue.tickets:
            st.caption(text.queue.nothing)
    if number is not None:
        _mark(number)
    pages = max(1, ceil(queue.total / ROWS))
    if page > pages:
        state[_PAGE] = pages
        st.rerun()
    with st.container(key="desk-pages", gap="xxsmall"):
        count = figures.count(queue.total, text.language)
        many = text.queue.total.format(count=count)
        st.caption(text.queue.one if queue.total == 1 else many)
        if pages > 1:
            st.pagination(pages, key=_PAGE, max_visible_pages=5, width="stretch")


def _choices(text: DeskText) -> None:
    views = text.queue.views
    st.pills(
        text.queue.view,
        list(views),
        default="open",
        required=True,
        format_func=views.__getitem__,
        key=_VIEW,
        label_visibility="collapsed",
        on_change=_first_page,
        persist_state="session",
    )
    st.text_input(
        text.queue.search,
        placeholder=text.queue.search_hint,
        label_visibility="collapsed",
        icon=":material/search:",
        key=_WORDS,
        persist_state="session",
    )


def _first_page() -> None:
    st.session_state[_PAGE] = 1


def _read(api: DeskClient, view: View, page: int, text: DeskText) -> ApiTicketsView | None:
    """Return a page of the list; what was seen last, and why, if it cannot be read."""
    asked = (view, page)
    try:
        queue = api.queue(view, (page - 1) * ROWS, ROWS)
    except ApiError as error:
        st.error(literal(work.told(error, text.language)), icon=":material/cloud_off:")
        before, last = st.session_state.get(_LAST, (None, None))
        return last if before == asked and error.cause != "key" else None
    st.session_state[_LAST] = (asked, queue)
    return queue


def _mark(number: int) -> None:
    """Let the ticket that is shown beside be seen in the list."""
    look = "border-color: var(--rb-brand); background: var(--rb-wash);"
    st.html(f"<style>.st-key-desk-rows .st-key-row-{number} button {{ {look} }}</style>")
