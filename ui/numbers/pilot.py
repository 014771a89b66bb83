"""The pilot: what the team wants to reach, and whether the whole interval is there."""

from collections.abc import Mapping
from typing import Final, Literal

import streamlit as st

from ui import figures
from ui.api.types import ApiPilotView
from ui.format import literal
from ui.numbers import told
from ui.texts.numbers import NumbersText

_MINUTES: Final = "_minutes"
_LOOKS: Final[Mapping[str, tuple[Literal["green", "red", "gray"], str]]] = {
    "reached": ("green", ":material/check:"),
    "missed": ("red", ":material/close:"),
    "open": ("gray", ":material/hourglass_empty:"),
    "too_few": ("gray", ":material/hourglass_empty:"),
}


def show(targets: tuple[ApiPilotView, ...], text: NumbersText) -> None:
    """Show each target in a box of its own."""
    st.subheader(text.pilot, anchor=False)
    if not targets:
        st.caption(text.no_targets)
        return
    st.caption(text.pilot_about)
    with st.container(key="pilot", horizontal=True):
        for number, target in enumerate(targets):
            with st.container(key=f"target-{number}", border=True, gap="xsmall"):
                _target(target, text)


def _target(target: ApiPilotView, text: NumbersText) -> None:
    colour, icon = _LOOKS[target.standing]
    segment = literal(target.segment) if target.segment else text.everywhere
    st.markdown(f"**{text.metrics[target.metric]}**  \n{segment}, {_wanted(target, text)}")
    st.badge(text.standings[target.standing], icon=icon, color=colour)
    st.caption(_standing(target, text))


def _wanted(target: ApiPilotView, text: NumbersText) -> str:
    if target.at_least is not None:
        return text.at_least.format(value=_said(target.at_least, target, text))
    return text.at_most.format(value=_said(target.at_most or 0.0, target, text))


def _standing(target: ApiPilotView, text: NumbersText) -> str:
    """Return in words how far it is."""
    language = text.language
    cases = figures.count(target.cases, language)
    if target.value is None or target.low is None or target.high is None:
        return text.standing["too_few"].format(cases=cases)
    low, high = (_said(end, target, text) for end in (target.low, target.high))
    sentence = text.standing[target.standing].format(
        value=_said(target.value, target, text),
        interval=told.between(low, high, text),
        cases=cases,
    )
    if target.standing != "open" or target.needed is None:
        return sentence
    needed = text.needed.format(count=figures.count(target.needed, language))
    return f"{sentence} {needed}"


def _said(value: float, target: ApiPilotView, text: NumbersText) -> str:
    if target.metric.endswith(_MINUTES):
        return figures.working(value, text.language)
    return told.percent(value, text)
