"""The cases that people added: what nights made of them, and taking one out."""

from datetime import tzinfo
from math import ceil
from typing import Final

import streamlit as st

from ui import figures
from ui.api.nights import NightsClient
from ui.api.types import ApiAddedCasesView, ApiAddedCaseView, ApiCaseRun
from ui.errors import ApiError
from ui.format import literal
from ui.nights import names
from ui.nights.gaps import FAILED
from ui.texts.nights import NightsText

COUNT: Final = 8
"""Cases on a page."""
PAGE: Final = "cases-page"
TAKEN: Final = "case-taken-out"


def show(
    seen: ApiAddedCasesView, api: NightsClient, text: NightsText, zone: tzinfo, *, may_add: bool
) -> None:
    """Draw a page of cases. may_add: whether the visitor may take them out."""
    st.caption(text.cases_about)
    if not seen.cases:
        st.info(text.no_cases)
    for case in seen.cases:
        _case(case, api, text, zone, may_add=may_add)
    pages = ceil(seen.total / COUNT)
    if pages > 1:
        st.pagination(pages, key=PAGE)


def _case(
    case: ApiAddedCaseView, api: NightsClient, text: NightsText, zone: tzinfo, *, may_add: bool
) -> None:
    with st.container(key=f"added-{case.id}", border=True):
        st.markdown(f"**{literal(case.question)}**")
        kind = names.kind(case.segment, case.language, text)
        by = text.added_by.format(
            by=literal(case.by), day=figures.day(case.at, text.language, zone)
        )
        st.caption(f"{literal(kind)} · {by} · `{literal(case.id)}`")
        right = text.kinds.get(case.expected.kind, case.expected.kind)
        more = [case.expected.entry, case.expected.reference]
        told = ": ".join(literal(part) for part in more if part)
        st.markdown(f"**{text.expected}:** {right}" + (f" – {told}" if told else ""))
        if case.before:
            outcome = text.turn_outcomes.get(case.before, case.before)
            st.markdown(f"{text.before}: {literal(outcome)}")
        for run in case.runs:
            st.markdown(_run(run, text, zone))
        if not case.runs:
            st.caption(text.not_asked)
        if may_add:
            st.button(
                text.take_out,
                key=f"take-out-{case.id}",
                type="tertiary",
                icon=":material/close:",
                on_click=_take_out,
                args=(case.id, api),
            )


def _run(run: ApiCaseRun, text: NightsText, zone: tzinfo) -> str:
    outcome = text.turn_outcomes.get(run.outcome, run.outcome) or "–"
    told = text.in_night.format(
        arm=literal(names.arm(run.arm, text)),
        day=figures.day(run.at, text.language, zone),
        outcome=literal(outcome),
    )
    if run.right is not None:
        told += f", {text.as_expected if run.right else text.not_as_expected}"
    if run.value is not None:
        value = figures.plain(run.value, text.language)
        told += f" ({literal(names.metric(run.metric, text))} {value})"
    return told


def _take_out(case_id: str, api: NightsClient) -> None:
    try:
        api.remove(case_id)
    except ApiError as error:
        st.session_state[FAILED] = error
        return
    st.session_state[TAKEN] = case_id
