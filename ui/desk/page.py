"""The desk page: the list of tickets, and beside it one of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from ui import figures
from ui.api.client import Client, Language
from ui.api.desk import DeskClient
from ui.desk import opening, queue, ticket, work
from ui.errors import ApiError
from ui.format import literal
from ui.texts.desk import DeskText
from ui.texts.desk_de import GERMAN
from ui.texts.desk_en import ENGLISH

WORDS: Final[Mapping[Language, DeskText]] = {"en": ENGLISH, "de": GERMAN}


def page(client: Client, language: Language) -> None:
    """Draw the page. The list and the ticket renew themselves, each by itself."""
    text, api = WORDS[language], DeskClient(client)
    zone = figures.zone(st.context.timezone)
    st.html(Path(__file__).with_name("desk.css"))
    with st.container(key="desk-top", horizontal=True, vertical_alignment="center"):
        st.title(text.queue.title, anchor=False)
        opening.show(api, text)
    name = queue.chosen()
    seen = ticket.look(api, name, text) if name else None
    number = seen.whole.ticket.number if isinstance(seen, ticket.SeenTicket) else None
    with st.container(key="desk", horizontal=True, gap="medium"):
        with st.container(key="desk-queue", gap="small"):
            queue.show(api, number, text)
        with st.container(key="desk-ticket" if name else "desk-no-ticket", gap="small"):
            if name:
                st.button(
                    text.queue.back,
                    key="desk-back",
                    type="tertiary",
                    icon=":material/arrow_back:",
                    on_click=queue.choose,
                    args=("",),
                )
            if isinstance(seen, ApiError):
                told = literal(work.told(seen, language))
                st.error(text.ticket.gone.format(detail=told), icon=":material/search_off:")
            elif seen:
                st.session_state[ticket.FRESH] = True
                ticket.show(api, seen, text, zone)
            else:
                st.caption(text.ticket.choose)
