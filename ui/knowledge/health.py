"""What is stale in the knowledge or contradicts itself, each with its evidence."""

from collections import defaultdict
from datetime import UTC, datetime, tzinfo
from typing import Final

import streamlit as st

from ui import figures
from ui.api.client import Client, Language
from ui.api.sources import SourcesClient
from ui.api.types import ApiFindingView
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS as CHAT
from ui.texts.chat import explain
from ui.texts.sources import TEXTS, SourcesText

_SHOWN: Final = 20
"""Of one kind."""
_DAY: Final = len("2026-11-29")
_OPEN: Final = 3
"""So many findings of a kind are shown at once."""


def show(client: Client, language: Language) -> None:
    """Draw all that somebody should look at, the most urgent kind first."""
    text = TEXTS[language]
    st.subheader(text.health, anchor=False)
    st.caption(text.health_more)
    try:
        health = SourcesClient(client).health()
    except ApiError as error:
        st.error(literal(explain(error, CHAT[language])), icon=":material/cloud_off:")
        return
    if not health.items:
        st.success(text.healthy, icon=":material/check_circle:")
        return
    zone = figures.zone(st.context.timezone)
    kinds: dict[str, list[ApiFindingView]] = defaultdict(list)
    for item in health.items:
        kinds[item.kind].append(item)
    for kind, items in kinds.items():
        count = next((n for one, n in health.counts.items() if one == kind), len(items))
        label = f"{text.findings[kind]} ({figures.count(count, language)})"
        with st.expander(label, expanded=len(items) <= _OPEN, key=f"health-{kind}"):
            st.caption(text.explained[kind])
            for item in items[:_SHOWN]:
                st.markdown(_finding(item, text, language, zone))
            if count > _SHOWN:
                st.caption(text.rest.format(count=figures.count(count - _SHOWN, language)))


def _finding(item: ApiFindingView, text: SourcesText, language: Language, zone: tzinfo) -> str:
    """Return a finding as Markdown."""
    head = f"**{literal(item.what)}**"
    about = [literal(item.where)] if item.where != item.what else []
    if item.since and item.kind != "superseded":
        told = text.of if item.kind == "old" else text.since
        about.append(told.format(when=_when(item.since, language, zone)))
    lines = [" · ".join([head, *about])]
    if item.kind == "contradiction":
        lines += [
            f"- {literal(one.source)}" + (f" ({literal(one.date)})" if one.date else "")
            for one in item.evidence
        ]
        return "\n".join([lines[0], "", *lines[1:]])
    if item.kind == "superseded":
        mine, newer = item.evidence[0], item.evidence[-1]
        lines.append(literal(f"{mine.source}, {mine.date}"))
        lines.append(literal(text.newer.format(source=newer.source, date=newer.date)))
    if item.kind in {"failing", "gone", "unfetched"}:
        lines.append(literal(text.server.format(why=item.why)))
    if item.kind == "old" and item.evidence:
        lines.append(literal(item.evidence[0].source))
    return "  \n".join(lines)


def _when(since: str, language: Language, zone: tzinfo) -> str:
    """Return a day or a moment as a language writes it."""
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        return literal(since)
    if len(since) <= _DAY:
        return figures.day(at.replace(tzinfo=UTC), language, UTC)
    return figures.moment(at, language, zone)
