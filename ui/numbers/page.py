"""The page of the numbers. It reads them when it is opened and when something else is chosen."""

from pathlib import Path
from typing import Final, get_args
from zoneinfo import ZoneInfo

import streamlit as st

from ui import figures
from ui.api.client import Client, Language
from ui.api.numbers import DAYS, Group, NumbersClient
from ui.api.types import ApiNumbersView
from ui.errors import ApiError
from ui.format import literal
from ui.numbers import pilot, resolution, service
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.numbers import TEXTS, NumbersText

_SPANS: Final = (7, DAYS, 90, 365)
_GROUPS: Final[tuple[Group, ...]] = get_args(Group)
_SPAN, _BY, _END = "numbers-span", "numbers-by", "numbers-end"
_HEIGHT: Final = 400


def page(client: Client, language: Language) -> None:
    """Draw the page."""
    text = TEXTS[language]
    st.html(Path(__file__).with_name("numbers.css"))
    st.title(text.title, anchor=False)
    _board(NumbersClient(client), text)


@st.fragment
def _board(api: NumbersClient, text: NumbersText) -> None:
    days, by = _choices(text)
    state = st.session_state
    try:
        with st.skeleton(_HEIGHT):
            seen = api.read(days, by, state.get(_END))
    except ApiError as error:
        reason = literal(explain(error, CHAT[text.language]))
        st.error(f"{text.unread} {reason}", icon=":material/cloud_off:")
        return
    _about(seen, text)
    pilot.show(tuple(seen.pilot), text)
    if seen.demand.asked:
        resolution.show(seen, text)
        resolution.apart(seen, text)
    else:
        st.info(text.nothing, icon=":material/inbox:")
    service.show(seen.service, text)
    service.costs(tuple(seen.costs), text)


def _choices(text: NumbersText) -> tuple[int, Group]:
    with st.container(key="numbers-choices", horizontal=True, vertical_alignment="bottom"):
        days = st.selectbox(
            text.span,
            _SPANS,
            index=_SPANS.index(DAYS),
            format_func=lambda number: text.days.format(count=number),
            key=_SPAN,
            width=160,
        )
        by = st.selectbox(text.by, _GROUPS, format_func=text.groups.__getitem__, key=_BY, width=220)
    return days, by


def _about(seen: ApiNumbersView, text: NumbersText) -> None:
    """Say of which days they are; keep which day the team's next one is."""
    zone = figures.zone(seen.time_zone)
    st.session_state[_END] = seen.until.astimezone(zone).date()
    last = figures.day(seen.now, text.language, zone)
    first = figures.day(seen.since, text.language, zone)
    name = literal(zone.key if isinstance(zone, ZoneInfo) else seen.time_zone)
    st.caption(text.about.format(since=first, until=last, zone=name))
