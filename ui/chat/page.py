"""The chat page: what was asked, the answers, and the answer that is being written."""

import time
from contextlib import closing
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import figures, scripts
from ui import format as formatted
from ui.addresses import NOWHERE
from ui.api.client import Client, Language
from ui.api.stream import Waiting
from ui.api.turn import AnsweredTurn
from ui.chat import (
    answers,
    choices,
    details,
    export,
    handover,
    history,
    marks,
    messages,
    notice,
    people,
    readiness,
)
from ui.chat.asking import answered, stopped
from ui.chat.conversation import Anew, Conversation, Exchange, Item, Passed, WrittenMessage
from ui.errors import ApiError
from ui.texts.chat import TEXTS, ChatText, explain

_REDRAW_S: Final = 0.06
"""Shortest time between two redraws of an answer that is being written."""
_WATCH_S: Final = 1.0
_LONG_S: Final = 5.0
"""From here on, waiting for the first word wants an explanation."""
_LONGEST_QUESTION: Final = 4000


def page(client: Client, conversation: Conversation, language: Language) -> None:
    """Draw the page, and answer what was just asked."""
    text = TEXTS[language]
    history.restore(client, conversation, language)
    with st.bottom:
        question = st.chat_input(
            text.write if conversation.awaited else text.ask,
            max_chars=_LONGEST_QUESTION,
            key="question",
            submit_mode="stop",
        )
    if question and question.strip():
        conversation.ask(question.strip())
    with st.bottom, st.container(key="below", gap="xxsmall"):
        readiness.show(client, text)
        with st.container(key="foot", horizontal=True, vertical_alignment="center"):
            st.caption(text.notice)
            handover.offer(client, conversation, language, place="foot", prominent=False)
    with st.sidebar:
        history.show(client, conversation, language)
    with st.container(key="thread"):  # what is below keeps its place, and what is open in it
        _thread(client, conversation, language, typed=bool(question))
    handover.show(client, conversation, language)
    handover.reveal()
    scripts.run("clicks")
    history.name(conversation)
    if conversation.items:
        with st.sidebar:
            export.saving(conversation, language)


def _thread(client: Client, conversation: Conversation, language: Language, *, typed: bool) -> None:
    if not conversation.items:
        _welcome(conversation, language)
    if conversation.earlier:
        st.button(
            TEXTS[language].earlier.format(count=figures.count(conversation.earlier, language)),
            key="earlier",
            type="tertiary",
            icon=":material/expand_less:",
            on_click=conversation.show_earlier,
        )
    for item in conversation.items[conversation.earlier :]:
        _item(client, conversation, item, language, typed=typed)


def _item(
    client: Client, conversation: Conversation, item: Item, language: Language, *, typed: bool
) -> None:
    match item:
        case Exchange(replaced=True):
            _replaced(item, language)
        case Exchange():
            with st.container(key=f"exchange-{item.number}"):
                _exchange(client, conversation, item, language, typed=typed)
        case WrittenMessage():
            messages.show(client, conversation, item, language)
        case Passed():
            messages.show_passed(item, language)
        case Anew():
            messages.show_anew(item, language)


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
    client: Client,
    conversation: Conversation,
    exchange: Exchange,
    language: Language,
    *,
    typed: bool,
) -> None:
    text = TEXTS[language]
    with st.container(key=f"asked-{exchange.number}"), st.chat_message("user"):
        st.text(exchange.question)
        if exchange.stage == "asked":
            scripts.run("to the newest exchange")
    with st.container(key=f"answer-{exchange.number}"), st.chat_message("assistant"):
        shown = st.empty()
        if exchange.stage in {"asked", "running"}:
            # The input itself can stop what was typed there and nothing else.
            fresh = typed and exchange.stage == "asked"
            _write(shown, client, conversation, exchange, language, stoppable=not fresh)
        if exchange.turn:
            answers.show(shown, conversation, exchange, exchange.turn, language)
            marks.show(exchange, text)
            _after(client, conversation, exchange, exchange.turn, language)
        else:
            answers.draw(shown, exchange)
            if exchange.answer:
                marks.show(exchange, text)
            _broken(conversation, exchange, text)
    if exchange is conversation.items[-1] and conversation.holder == "bot":
        _edit(conversation, exchange, text)


