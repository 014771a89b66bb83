"""The scripts of the pages: there are no others, and browsers are told so (``ui/pages.py``)."""

from collections.abc import Mapping
from typing import Final, Literal

import streamlit as st

Script = Literal[
    "to the newest exchange", "to the newest message", "to the dossier", "to the night", "clicks"
]

SCRIPTS: Final[Mapping[Script, str]] = {
    # Streamlit itself brings a new question into view only for people who were at the end.
    "to the newest exchange": """
[...document.querySelectorAll("[class*=st-key-exchange-]")].at(-1)
?.scrollIntoView({behavior: "smooth"});
""",
    "to the newest message": """
[...document.querySelectorAll("[class*=st-key-message-]")].at(-1)
?.scrollIntoView({behavior: "smooth", block: "nearest"});
""",
    # What a click does at once, without asking the server: a marker opens its source, and a button
    # copies what it holds.
    "clicks": """
if (!window.routebackClicks) {
  window.routebackClicks = true;
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      try { return document.execCommand("copy"); } finally { field.remove(); }
    }
  };
  document.addEventListener("click", async (event) => {
    if (!(event.target instanceof Element)) return;
    const marker = event.target.closest("a[href^='#source-']");
    if (marker) {
      const name = decodeURIComponent(marker.hash.slice(1));
      const details = document.querySelector(`.st-key-open-${CSS.escape(name)} details`);
      const summary = details?.querySelector("summary");
      if (summary && !details.open) summary.click();
      summary?.focus({preventScroll: true});
    }
    const button = event.target.closest("button[data-copy]");
    if (button && await copy(decodeURIComponent(button.dataset.copy))) {
      button.textContent = button.dataset.done;
    }
  });
}
""",
    "to the dossier": """
document.querySelector(".st-key-dossier")?.scrollIntoView({behavior: "smooth", block: "nearest"});
""",
    # Where the list stands above the night, on a phone.
    "to the night": """
if (innerWidth < 769) document.querySelector(".st-key-nights-one")?.scrollIntoView();
""",
}
"""What each does. A browser runs one by its digest, so none may depend on anything."""


def run(script: Script) -> None:
    """Let the browser run one, now."""
    st.html(f"<script>{SCRIPTS[script]}</script>", unsafe_allow_javascript=True)
