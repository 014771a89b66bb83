"""Who of the team can be given a ticket and be mentioned."""

import time
from typing import Final

import streamlit as st

from ui.api.desk import DeskClient
from ui.api.types import ApiAgentView
from ui.errors import ApiError

_KEEP_S: Final = 30.0
_KNOWN: Final = "desk-team"


def members(api: DeskClient) -> tuple[ApiAgentView, ...]:
    """Return them, as they were within the last half minute; nobody if that is not known."""
    state = st.session_state
    read, known = state.get(_KNOWN, (0.0, ()))
    if time.monotonic() - read > _KEEP_S:
        try:
            known = tuple(api.agents())
        except ApiError:
            return tuple(known)
        state[_KNOWN] = (time.monotonic(), known)
    return tuple(known)
