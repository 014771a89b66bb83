"""Everything of the person of a ticket."""

from datetime import tzinfo

import streamlit as st

from ui import figures, moments
from ui.api.desk import DeskClient
from ui.api.types import ApiTicketView
from ui.desk import phrases, queue, work
from ui.errors import ApiError
from ui.format import literal
from ui.texts.desk import DeskText


def show(api: DeskClient, ticket: ApiTicketView, text: DeskText, zone: tzinfo) -> None:
    """Show the person's tickets and conversations, folded; they are read when it is opened."""
    words, number = text.actions, ticket.number
    label, key = words.history, f"desk-history-{number}"
    with st.expander(label, icon=":material/history:", key=key, on_change="rerun") as opened:
        if not opened.open:
            return
        try:
            with st.skeleton(height=80):
                history = api.person(str(number))
        except ApiError as error:
            told = literal(work.told(error, text.language))
            st.error(words.failed.format(detail=told))
            return
        others = [one for one in history.tickets if one.number != number]
        rest = [
            one for one in history.conversations if one.conversation_id != ticket.conversation_id
        ]
        if not others and not rest:
            st.caption(words.history_none)
        now = moments.now()
        if others:
            st.html(f'<p class="rb-label">{words.history_tickets}</p>')
        for other in others:
            status = text.ticket.statuses[other.status]
            at = figures.clock(other.created_at, now, text.language, zone)
            st.button(
                f"**#{other.number}** {literal(phrases.title(other))} · {status} · {at}",
                key=f"desk-other-{other.number}",
                type="tertiary",
                on_click=queue.choose,
                args=(str(other.number),),
            )
        if rest:
            st.html(f'<p class="rb-label">{words.history_conversations}</p>')
        for one in rest:
            at = figures.clock(one.latest, now, text.language, zone)
            who = text.ticket.statuses[one.holder]
            st.markdown(f"- {literal(one.title or '–')} · {who} · {at}")
