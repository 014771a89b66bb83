"""A person in place of the assistant: asked for, awaited, answering, and rated."""

from collections.abc import Callable
from html import escape
from typing import Final
from uuid import uuid4

import streamlit as st

from ui import attachments, figures, scripts
from ui.api.attachments import AttachmentClient
from ui.api.client import Client, Language
from ui.api.conversations import ConversationClient
from ui.api.types import ApiStandingView
from ui.chat.conversation import Conversation
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS, explain

LOOK_S: Final = 2.0
"""Seconds between two looks for what a person has said."""
_LONGEST: Final = 4000
_LONGEST_CONTACT: Final = 200
_ASKING, _BACK, _RATING, _ADDRESS = "asking", "back", "rating", "address"
_NEWS, _LEFT = "news", "address-left"


def offer(
    client: Client, conversation: Conversation, language: Language, *, place: str, prominent: bool
) -> None:
    """Offer a person, while the assistant holds the conversation: one click asks.

    place: where the button stands, for its key.
    """
    if conversation.holder not in {"bot", "closed"}:
        return
    if st.button(
        TEXTS[language].person,
        type="primary" if prominent else "tertiary",
        icon=":material/support_agent:",
        key=f"person-{place}",
    ):
        _ask(client, conversation, language)
        st.rerun()  # also where the button stands in a fragment


def show(client: Client, conversation: Conversation, language: Language) -> None:
    """Show under the thread who holds the conversation, as long as it is not the assistant."""
    text, standing = TEXTS[language], conversation.standing
    if trouble := conversation.troubles.get(_ASKING):
        st.error(literal(explain(trouble, text)))
    if standing is None or standing.holder == "bot":
        return
    with st.container(key="handover", border=True, gap="small"):
        if standing.holder == "closed":
            st.markdown(text.closed)
            return
        if standing.holder == "solved":
            _rating(client, conversation, language)
            return
        _awaited(standing, language)
        with st.container(key="handover-ways", horizontal=True, gap="small"):
            with st.popover(
                text.leave_address, type="tertiary", icon=":material/mail:", key="address"
            ):
                _address(client, conversation, language)
            files = AttachmentClient.of_conversation(client, conversation.id)
            attachments.offer(files, conversation.id, language)
            st.button(
                text.to_bot,
                type="tertiary",
                icon=":material/undo:",
                key="to-bot",
                on_click=_to_bot,
                args=(client, conversation, language),
            )
        if trouble := conversation.troubles.get(_BACK):
            st.error(literal(explain(trouble, text)))
        follow(client, conversation, language)


@st.fragment(run_every=LOOK_S)
def follow(client: Client, conversation: Conversation, language: Language) -> None:
    """Look for what a person has said; a fragment, so that it disturbs nobody who writes."""
    if not conversation.awaited:
        return
    look = ConversationClient(client).read
    try:
        news = conversation.see(look(conversation.id, conversation.number, language))
    except ApiError:
        return  # the next look tells
    if news:
        st.session_state[_NEWS] = True
        st.rerun()


def reveal() -> None:
    """Bring what a person has just said into view."""
    if st.session_state.pop(_NEWS, False):
        scripts.run("to the newest message")


def _awaited(standing: ApiStandingView, language: Language) -> None:
    text = TEXTS[language]
    ticket = f"#{standing.ticket}"
    if standing.holder == "person":
        told = text.answers.format(name=standing.assignee or text.somebody)
    else:
        told = text.awaited
    st.html(f'<p class="rb-label" role="status">{escape(told)}</p>')
    lines = [text.request_number.format(ticket=ticket), *_when(standing, language)]
    st.caption(" ".join(lines))


def _when(standing: ApiStandingView, language: Language) -> list[str]:
    text = TEXTS[language]
    lines = []
    if standing.open_now is False:
        lines.append(text.out_of_hours)
    if standing.expected is not None:
        zone = figures.zone(st.context.timezone)
        lines.append(text.expected.format(at=figures.moment(standing.expected, language, zone)))
    if standing.holder == "waiting":
        lines.append(text.meanwhile)
    return lines


