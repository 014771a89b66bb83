"""What an answer of the assistant, or a draft, rests on, and what it does not."""

from collections.abc import Sequence

import streamlit as st

from ui import figures
from ui import format as formatted
from ui.addresses import NOWHERE, Hosts
from ui.api.types import ApiSourceView, ApiTurnView
from ui.texts.chat import TEXTS as CHAT
from ui.texts.desk import DeskText


def show(turn: ApiTurnView, key: str, text: DeskText) -> None:
    """Show the sources of an answer and what the assistant was unsure of, folded."""
    hosts = Hosts.of(turn.link_hosts)
    if turn.sources:
        named = {number for sentence in turn.sentences for number in sentence.cited}
        named |= {quotation.number for quotation in turn.quotations}
        used = [source for source in turn.sources if source.number in named]
        shown = used or list(turn.sources)
        label = f"{text.ticket.sources} ({len(shown)})"
        with st.expander(label, type="compact", key=f"sources-of-{key}"):
            sources(shown, hosts)
    if lines := _unsure(turn, text):
        with st.expander(text.ticket.unsure, type="compact", key=f"unsure-of-{key}"):
            st.markdown("\n".join(f"- {line}" for line in lines))


def sources(listed: Sequence[ApiSourceView], hosts: Hosts = NOWHERE) -> None:
    """Show passages with where they are from."""
    for source in listed:
        st.markdown(formatted.source_label(source))
        st.markdown(formatted.safe(source.text, hosts), anchors=False)
        about = (formatted.source_link(source.url, hosts), formatted.literal(source.place))
        if line := "\u2002·\u2002".join(part for part in about if part):
            st.caption(line)


def uncarried(sentences: Sequence[str]) -> str:
    """Return sentences that the sources do not carry, as a list in markdown."""
    plain = (formatted.literal(formatted.without_markers(one)) for one in sentences)
    return "\n".join(f"- {one}" for one in plain)


def _unsure(turn: ApiTurnView, text: DeskText) -> list[str]:
    chat, words = CHAT[text.language], text.ticket
    lines = []
    if turn.evidence is not None:
        share = f"{figures.plain(100 * turn.evidence, text.language, 0)}\u00a0%"
        lines.append(words.evidence.format(share=share))
    if turn.mode:
        how = chat.modes[turn.mode]
        because = f" ({formatted.literal(turn.mode_reason)})" if turn.mode_reason else ""
        lines.append(words.mode.format(mode=f"{how}{because}"))
    if not turn.checked:
        lines.append(chat.unchecked)
    lost = [sentence.text for sentence in turn.sentences if not sentence.carried]
    if lost:
        inner = uncarried(lost).replace("- ", "  - ")
        lines.append(f"{chat.not_found}:\n{inner}")
    if turn.fell_back:
        lines.append(f"{chat.fell_back}: {formatted.literal(turn.fell_back)}")
    return lines
