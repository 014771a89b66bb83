"""How an answer looks: what it says, its sources, and what they do not carry."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import format as formatted
from ui import passages
from ui.addresses import NOWHERE, Hosts
from ui.api.client import Language
from ui.api.turn import AnsweredTurn
from ui.api.types import ApiSourceView
from ui.chat import choices, quotations
from ui.chat.conversation import Conversation, Exchange
from ui.texts.chat import TEXTS, ChatText


def anchors(exchange: Exchange) -> str:
    """Return what the ids of an exchange's sources begin with."""
    return f"source-{exchange.number}"


def draw(place: DeltaGenerator, exchange: Exchange) -> None:
    """Show in ``place`` as much of the answer as there is; call it again when there is more."""
    if not exchange.answer:
        place.empty()
        return
    turn = exchange.turn
    sources = formatted.by_number(turn.sources) if turn else None
    hosts = turn.hosts if turn else NOWHERE
    shown = formatted.answer(exchange.answer, anchors(exchange), sources, hosts)
    place.markdown(shown, anchors=False)


def show(
    place: DeltaGenerator,
    conversation: Conversation,
    exchange: Exchange,
    turn: AnsweredTurn,
    language: Language,
) -> None:
    """Show in ``place`` a whole answer: as quotations, with its choices, or as its text."""
    remarks = quotations.between(exchange.answer, turn.quotations)
    if turn.quotations and remarks is not None:
        with place.container():
            quotations.show(exchange, turn, remarks, language)
    elif turn.choices:
        lead, _ = choices.around(exchange, turn)
        with place.container():
            st.markdown(formatted.safe(lead, turn.hosts), anchors=False)
            choices.show(conversation, exchange, turn.choices)
    else:
        draw(place, exchange)


def show_evidence(exchange: Exchange, turn: AnsweredTurn, language: Language) -> None:
    """Show what the answer rests on, and first what it does not."""
    text = TEXTS[language]
    if not turn.checked:
        with st.container(key=f"unchecked-{exchange.number}"):
            st.warning(text.unchecked, icon=":material/error_outline:")
    if turn.uncarried:
        _uncarried(exchange, turn.uncarried, text)
    if turn.cited:
        with st.container(key=f"sources-{exchange.number}", gap="xsmall"):
            st.html(f'<p class="rb-label">{text.sources}</p>')
            for source in turn.cited:
                carried = [one.text for one in turn.sentences if source.number in one.cited]
                _source(exchange, source, turn.hosts, language, carried)
    if turn.searched:
        label = text.searched.format(count=len(turn.searched))
        with (
            st.expander(label, type="compact", key=f"searched-{exchange.number}"),
            st.container(key=f"searched-sources-{exchange.number}", gap="xsmall"),
        ):
            for source in turn.searched:
                _source(exchange, source, turn.hosts, language)


def _uncarried(exchange: Exchange, sentences: Sequence[str], text: ChatText) -> None:
    with st.container(key=f"uncarried-{exchange.number}"):
        listed = (formatted.literal(formatted.without_markers(sentence)) for sentence in sentences)
        lines = "\n".join(f"- {sentence}" for sentence in listed)
        st.warning(f"**{text.not_found}**\n\n{lines}", icon=":material/error_outline:")


def _source(
    exchange: Exchange,
    source: ApiSourceView,
    hosts: Hosts,
    language: Language,
    sentences: Sequence[str] = (),
) -> None:
    """Show a source, folded. sentences: of the answer, whose words in it are highlighted."""
    text = TEXTS[language]
    anchor = f"{anchors(exchange)}-{source.number}"
    passage = "\n".join(source.text.splitlines())
    spans = passages.resting(passage, map(formatted.without_markers, sentences))
    with st.container(key=anchor, gap=None):
        st.html(f'<span class="rb-anchor" id="{anchor}"></span>')
        with st.expander(formatted.source_label(source), key=f"open-{anchor}"):
            if spans:
                st.caption(f":primary-background[{text.rests}]")
            st.markdown(passages.marked(passage, spans, hosts), anchors=False)
            about = [formatted.source_link(source.url, hosts)]
            about.append(quotations.placed(source.place, text))
            about.append(quotations.dated(source.date, language, text))
            if source.language:
                name = text.languages.get(source.language, source.language)
                about.append(text.source_language.format(language=name))
            st.caption("\u2002·\u2002".join(part for part in about if part))
