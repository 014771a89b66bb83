"""Entries to choose from, where a question has no one answer."""

from collections.abc import Sequence

import streamlit as st

from ui import format as formatted
from ui.api.turn import AnsweredTurn
from ui.api.types import ApiChoiceView
from ui.chat.conversation import Conversation, Exchange


def around(exchange: Exchange, turn: AnsweredTurn) -> tuple[str, str]:
    """Return what the answer says before its list of choices, and after it."""
    if not turn.choices:
        return exchange.answer, ""
    lead, listed, closing = exchange.answer.partition(_listed(turn.choices))
    return (lead.strip(), closing.strip()) if listed else (turn.lead, "")


def show(conversation: Conversation, exchange: Exchange, choices: Sequence[ApiChoiceView]) -> None:
    """Show the choices: to be clicked as long as nothing was asked since, then as a list."""
    live = exchange is conversation.items[-1] and conversation.holder == "bot"
    with st.container(key=f"choices-{exchange.number}", gap="xsmall"):
        if not live:
            lines = (f"{view.number}. {formatted.literal(view.title)}" for view in choices)
            st.markdown("\n".join(lines), anchors=False)
            return
        for view in choices:
            st.button(
                formatted.literal(view.title),
                key=f"choice-{exchange.number}-{view.number}",
                icon=":material/arrow_forward:",
                width="stretch",
                on_click=conversation.ask,
                args=(view.title,),
            )


def _listed(choices: Sequence[ApiChoiceView]) -> str:
    """Return the choices as the answer itself lists them."""
    return "\n".join(f"{view.number}. {view.title}" for view in choices)
