"""The page of knowledge, for editors; agents and owners may look."""

from typing import Final

import streamlit as st

from ui import figures
from ui.api.client import Client, Language
from ui.api.knowledge import KnowledgeClient
from ui.errors import ApiError
from ui.format import literal
from ui.knowledge import entries, gaps, health, sources
from ui.knowledge.desk import FAILED, TOLD
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.knowledge import TEXTS

_SECTION: Final = "knowledge-section"


def page(client: Client, language: Language, *, editor: bool) -> None:
    """Draw the page. editor: whether they may change anything."""
    text, api = TEXTS[language], KnowledgeClient(client)
    zone = figures.zone(st.context.timezone)
    st.title(text.title, anchor=False)
    if not editor:
        st.caption(text.read_only)
    sections = ("gaps", "entries", "sources", "health") if editor else ("gaps", "entries")
    section = st.segmented_control(
        text.title,
        sections,
        default="gaps",
        required=True,
        format_func=lambda name: text.sections[name],
        key=_SECTION,
        label_visibility="collapsed",
    )
    if error := st.session_state.pop(FAILED, None):
        st.error(literal(explain(error, CHAT[language])), icon=":material/error:")
    if told := st.session_state.pop(TOLD, ""):
        st.success(literal(told), icon=":material/check:")
    try:
        if section == "entries":
            entries.show(api, language, zone, editor=editor)
        elif section == "sources":
            sources.show(client, language)
        elif section == "health":
            health.show(client, language)
        else:
            gaps.show(api, language, zone, editor=editor)
    except ApiError as error:
        st.error(literal(explain(error, CHAT[language])), icon=":material/cloud_off:")
