"""The quality page: what the guardrail has come to, the transfer map, and what a cell rests on."""

from collections.abc import Mapping
from datetime import tzinfo
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from ui import figures, scripts
from ui.api.client import Client, Language
from ui.api.guard import GuardClient, Seen
from ui.api.transfer import QUOTE, VOICES, Cell, most_urgent
from ui.api.types import ApiDecisionView
from ui.errors import ApiError
from ui.format import literal
from ui.quality import dossier, drafts, headline, heatmap, labelling, measure, pins
from ui.texts.chat import TEXTS, explain
from ui.texts.quality import QualityText
from ui.texts.quality_de import GERMAN
from ui.texts.quality_en import ENGLISH

REFRESH_S: Final = 15
"""Seconds between two looks at the guardrail."""
WORDS: Final[Mapping[Language, QualityText]] = {"en": ENGLISH, "de": GERMAN}
_SHOWN: Final = 20
"""Decisions of a cell, at most."""


def page(client: Client, language: Language) -> None:
    """Draw the page; it renews itself."""
    st.html(Path(__file__).with_name("quality.css"))
    _board(client, language)


@st.fragment(run_every=REFRESH_S)
def _board(client: Client, language: Language) -> None:
    """Read the guardrail and draw all of it. What stands in a form outlives a renewal."""
    text, guard = WORDS[language], GuardClient(client)
    zone = figures.zone(st.context.timezone)
    seen, error = _look(guard)
    _top(seen, error, text, zone)
    if seen is None:
        return
    with st.container(key="alarms", gap="xsmall"):
        _alarms(seen, text, zone)
    chosen = _chosen(seen)
    if chosen is None and not seen.map.tuned:
        _no_candidate(text)
        drafts.show(guard, text)
        return
    with st.container(key="headline", gap="xsmall"):
        for sentence in headline.sentences(seen, text, zone):
            st.markdown(sentence)
    with st.container(key="writers", gap="xsmall"):
        for view in seen.map.writing:
            if view.writes or view.suggested:
                dossier.writer(view, seen, text, zone)
    if chosen is None:
        _no_pairs(seen, text)
    else:
        _map_and_dossier(seen, chosen, guard, text, zone)
        if chosen.stage:
            labelling.show(chosen, guard, seen.status.budget.tolerance, text, zone)
    if not seen.map.tuned:
        _no_candidate(text)
    measure.show(seen.status.measure, text, zone)
    drafts.show(guard, text)
    _foot(seen, text)


def _look(guard: GuardClient) -> tuple[Seen | None, ApiError | None]:
    """Return how the guardrail is; the last that was seen, and the error, if it cannot be read."""
    try:
        seen = guard.look()
    except ApiError as error:
        if error.cause == "key":
            st.session_state.pop("seen", None)
        last: Seen | None = st.session_state.get("seen")
        return last, error
    st.session_state["seen"] = seen
    return seen, None


def _top(seen: Seen | None, error: ApiError | None, text: QualityText, zone: tzinfo) -> None:
    with st.container(key="top", horizontal=True, vertical_alignment="bottom"):
        with st.container(key="title", gap="xxsmall"):
            st.title(text.title, anchor=False)
            st.caption(text.about)
        with st.container(
            key="renew", width="content", gap="xxsmall", horizontal_alignment="right"
        ):
            st.button(text.refresh, key="refresh", icon=":material/refresh:")
            if seen and not error:
                time = f"{seen.at.astimezone(zone):%H:%M:%S}"
                st.caption(text.updated.format(time=time))
    if error:
        reason = text.needs_key if error.cause == "key" else explain(error, TEXTS[text.language])
        lines = [text.connection, reason if error.cause == "key" else literal(reason)]
        if seen:
            lines.append(text.stale.format(time=f"{seen.at.astimezone(zone):%H:%M:%S}"))
        st.error(
            " ".join(lines),
            icon=":material/key:" if error.cause == "key" else ":material/cloud_off:",
        )


