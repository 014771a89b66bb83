"""Who wrote an answer: a line at each, for people, and attributes of it, for machines."""

from collections.abc import Mapping
from html import escape
from typing import Final

import streamlit as st

from ui.api.turn import AnsweredTurn, AuthorKind
from ui.api.types import ApiAuthor
from ui.chat.conversation import Exchange
from ui.format import literal
from ui.texts.chat import ChatText

AI_WRITTEN: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's concept for what a model has written; assumed where it is not known who wrote."""

_ICONS: Final[Mapping[AuthorKind, str]] = {
    "document": "format_quote",
    "model": "smart_toy",
    "product": "settings",
    "person": "person",
    "draft": "edit_note",
}


def told(turn: AnsweredTurn | None, text: ChatText) -> str:
    """Return who wrote an answer, in plain text; of one that broke off, all that is known."""
    return _named(turn.author if turn else None, text)


def source_type(turn: AnsweredTurn | None) -> str:
    """Return IPTC's concept for how an answer came about, or nothing where none is claimed."""
    author = turn.author if turn else None
    return AI_WRITTEN if author is None else author.digital_source_type or ""


def show(exchange: Exchange, text: ChatText) -> None:
    """Show who wrote an answer, of which something is shown."""
    author = exchange.turn.author if exchange.turn else None
    sign(f"{exchange.number}", author, source_type(exchange.turn), text)


def sign(name: str, author: ApiAuthor | None, source: str, text: ChatText) -> None:
    """Show who wrote something. name: of it, for its key. source: IPTC's concept."""
    icon = _ICONS[author.kind if author else "model"]
    with st.container(key=f"author-{name}"):
        st.caption(f":material/{icon}: {literal(_named(author, text))}")
        st.html(_attributes(author, source))


def _named(author: ApiAuthor | None, text: ChatText) -> str:
    if author is None:
        return text.author_unknown
    return text.authors[author.kind].format(name=author.name)


def _attributes(author: ApiAuthor | None, source: str) -> str:
    values = {
        "data-author": author.kind if author else "model",
        "data-author-name": author.name if author else "",
        "data-machine-generated": str(author is None or author.machine_generated).lower(),
        "data-digital-source-type": source,
    }
    listed = " ".join(f'{name}="{escape(value)}"' for name, value in values.items())
    return f'<span class="rb-mark" {listed}></span>'
