"""Gaps: the list by how many asked, and one with its questions and what is near it."""

from datetime import tzinfo
from functools import partial

import streamlit as st

from ui import figures
from ui.api.client import Language
from ui.api.knowledge import PAGE, EntryForm, KnowledgeClient
from ui.api.types import ApiGapDetail, ApiGapView
from ui.format import literal, safe
from ui.knowledge import desk, form
from ui.texts.knowledge import TEXTS, KnowledgeText

_DAYS = (7, 30, 90)
_SHOWN = ("open", "drafted", "closed", "dismissed")
_TRIED = 3


def show(api: KnowledgeClient, language: Language, zone: tzinfo, *, editor: bool) -> None:
    """Draw the list, or the gap that is open.

    Raises:
        ApiError: the API does not tell.
    """
    text = TEXTS[language]
    if desk.gap():
        st.button(
            text.back,
            icon=":material/arrow_back:",
            key="gap-back",
            on_click=desk.open_gap,
            args=("",),
        )
        _one(api.gap(desk.gap()), api, text, language, zone, editor=editor)
        return
    st.caption(text.gaps_about)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        standing = st.selectbox(
            text.standing,
            _SHOWN,
            format_func=text.standings.__getitem__,
            key="gap-standing",
            width=240,
        )
        days = st.selectbox(text.days, _DAYS, index=1, key="gap-days", width=120)
    page = int(st.session_state.get("gap-page", 1) or 1)
    found = api.gaps(days, standing, page)
    if found.waiting:
        st.caption(text.waiting.format(count=figures.count(found.waiting, language)))
    if not found.gaps:
        st.info(text.no_gaps, icon=":material/inbox:")
    for number, gap in enumerate(found.gaps):
        _row(number, gap, text, language, zone)
    if found.total > PAGE:
        st.pagination(-(-found.total // PAGE), key="gap-page")


def _row(
    number: int, gap: ApiGapView, text: KnowledgeText, language: Language, zone: tzinfo
) -> None:
    with st.container(key=f"gap-{number}", border=True, gap="xsmall"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.markdown(f"**{literal(gap.question)}**")
            st.button(
                text.open_gap, key=f"open-gap-{number}", on_click=desk.open_gap, args=(gap.id,)
            )
        st.caption(_told(gap, text, language, zone))


def _told(gap: ApiGapView, text: KnowledgeText, language: Language, zone: tzinfo) -> str:
    line = text.asked_once if gap.askers == 1 else text.asked
    asked = line.format(
        askers=figures.count(gap.askers, language),
        questions=figures.count(gap.questions, language),
        last=figures.moment(gap.last, language, zone),
    )
    signs = ", ".join(text.signs.get(sign, literal(sign)) for sign in gap.signs)
    languages = ", ".join(text.languages.get(code, literal(code)) for code in gap.languages)
    standing = "" if gap.standing == "open" else f" · {text.standings[gap.standing]}"
    return f"{asked} · {languages} · {signs}{standing}"


def _one(
    detail: ApiGapDetail,
    api: KnowledgeClient,
    text: KnowledgeText,
    language: Language,
    zone: tzinfo,
    *,
    editor: bool,
) -> None:
    gap = detail.gap
    st.subheader(literal(gap.question), anchor=False)
    st.caption(_told(gap, text, language, zone))
    if gap.standing in {"closed", "open again"}:
        st.info(text.closed_by.format(key=literal(gap.key), by=literal(gap.by)))
    writing = desk.form()
    if editor and writing:
        form.show(writing, api, language)
    elif editor:
        _acts(detail, api, text)
    st.markdown(f"**{text.near_entries}**")
    if not detail.entries:
        st.caption(text.no_near)
    for entry in detail.entries:
        likely = text.likely.format(percent=figures.plain(100 * entry.likely, language, 0))
        with st.expander(f"{literal(entry.title)} · {likely}"):
            st.markdown(safe(entry.text))
            st.caption(literal(entry.source))
    st.markdown(f"**{text.questions}**")
    for one in detail.questions:
        when = figures.moment(one.at, language, zone)
        st.markdown(
            f"- {literal(one.question)}  \n  :small[{when} · {text.signs.get(one.sign, '')}]"
        )
    if detail.gaps:
        st.markdown(f"**{text.near_gaps}**")
    for number, other in enumerate(detail.gaps):
        with st.container(horizontal=True, vertical_alignment="center", key=f"near-gap-{number}"):
            st.markdown(f"{literal(other.question)} ({figures.count(other.askers, language)})")
            if editor:
                move = partial(api.move, other.id, "merged", gap.id)
                st.button(text.merge, key=f"merge-{number}", on_click=desk.clicked, args=(move,))


def _acts(detail: ApiGapDetail, api: KnowledgeClient, text: KnowledgeText) -> None:
    gap = detail.gap
    with st.container(horizontal=True, key="gap-acts"):
        st.button(text.make, type="primary", key="gap-make", on_click=_make, args=(detail, api))
        label, state = (
            (text.reopen, "opened") if gap.standing == "dismissed" else (text.dismiss, "dismissed")
        )
        move = partial(api.move, gap.id, state)
        st.button(label, key="gap-dismiss", on_click=desk.clicked, args=(move,))


def _make(detail: ApiGapDetail, api: KnowledgeClient) -> None:
    questions = dict.fromkeys(one.question for one in detail.questions)

    def begin() -> None:
        made = EntryForm.of(api.draft(detail.gap.id), from_gap=detail.gap.id)
        desk.begin(made, "\n".join(list(questions)[:_TRIED]))

    desk.tried(begin)
