"""What Streamlit runs for every visit and click: the pages, their settings, and the sidebar."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from ui.api.client import Language
from ui.chat import page as chat
from ui.chat.conversation import Conversation
from ui.chat.history import NAMED
from ui.desk import badge
from ui.desk import page as desk
from ui.knowledge import page as knowledge
from ui.nights import page as nights
from ui.numbers import page as numbers
from ui.people import door, visitor
from ui.people import page as people
from ui.quality import page as quality
from ui.texts.chat import NAMES, TEXTS
from ui.texts.knowledge import TEXTS as KNOWLEDGE
from ui.texts.nights import TEXTS as NIGHTS
from ui.texts.numbers import TEXTS as NUMBERS
from ui.texts.people import TEXTS as WORDS

_HERE: Final = Path(__file__).parent
_CHAT, _BOARD, _PEOPLE = ":material/chat:", ":material/monitoring:", ":material/group:"
_NIGHTS: Final = ":material/bedtime:"
_DESK: Final = ":material/support_agent:"
_BOOK: Final = ":material/menu_book:"
_COUNTS: Final = ":material/insights:"


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
        _sidebar(icon, language, pages, guest, chatting=inside)
        door.show(guest, language)
    door.sampled(guest, language)
    if guest.outside:
        door.first(guest, language)
    else:
        page.run()


def _pages(guest: visitor.Visitor, language: Language) -> list[tuple[st.Page, str]]:
    """Return the pages that are for a visitor, each with its symbol."""
    state, client = st.session_state, guest.client

    def _chat() -> None:
        chat.page(client, state["conversation"], language)

    def _desk() -> None:
        desk.page(client, language)

    def _quality() -> None:
        quality.page(client, language)

    def _nights() -> None:
        nights.page(client, language, may_add=guest.has({"owner", "editor"}))

    def _numbers() -> None:
        numbers.page(client, language)

    def _knowledge() -> None:
        knowledge.page(client, language, editor=guest.has({"editor"}))

    def _people() -> None:
        people.page(client, language)

    # A page's own icon would become the tab's, and be fetched from Google's servers.
    pages = [(st.Page(_chat, title=TEXTS[language].chat, default=True), _CHAT)]
    reads, counts = guest.sees_quality, guest.has({"agent", "owner"})
    for draw, title, path, symbol, theirs in (
        (_desk, desk.WORDS[language].queue.title, "desk", _DESK, guest.has({"agent"})),
        (_quality, quality.WORDS[language].title, "quality", _BOARD, reads),
        (_nights, NIGHTS[language].title, "nights", _NIGHTS, reads),
        (_knowledge, KNOWLEDGE[language].title, "knowledge", _BOOK, reads),
        (_numbers, NUMBERS[language].title, "numbers", _COUNTS, counts),
        (_people, WORDS[language].title, "people", _PEOPLE, guest.has({"admin"})),
    ):
        if theirs:
            pages.append((st.Page(draw, title=title, url_path=path), symbol))
    return pages


def _sidebar(
    icon: str,
    language: Language,
    pages: Sequence[tuple[st.Page, str]],
    guest: visitor.Visitor,
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
            if symbol is _DESK:
                badge.link(page, symbol, guest.client, desk.WORDS[language])
                continue
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


def _start_over() -> None:
    st.session_state["conversation"] = Conversation()
    st.query_params.pop(NAMED, None)


def _browser_language() -> Language:
    return "de" if (st.context.locale or "").lower().startswith("de") else "en"


if __name__ == "__main__":
    main()
