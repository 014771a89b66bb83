"""An entry for the knowledge that somebody of the desk makes of a ticket that is over.

It is a draft: an editor approves it. What stands in the form outlives a refusal.
"""

from functools import partial
from typing import Final

import streamlit as st

from ui.api.desk import DeskClient, is_open
from ui.api.types import ApiDraftView, ApiTicketEntry, ApiTicketView
from ui.desk import phrases, work
from ui.errors import ApiError
from ui.format import literal
from ui.texts.desk import DeskText
from ui.texts.knowledge import TEXTS as KNOWLEDGE

_TELLS_NOTHING: Final = frozenset({"merged", "duplicate", "returned", "withdrawn"})
"""How a ticket ends in which no person has answered anything."""
_LONGEST_NAME, _LONGEST_TEXT = 300, 8000


def show(api: DeskClient, ticket: ApiTicketView, text: DeskText) -> None:
    """Show what became of the entry of a ticket, or offer to make one."""
    if is_open(ticket) or ticket.cause in _TELLS_NOTHING:
        return
    desk, words = work.of(ticket.number), text.proposal
    try:
        made = api.entry(str(ticket.number))
    except ApiError:
        return
    with st.container(key="desk-proposal", gap="xsmall"):
        desk.show("entry", words.refused, text.language, words.proposed)
        if made.entry:
            _standing(made, text)
        elif desk.entry:
            _form(api, ticket, desk.entry, desk, text)
        else:
            begin = partial(_begin, api, ticket, desk)
            icon = ":material/library_add:"
            st.button(words.make, key="entry-make", icon=icon, help=words.make_more, on_click=begin)


def _standing(made: ApiTicketEntry, text: DeskText) -> None:
    entry = made.entry
    if entry is None:
        return
    retired = entry.state == "retired"
    standing = "retired" if retired else "approved" if made.serving else "draft"
    name = literal(entry.content.name)
    icon = ":material/check_circle:" if made.serving else ":material/hourglass_empty:"
    st.info(text.proposal.standing[standing].format(name=name), icon=icon)


def _begin(api: DeskClient, ticket: ApiTicketView, desk: work.Work) -> None:
    """Open the form with what was asked and replied."""

    def begin() -> None:
        made = api.entry_draft(str(ticket.number))
        state, content = st.session_state, made.content
        state[_field("name", ticket)], state[_field("text", ticket)] = content.name, content.text
        state[_field("aliases", ticket)] = "\n".join(content.aliases or ())
        desk.entry = made

    desk.tried("entry", begin)
    desk.done.discard("entry")  # nothing is proposed yet


def _form(
    api: DeskClient,
    ticket: ApiTicketView,
    made: ApiDraftView,
    desk: work.Work,
    text: DeskText,
) -> None:
    words, flags = text.proposal, KNOWLEDGE[text.language].flags
    with st.form(f"entry-of-{ticket.number}"):
        st.markdown(f"**{words.title}**")
        st.caption(words.about)
        for flag in made.flags:
            st.warning(flags.get(flag, literal(flag)), icon=":material/visibility:")
        st.text_input(words.question, max_chars=_LONGEST_NAME, key=_field("name", ticket))
        st.text_area(words.answer, max_chars=_LONGEST_TEXT, height=140, key=_field("text", ticket))
        st.text_area(
            words.wordings, help=words.wordings_help, height=80, key=_field("aliases", ticket)
        )
        st.caption(words.language.format(language=phrases.language(made.language, text.language)))
        with st.container(horizontal=True, key="entry-buttons"):
            proposed = st.form_submit_button(
                words.propose,
                type="primary",
                key="entry-propose",
                on_click=_propose,
                args=(api, ticket, made, desk),
            )
            st.form_submit_button(
                words.cancel, key="entry-cancel", on_click=setattr, args=(desk, "entry", None)
            )
        if proposed and not _whole(ticket):
            st.warning(words.incomplete)


def _propose(api: DeskClient, ticket: ApiTicketView, made: ApiDraftView, desk: work.Work) -> None:
    """Propose what stands in the form."""
    if not _whole(ticket):
        return
    name, said = (work.typed(_field(part, ticket)) for part in ("name", "text"))
    lines = map(str.strip, work.typed(_field("aliases", ticket)).splitlines())
    do = partial(
        api.propose, str(ticket.number), made.language, name, said, [line for line in lines if line]
    )
    if desk.tried("entry", do):
        desk.entry = None


def _whole(ticket: ApiTicketView) -> bool:
    return bool(work.typed(_field("name", ticket)) and work.typed(_field("text", ticket)))


def _field(name: str, ticket: ApiTicketView) -> str:
    return f"entry-{name}-{ticket.number}"
