"""Durable resolution: beside it what others would say, why not, and told apart by groups."""

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from ui import figures
from ui.api.types import ApiDurableView, ApiNumbersView
from ui.format import literal
from ui.numbers import told
from ui.texts.numbers import NumbersText

_HUNDRED: Final = 100


def show(seen: ApiNumbersView, text: NumbersText) -> None:
    """Show it for all, and what it was counted from."""
    whole = next(iter(seen.durable), None)
    if whole is None:
        return
    st.subheader(text.durable, anchor=False)
    st.caption(text.durable_about)
    with st.container(key="resolutions", horizontal=True):
        with _box("ours"):
            st.metric(text.ours, told.value(whole.resolved, text))
            st.caption(told.about(whole.resolved, text))
            if whole.pending:
                pending = figures.count(whole.pending, text.language)
                st.caption(text.pending.format(count=pending))
        for other in seen.others:
            with _box(other.name):
                st.metric(text.others[other.name], told.value(other.resolved, text))
                st.caption(told.about(other.resolved, text))
                st.caption(text.others_about[other.name])
    pages = " · ".join(literal(other.page) for other in seen.others)
    st.caption(f"{text.others_reading} {pages}")
    _causes(whole.causes, text)
    _demand(seen, text)


def apart(seen: ApiNumbersView, text: NumbersText) -> None:
    """Show it for each group, if groups are told; only the rows that are seen are sent."""
    groups = [row for row in seen.durable if row.group]
    if seen.by == "none" or not groups:
        return
    named = text.groups[seen.by]
    st.markdown(f"**{text.apart.format(group=named)}**")
    st.dataframe(
        [_row(row, text) for row in groups],
        lazy=True,
        hide_index=True,
        placeholder="–",
        key="groups",
        column_config={
            name: st.column_config.NumberColumn(name, format="%d")
            for name in (text.share, text.low, text.high)
        },
        alt=text.apart.format(group=named),
    )


def _box(name: str) -> Any:
    return st.container(key=f"resolved-{name}", border=True, gap="xsmall")


def _row(row: ApiDurableView, text: NumbersText) -> Mapping[str, Any]:
    share = row.resolved

    def hundredths(value: float | None) -> float | None:
        return None if value is None else round(_HUNDRED * value)

    return {
        text.group: row.group if row.group != "-" else text.unnamed,
        text.share: hundredths(share.value),
        text.low: hundredths(share.low),
        text.high: hundredths(share.high),
        text.demands: share.cases,
        text.people: share.people,
        text.waiting: row.pending,
        **{text.cause[cause]: number for cause, number in _all(row.causes, text)},
    }


def _all(causes: Mapping[Any, int], text: NumbersText) -> list[tuple[str, int]]:
    return [(cause, causes.get(cause, 0)) for cause in text.cause]


def _causes(causes: Mapping[Any, int], text: NumbersText) -> None:
    found = {text.cause[cause]: number for cause, number in causes.items() if number}
    if not found:
        return
    counted = sorted(found.items(), key=lambda one: -one[1])
    lines = [f"{name}: {figures.count(number, text.language)}" for name, number in counted]
    st.markdown(f"**{text.causes}:** {' · '.join(lines)}")


def _demand(seen: ApiNumbersView, text: NumbersText) -> None:
    demand, language = seen.demand, text.language
    with st.expander(text.demand, key="demand"):
        st.markdown(
            text.demand_told.format(
                asked=figures.count(demand.asked, language),
                eligible=figures.count(demand.eligible, language),
                demands=figures.count(demand.demands, language),
                people=figures.count(demand.people, language),
            )
        )
        lines = [
            f"- {figures.count(number, language)} {literal(text.excluded[why])}"
            for why, number in demand.excluded.items()
            if number
        ]
        if demand.sessions:
            lines.append(f"- {text.sessions.format(share=told.percent(demand.sessions, text))}")
        if demand.straight:
            lines.append(
                f"- {text.straight.format(count=figures.count(demand.straight, language))}"
            )
        if lines:
            st.markdown("\n".join(lines))