@st.fragment
def _address(client: Client, conversation: Conversation, language: Language) -> None:
    text = TEXTS[language]
    with st.form("address-form", border=False, clear_on_submit=False):
        st.caption(text.address_more)
        st.text_input(
            text.contact,
            placeholder=text.contact_hint,
            max_chars=_LONGEST_CONTACT,
            key="contact",
        )
        st.form_submit_button(
            text.send_address,
            type="primary",
            key="send-address",
            on_click=_leave_address,
            args=(client, conversation, language),
        )
    if trouble := conversation.troubles.get(_ADDRESS):
        st.error(literal(explain(trouble, text)))
    elif st.session_state.get(_LEFT) == conversation.id:
        st.success(text.address_left, icon=":material/check_circle:")


@st.fragment
def _rating(client: Client, conversation: Conversation, language: Language) -> None:
    text = TEXTS[language]
    st.html(f'<p class="rb-label" role="status">{escape(text.solved)}</p>')
    st.caption(text.solved_more)
    if conversation.rated:
        st.caption(f":material/star: {text.rated}")
        return
    chosen = st.feedback("stars", key="stars")
    if chosen is None:
        return
    with st.form("stars-form", border=False):
        st.text_input(
            text.comment,
            placeholder=text.comment_hint,
            max_chars=_LONGEST,
            label_visibility="collapsed",
            key="stars-comment",
        )
        st.form_submit_button(
            text.send_rating, key="rate-person", on_click=_rate, args=(client, conversation)
        )
    if trouble := conversation.troubles.get(_RATING):
        st.error(literal(explain(trouble, text)))


def _ask(client: Client, conversation: Conversation, language: Language) -> None:
    """Ask for a person about what was asked last; where a conversation is over, in a new one."""
    talks, text = ConversationClient(client), TEXTS[language]
    message = (conversation.last_question or text.person_wanted)[:_LONGEST]

    def ask() -> None:
        if not conversation.id:
            conversation.id = talks.begin()
        elif conversation.holder == "closed":
            conversation.move(talks.begin())
        name = uuid4().hex
        talks.ask_for_person(conversation.id, message, language, client_id=name)
        conversation.see(talks.read(conversation.id, conversation.number, language))

    def ask_anew() -> None:
        try:
            ask()
        except ApiError as error:
            if error.cause != "ended":
                raise
            conversation.move(talks.begin())
            ask()

    _try(conversation, _ASKING, ask_anew)


def _to_bot(client: Client, conversation: Conversation, language: Language) -> None:
    talks = ConversationClient(client)

    def back() -> None:
        talks.to_bot(conversation.id)
        conversation.see(talks.read(conversation.id, conversation.number, language))

    _try(conversation, _BACK, back)


def _leave_address(client: Client, conversation: Conversation, language: Language) -> None:
    contact, text = st.session_state["contact"].strip(), TEXTS[language]
    if not contact:
        return
    talks = ConversationClient(client)

    def leave() -> None:
        talks.ask_for_person(
            conversation.id,
            text.address_said,
            language,
            contact=contact,
            client_id=uuid4().hex,
        )
        st.session_state[_LEFT] = conversation.id

    _try(conversation, _ADDRESS, leave)


def _rate(client: Client, conversation: Conversation) -> None:
    state = st.session_state
    rating, comment = state["stars"] + 1, state["stars-comment"].strip()

    def rate() -> None:
        ConversationClient(client).rate(conversation.id, rating, comment)
        conversation.rated = rating

    _try(conversation, _RATING, rate)


def _try(conversation: Conversation, what: str, act: Callable[[], None]) -> None:
    """Do something, and keep why it failed."""
    conversation.troubles.pop(what, None)
    try:
        act()
    except ApiError as error:
        conversation.troubles[what] = error