def _alarms(seen: Seen, text: QualityText, zone: tzinfo) -> None:
    for alarm in seen.status.alarms:
        what = text.alarms.get(alarm.kind, literal(alarm.kind))
        when = figures.moment(alarm.at, text.language, zone)
        title = text.alarm.format(what=what, arm=literal(alarm.arm), time=when)
        st.error(f"**{title}**  \n{literal(alarm.message)}", icon=":material/notifications_active:")
    for view in seen.status.candidates:
        arm, breaker, unscored = literal(view.arm), view.breaker, view.unscored
        if breaker.state != "closed":
            numbers = {"failures": breaker.failures, "calls": breaker.calls}
            st.warning(text.breaker.format(arm=arm, **numbers), icon=":material/power_off:")
        if unscored.blind:
            share = f"{100 * unscored.share:.0f}"
            note = text.unscored_share.format(arm=arm, share=share, pairs=unscored.pairs)
            st.warning(note, icon=":material/visibility_off:")


def _chosen(seen: Seen) -> Cell | None:
    """Return the cell that the address or the last click names, else the most urgent one."""
    named = (st.query_params.get("arm"), st.query_params.get("segment"))
    arm, segment = named if all(named) else st.session_state.get("cell", (None, None))
    cell = seen.map.cell(arm, segment) if arm and segment else None
    return cell or most_urgent(seen.map)


def _choose(arm: str, segment: str) -> None:
    st.session_state["cell"] = (arm, segment)
    st.session_state["scroll"] = True
    st.query_params.from_dict({"arm": arm, "segment": segment})


def _map_and_dossier(
    seen: Seen, chosen: Cell, guard: GuardClient, text: QualityText, zone: tzinfo
) -> None:
    beside = "beside" if len(seen.map.arms) == 1 else "below"
    with st.container(key=f"board-{beside}", horizontal=True, gap="large"):
        with st.container(key="map", gap="xsmall"):
            st.subheader(text.map, anchor=False)
            st.caption(text.map_about)
            heatmap.show(seen.map, chosen.key, _choose, text)
            st.html(heatmap.legend(seen.status.budget.tolerance, text))
        with st.container(key="dossier"):
            if st.session_state.pop("scroll", False):
                scripts.run("to the dossier")
            dossier.show(chosen, seen, text, zone)
            dossier.decisions(chosen, _decisions(chosen, seen, guard), guard, text, zone)
            if chosen.stage and chosen.arm != QUOTE:
                pins.show(chosen, guard, text)


def _decisions(chosen: Cell, seen: Seen, guard: GuardClient) -> tuple[ApiDecisionView, ...]:
    """Return what was decided of a cell; of the document's own words, who was let write there."""
    if chosen.arm == QUOTE:
        views = (view for view in seen.decisions if view.segment == chosen.segment)
        return tuple(view for view in views if view.after in VOICES)[:_SHOWN]
    try:
        return guard.decisions(chosen.arm, chosen.segment, _SHOWN) if chosen.stage else ()
    except ApiError:
        same = (view for view in seen.decisions if (view.arm, view.segment) == chosen.key)
        return tuple(same)[:_SHOWN]


def _foot(seen: Seen, text: QualityText) -> None:
    language, budget = text.language, seen.status.budget
    with st.container(key="quality-foot", gap="xxsmall"):
        monthly = figures.plain(seen.map.false_route_backs_per_month, language)
        st.markdown(text.monthly.format(count=monthly))
        st.caption(
            text.budget.format(
                chance=figures.plain(100 * budget.false_alarms, language),
                horizon=figures.count(budget.horizon, language),
                tolerance=figures.plain(budget.tolerance, language),
            )
        )
        gone = [view.arm for view in seen.status.candidates if not view.configured]
        for arm in gone:
            st.caption(text.gone.format(arm=literal(arm)))
        if seen.status.queue.waiting:
            waiting = figures.count(seen.status.queue.waiting, language)
            st.caption(text.waiting.format(count=waiting))


def _no_candidate(text: QualityText) -> None:
    with st.container(key="no-candidate", border=True):
        st.subheader(text.no_candidate, anchor=False)
        st.markdown(text.no_candidate_more)
        for label, command in (
            (text.try_it, "routeback demo"),
            (text.add_one, "routeback arms add support-tone --adapter support-tone.gguf"),
        ):
            st.html(f'<p class="rb-label">{escape(label)}</p>')
            st.code(command, language=None)


def _no_pairs(seen: Seen, text: QualityText) -> None:
    with st.container(key="no-pairs", border=True):
        st.subheader(text.no_pairs, anchor=False)
        arms = figures.listed([literal(arm) for arm in seen.map.tuned], text.conjunction)
        st.markdown(text.no_pairs_more.format(arms=arms))
