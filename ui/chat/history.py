"""The conversations of who visits: the one that the address names, and a list of all."""

import time
from typing import Final, Literal

import streamlit as st

from ui import figures
from ui.api.client import Client, Language
from ui.api.conversations import ConversationClient
from ui.api.types import ApiConversationLine
from ui.chat.conversation import Conversation
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS, explain

NAMED: Final = "conversation"
"""Of the address, what names the conversation; who is not its owner learns nothing by it."""
_LIST, _TROUBLE, _AGE_S = "history", "history-trouble", 30.0
_TITLE: Final = 48
_MANY: Final = 6
_HEIGHT: Final = 300
_HOPS: Final = 5


def restore(client: Client, conversation: Conversation, language: Language) -> None:
    """Open the conversation that the address names, in a tab that has none yet."""
    name = st.query_params.get(NAMED, "")
    if not name or conversation.id or conversation.items:
        return
    try:
        _read(client, conversation, name, language)
    except ApiError as error:
        conversation.id = ""
        if error.cause == "ended":
            st.query_params.pop(NAMED, None)
            st.toast(TEXTS[language].not_yours, icon=":material/history_toggle_off:")
        else:
            st.error(literal(explain(error, TEXTS[language])))


def name(conversation: Conversation) -> None:
    """Let the address name the conversation, so that a reload finds it."""
    named = st.query_params.get(NAMED, "")
    if conversation.id and named != conversation.id:
        st.query_params[NAMED] = conversation.id


def show(client: Client, conversation: Conversation, language: Language) -> None:
    """List in the sidebar what there is to go on with."""
    text = TEXTS[language]
    lines = [line for line in _lines(client, conversation) if line.title.strip()]
    if not lines:
        return
    zone = figures.zone(st.context.timezone)
    with st.container(key="history", gap="xxsmall"):
        st.html(f'<h2 class="rb-label">{text.history}</h2>')
        if trouble := st.session_state.get(_TROUBLE):
            st.error(literal(explain(trouble, text)))
        height: int | Literal["content"] = _HEIGHT if len(lines) > _MANY else "content"
        with st.container(key="history-lines", height=height, border=False, gap="xxsmall"):
            for line in lines:
                day = figures.day(line.latest, language, zone)
                open_now = line.conversation_id == conversation.id
                st.button(
                    f"{literal(_short(line.title))}\u2002:small[{day}]",
                    key=f"open-{line.conversation_id}",
                    type="secondary" if open_now else "tertiary",
                    icon=_icon(line),
                    width="stretch",
                    on_click=_open,
                    args=(client, line.conversation_id, language),
                )


def _lines(client: Client, conversation: Conversation) -> tuple[ApiConversationLine, ...]:
    """Return the list, read again where something was said since, or after a while."""
    state, now = st.session_state, time.monotonic()
    of = (client.key, client.session, conversation.id, conversation.number, conversation.holder)
    known, at, lines = state.get(_LIST, (None, 0.0, ()))
    if known != of or now - at > _AGE_S:
        try:
            lines = tuple(ConversationClient(client).all())
        except ApiError:
            lines = ()  # the page itself says what is wrong
        state[_LIST] = (of, now, lines)
    found: tuple[ApiConversationLine, ...] = lines
    return found


def _open(client: Client, conversation_id: str, language: Language) -> None:
    """Open a conversation in place of the one that is shown."""
    state, opened = st.session_state, Conversation()
    state.pop(_TROUBLE, None)
    try:
        _read(client, opened, conversation_id, language)
    except ApiError as error:
        state[_TROUBLE] = error
    else:
        state["conversation"] = opened


def _read(
    client: Client, conversation: Conversation, conversation_id: str, language: Language
) -> None:
    """Read a conversation, and those in which it goes on."""
    conversation.id, talks = conversation_id, ConversationClient(client)
    for _ in range(_HOPS):
        at = conversation.id
        conversation.see(talks.read(at, conversation.number, language))
        if conversation.id == at:
            return


def _short(title: str) -> str:
    flat = " ".join(title.split())
    return flat if len(flat) <= _TITLE else f"{flat[:_TITLE].rstrip()}…"


def _icon(line: ApiConversationLine) -> str:
    waits = line.holder in {"waiting", "person"}
    return ":material/support_agent:" if waits else ":material/chat_bubble:"
