"""What Streamlit runs for every visit and click: the pages, their settings, and the sidebar."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

import streamlit as st

from ui.api.client import Client, Language
from ui.chat import page as chat
from ui.chat.conversation import Conversation
from ui.quality import page as quality
from ui.texts.chat import NAMES, TEXTS, ChatText

_HERE: Final = Path(__file__).parent


def main() -> None:
    """Draw the page that the address names."""
    state = st.session_state
    state.setdefault("conversation", Conversation())
    state.setdefault("language", _browser_language())
    language: Language = state["language"]
    text, words = TEXTS[language], quality.WORDS[language]
    # A page's own icon would become the tab's, and be fetched from Google's servers.
    chat_page = st.Page(_chat, title=text.chat, default=True)
    quality_page = st.Page(_quality, title=words.title, url_path="quality")
    pages = {":material/chat:": chat_page, ":material/monitoring:": quality_page}
    page = st.navigation(list(pages.values()), position="hidden")
    chatting = page is not quality_page
    icon = (_HERE / "icon.svg").read_text(encoding="utf-8")
    st.set_page_config(
        page_title="Routeback" if chatting else f"{words.title} – Routeback",
        page_icon=icon,
        layout="centered" if chatting else "wide",
    )
    st.html(_HERE / "style.css")
    with st.sidebar:
        _sidebar(icon, state["conversation"], text, pages, chatting=chatting)
    page.run()


def _chat() -> None:
    state = st.session_state
    chat.page(_client(), state["conversation"], state["language"])


def _quality() -> None:
    quality.page(_client(), st.session_state["language"])


def _client() -> Client:
    """Return the API as this visitor sees it."""
    secret = st.session_state.setdefault("session", token_urlsafe(32))
    address = st.context.ip_address
    return Client.from_environment(secret, address if isinstance(address, str) else None)


def _sidebar(
    icon: str,
    conversation: Conversation,
    text: ChatText,
    pages: Mapping[str, st.Page],
    *,
    chatting: bool,
) -> None:
    with st.container(key="brand"):
        image = b64encode(icon.encode()).decode()  # a drawing within the page is filtered out
        st.html(
            f'<img src="data:image/svg+xml;base64,{image}" alt="">'
            f"<div><b>Routeback</b><span>{text.tagline}</span></div>"
        )
    with st.container(key="pages", gap="xxsmall"):
        for symbol, page in pages.items():
            st.page_link(page, icon=symbol, width="stretch")
    if chatting:
        st.button(
            text.new_conversation,
            key="new-conversation",
            icon=":material/edit_square:",
            width="stretch",
            on_click=_start_over,
        )
    st.segmented_control(
        text.language,
        options=list(NAMES),
        format_func=lambda code: NAMES[code],
        required=True,
        key="language",
        width="stretch",
    )
    if chatting and conversation.tickets:
        with st.container(key="tickets", gap="xsmall"):
            st.html(f'<p class="rb-label">{text.tickets}</p>')
            for number in conversation.tickets.values():
                st.code(number, language=None, wrap_lines=True)


def _start_over() -> None:
    st.session_state["conversation"] = Conversation()


def _browser_language() -> Language:
    return "de" if (st.context.locale or "").lower().startswith("de") else "en"


if __name__ == "__main__":
    main()
