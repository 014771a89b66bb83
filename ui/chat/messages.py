"""What people say to each other, and the lines that say who holds the conversation."""

import streamlit as st

from ui import attachments
from ui import format as formatted
from ui.addresses import Hosts
from ui.api.attachments import AttachmentClient
from ui.api.client import Client, Language
from ui.chat import marks
from ui.chat.conversation import Anew, Conversation, Passed, WrittenMessage
from ui.texts.chat import TEXTS, ChatText


def show(
    client: Client, conversation: Conversation, message: WrittenMessage, language: Language
) -> None:
    """Show what somebody said to a person, or a person of the team to them."""
    entry, text = message.entry, TEXTS[language]
    api = AttachmentClient.of_conversation(client, conversation.id)
    if entry.author is None:
        with st.container(key=f"asked-to-person-{entry.number}"), st.chat_message("user"):
            if not attachments.show(api, entry.detail, entry.number, language):
                st.text(entry.text)
        return
    with (
        st.container(key=f"message-{conversation.id[:8]}-{entry.number}"),
        st.chat_message("assistant"),
    ):
        if not attachments.show(api, entry.detail, entry.number, language):
            st.markdown(formatted.written(entry.text, _hosts(conversation)), anchors=False)
        source = entry.author.digital_source_type or ""
        marks.sign(f"of-{entry.number}", entry.author, source, text)


def show_passed(passed: Passed, language: Language) -> None:
    """Show in a line that the conversation was passed on."""
    _line(f"passed-{passed.number}", _told(passed, TEXTS[language]))


def show_anew(anew: Anew, language: Language) -> None:
    """Show in a line that another conversation begins here."""
    _line(f"anew-{anew.number}", TEXTS[language].anew)


def _line(key: str, words: str) -> None:
    if words:
        with st.container(key=key):
            st.caption(words, text_alignment="center")


def _told(passed: Passed, text: ChatText) -> str:
    moved = passed.moved
    told = text.moves.get("withdraw" if moved.cause == "withdrawn" else moved.move, "")
    by = formatted.literal(moved.by or text.somebody)
    return told.format(by=by, ticket=f"#{moved.ticket}" if moved.ticket else "")


def _hosts(conversation: Conversation) -> Hosts:
    """Return where links of the answers lead; those of people may lead there, too."""
    turns = (exchange.turn for exchange in conversation.exchanges)
    return Hosts.of(host for turn in turns if turn for host in turn.link_hosts)
