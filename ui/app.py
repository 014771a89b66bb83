"""What Streamlit runs for every visit and click: page settings, sidebar, and the chat."""

from base64 import b64encode
from pathlib import Path
from typing import Final

import streamlit as st

from ui import chat
from ui.client import Client, Language
from ui.conversation import Conversation
from ui.text import NAMES, TEXTS, Text

_HERE: Final = Path(__file__).parent


def main() -> None:
    """Draw the page."""
    icon = (_HERE / "icon.svg").read_text(encoding="utf-8")
    st.set_page_config(page_title="Routeback", page_icon=icon, layout="centered")
    st.html(_HERE / "style.css")
    state = st.session_state
    state.setdefault("conversation", Conversation())
    state.setdefault("language", _browser_language())
    language: Language = state["language"]
    with st.sidebar:
        _sidebar(icon, state["conversation"], TEXTS[language])
    chat.page(Client.from_environment(), state["conversation"], language)


def _sidebar(icon: str, conversation: Conversation, text: Text) -> None:
    with st.container(key="brand"):
        image = b64encode(icon.encode()).decode()  # a drawing within the page is filtered out
        st.html(
            f'<img src="data:image/svg+xml;base64,{image}" alt="">'
            f"<div><b>Routeback</b><span>{text.tagline}</span></div>"
        )
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
    if conversation.tickets:
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
