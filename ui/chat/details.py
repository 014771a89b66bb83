"""How an answer was made, for whoever wants to know."""

from typing import Final

import streamlit as st

from ui import format as formatted
from ui.api.turn import QUOTE, AnsweredTurn
from ui.chat.conversation import Exchange
from ui.texts.chat import ChatText

_FROM: Final = 0.01
"""Probability below which a number says no more, and as near to 1."""


def show(exchange: Exchange, turn: AnsweredTurn, text: ChatText) -> None:
    """Show which way the question went, folded."""
    with st.expander(text.details, type="compact", key=f"details-{exchange.number}"):
        st.caption("  \n".join(_rows(turn, exchange.question, text)))


def percent(share: float) -> str:
    """Return a share in [0, 1] in whole per cent."""
    return f"{100 * share:.0f}\u00a0%"


def _rows(turn: AnsweredTurn, question: str, text: ChatText) -> list[str]:
    rows = [(text.segment, turn.segment)] if turn.segment else []
    if turn.standalone and turn.standalone != question:
        rows.append((text.searched_for, turn.standalone))
    if turn.mode:
        rows.append((text.mode, text.modes[turn.mode]))
    if turn.mode_reason:
        rows.append((text.mode_reason, turn.mode_reason))
    if turn.evidence is not None:
        rows.append((text.evidence, _likely(turn.evidence)))
    if turn.route:
        own = turn.route.arm == QUOTE
        rows.append((text.arm, text.own_words if own else turn.route.arm))
        if turn.route.reason and turn.route.reason != turn.mode_reason:
            rows.append((text.reason, turn.route.reason))
    if turn.fell_back:
        rows.append((text.fell_back, turn.fell_back))
    times = ", ".join(
        f"{step} {formatted.seconds(took, text.decimal)}" for step, took in turn.timings_s.items()
    )
    rows.append((text.times, times or "–"))
    return [f"{name}: {formatted.literal(value)}" for name, value in rows]


def _likely(probability: float) -> str:
    """Return a probability in per cent; one that is not certain is not said to be."""
    if 0 < probability < _FROM:
        return f"< {percent(_FROM)}"
    return f"> {percent(1 - _FROM)}" if 1 - _FROM < probability < 1 else percent(probability)
