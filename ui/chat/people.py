"""What people think of an answer, and their way to a person."""

from typing import Final

import streamlit as st

from ui.api.client import Client, Language, Thumb
from ui.chat.conversation import Conversation, Exchange
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS, ChatText, explain

_THUMBS: Final[tuple[Thumb, Thumb]] = ("down", "up")
_LONGEST: Final = 4000
_LONGEST_CONTACT: Final = 200


@st.fragment
def rating(client: Client, exchange: Exchange, turn_id: str, text: ChatText) -> None:
    """Take one rating of an answer. A fragment, so that it does not disturb a running answer."""
    number = exchange.number
    with st.container(key=f"rating-{number}", gap="small"):
        if exchange.rated:
            icon = f":material/thumb_{exchange.rated}:"
            st.caption(f"{icon} {text.rated}")
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<span class="rb-label">{text.rate}</span>', width="content")
            chosen = st.feedback("thumbs", key=f"thumb-{number}")
        if chosen is None:
            return
        with st.form(f"rating-form-{number}", border=False, enter_to_submit=True):
            st.text_input(
                text.comment,
                placeholder=text.comment_hint,
                max_chars=_LONGEST,
                label_visibility="collapsed",
                key=f"comment-{number}",
            )
            st.form_submit_button(
                text.send_rating,
                key=f"rate-{number}",
                on_click=_rate,
                args=(client, exchange, turn_id),
            )
        if exchange.not_rated:
            st.error(literal(explain(exchange.not_rated, text)))


def _rate(client: Client, exchange: Exchange, turn_id: str) -> None:
    """Store the rating that stands in the form."""
    state, number = st.session_state, exchange.number
    thumb = _THUMBS[state[f"thumb-{number}"]]
    try:
        client.rate(turn_id, thumb, state[f"comment-{number}"].strip())
    except ApiError as error:
        exchange.not_rated = error
    else:
        exchange.rated = thumb


def person(
    client: Client, conversation: Conversation, language: Language, *, place: str, prominent: bool
) -> None:
    """Offer a person: a button that opens the request's form.

    place: what the form's state is kept under; one request can be sent from each.
    """
    label = TEXTS[language].person
    kind: Final = "primary" if prominent else "tertiary"
    icon = ":material/support_agent:"
    with st.popover(label, type=kind, icon=icon, key=f"person-{place}"):
        _request(client, conversation, language, place)


@st.fragment
def _request(client: Client, conversation: Conversation, language: Language, place: str) -> None:
    text = TEXTS[language]
    with st.container(key=f"request-{place}"):
        if number := conversation.tickets.get(place):
            st.success(text.ticket, icon=":material/check_circle:")
            st.code(number, language=None, wrap_lines=True)
            st.caption(text.ticket_more)
            return
        with st.form(f"request-form-{place}", border=False, enter_to_submit=False):
            st.caption(text.person_more)
            st.text_area(
                text.message,
                value=conversation.last_question[:_LONGEST],
                max_chars=_LONGEST,
                key=f"message-{place}",
            )
            st.text_input(
                text.contact,
                placeholder=text.contact_hint,
                max_chars=_LONGEST_CONTACT,
                key=f"contact-{place}",
            )
            sent = st.form_submit_button(
                text.send_ticket,
                type="primary",
                key=f"send-{place}",
                on_click=_open,
                args=(client, conversation, language, place),
            )
        if error := conversation.not_opened.get(place):
            st.error(literal(explain(error, text)))
        elif sent:
            st.warning(text.message_missing)


def _open(client: Client, conversation: Conversation, language: Language, place: str) -> None:
    """Open the ticket that stands in the form, if it says anything."""
    conversation.not_opened.pop(place, None)
    message = st.session_state[f"message-{place}"].strip()
    contact = st.session_state[f"contact-{place}"].strip()
    if not message:
        return
    try:
        opened = client.open_ticket(conversation.id, message, contact, language)
    except ApiError as error:
        conversation.not_opened[place] = error
        if error.cause == "ended":  # the next try opens it in a new one
            conversation.id = ""
    else:
        conversation.tickets[place] = opened.number
        conversation.id = opened.conversation_id
