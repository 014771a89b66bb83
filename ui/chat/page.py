"""The chat page: what was asked, the answers, and the answer that is being written."""

import time
from contextlib import closing
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import format as formatted
from ui import scripts
from ui.api.client import Client, Language
from ui.api.turn import AnsweredTurn
from ui.chat import answers, choices, details, export, marks, notice, people, readiness
from ui.chat.conversation import Conversation, Exchange, answered
from ui.errors import ApiError
from ui.texts.chat import TEXTS, ChatText, explain

_REDRAW_S: Final = 0.06
"""Shortest time between two redraws of an answer that is being written."""
_LONG_S: Final = 5.0
"""From here on, waiting for the first word wants an explanation."""
_LONGEST_QUESTION: Final = 4000


def page(client: Client, conversation: Conversation, language: Language) -> None:
    """Draw the page, and answer what was just asked."""
    text = TEXTS[language]
    with st.bottom:
        question = st.chat_input(
            text.ask, max_chars=_LONGEST_QUESTION, key="question", submit_mode="stop"
        )
    if question and question.strip():
        conversation.ask(question.strip())
    with st.bottom, st.container(key="below", gap="xxsmall"):
        readiness.show(client, text)
        with st.container(key="foot", horizontal=True, vertical_alignment="center"):
            st.caption(text.notice)
            place = f"foot-{conversation.asked}"
            people.person(client, conversation, language, place=place, prominent=False)
    if not conversation.exchanges:
        _welcome(conversation, language)
    for exchange in conversation.exchanges:
        with st.container(key=f"exchange-{exchange.number}"):
            _exchange(client, conversation, exchange, language)
    if conversation.exchanges:
        with st.sidebar:
            export.saving(conversation, language)


def _welcome(conversation: Conversation, language: Language) -> None:
    text = TEXTS[language]
    with st.container(key="welcome"):
        st.title(text.welcome, anchor=False)
        notice.show(language)
        st.markdown(text.welcome_more)
        st.html(f'<p class="rb-label">{text.examples_label}</p>')
        for number, example in enumerate(text.examples, start=1):
            st.button(
                example,
                key=f"example-{number}",
                icon=":material/arrow_outward:",
                on_click=conversation.ask,
                args=(example,),
            )


def _exchange(
    client: Client, conversation: Conversation, exchange: Exchange, language: Language
) -> None:
    text = TEXTS[language]
    with st.container(key=f"asked-{exchange.number}"), st.chat_message("user"):
        st.text(exchange.question)
        if exchange.stage == "asked":
            scripts.run("to the newest exchange")
    with st.container(key=f"answer-{exchange.number}"), st.chat_message("assistant"):
        shown = st.empty()
        if exchange.stage == "asked":
            _write(shown, client, conversation, exchange, language)
        elif exchange.stage == "running":
            exchange.stage = "stopped"
        if exchange.turn:
            answers.show(shown, conversation, exchange, exchange.turn, language)
            marks.show(exchange, text)
            _after(client, conversation, exchange, exchange.turn, language)
        else:
            answers.draw(shown, exchange)
            if exchange.answer:
                marks.show(exchange, text)
            _broken(conversation, exchange, text)


def _write(
    shown: DeltaGenerator,
    client: Client,
    conversation: Conversation,
    exchange: Exchange,
    language: Language,
) -> None:
    """Show in ``shown`` the answer as it comes, and keep in the exchange how it ended.

    Streamlit may end this run at any of its calls, as when the person starts a new
    conversation; what has come until then stays in the exchange.
    """
    text = TEXTS[language]
    exchange.stage = "running"
    shown.html(_waiting(text, 0))
    drawn = 0.0
    try:
        with closing(answered(client, conversation, exchange, language)) as events:
            for event in events:
                if isinstance(event, AnsweredTurn):
                    exchange.turn = event
                elif isinstance(event, str):
                    exchange.answer += event
                    if time.monotonic() - drawn >= _REDRAW_S:
                        answers.draw(shown, exchange)
                        drawn = time.monotonic()
                elif not exchange.answer:
                    shown.html(_waiting(text, event.seconds))
    except ApiError as error:
        exchange.error = error
        exchange.stage = "failed"
    else:
        exchange.stage = "done"


def _after(
    client: Client,
    conversation: Conversation,
    exchange: Exchange,
    turn: AnsweredTurn,
    language: Language,
) -> None:
    text = TEXTS[language]
    if turn.offers_person:
        with st.container(key=f"offer-{exchange.number}", border=True):
            _, closing = choices.around(exchange, turn)
            st.markdown(formatted.safe(closing or text.person_offer, turn.hosts))
            place = f"offer-{exchange.number}"
            people.person(client, conversation, language, place=place, prominent=True)
    answers.show_evidence(exchange, turn, language)
    if turn.outcome in {"answered", "abstained"}:
        people.rating(client, exchange, turn.turn_id, text)
    export.copying(exchange, text)
    details.show(exchange, turn, text)


def _broken(conversation: Conversation, exchange: Exchange, text: ChatText) -> None:
    with st.container(key=f"broken-{exchange.number}"):
        if exchange.error:
            problem = formatted.literal(explain(exchange.error, text))
            st.error(problem, icon=":material/cloud_off:")
        else:
            st.info(text.stopped, icon=":material/pause_circle:")
        st.button(
            text.ask_again,
            key=f"again-{exchange.number}",
            icon=":material/refresh:",
            on_click=conversation.ask_again,
            args=(exchange,),
        )


def _waiting(text: ChatText, seconds: float) -> str:
    """Return the line that stands where the answer will be, with the seconds that have gone by."""
    line = text.searching if seconds < _LONG_S else text.searching_long
    elapsed = f"{seconds:.0f}\u202fs" if seconds >= 1 else ""
    return f'<p class="rb-waiting"><i></i>{line} … <span>{elapsed}</span></p>'
