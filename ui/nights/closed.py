"""The gaps that entries closed lately: each question as it ended then, and as it ends now."""

from datetime import tzinfo
from math import ceil
from typing import Final

import streamlit as st

from ui import figures
from ui.api.types import ApiClosedGap, ApiClosedQuestion, ApiNightResult
from ui.format import literal, safe
from ui.texts.chat import TEXTS as CHAT
from ui.texts.nights import NightsText

_COUNT: Final = 4
_PAGE: Final = "closed-page"


def show(result: ApiNightResult, text: NightsText, zone: tzinfo) -> None:
    """Draw a page of them; only those on it are drawn."""
    st.caption(text.closed_about)
    found = [gap for gap in result.closed_gaps or () if gap.questions]
    if not found:
        st.info(text.none_closed)
        return
    pages = ceil(len(found) / _COUNT)
    number = min(pages, st.session_state.get(_PAGE) or 1)
    start = (number - 1) * _COUNT
    for place, gap in enumerate(found[start : start + _COUNT], start=start):
        with st.container(key=f"closed-{place}", border=True, gap="small"):
            _gap(gap, text, zone)
    if pages > 1:
        st.pagination(pages, key=_PAGE)


def _gap(gap: ApiClosedGap, text: NightsText, zone: tzinfo) -> None:
    told = text.closed_by.format(
        key=literal(gap.key),
        language=CHAT[text.language].languages.get(gap.language, gap.language),
        by=literal(gap.by),
        at=figures.moment(gap.closed_at, text.language, zone),
    )
    for question in gap.questions:
        _question(question, text)
    st.caption(told)


def _question(one: ApiClosedQuestion, text: NightsText) -> None:
    st.markdown(f"**{literal(one.question) or text.no_words}**")
    before, after = (
        text.turn_outcomes.get(outcome, outcome)
        for outcome in (one.before_outcome, one.after_outcome)
    )
    colour, icon, told = (
        ("green", "check_circle", text.closed)
        if one.closed
        else ("orange", "error_outline", text.not_closed)
    )
    st.markdown(f":{colour}-badge[:material/{icon}: {told}]")
    st.markdown(f"{text.before}: {literal(before)}\u2002→\u2002{text.now}: **{literal(after)}**")
    if one.answer:
        st.markdown(safe(one.answer))
