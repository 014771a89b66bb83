"""The scripts of the pages: there are no others, and browsers are told so (``ui/pages.py``)."""

from collections.abc import Mapping
from typing import Final, Literal

import streamlit as st

Script = Literal["to the newest exchange", "to the dossier"]

SCRIPTS: Final[Mapping[Script, str]] = {
    # Streamlit itself brings a new question into view only for people who were at the end.
    "to the newest exchange": """
[...document.querySelectorAll("[class*=st-key-exchange-]")].at(-1)
?.scrollIntoView({behavior: "smooth"});
""",
    "to the dossier": """
document.querySelector(".st-key-dossier")?.scrollIntoView({behavior: "smooth", block: "nearest"});
""",
}
"""What each does. A browser runs one by its digest, so none may depend on anything."""


def run(script: Script) -> None:
    """Let the browser run one, now."""
    st.html(f"<script>{SCRIPTS[script]}</script>", unsafe_allow_javascript=True)