def _write(
    shown: DeltaGenerator,
    client: Client,
    conversation: Conversation,
    exchange: Exchange,
    language: Language,
    *,
    stoppable: bool,
) -> None:
    """Show in ``shown`` the answer as it comes, and draw the page again once it has ended.

    Streamlit may end this run at any of its calls, as when the person clicks something; the next
    run reads the answer on.
    """
    text = TEXTS[language]
    exchange.reader = reader = object()
    if exchange.answer:
        answers.draw(shown, exchange)
    else:
        shown.html(_waiting(text, 0))
    _watch(client, conversation, exchange)
    if stoppable:
        st.button(
            text.stop,
            key=f"stop-{exchange.number}",
            icon=":material/stop_circle:",
            on_click=stopped,
            args=(client, conversation),
        )
    drawn = 0.0
    try:
        with closing(answered(client, conversation, exchange, language)) as events:
            for event in events:
                history.name(conversation)
                if isinstance(event, Waiting) and not exchange.answer:
                    shown.html(_waiting(text, event.seconds))
                elif time.monotonic() - drawn >= _REDRAW_S:
                    answers.draw(shown, exchange)
                    drawn = time.monotonic()
    except ApiError as error:
        exchange.error = error
        exchange.stage = "failed"
    finally:
        if exchange.reader is reader:
            exchange.reader = None
    st.rerun()


@st.fragment(run_every=_WATCH_S)
def _watch(client: Client, conversation: Conversation, exchange: Exchange) -> None:
    """Stop the answer at the server, too, once the input's button has ended the run that reads it.

    A run of this fragment waits until that of the page is over. A page that is gone has no runs:
    the answer goes on, and is there when the person is back.
    """
    if exchange.stage == "running" and exchange.reader is None:
        stopped(client, conversation)
        st.rerun()


def _replaced(exchange: Exchange, language: Language) -> None:
    """Show a question that was asked anew, and what had been answered, folded."""
    text = TEXTS[language]
    label = text.replaced.format(question=formatted.literal(exchange.question))
    with st.expander(label, type="compact", key=f"replaced-{exchange.number}"):
        if exchange.answer:
            hosts = exchange.turn.hosts if exchange.turn else NOWHERE
            st.markdown(formatted.safe(exchange.answer, hosts), anchors=False)
            st.caption(formatted.literal(marks.told(exchange.turn, text)))


def _edit(conversation: Conversation, exchange: Exchange, text: ChatText) -> None:
    """Offer to ask the last question otherwise."""
    number = exchange.number
    with (
        st.container(key=f"edit-{number}", horizontal=True, horizontal_alignment="right"),
        st.popover(text.edit, type="tertiary", icon=":material/edit:", key=f"editing-{number}"),
        st.form(f"edit-form-{number}", border=False, enter_to_submit=False),
    ):
        st.text_area(
            text.your_question,
            value=exchange.question,
            max_chars=_LONGEST_QUESTION,
            key=f"edited-{number}",
        )
        st.form_submit_button(
            text.ask_edited,
            type="primary",
            key=f"ask-edited-{number}",
            on_click=_ask_edited,
            args=(conversation, exchange),
        )


def _ask_edited(conversation: Conversation, exchange: Exchange) -> None:
    question = st.session_state[f"edited-{exchange.number}"].strip()
    if question:
        conversation.ask(question, exchange)


def _after(
    client: Client,
    conversation: Conversation,
    exchange: Exchange,
    turn: AnsweredTurn,
    language: Language,
) -> None:
    text = TEXTS[language]
    if turn.outcome == "taken_over":
        st.info(text.taken_over, icon=":material/support_agent:")
    if turn.offers_person and conversation.holder in {"bot", "closed"}:
        with st.container(key=f"offer-{exchange.number}", border=True):
            _, closing = choices.around(exchange, turn)
            st.markdown(formatted.safe(closing or text.person_offer, turn.hosts))
            place = f"offer-{exchange.number}"
            handover.offer(client, conversation, language, place=place, prominent=True)
    answers.show_evidence(exchange, turn, language)
    if turn.outcome in {"answered", "abstained"}:
        people.rating(client, conversation, exchange, turn.turn_id, language)
    if exchange.answer:
        export.copying(exchange, text)
    details.show(exchange, turn, text)


def _broken(conversation: Conversation, exchange: Exchange, text: ChatText) -> None:
    with st.container(key=f"broken-{exchange.number}"):
        if exchange.error:
            problem = formatted.literal(explain(exchange.error, text))
            st.error(problem, icon=":material/cloud_off:")
        else:
            st.info(text.stopped, icon=":material/pause_circle:")
        if exchange is conversation.items[-1] and conversation.holder == "bot":
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
