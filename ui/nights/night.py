"""One night: how it ended, its gates, and what moved the scores."""

from collections.abc import Sequence
from datetime import tzinfo
from html import escape

import streamlit as st

from ui import figures
from ui.api.types import ApiAttributionView, ApiGateView, ApiNightDetail, ApiNightResult
from ui.format import literal
from ui.nights import names
from ui.texts.nights import NightsText


def head(night: ApiNightDetail, text: NightsText, zone: tzinfo) -> None:
    """Draw when it was, how it ended and what a person can do."""
    ended = names.verdict(night)
    st.subheader(figures.moment(night.at, text.language, zone), anchor=False)
    with st.container(key=f"verdict-{ended}"):
        named = names.causes(night.causes, text)
        because = f" {text.because.format(causes=named)}" if named else ""
        st.markdown(f"**{text.verdicts[ended]}**{because}")
    if night.words:
        st.markdown(literal(night.words))
    st.caption(" · ".join(_facts(night, text)))
    for kind in dict.fromkeys(one.partition(" ")[0] for one in night.causes):
        arms = [one.partition(" ")[2] for one in night.causes if one.startswith(f"{kind} ")]
        if advice := text.advice.get(kind):
            arm = ", ".join(f"**{literal(name)}**" for name in arms if name)
            st.info(advice.format(arm=arm), icon=":material/lightbulb:")


def _facts(night: ApiNightDetail, text: NightsText) -> list[str]:
    facts = [text.measured.format(cases=night.cases, arms=len(night.arms))]
    if night.result:
        counts = night.result.counts
        facts.append(text.answered.format(answers=counts.answers, failed=counts.failed))
    if night.ended:
        minutes = (night.ended - night.at).total_seconds() / 60
        facts.append(text.took.format(minutes=figures.plain(minutes, text.language, 0)))
    return facts


def gates(result: ApiNightResult, text: NightsText) -> None:
    """Draw each gate with what came of it and why."""
    st.caption(text.gates_about)
    rows = [(arm, gate) for arm, listed in (result.gates or {}).items() for gate in listed]
    if not rows:
        st.info(text.no_gates)
        return
    order = {"regression": 0, "could not measure": 1, "pass": 2}
    rows.sort(key=lambda row: order.get(row[1].outcome, 1))
    heads = (text.outcome, text.gate, text.change, text.at_most, text.allowed)
    table(heads, [_gate(arm, gate, text) for arm, gate in rows], "gates", text.sections["gates"])


def _gate(arm: str, gate: ApiGateView, text: NightsText) -> Sequence[str]:
    what = f"{names.metric(gate.metric, text)}: {names.kind(gate.segment, gate.language, text)}"
    signs = {"pass": "✓", "regression": "✗", "could not measure": "?"}
    kind, sign = gate.outcome.replace(" ", "-"), signs.get(gate.outcome, "?")
    outcome = text.outcomes.get(gate.outcome, gate.outcome)
    why = f"<small>{escape(gate.reason)}</small>" if gate.reason else ""
    return (
        f'<span class="rb-outcome rb-{kind}">{sign} {escape(outcome)}</span>',
        f"<b>{escape(names.arm(arm, text))}</b> · {escape(what)}{why}",
        names.points(gate.mean, text),
        names.points(gate.highest, text),
        names.points(-gate.margin, text),
    )


def causes(result: ApiNightResult, text: NightsText) -> None:
    """Draw what moved each score, the one that stands for the others first."""
    st.caption(text.causes_about)
    moved = dict(result.attributions or {})
    if not moved:
        st.info(text.no_causes)
        return
    first = [name for name in moved if name == result.headline or moved[name].named]
    first = first or list(moved)[:1]
    for name in first:
        _moved(name, moved[name], text)
    rest = [name for name in moved if name not in first]
    if rest:
        with st.expander(text.other_metrics.format(count=len(rest))):
            for name in rest:
                _moved(name, moved[name], text)


def _moved(name: str, moved: ApiAttributionView, text: NightsText) -> None:
    status = text.statuses.get(moved.status, moved.status)
    told = status.format(causes=names.causes(moved.named, text))
    st.markdown(f"**{literal(names.metric(name, text))}**: {told}")
    heads = (text.moved, text.by, text.outcome)
    rows = []
    for effect in moved.effects:
        interval = f" {figures.interval(effect.low, effect.high, text.language)}"
        known = effect.mean is not None
        shown = text.shown if effect.named else text.not_shown
        why = shown if known else text.unknown.format(reason=effect.reason)
        rows.append(
            (
                escape(_cause(effect.cause, text)),
                names.points(effect.mean, text) + (interval if known else ""),
                f"<b>{escape(why)}</b>" if effect.named else escape(why),
            )
        )
    table(heads, rows, f"causes-{name}", names.metric(name, text))


def _cause(name: str, text: NightsText) -> str:
    kind, _, arm = name.partition(" ")
    return text.cause.get(kind, name).format(arm=names.arm(arm, text))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], key: str, caption: str) -> None:
    """Draw a table that scrolls within itself. rows: HTML, already escaped."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    with st.container(key=f"table-{key}"):
        st.html(
            f'<div class="rb-scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
