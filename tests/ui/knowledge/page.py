"""A page with the sources and the health of the knowledge, as the knowledge page has them."""

from pathlib import Path

import streamlit as st

import ui
from ui.api.client import Client
from ui.knowledge import health, sources

st.set_page_config(page_title="Knowledge", layout="wide")
st.html(Path(ui.__file__).with_name("style.css"))
language = "de" if st.query_params.get("lang") == "de" else "en"
st.title("Knowledge")
tabs = st.tabs(["Sources", "Health"])
with tabs[0]:
    sources.show(Client.from_environment(), language)
with tabs[1]:
    health.show(Client.from_environment(), language)
