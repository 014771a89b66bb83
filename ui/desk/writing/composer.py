"""Writing: a reply to who asked, or a note for the team."""

from typing import Final

import streamlit as st

from ui import attachments
from ui.api.attachments import AttachmentClient
from ui.api.desk import DeskClient
from ui.api.types import ApiAgentView, ApiTicketView
from ui.desk import work
from ui.desk.writing import kept, suggestions
from ui.format import literal
from ui.texts.desk import DeskText

LONGEST: Final = 8000
"""Characters of a message."""


def show(
    api: DeskClient, ticket: ApiTicketView, agents: tuple[ApiAgentView, ...], text: DeskText
) -> None:
    """Show both boxes, each under its tab. What stands in them outlives everything but sending."""
    words, key = text.composer, f"desk-compose-{ticket.number}"
    labels = [f":material/reply: {words.reply}", f":material/lock: {words.note}"]
    with st.container(key="desk-compose"):
        reply, note = st.tabs(labels, key=key)
        with reply:
            _reply(api, ticket, text)
        with note:
            _note(api, ticket, agents, text)


def _reply(api: DeskClient, ticket: ApiTicketView, text: DeskText) -> None:
    words, desk = text.composer, work.of(ticket.number)
    if ticket.status == "closed":
        st.caption(words.over)
        return
    key = f"reply-{ticket.number}-{desk.replies}"
    theirs = ticket.status == "person" and not ticket.mine
    with st.container(key="desk-reply", gap="xsmall"):
        suggestions.draft(api, ticket.number, key, text)
        kept.show(api, ticket.number, key, text)
        st.text_area(
            words.reply_to,
            placeholder=words.reply_hint,
            max_chars=LONGEST,
            height=130,
            key=key,
            on_change="ignore",
            persist_state="session",
        )
        if theirs:
            name = f"**{literal(ticket.assignee)}**"
            st.info(words.theirs.format(name=name), icon=":material/person:")
        elif not ticket.mine:
            st.caption(words.unclaimed)
        desk.show("reply", text.actions.kept, text.language, words.sent)
        sent = st.button(
            words.send,
            key=f"send-{ticket.number}-{desk.replies}",
            type="primary" if ticket.mine else "secondary",
            icon=":material/send:",
            shortcut="Ctrl+Enter",
            disabled=theirs,
            on_click=_send,
            args=(api, ticket, desk, desk.replies),
        )
        if sent and not work.typed(key):
            st.warning(words.empty)
        if ticket.mine:
            files = AttachmentClient.of_ticket(api.client, ticket.number)
            attachments.offer(files, f"ticket-{ticket.number}", text.language)


def _send(api: DeskClient, ticket: ApiTicketView, desk: work.Work, reply: int) -> None:
    """Send what stands in the box of a reply, once. reply: its number."""
    key = f"reply-{ticket.number}-{reply}"
    said = work.typed(key)
    if reply != desk.replies or not said:
        return
    draft = desk.draft.draft_id if desk.draft and desk.filled else None
    if desk.tried("reply", lambda: api.reply(str(ticket.number), said, desk.client_id, draft)):
        fresh = work.Work()
        desk.replies, desk.client_id = reply + 1, fresh.client_id
        desk.draft, desk.filled = None, False
        st.session_state.pop(key, None)


def _note(
    api: DeskClient, ticket: ApiTicketView, agents: tuple[ApiAgentView, ...], text: DeskText
) -> None:
    words, desk = text.composer, work.of(ticket.number)
    key = f"note-{ticket.number}-{desk.notes}"
    names = {agent.agent: agent.name for agent in agents}
    with st.container(key="desk-note", gap="xsmall"):
        st.text_area(
            words.note_label,
            placeholder=words.note_hint,
            max_chars=LONGEST,
            height=100,
            key=key,
            on_change="ignore",
            persist_state="session",
        )
        if names:
            st.multiselect(
                words.mention,
                list(names),
                format_func=names.__getitem__,
                key=f"{key}-for",
                on_change="ignore",
                persist_state="session",
            )
        desk.show("note", text.actions.kept, text.language, words.noted)
        noted = st.button(
            words.add_note,
            key=f"add-{ticket.number}-{desk.notes}",
            icon=":material/lock:",
            on_click=_add,
            args=(api, ticket, desk, desk.notes),
        )
        if noted and not work.typed(key):
            st.warning(words.empty)


def _add(api: DeskClient, ticket: ApiTicketView, desk: work.Work, note: int) -> None:
    """Add the note that stands in its box, once. note: its number."""
    key = f"note-{ticket.number}-{note}"
    said, mentions = work.typed(key), st.session_state.get(f"{key}-for") or []
    if note != desk.notes or not said:
        return
    if desk.tried("note", lambda: api.note(str(ticket.number), said, mentions)):
        desk.notes = note + 1
        st.session_state.pop(key, None)
