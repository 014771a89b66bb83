"""One cell of the map: what is known of it, what it rests on, and what was decided."""

from collections.abc import Sequence
from datetime import tzinfo
from html import escape

import streamlit as st

from ui import figures
from ui.api.guard import GuardClient, Seen
from ui.api.transfer import QUOTE, VOICES, Cell
from ui.api.types import (
    ApiDecisionView,
    ApiMetricView,
    ApiPromiseView,
    ApiReplayView,
    ApiWriterView,
)
from ui.errors import ApiError
from ui.format import literal
from ui.quality import drawing, labels
from ui.texts.chat import TEXTS, explain
from ui.texts.quality import QualityText


def show(cell: Cell, seen: Seen, text: QualityText, zone: tzinfo) -> None:
    """Show verdict, interval, evidence, and the curve where there are several strengths."""
    tolerance = seen.status.budget.tolerance
    named = literal(labels.arm(cell.arm, text))
    heading = f"{named} · {literal(labels.segment(cell.segment, text))}"
    st.subheader(heading, anchor=False)
    with st.container(key=f"badge-{cell.verdict}"):
        st.markdown(labels.badge(cell, text))
    st.markdown(_told(cell, tolerance, text))
    st.html(_facts(cell, text, zone))
    if cell.shown_from:
        fresh = figures.count(cell.fresh_pairs, text.language)
        note = text.as_decided.format(decision=f"`{cell.shown_from}`")
        if cell.fresh_pairs:
            note += f" {text.as_decided_fresh.format(fresh=fresh)}"
        st.caption(note)
    _numbers(cell, tolerance, text)
    if cell.arm == QUOTE:
        for view in seen.map.writing:
            if view.segment == cell.segment:
                writer(view, seen, text, zone)
    if cells := seen.map.curve(cell.arm, cell.segment):
        with st.container(key="curve", gap="xsmall"):
            st.html(f'<p class="rb-label">{escape(text.curve)}</p>')
            st.caption(text.curve_about)
            st.altair_chart(
                drawing.curve(cells, tolerance, text), key=f"chart-{cell.segment}", width="stretch"
            )


def _numbers(cell: Cell, tolerance: float, text: QualityText) -> None:
    """Show what holds it, what readers are promised, and all that is guarded."""
    if cell.held:
        st.warning(text.held.format(where=literal(labels.segment(cell.held, text))))
    if cell.promise:
        st.caption(_promise(cell.promise, text))
    for measured in cell.metrics or (cell,):
        if measured.pairs:
            own = tolerance if measured.tolerance is None else measured.tolerance
            _metric(measured, own, text)
    if any(measured.pairs for measured in cell.metrics or (cell,)):
        st.caption(text.quote_evidence_about if cell.arm == QUOTE else text.evidence_about)


def writer(one: ApiWriterView, seen: Seen, text: QualityText, zone: tzinfo) -> None:
    """Show how an arm does against the document's own words, and how it is let write."""
    language = text.language
    words = text.writes if one.writes else text.suggested if one.suggested else text.may_write
    if not one.writes and (one.refusal or one.policy != "first"):
        words = text.not_shown
    line = words.format(
        arm=literal(one.arm),
        where=labels.within([one.segment], len(seen.map.own), text),
        by=literal(one.by),
        day=figures.day(one.since, language, zone) if one.since else "–",
        mean="–" if one.mean is None else figures.signed(one.mean, language, 3),
        lower=figures.signed(one.lower, language, 3),
        upper=figures.signed(one.upper, language, 3),
        tolerance=figures.plain(seen.status.budget.tolerance, language),
        pairs=labels.pairs(one.pairs, text),
    )
    if one.writes and one.forced:
        line += text.writes_forced.format(why=literal(one.why))
    with st.container(gap="xsmall"):
        st.markdown(line)
        if words in {text.suggested, text.may_write}:
            st.code(one.command, language=None)


def decisions(
    cell: Cell,
    found: Sequence[ApiDecisionView],
    guard: GuardClient,
    text: QualityText,
    zone: tzinfo,
) -> None:
    """Show an arm's decisions in a segment, each with its reason and a button that replays it."""
    with st.container(key="decisions", gap="small"):
        st.html(f'<p class="rb-label">{escape(text.decisions)}</p>')
        if not found:
            st.caption(text.no_decision if cell.stage else text.no_decision_above)
        for decision in found:
            _decision(decision, guard, text, zone)


def _told(cell: Cell, tolerance: float, text: QualityText) -> str:
    quote = cell.arm == QUOTE
    what = text.told_quote_nothing if quote else text.told_nothing
    if cell.mean is not None:
        what = (text.told_quote if quote else text.told)[cell.verdict].format(
            mean=figures.signed(cell.mean, text.language, 3),
            lower=figures.signed(cell.lower, text.language, 3),
            upper=figures.signed(cell.upper, text.language, 3),
            tolerance=figures.plain(tolerance, text.language),
        )
        if cell.stage:
            stage = text.told_held if cell.held else text.told_stage[cell.stage]
            what += f" {text.told_quote_stage if quote else stage}"
    return what if cell.stage else f"{what} {text.told_gathers}"


