"""Signing in and out: in the sidebar, and in place of a page that is for people who are known."""

import streamlit as st

from ui import figures
from ui.api.client import Language
from ui.format import literal
from ui.people.visitor import Visitor, sign_in, sign_out
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.people import TEXTS


def show(visitor: Visitor, language: Language) -> None:
    """Show in the sidebar who visits, and the way in or out."""
    text = TEXTS[language]
    if visitor.name:
        with st.container(key="visitor", gap="xxsmall"):
            st.markdown(f":material/person: {literal(visitor.name)}")
            st.button(
                text.sign_out,
                key="sign-out",
                icon=":material/logout:",
                width="stretch",
                on_click=sign_out,
                args=(visitor,),
            )
    elif visitor.sign_in == "optional":
        _way_in("sign-in", text.sign_in)
        _why_not(visitor, language)


def sampled(visitor: Visitor, language: Language) -> None:
    """Say on every page that the data are a sample, where they are."""
    if visitor.sample is None:
        return
    text = TEXTS[language]
    day = figures.day(visitor.sample.recorded, language, figures.zone(st.context.timezone))
    with st.container(key="sample"):
        st.markdown(f":orange-badge[{text.sample}] {text.sample_more.format(day=day)}")


def first(visitor: Visitor, language: Language) -> None:
    """Ask somebody to sign in, in place of a page."""
    text = TEXTS[language]
    with st.container(key="sign-in-first"):
        st.title(text.sign_in_first, anchor=False)
        st.markdown(text.sign_in_more)
        _why_not(visitor, language)
        _way_in("sign-in-here", text.sign_in)


def _way_in(key: str, label: str) -> None:
    st.button(label, key=key, type="primary", icon=":material/login:", on_click=sign_in)


def _why_not(visitor: Visitor, language: Language) -> None:
    if visitor.error is not None:
        detail = visitor.error.detail or explain(visitor.error, CHAT[language])
        st.error(literal(TEXTS[language].sign_in_failed.format(detail=detail)))
