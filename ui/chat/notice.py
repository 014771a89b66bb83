"""What people are told before they write anything: that they talk to an AI system."""

from typing import Final

import streamlit as st

from ui.api.client import Language
from ui.texts.chat import TEXTS

_ORDER: Final[dict[Language, tuple[Language, Language]]] = {"en": ("en", "de"), "de": ("de", "en")}


def show(language: Language) -> None:
    """Show the notice in both languages, the page's first."""
    told = "".join(
        f'<p lang="{other}"><b>{TEXTS[other].ai}</b> {TEXTS[other].ai_more}</p>'
        for other in _ORDER[language]
    )
    with st.container(key="notice"):
        st.html(
            f'<div class="rb-notice" role="note" aria-label="{TEXTS[language].ai}">{told}</div>'
        )
