"""The list of nights: a page of it, each night to choose."""

from collections.abc import Callable
from datetime import tzinfo
from math import ceil
from typing import Final

import streamlit as st

from ui import figures
from ui.api.types import ApiNightsView, ApiNightView
from ui.nights import names
from ui.texts.nights import NightsText, Verdict

COUNT: Final = 8
"""Nights on a page of the list."""
PAGE: Final = "nights-page"
_ICONS: Final[dict[Verdict, str]] = {
    "pass": ":material/check_circle:",
    "regression": ":material/error:",
    "unmeasured": ":material/help:",
    "running": ":material/hourglass_top:",
}


def show(
    seen: ApiNightsView,
    chosen: str,
    choose: Callable[[str], None],
    text: NightsText,
    zone: tzinfo,
) -> None:
    """Draw a page of nights. chosen: id of the one that is shown beside it."""
    st.subheader(text.nights, anchor=False)
    st.caption(text.nights_about.format(count=figures.count(seen.total, text.language)))
    with st.container(key="nights-list", gap="xsmall"):
        for night in seen.nights:
            mark = "chosen" if night.id == chosen else names.verdict(night)
            st.button(
                label(night, text, zone),
                key=f"night-{mark}-{night.id}",
                icon=_ICONS[names.verdict(night)],
                type="secondary",
                width="stretch",
                on_click=choose,
                args=(night.id,),
            )
    pages = max(1, ceil(seen.total / COUNT))
    if pages > 1:
        st.pagination(pages, key=PAGE, max_visible_pages=5)


def label(night: ApiNightView, text: NightsText, zone: tzinfo) -> str:
    """Return what stands for a night: when, how it ended, and why."""
    said = [f"**{figures.moment(night.at, text.language, zone)}**"]
    outcome = text.verdicts[names.verdict(night)]
    if night.causes:
        outcome += f" {text.because.format(causes=names.causes(night.causes, text))}"
    return "  \n".join([*said, outcome])
