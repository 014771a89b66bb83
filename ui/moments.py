"""What time it is by the API's clock: a sample's stands where it was recorded, and goes on."""

from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

_BEHIND: Final = "clock-behind"


def keep(theirs: datetime | None) -> None:
    """Keep how far the API's clock is behind ours; None: it goes by the same time."""
    behind = timedelta() if theirs is None else datetime.now(UTC) - theirs
    st.session_state[_BEHIND] = behind


def now() -> datetime:
    """Return the time by the API's clock."""
    behind: timedelta = st.session_state.get(_BEHIND, timedelta())
    return datetime.now(UTC) - behind
