"""The conversation of a ticket: who said what, in order."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from html import escape
from typing import Final, Literal

import streamlit as st

from ui import attachments, figures, moments
from ui import format as formatted
from ui.addresses import Hosts
from ui.api.attachments import AttachmentClient
from ui.api.turn import AuthorKind
from ui.api.types import ApiAgentView, ApiEntryView
from ui.desk import evidence, phrases
from ui.texts.chat import TEXTS as CHAT
from ui.texts.desk import DeskText

_ICONS: Final[Mapping[AuthorKind, str]] = {
    "document": "format_quote",
    "model": "smart_toy",
    "product": "settings",
    "person": "support_agent",
    "draft": "edit_note",
}
Side = Literal["theirs", "bot", "team", "note"]
"""How a message looks: of who asks, of the assistant, of the team, or for the team alone."""


def show(
    files: AttachmentClient,
    log: Sequence[ApiEntryView],
    agents: Sequence[ApiAgentView],
    text: DeskText,
    zone: tzinfo,
) -> None:
    """Show a conversation, and its files."""
    names = {agent.agent: agent.name for agent in agents}
    now = moments.now()
    # With the keyboard, one scrolls what something within has the focus of.
    st.html(f'<p class="rb-label" tabindex="0">{text.ticket.conversation}</p>')
    for entry in _joined(log):
        at = figures.clock(entry.at, now, text.language, zone)
        if line := _line(entry, text):
            st.html(f'<p class="rb-move"><span>{escape(line)} · {escape(at)}</span></p>')
        elif entry.text.strip():
            _message(files, entry, at, names, text)


def _line(entry: ApiEntryView, text: DeskText) -> str:
    """Return the thin line that an entry is, if it is one."""
    if entry.kind == "moved" and entry.moved:
        return phrases.moved(entry.moved, text.ticket)
    return phrases.remark(entry, text.ticket) if entry.kind == "note" else ""


def _message(
    files: AttachmentClient, entry: ApiEntryView, at: str, names: Mapping[str, str], text: DeskText
) -> None:
    side = _side(entry)
    with st.container(key=f"said-{side}-{entry.number}", gap="xxsmall"):
        st.caption(f"{_author(entry, text)} · {at}")
        if side == "bot":
            hosts = Hosts.of(entry.turn.link_hosts if entry.turn else ())
            st.markdown(formatted.safe(entry.text, hosts), anchors=False)
            if entry.turn:
                evidence.show(entry.turn, str(entry.number), text)
        elif not attachments.show(files, entry.detail, entry.number, text.language):
            if side == "team":  # as who asks reads it
                st.markdown(formatted.written(entry.text), anchors=False)
            else:
                st.text(entry.text)
        told = [names.get(one, one) for one in entry.detail.get("mentions", ())]
        if told:
            st.caption(text.ticket.mentions.format(names=formatted.literal(", ".join(told))))


def _side(entry: ApiEntryView) -> Side:
    if entry.kind in {"question", "user"}:
        return "theirs"
    if entry.kind == "note":
        return "note"
    return "team" if entry.kind == "team" else "bot"


def _author(entry: ApiEntryView, text: DeskText) -> str:
    """Return who wrote an entry, as markdown."""
    words, chat = text.ticket, CHAT[text.language]
    name = formatted.literal(entry.author.name if entry.author else "")
    if merged := phrases.merged(entry, words):
        return f":material/merge: **{formatted.literal(merged)}**"
    if entry.kind in {"answer", "cut", "team"} and entry.author:
        kind, label = entry.author.kind, chat.authors[entry.author.kind].format(name=name)
        if kind == "person" and entry.author.label:  # it may be from the documents' own words
            label = formatted.literal(entry.author.label)
        return f":material/{_ICONS[kind]}: {label}"
    return {
        "question": f":material/person: **{words.person}**",
        "user": f":material/person: **{words.person}**",
        "note": f":material/lock: **{words.note.format(name=name)}**",
        "piece": f":material/smart_toy: {words.writing} …",
        "failed": f":material/error: {words.stopped}",
    }.get(entry.kind, f":material/smart_toy: {chat.author_unknown}")


def _joined(log: Sequence[ApiEntryView]) -> Iterator[ApiEntryView]:
    """Yield the entries, the pieces of an answer as one where they stand.

    An answer that a person cut short has who wrote it from its end; one that goes on has nobody.
    """
    pieces: list[ApiEntryView] = []
    for place, entry in enumerate(log):
        if entry.kind == "piece":
            pieces.append(entry)
            if place + 1 == len(log) or log[place + 1].kind != "piece":
                ends = (one for one in log[place:] if one.kind in {"answer", "cut", "failed"})
                yield _whole(pieces, next(ends, None))
                pieces = []
        elif entry.kind != "cut":
            yield entry


def _whole(pieces: Sequence[ApiEntryView], end: ApiEntryView | None) -> ApiEntryView:
    said: dict[str, object] = {"text": "".join(piece.text for piece in pieces)}
    if end is not None:
        said |= {"kind": end.kind, "author": end.author, "turn": end.turn}
    return pieces[0].model_copy(update=said)
