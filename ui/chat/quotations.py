"""An answer in the documents' own words, each quotation with what it is from."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from ui import figures
from ui import format as formatted
from ui.addresses import NOWHERE, Hosts
from ui.api.client import Language
from ui.api.turn import AnsweredTurn
from ui.api.types import ApiQuotationView, ApiSourceView
from ui.chat.conversation import Exchange
from ui.texts.chat import TEXTS, ChatText


def between(answer: str, quotations: Sequence[ApiQuotationView]) -> list[str] | None:
    """Return what an answer says before each quotation and after the last, markers left out.

    The line with a quotation's title is left out, too. None if the quotations do not stand in it.
    """
    remarks: list[str] = []
    rest = answer
    for quotation in quotations:
        before, words, rest = rest.partition(quotation.text.rstrip())
        if not words:
            return None
        remarks.append(_remark(before, quotation.title))
    return [*remarks, _remark(rest, "")]


def show(
    exchange: Exchange, turn: AnsweredTurn, remarks: Sequence[str], language: Language
) -> None:
    """Show the quotations one under the other. remarks: what is said between them."""
    sources = formatted.by_number(turn.sources)
    several = len(turn.quotations) > 1
    older = _older(turn.quotations)
    *before, after = remarks
    for place, (remark, quotation) in enumerate(zip(before, turn.quotations, strict=True), 1):
        with st.container(key=f"quotation-{exchange.number}-{place}", gap="xsmall"):
            if several:
                note = f" – {TEXTS[language].older}" if quotation in older else ""
                st.markdown(f"**{formatted.literal(quotation.title)}**{note}")
            if remark:
                st.markdown(formatted.safe(remark, turn.hosts), anchors=False)
            st.markdown(quoted(quotation.text, turn.hosts), anchors=False)
            _origin(
                quotation, sources.get(quotation.number), turn.hosts, language, titled=not several
            )
            if not quotation.whole and quotation.number in sources:
                key = f"whole-{exchange.number}-{place}"
                with st.expander(TEXTS[language].whole, type="compact", key=key):
                    whole = sources[quotation.number].text
                    st.markdown(quoted(whole, turn.hosts), anchors=False)
    if after:
        st.markdown(formatted.safe(after, turn.hosts), anchors=False)


def quoted(words: str, hosts: Hosts = NOWHERE) -> str:
    """Return words of a document as a quotation in markdown."""
    lines = formatted.safe(words, hosts).split("\n")
    return "\n".join(f"> {line}" if line else ">" for line in lines)


def dated(date: str, language: Language, text: ChatText) -> str:
    """Return the day that a document is of, in words; nothing if it has none."""
    try:
        day = figures.day(datetime.fromisoformat(date).replace(tzinfo=UTC), language, UTC)
    except ValueError:
        day = formatted.literal(date)
    return text.dated.format(day=day) if date else ""


def placed(place: str, text: ChatText) -> str:
    """Return where in its source a passage stands, in the words of the reader's language."""
    parts = (part.partition(" ") for part in place.split(" – ") if part)
    return formatted.literal(
        " – ".join(f"{text.places.get(kind, kind)}{space}{name}" for kind, space, name in parts)
    )


def _origin(
    quotation: ApiQuotationView,
    source: ApiSourceView | None,
    hosts: Hosts,
    language: Language,
    *,
    titled: bool,
) -> None:
    parts = (
        formatted.literal(quotation.title) if titled else "",
        formatted.source_link(source.url, hosts) if source else "",
        placed(source.place, TEXTS[language]) if source else "",
        dated(quotation.date, language, TEXTS[language]),
    )
    if named := " · ".join(part for part in parts if part):
        st.caption(named)


def _remark(said: str, title: str) -> str:
    lines = (line.strip() for line in formatted.without_markers(said).splitlines())
    heading = f"**{title}**"
    return "\n".join(line for line in lines if line and not (title and line.startswith(heading)))


def _older(quotations: Sequence[ApiQuotationView]) -> list[ApiQuotationView]:
    """Return those of which a newer version is quoted, too."""
    return [
        view
        for view in quotations
        if any(newer.title == view.title and newer.date > view.date for newer in quotations)
    ]
