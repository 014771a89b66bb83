"""What people think of an answer, with their reason."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from ui.api.client import Client, Language, Thumb
from ui.chat import handover
from ui.chat.conversation import Conversation, Exchange
from ui.errors import ApiError
from ui.format import literal
from ui.texts.chat import TEXTS, explain

_THUMBS: Final[tuple[Thumb, Thumb]] = ("down", "up")
_LONGEST: Final = 3900


def with_reasons(reasons: Sequence[str], words: str) -> str:
    """Return a comment that begins with reasons, the same in each language: ``[wrong, other]``."""
    listed = f"[{', '.join(reasons)}]" if reasons else ""
    return f"{listed} {words.strip()}".strip()


@st.fragment
def rating(
    client: Client,
    conversation: Conversation,
    exchange: Exchange,
    turn_id: str,
    language: Language,
) -> None:
    """Take one rating of an answer. A fragment, so that it does not disturb a running answer."""
    text, number = TEXTS[language], exchange.number
    with st.container(key=f"rating-{number}", gap="small"):
        if exchange.rated:
            icon = f":material/thumb_{exchange.rated}:"
            st.caption(f"{icon} {text.rated}")
            if exchange.rated == "down":
                place = f"rated-{number}"
                handover.offer(client, conversation, language, place=place, prominent=False)
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<span class="rb-label">{text.rate}</span>', width="content")
            chosen = st.feedback("thumbs", key=f"thumb-{number}")
        if chosen is None:
            return
        with st.form(f"rating-form-{number}", border=False, enter_to_submit=True):
            if _THUMBS[chosen] == "down":
                st.pills(
                    text.why_not,
                    options=list(text.reasons),
                    format_func=lambda code: text.reasons[code],
                    selection_mode="multi",
                    key=f"reasons-{number}",
                )
            st.text_input(
                text.comment,
                placeholder=text.comment_hint,
                max_chars=_LONGEST,
                label_visibility="collapsed",
                key=f"comment-{number}",
            )
            st.form_submit_button(
                text.send_rating,
                key=f"rate-{number}",
                on_click=_rate,
                args=(client, exchange, turn_id),
            )
        if exchange.not_rated:
            st.error(literal(explain(exchange.not_rated, text)))


def _rate(client: Client, exchange: Exchange, turn_id: str) -> None:
    """Store the rating that stands in the form."""
    state, number = st.session_state, exchange.number
    thumb = _THUMBS[state[f"thumb-{number}"]]
    reasons = state.get(f"reasons-{number}") or ()
    try:
        comment = with_reasons(reasons, state[f"comment-{number}"])
        client.rate(turn_id, thumb, comment)
    except ApiError as error:
        exchange.not_rated = error
    else:
        exchange.rated = thumb
