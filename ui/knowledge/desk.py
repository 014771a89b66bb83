"""What one editor has open: in the session, between two clicks."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from ui.api.knowledge import EntryForm
from ui.errors import ApiError

FAILED: Final = "knowledge-failed"
TOLD: Final = "knowledge-told"
_FORM, _COUNT, _GAP, _ENTRY = (
    "knowledge-form",
    "knowledge-forms",
    "knowledge-gap",
    "knowledge-entry",
)


def tried(do: Callable[[], object], told: str = "") -> bool:
    """Do something; keep what went wrong, or what to say, for the next drawing of the page."""
    try:
        do()
    except ApiError as error:
        st.session_state[FAILED] = error
        return False
    if told:
        st.session_state[TOLD] = told
    return True


def clicked(do: Callable[[], object], told: str = "") -> None:
    """Do something for who clicked; see ``tried``."""
    tried(do, told)


def form() -> EntryForm | None:
    """Return the entry that is being written, if one is."""
    held: EntryForm | None = st.session_state.get(_FORM)
    return held


def begin(new: EntryForm, tries: str = "") -> None:
    """Open a form; its fields begin anew, so each form has a number of its own."""
    state = st.session_state
    state[_COUNT] = state.get(_COUNT, 0) + 1
    state[_FORM] = new
    state[field("name")], state[field("text")] = new.name, new.text
    state[field("aliases")] = "\n".join(new.aliases)
    state[field("url")], state[field("audience")] = new.url, new.audience
    state[field("kind")], state[field("language")] = new.kind, new.language
    state[field("tries")] = tries or "\n".join((new.name, *new.aliases)[:3])


def close() -> None:
    """Close the form."""
    st.session_state.pop(_FORM, None)


def field(name: str) -> str:
    """Return the key of a field of the form that is open."""
    return f"entry-{name}-{st.session_state.get(_COUNT, 0)}"


def gap() -> str:
    """Return the gap that is open; empty: none."""
    return str(st.session_state.get(_GAP, ""))


def open_gap(id_: str) -> None:
    """Open a gap, or the list: empty."""
    st.session_state[_GAP] = id_
    close()


def entry() -> tuple[str, str]:
    """Return key and language of the entry whose history is open; empty: none."""
    held: tuple[str, str] = st.session_state.get(_ENTRY, ("", ""))
    return held


def open_entry(key: str, language: str) -> None:
    """Open an entry's history, or the list: empty."""
    st.session_state[_ENTRY] = key, language
    close()
