"""The answers of a night that lost most, with the question and what was expected."""

from math import ceil
from typing import Final

import streamlit as st

from ui import figures
from ui.api.types import ApiAnswerSide, ApiNightResult, ApiWorstAnswer
from ui.format import literal, safe
from ui.nights import names
from ui.texts.nights import NightsText

_COUNT: Final = 4
_PAGE: Final = "worst-page"


def show(result: ApiNightResult, text: NightsText) -> None:
    """Draw a page of them; only those on it are drawn."""
    st.caption(text.worst_about)
    if not result.worst:
        st.info(text.no_worst)
        return
    pages = ceil(len(result.worst) / _COUNT)
    number = min(pages, st.session_state.get(_PAGE) or 1)
    start = (number - 1) * _COUNT
    for place, answer in enumerate(result.worst[start : start + _COUNT], start=start):
        _answer(answer, place, text)
    if pages > 1:
        st.pagination(pages, key=_PAGE)


def _answer(worst: ApiWorstAnswer, place: int, text: NightsText) -> None:
    lost = text.lost.format(points=figures.plain(100 * worst.lost, text.language, 0))
    with st.container(key=f"worst-{place}", border=True):
        st.markdown(f"**{literal(worst.question)}**")
        kind = names.kind(worst.segment, worst.language, text)
        arm = names.arm(worst.arm, text)
        st.caption(f"{literal(arm)} · {lost} · {literal(kind)} · `{literal(worst.case)}`")
        expected = literal(worst.reference) or text.behaviours.get(worst.behaviour, "")
        st.markdown(f"**{text.expected}:** {expected}")
        with st.container(key=f"sides-{place}", horizontal=True, gap="medium"):
            for title, side in ((text.now, worst.after), (text.before, worst.before)):
                with st.container():
                    _side(title, side, text)


def _side(title: str, side: ApiAnswerSide, text: NightsText) -> None:
    st.markdown(f"**{title}** · {literal(side.name)}")
    st.markdown(safe(side.answer) or "–")
    scores = [
        f"{literal(names.metric(name, text))} {figures.plain(score.value, text.language)}"
        for name, score in side.scores.items()
        if score.value is not None
    ]
    if scores:
        st.caption(f"{text.scores}: {' · '.join(scores)}")
    if side.sources:
        titles = dict.fromkeys(literal(source.title) for source in side.sources)
        st.caption(f"{text.sources}: {' · '.join(titles)}")
