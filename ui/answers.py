"""How an answer looks: its text, its sources, what they do not carry, and how it was made."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import format as formatted
from ui.conversation import Exchange
from ui.text import Text
from ui.turn import Source, Turn


def anchors(exchange: Exchange) -> str:
    """Return what the ids of an exchange's sources begin with."""
    return f"source-{exchange.number}"


def draw(place: DeltaGenerator, exchange: Exchange) -> None:
    """Show in ``place`` as much of the answer as there is; call it again when there is more."""
    if not exchange.answer:
        place.empty()
        return
    sources = formatted.by_number(exchange.turn.sources) if exchange.turn else None
    shown = formatted.answer(exchange.answer, anchors(exchange), sources)
    place.markdown(shown, anchors=False)


def show_evidence(exchange: Exchange, turn: Turn, text: Text) -> None:
    """Show what the answer rests on, and first what it does not."""
    if not turn.checked:
        with st.container(key=f"unchecked-{exchange.number}"):
            st.warning(text.unchecked, icon=":material/error_outline:")
    if turn.uncarried:
        _uncarried(exchange, turn.uncarried, text)
    if turn.cited:
        with st.container(key=f"sources-{exchange.number}", gap="xsmall"):
            st.html(f'<p class="rb-label">{text.sources}</p>')
            for source in turn.cited:
                _source(exchange, source, text)
    if turn.searched:
        label = text.searched.format(count=len(turn.searched))
        with (
            st.expander(label, type="compact", key=f"searched-{exchange.number}"),
            st.container(key=f"searched-sources-{exchange.number}", gap="xsmall"),
        ):
            for source in turn.searched:
                _source(exchange, source, text)


def show_details(exchange: Exchange, turn: Turn, text: Text) -> None:
    """Show, for whoever wants to know, which way the question went."""
    with st.expander(text.details, type="compact", key=f"details-{exchange.number}"):
        st.caption("  \n".join(_details(turn, exchange.question, text)))


def _details(turn: Turn, question: str, text: Text) -> list[str]:
    rows = [(text.segment, turn.segment)]
    if turn.standalone and turn.standalone != question:
        rows.append((text.searched_for, turn.standalone))
    if turn.route:
        rows.append((text.arm, turn.route.arm))
        rows.append((text.reason, turn.route.reason or "–"))
    if turn.fell_back:
        rows.append((text.fell_back, turn.fell_back))
    if turn.evidence is not None:
        rows.append((text.evidence, f"{turn.evidence:.2f}".replace(".", text.decimal)))
    times = ", ".join(
        f"{step} {formatted.seconds(took, text.decimal)}" for step, took in turn.timings_s.items()
    )
    rows.append((text.times, times or "–"))
    return [f"{name}: {formatted.literal(value)}" for name, value in rows]


def _uncarried(exchange: Exchange, sentences: Sequence[str], text: Text) -> None:
    with st.container(key=f"uncarried-{exchange.number}"):
        listed = (formatted.literal(formatted.without_markers(sentence)) for sentence in sentences)
        lines = "\n".join(f"- {sentence}" for sentence in listed)
        st.warning(f"**{text.not_found}**\n\n{lines}", icon=":material/error_outline:")


def _source(exchange: Exchange, source: Source, text: Text) -> None:
    anchor = f"{anchors(exchange)}-{source.number}"
    with st.container(key=anchor, gap=None):
        st.html(f'<span class="rb-anchor" id="{anchor}"></span>')
        with st.expander(formatted.source_label(source), key=f"open-{anchor}"):
            st.markdown(formatted.safe(source.text), anchors=False)
            about = [formatted.source_link(source.url)]
            if source.language:
                name = text.languages.get(source.language, source.language)
                about.append(text.source_language.format(language=name))
            st.caption("\u2002·\u2002".join(part for part in about if part))