def _facts(cell: Cell, text: QualityText, zone: tzinfo) -> str:
    """Return HTML: what is known, as names and values."""
    rows: list[tuple[str, str]] = []
    if cell.stage:
        named = text.quote_stage if cell.arm == QUOTE else text.stages[cell.stage]
        rows.append((text.stage, named))
    if cell.since:
        rows.append((text.since, figures.moment(cell.since, text.language, zone)))
    if cell.until and cell.arm != QUOTE:
        rows.append((text.until, figures.moment(cell.until, text.language, zone)))
    if cell.pin:
        rows.append((text.pin_by, f"{cell.pin.by}: {cell.pin.why}"))
    numbers = [(text.compared, cell.pairs), (text.unscored, cell.unscored)]
    if cell.shown_from:
        numbers.insert(1, (text.fresh, cell.fresh_pairs))
    if cell.route_backs and cell.arm != QUOTE:
        numbers.append((text.route_backs, cell.route_backs))
    rows += [(name, figures.count(number, text.language)) for name, number in numbers]
    listed = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows
    )
    return f'<dl class="rb-facts">{listed}</dl>'


def _metric(measured: ApiMetricView | Cell, tolerance: float, text: QualityText) -> None:
    language = text.language
    with st.container(key=f"metric-{measured.metric}", gap="xsmall"):
        named = text.metrics.get(measured.metric, measured.metric)
        label = text.difference.format(metric=named)
        st.html(f'<p class="rb-label">{escape(label)}</p>')
        st.html(drawing.interval(measured, tolerance, text))
        shown = text.evidence_of.format(
            metric=text.evidence,
            evidence=figures.count(measured.evidence, language),
            threshold=figures.count(measured.threshold, language),
        )
        st.progress(figures.share(measured.evidence, measured.threshold), text=literal(shown))
        if measured.proof is not None and measured.needed:
            shown = text.evidence_of.format(
                metric=text.proof,
                evidence=figures.count(measured.proof, language),
                threshold=figures.count(measured.needed, language),
            )
            with st.container(key=f"proof-{measured.metric}"):
                st.progress(figures.share(measured.proof, measured.needed), text=literal(shown))


def _promise(promise: ApiPromiseView, text: QualityText) -> str:
    """Return what readers are promised, as a sentence."""
    words = text.promise if promise.answers is not None else text.promise_endless
    return words.format(
        tolerated=figures.plain(100 * promise.tolerated, text.language),
        chance=figures.plain(100 * promise.chance, text.language),
        worse=figures.plain(100 * promise.worse, text.language),
        answers=figures.count(promise.answers or 0, text.language),
    )


def _decision(
    decision: ApiDecisionView, guard: GuardClient, text: QualityText, zone: tzinfo
) -> None:
    voices = {decision.before, decision.after} <= VOICES
    names: dict[str, str] = dict((text.voices if voices else text.stages).items())
    before, after = (names.get(stage, stage) for stage in (decision.before, decision.after))
    by = text.by_guard if decision.by == "guard" else decision.by
    when = figures.moment(decision.at, text.language, zone)
    with st.container(key=f"decision-{decision.id}", border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{literal(before)} → {literal(after)}**", width="stretch")
            st.button(
                text.replay,
                key=f"replay-{decision.id}",
                icon=":material/replay:",
                on_click=_replay,
                args=(guard, decision.id),
            )
        cause = text.causes.get(decision.cause, decision.cause)
        st.markdown(cause)
        st.caption(text.recorded.format(reason=literal(decision.reason)))
        st.caption(f"{when} · {literal(by)} · `{decision.id}`")
        _replayed(_replays().get(decision.id), text)


def _replayed(outcome: ApiReplayView | ApiError | None, text: QualityText) -> None:
    if isinstance(outcome, ApiError):
        st.error(literal(explain(outcome, TEXTS[text.language])))
    elif outcome and outcome.same:
        st.success(f"{text.same}  \nSHA-256 `{outcome.sha256}`", icon=":material/check_circle:")
    elif outcome:
        differences = "\n".join(f"- {literal(line)}" for line in outcome.differences)
        st.error(f"{text.other}\n\n{differences}", icon=":material/error:")


def _replay(guard: GuardClient, decision_id: str) -> None:
    """Replay a decision, and keep how that went for as long as the visit lasts."""
    try:
        _replays()[decision_id] = guard.replay(decision_id)
    except ApiError as error:
        _replays()[decision_id] = error


def _replays() -> dict[str, ApiReplayView | ApiError]:
    replays: dict[str, ApiReplayView | ApiError] = st.session_state.setdefault("replays", {})
    return replays
