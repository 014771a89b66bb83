"""What Streamlit runs for every visit and click: the pages, their settings, and the sidebar."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from ui.api.client import Language
from ui.chat import page as chat
from ui.chat.conversation import Conversation
from ui.people import door, visitor
from ui.people import page as people
from ui.quality import page as quality
from ui.texts.chat import NAMES, TEXTS
from ui.texts.people import TEXTS as WORDS

_HERE: Final = Path(__file__).parent
_CHAT, _BOARD, _PEOPLE = ":material/chat:", ":material/monitoring:", ":material/group:"


def main() -> None:
    """Draw the page that the address names."""
    state = st.session_state
    state.setdefault("conversation", Conversation())
    state.setdefault("language", _browser_language())
    language: Language = state["language"]
    guest = visitor.current()
    pages = _pages(guest, language)
    page = st.navigation([drawn for drawn, _ in pages], position="hidden")
    chatting = page is pages[0][0]
    icon = (_HERE / "icon.svg").read_text(encoding="utf-8")
    st.set_page_config(
        page_title="Routeback" if chatting else f"{page.title} – Routeback",
        page_icon=icon,
        layout="centered" if chatting else "wide",
    )
    st.html(_HERE / "style.css")
    with st.sidebar:
        inside = chatting and not guest.outside
        _sidebar(icon, state["conversation"], language, pages, chatting=inside)
        door.show(guest, language)
    if guest.outside:
        door.first(guest, language)
    else:
        page.run()


def _pages(guest: visitor.Visitor, language: Language) -> list[tuple[st.Page, str]]:
    """Return the pages that are for a visitor, each with its symbol."""
    state, client = st.session_state, guest.client

    def _chat() -> None:
        chat.page(client, state["conversation"], language)

    def _quality() -> None:
        quality.page(client, language)

    def _people() -> None:
        people.page(client, language)

    # A page's own icon would become the tab's, and be fetched from Google's servers.
    pages = [(st.Page(_chat, title=TEXTS[language].chat, default=True), _CHAT)]
    if guest.sees_quality:
        title = quality.WORDS[language].title
        pages.append((st.Page(_quality, title=title, url_path="quality"), _BOARD))
    if guest.has({"admin"}):
        title = WORDS[language].title
        pages.append((st.Page(_people, title=title, url_path="people"), _PEOPLE))
    return pages


def _sidebar(
    icon: str,
    conversation: Conversation,
    language: Language,
    pages: Sequence[tuple[st.Page, str]],
    *,
    chatting: bool,
) -> None:
    text = TEXTS[language]
    with st.container(key="brand"):
        image = b64encode(icon.encode()).decode()  # a drawing within the page is filtered out
        st.html(
            f'<img src="data:image/svg+xml;base64,{image}" alt="">'
            f"<div><b>Routeback</b><span>{text.tagline}</span></div>"
        )
    with st.container(key="pages", gap="xxsmall"):
        for page, symbol in pages:
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
