"""Texts for replies that the team keeps: put into the box, their gaps filled for the ticket."""

import time
from typing import Final

import streamlit as st

from ui.api.desk import DeskClient, KeptReply
from ui.desk import work
from ui.errors import ApiError
from ui.texts.desk import DeskText

_KEEP_S: Final = 60.0
_KNOWN: Final = "desk-kept"


def show(api: DeskClient, number: int, key: str, text: DeskText) -> None:
    """Offer them, if there are any. key: of the box; call this before it is drawn."""
    words, desk = text.composer, work.of(number)
    titles = {reply.id: reply.title for reply in _known(api)}
    desk.show("kept", text.actions.failed, text.language)
    if not titles:
        return
    place = f"desk-kept-{number}"
    st.selectbox(
        words.kept,
        list(titles),
        index=None,
        placeholder=words.kept_hint,
        format_func=titles.__getitem__,
        label_visibility="collapsed",
        key=place,
        on_change=_insert,
        args=(api, number, key, place),
    )


def _known(api: DeskClient) -> tuple[KeptReply, ...]:
    """Return them, as they were within the last minute; none if that is not known."""
    read, known = st.session_state.get(_KNOWN, (None, ()))
    if read is None or time.monotonic() - read > _KEEP_S:
        try:
            known = api.kept_replies()
        except ApiError:
            known = ()
        st.session_state[_KNOWN] = (time.monotonic(), known)
    return tuple(known)


def _insert(api: DeskClient, number: int, key: str, place: str) -> None:
    """Put the text that was chosen behind what stands in the box."""
    state = st.session_state
    chosen = state.get(place)
    if not chosen:
        return

    def do() -> None:
        said = api.filled(str(number), chosen)
        before = str(state.get(key) or "").rstrip()
        state[key] = f"{before}\n\n{said}" if before else said

    if work.of(number).tried("kept", do):
        state[place] = None
