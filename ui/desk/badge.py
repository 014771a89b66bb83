"""The way to the desk, with how many tickets wait that nobody has."""

from typing import Final

import streamlit as st

from ui.api.client import Client
from ui.api.desk import DeskClient
from ui.errors import ApiError
from ui.texts.desk import DeskText

REFRESH_S: Final = 20
"""Seconds between two looks."""


@st.fragment(run_every=REFRESH_S)
def link(page: st.Page, symbol: str, client: Client, text: DeskText) -> None:
    """Show the link to a page, with a badge if there is something to do."""
    try:
        count = DeskClient(client).unassigned()
    except ApiError:
        count = 0
    label = f"{page.title} :orange-badge[{count}]" if count else page.title
    told = text.queue.badge.format(count=count) if count else None
    st.page_link(page, label=label, icon=symbol, help=told, width="stretch")
