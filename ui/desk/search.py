"""The tickets in which some words were said."""

from collections.abc import Callable

import streamlit as st

from ui.api.desk import DeskClient, FoundTicket
from ui.desk import work
from ui.errors import ApiError
from ui.format import literal
from ui.markdown import plain
from ui.texts.desk import DeskText


def show(api: DeskClient, words: str, choose: Callable[[str], None], text: DeskText) -> None:
    """Show them, each with the place. choose: shows one."""
    try:
        hits = api.find(words)
    except ApiError as error:
        st.error(literal(work.told(error, text.language)), icon=":material/search_off:")
        return
    with st.container(key="desk-rows", gap="xxsmall"):
        for hit in hits:
            number = str(hit.ticket)
            st.button(
                _label(hit), key=f"row-{number}", width="stretch", on_click=choose, args=(number,)
            )
        if not hits:
            st.caption(text.queue.nothing)


def _label(hit: FoundTicket) -> str:
    """Return the label of a place, what was looked for in bold."""
    parts = (
        f"**{plain(part.text.strip())}**" if part.hit and part.text.strip() else plain(part.text)
        for part in hit.excerpt
    )
    return f"**#{hit.ticket}** {literal(hit.subject)}\n\n{''.join(parts)}"
