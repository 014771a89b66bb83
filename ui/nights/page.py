"""The page of the eval nights. Only what is shown is read, and only what is shown is drawn."""

from datetime import tzinfo
from pathlib import Path
from typing import Final, get_args

import streamlit as st

from ui import figures, scripts
from ui.api.client import Client, Language
from ui.api.nights import NightsClient
from ui.api.types import ApiNightsView
from ui.errors import ApiError
from ui.format import literal
from ui.nights import added, closed, gaps, listing, night, trend, worst
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.nights import TEXTS, NightsText, Section

SECTIONS: Final[tuple[Section, ...]] = get_args(Section)
_NIGHT, _SECTION = "night", "night-section"


def page(client: Client, language: Language, *, may_add: bool) -> None:
    """Draw the page. may_add: whether the visitor may make eval cases."""
    st.html(Path(__file__).with_name("nights.css"))
    text, api = TEXTS[language], NightsClient(client)
    zone = figures.zone(st.context.timezone)
    with st.container(key="nights-top", gap="xxsmall"):
        st.title(text.title, anchor=False)
        st.caption(text.about)
    _trend(api, text, zone)
    _board(api, text, zone, may_add=may_add)


@st.fragment(parallel=True)
def _trend(api: NightsClient, text: NightsText, zone: tzinfo) -> None:
    """Draw the trend beside the rest: neither waits for the other."""
    with st.container(key="trend", gap="xsmall"):
        try:
            trend.show(api, text, zone)
        except ApiError:
            return  # the list below says what is wrong


@st.fragment
def _board(api: NightsClient, text: NightsText, zone: tzinfo, *, may_add: bool) -> None:
    """Draw the list and the night that was chosen."""
    number: int = st.session_state.get(listing.PAGE) or 1
    try:
        seen = api.page(listing.COUNT, (number - 1) * listing.COUNT)
    except ApiError as error:
        _failed(error, text)
        return
    if seen.missed:
        st.warning(text.missed, icon=":material/schedule:")
    if not seen.nights:
        _none(text)
        return
    chosen = _chosen(seen)
    with st.container(key="nights-board", horizontal=True, gap="large"):
        with st.container(key="nights-side"):
            listing.show(seen, chosen, _choose, text, zone)
        with st.container(key="nights-one"):
            if st.session_state.pop("night-scroll", False):
                scripts.run("to the night")
            try:
                _one(chosen, api, text, zone, may_add=may_add)
            except ApiError as error:
                _failed(error, text)


def _chosen(seen: ApiNightsView) -> str:
    """Return the night that the address or the last click names, else the newest on the page."""
    named = st.query_params.get(_NIGHT) or st.session_state.get(_NIGHT)
    return named or seen.nights[0].id


def _choose(night_id: str) -> None:
    st.session_state[_NIGHT] = night_id
    st.session_state["night-scroll"] = True
    st.query_params[_NIGHT] = night_id


def _one(
    night_id: str, api: NightsClient, text: NightsText, zone: tzinfo, *, may_add: bool
) -> None:
    seen = api.night(night_id)
    night.head(seen, text, zone)
    _said(text)
    section: Section = st.segmented_control(
        text.section,
        SECTIONS,
        default=SECTIONS[0],
        format_func=text.sections.__getitem__,
        required=True,
        key=_SECTION,
        label_visibility="collapsed",
    )
    with st.container(key=f"section-{section}", gap="small"):
        if section == "cases":
            number: int = st.session_state.get(added.PAGE) or 1
            cases = api.cases(added.COUNT, (number - 1) * added.COUNT)
            added.show(cases, api, text, zone, may_add=may_add)
        elif seen.result is None:
            st.info(text.verdicts["running" if seen.state == "running" else "unmeasured"])
        elif section == "gates":
            night.gates(seen.result, text)
        elif section == "causes":
            night.causes(seen.result, text)
        elif section == "worst":
            worst.show(seen.result, text)
        elif section == "closed":
            closed.show(seen.result, text, zone)
        else:
            gaps.show(api.gaps(night_id), api, text, zone, may_add=may_add)


def _said(text: NightsText) -> None:
    """Say once what the last click did."""
    state = st.session_state
    if failed := state.pop(gaps.FAILED, None):
        st.error(literal(explain(failed, CHAT[text.language])))
    if case := state.pop(gaps.ADDED, None):
        st.success(text.saved.format(id=f"`{literal(case)}`"), icon=":material/check_circle:")
    if case := state.pop(added.TAKEN, None):
        st.success(text.taken_out.format(id=f"`{literal(case)}`"), icon=":material/check_circle:")


def _failed(error: ApiError, text: NightsText) -> None:
    reason = literal(explain(error, CHAT[text.language]))
    st.error(f"{text.unread} {reason}", icon=":material/cloud_off:")


def _none(text: NightsText) -> None:
    with st.container(key="no-nights", border=True):
        st.subheader(text.none, anchor=False)
        st.markdown(text.none_more)
        st.code("routeback evals nightly", language=None)
