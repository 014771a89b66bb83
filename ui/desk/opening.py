"""Opening a ticket by hand, as for a call."""

from typing import Final, get_args

import streamlit as st

from ui.api.desk import DeskClient, Priority
from ui.desk import queue, work
from ui.texts.chat import NAMES
from ui.texts.desk import DeskText

_LONGEST, _LINE = 8000, 200
_PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)
_BY_HAND: Final = 0
"""What a ticket that does not exist yet is worked on as."""


def show(api: DeskClient, text: DeskText) -> None:
    """Show the form behind a button."""
    words, desk = text.actions, work.of(_BY_HAND)
    number = desk.replies  # each ticket has a form of its own, so it is empty after that
    with st.popover(words.by_hand, icon=":material/add:", key="desk-by-hand"):
        st.caption(words.by_hand_more)
        with st.form(f"by-hand-{number}", border=False, enter_to_submit=False):
            st.text_area(words.message, max_chars=_LONGEST, key=f"by-hand-message-{number}")
            st.text_input(words.subject, max_chars=_LINE, key=f"by-hand-subject-{number}")
            st.text_input(words.contact, max_chars=_LINE, key=f"by-hand-contact-{number}")
            st.selectbox(
                words.priority,
                _PRIORITIES,
                index=1,
                format_func=text.ticket.priorities.__getitem__,
                key=f"by-hand-priority-{number}",
            )
            st.selectbox(
                text.ticket.language,
                list(NAMES),
                index=list(NAMES).index(text.language),
                format_func=NAMES.__getitem__,
                key=f"by-hand-language-{number}",
            )
            sent = st.form_submit_button(
                words.open, type="primary", key="by-hand-open", on_click=_open, args=(api, number)
            )
        desk.show("by-hand", words.failed, text.language)
        if sent and number == desk.replies and not work.typed(f"by-hand-message-{number}"):
            st.warning(words.message_missing)


def _open(api: DeskClient, number: int) -> None:
    """Open the ticket that stands in the form, once, and show it."""
    desk = work.of(_BY_HAND)
    names = ("message", "subject", "contact", "priority", "language")
    values: dict[str, object] = {name: work.typed(f"by-hand-{name}-{number}") for name in names}
    if number != desk.replies or not values["message"]:
        return

    def do() -> None:
        opened = api.open({**values, "client_id": desk.client_id})
        queue.choose(str(opened.number))

    if desk.tried("by-hand", do):
        desk.replies, desk.client_id = number + 1, work.Work().client_id
