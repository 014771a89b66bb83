"""How the team serves, and what answers cost."""

import streamlit as st

from ui import figures
from ui.api.types import ApiAnswerCostView, ApiServiceView
from ui.numbers import told
from ui.texts.numbers import NumbersText


def show(service: ApiServiceView, text: NumbersText) -> None:
    """Show times, ratings and the use of drafts."""
    language = text.language
    st.subheader(text.service, anchor=False)
    st.caption(text.service_about.format(count=figures.count(service.tickets, language)))
    with st.container(key="service", horizontal=True):
        for label, quantile in (
            (text.first_reply, service.first_reply.median),
            (text.first_reply_most, service.first_reply.most),
            (text.solution, service.solution.median),
            (text.solution_most, service.solution.most),
        ):
            _box(label, told.time(quantile, text), told.about_time(quantile, text))
        for label, share, cases in (
            (text.reopened, service.reopened, text.tickets),
            (text.pleased, service.pleased, ""),
            (text.rated, service.rated, text.tickets),
            (text.drafted, service.drafted, text.of_replies),
            (text.unchanged, service.unchanged, text.of_replies),
        ):
            _box(label, told.value(share, text), told.about(share, text, cases))
    stars = sorted(((int(one), n) for one, n in service.ratings.items()), reverse=True)
    if any(number for _, number in stars):
        counted = [f"{one} ★ {figures.count(number, language)}" for one, number in stars]
        st.markdown(text.ratings.format(listed=" · ".join(counted)))


def costs(spent: tuple[ApiAnswerCostView, ...], text: NumbersText) -> None:
    """Show what an answer of each arm takes. Money only where there are prices."""
    language = text.language
    st.subheader(text.costs, anchor=False)
    if not spent:
        st.caption(text.no_costs)
        return
    st.caption(text.costs_about)
    rows = [
        {
            text.arm: cost.arm,
            text.answers: figures.count(cost.answers, language),
            text.prompt_tokens: figures.count(cost.prompt_tokens, language),
            text.completion_tokens: figures.count(cost.completion_tokens, language),
            text.seconds: figures.plain(cost.seconds, language, 1),
            text.money: "–" if cost.money is None else figures.plain(cost.money, language, 5),
        }
        for cost in spent
    ]
    st.table(rows, border="horizontal", hide_index=True, alt=text.costs)


def _box(label: str, value: str, about: str) -> None:
    with st.container(border=True, gap="xsmall"):
        st.metric(label, value)
        st.caption(about)
