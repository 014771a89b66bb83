"""Which kinds of real questions no eval case asks, and a form that makes one a case."""

from datetime import tzinfo
from math import ceil
from typing import Final, cast

import streamlit as st

from ui import figures
from ui.api.client import Language
from ui.api.nights import NightsClient
from ui.api.types import (
    ApiExpectedAnswer,
    ApiGapsView,
    ApiNewCase,
    ApiUncoveredKindView,
    ApiUncoveredQuestion,
)
from ui.errors import ApiError
from ui.format import literal
from ui.nights import names
from ui.texts.nights import CaseKind, NightsText

ADDED: Final = "case-added"
FAILED: Final = "case-failed"
_COUNT: Final = 4
_PAGE, _FORM = "gaps-page", "case-of"


def show(
    seen: ApiGapsView, api: NightsClient, text: NightsText, zone: tzinfo, *, may_add: bool
) -> None:
    """Draw a page of the kinds that are missing. may_add: whether the visitor may make cases."""
    st.caption(text.gaps_about)
    if seen.reason:
        st.info(text.gaps_unknown.format(reason=literal(seen.reason)))
        return
    st.markdown(
        text.covered.format(
            share=names.percent(seen.covered, text),
            low=names.percent(seen.covered_low, text),
            high=names.percent(seen.covered_high, text),
            questions=figures.count(seen.questions, text.language),
            cases=figures.count(seen.cases, text.language),
        )
    )
    if seen.unasked:
        st.caption(text.unasked.format(count=seen.unasked))
    if not seen.missing:
        st.success(text.no_gaps, icon=":material/check_circle:")
        return
    if not may_add:
        st.caption(text.may_not)
    pages = ceil(len(seen.missing) / _COUNT)
    number = min(pages, st.session_state.get(_PAGE) or 1)
    start = (number - 1) * _COUNT
    for place, gap in enumerate(seen.missing[start : start + _COUNT], start=start):
        _gap(gap, place, api, text, zone, may_add=may_add)
    if pages > 1:
        st.pagination(pages, key=_PAGE)


def _gap(
    gap: ApiUncoveredKindView,
    place: int,
    api: NightsClient,
    text: NightsText,
    zone: tzinfo,
    *,
    may_add: bool,
) -> None:
    with st.container(key=f"gap-{place}", border=True):
        st.markdown(f"**{literal(names.kind(gap.segment, gap.language, text))}**")
        share = names.percent(gap.share, text)
        st.caption(text.gap.format(share=share, questions=gap.questions, cases=gap.cases))
        if not gap.like:
            st.caption(text.no_words)
        for question in gap.like:
            _question(question, api, text, zone, may_add=may_add)


def _question(
    question: ApiUncoveredQuestion,
    api: NightsClient,
    text: NightsText,
    zone: tzinfo,
    *,
    may_add: bool,
) -> None:
    with st.container(
        key=f"asked-{question.turn}", horizontal=True, vertical_alignment="center", gap="small"
    ):
        day = figures.day(question.at, text.language, zone)
        outcome = text.turn_outcomes.get(question.outcome, question.outcome)
        told = text.asked.format(day=day, outcome=literal(outcome))
        st.markdown(f"{literal(question.question)}  \n:small[{told}]")
        if question.added:
            st.markdown(f":material/check: {text.added}", width="content")
        elif may_add:
            st.button(
                text.add,
                key=f"add-{question.turn}",
                icon=":material/add:",
                on_click=_open,
                args=(question.turn,),
            )
    if may_add and not question.added and st.session_state.get(_FORM) == question.turn:
        _form(question, api, text)


def _open(turn: str) -> None:
    st.session_state[_FORM] = turn


def _close() -> None:
    st.session_state.pop(_FORM, None)


def _form(question: ApiUncoveredQuestion, api: NightsClient, text: NightsText) -> None:
    """Draw the form of a case to be; what stands in it stays when it is refused."""
    kinds: list[CaseKind] = list(text.kinds)
    with st.form(f"case-{question.turn}", border=True):
        st.markdown(f"**{text.add_title}**")
        st.text_area(
            text.question, question.question, key="case-question", max_chars=4000, height=68,
            help=text.question_help,
        )  # fmt: skip
        st.radio(
            text.right,
            kinds,
            index=0 if question.entry else 1,
            format_func=text.kinds.__getitem__,
            key="case-kind",
        )
        st.text_input(
            text.entry, question.entry, key="case-entry", max_chars=200, help=text.entry_help
        )
        st.text_area(
            text.reference, question.answer, key="case-reference", max_chars=8000, height=120,
            help=text.reference_help,
        )  # fmt: skip
        with st.container(key="case-buttons", horizontal=True):
            st.form_submit_button(
                text.save, type="primary", on_click=_add, args=(question, api), key="case-save"
            )
            st.form_submit_button(text.cancel, on_click=_close, key="case-cancel")


def _add(question: ApiUncoveredQuestion, api: NightsClient) -> None:
    """Make the case that stands in the form."""
    state = st.session_state
    expected = ApiExpectedAnswer(
        kind=cast("CaseKind", state["case-kind"]),
        entry=state["case-entry"].strip(),
        reference=state["case-reference"].strip(),
    )
    try:
        new = ApiNewCase(
            question=state["case-question"].strip(),
            language=cast("Language", question.language),
            segment=question.segment,
            expected=expected,
            from_turn=question.turn,
        )
        made = api.add(new)
    except ApiError as error:
        state[FAILED] = error
        return
    state[ADDED] = made.id
    _close()
