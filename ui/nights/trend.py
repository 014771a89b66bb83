"""How the scores moved over the nights: what to look at, and the chart."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from ui import figures
from ui.api.nights import ALL, HEADLINE, NightsClient
from ui.api.types import ApiTrendPoint, ApiTrendView
from ui.nights import names
from ui.texts.nights import NightsText

if TYPE_CHECKING:
    import altair as alt

_NIGHTS: Final = (30, 90, 200)
_COLOURS: Final = ("#2b8a7e", "#c2703f", "#5b7fc7", "#9a6bb0", "#8a8a3a", "#b0506f")
_HEIGHT: Final = 260
_DAY: Final = {"en": "%d %b", "de": "%d.%m."}


def show(api: NightsClient, text: NightsText, zone: tzinfo) -> None:
    """Draw the controls and the chart. Only the points that are shown are read."""
    state = st.session_state
    metric: str = state.get("trend-metric", HEADLINE)
    segment, language = state.get("trend-kind", (ALL, ALL))
    count: int = state.get("trend-count") or _NIGHTS[0]
    with st.skeleton(_HEIGHT):
        seen = api.trend(metric, segment, language, count)
    if not seen.nights:
        return
    st.subheader(text.trend, anchor=False)
    st.caption(text.trend_about)
    metrics = list(seen.metrics) or [HEADLINE]
    kinds: list[tuple[str, str]] = [(kind.segment, kind.language) for kind in seen.kinds] or [
        (ALL, ALL)
    ]
    with st.container(key="trend-controls", horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            text.metric,
            metrics,
            index=metrics.index(seen.headline) if seen.headline in metrics else 0,
            format_func=lambda name: names.metric(name, text),
            key="trend-metric",
        )
        st.selectbox(
            text.kind,
            kinds,
            index=kinds.index((ALL, ALL)) if (ALL, ALL) in kinds else 0,
            format_func=lambda kind: names.kind(kind[0], kind[1], text),
            key="trend-kind",
        )
        st.selectbox(
            text.over,
            _NIGHTS,
            format_func=lambda number: text.over_nights.format(count=number),
            key="trend-count",
        )
    shown = [point for point in seen.points if point.mean is not None]
    if not shown:
        st.info(text.no_points)
        return
    named = names.metric(seen.headline if metric == HEADLINE else metric, text)
    st.altair_chart(
        chart(shown, text),
        key="trend-chart",
        width="stretch",
        alt=_alt(seen, shown, named, text, zone),
    )


def chart(shown: Sequence[ApiTrendPoint], text: NightsText) -> "alt.LayerChart | alt.FacetChart":
    """Return the chart of means with their intervals. shown: points that have a mean."""
    import altair as alt

    rows: list[dict[str, Any]] = [
        {
            "at": point.at.isoformat(),
            "night": point.night,
            "arm": names.arm(point.arm, text),
            "mean": point.mean,
            "low": point.mean if point.low is None else point.low,
            "high": point.mean if point.high is None else point.high,
        }
        for point in shown
    ]
    data: alt.Data = alt.Data(values=rows)  # type: ignore[no-untyped-call]
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    colours = [_COLOURS[number % len(_COLOURS)] for number in range(len(arms))]
    days = alt.TimeIntervalStep(interval="day", step=1)  # else a day of few is named twice
    axis = alt.Axis(format=_DAY[text.language], title=None, labelOverlap=True, tickCount=days)
    x = alt.X("at:T", axis=axis)
    y = alt.Y("mean:Q", scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(title=None))
    colour = alt.Color(
        "arm:N",
        scale=alt.Scale(domain=arms, range=colours),
        legend=alt.Legend(orient="top", title=None, labelLimit=320, symbolOpacity=1),
    )
    tooltip = [alt.Tooltip("night:N", title=text.night), alt.Tooltip("arm:N", title=text.arm)]
    tooltip += [
        alt.Tooltip(f"{name}:Q", format=".3f", title=title)
        for name, title in (("mean", text.mean), ("low", text.low), ("high", text.high))
    ]
    base = alt.Chart(data).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.16).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = base.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=36, filled=True)).encode(
        y=y, tooltip=tooltip
    )
    return alt.layer(band, line).properties(height=_HEIGHT)


def _alt(
    seen: ApiTrendView,
    shown: Sequence[ApiTrendPoint],
    metric: str,
    text: NightsText,
    zone: tzinfo,
) -> str:
    """Return what the chart shows, for who does not see it."""
    last = seen.nights[-1]
    means = [
        f"{names.arm(point.arm, text)} {figures.plain(point.mean or 0.0, text.language)}"
        for point in shown
        if point.night == last.night
    ]
    day = figures.day(last.at, text.language, zone)
    told = f"{day}: {', '.join(means)}" if means else day
    return text.trend_alt.format(metric=metric, count=len(seen.nights), last=told)
