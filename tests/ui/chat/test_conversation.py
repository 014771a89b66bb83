"""The log of a conversation, as the page takes it up: each entry once, in whatever way it comes."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from ui.api.stream import AnswerPiece
from ui.api.types import (
    ApiConversationView,
    ApiEntryView,
    ApiMovedView,
    ApiStandingView,
    ApiTurnView,
)
from ui.chat.conversation import Conversation, Exchange, Passed, WrittenMessage
from ui.chat.people import with_reasons

AT = datetime(2026, 11, 29, tzinfo=UTC)
WORDS = ["One", " two", " three", " four", " five", "."]


def entry(number: int, kind: Any, text: str = "", **more: Any) -> ApiEntryView:
    return ApiEntryView(number=number, at=AT, kind=kind, text=text, **more)


def view(*entries: ApiEntryView, name: str = "c-1", holder: Any = "bot") -> ApiConversationView:
    number = entries[-1].number if entries else 0
    standing = ApiStandingView(holder=holder, number=number)
    return ApiConversationView(conversation_id=name, standing=standing, entries=entries)


def asked(conversation: Conversation) -> Exchange:
    conversation.ask("What?")
    exchange = conversation.exchanges[-1]
    exchange.stage = "running"
    return exchange


def log(client_id: str | None = None) -> list[ApiEntryView]:
    """A question and the pieces of its answer."""
    first = entry(1, "question", "What?", turn_id="t-1", client_id=client_id)
    return [first, *(entry(n, "piece", w, turn_id="t-1") for n, w in enumerate(WORDS, 2))]


def ended(text: str, outcome: Any = "answered", kind: Any = "answer") -> ApiEntryView:
    turn = ApiTurnView(turn_id="t-1", outcome=outcome)
    return entry(len(WORDS) + 2, kind, text, turn_id="t-1", turn=turn)


def test_cut_wherever_it_is_the_same_text_comes():
    """Pieces heard, the line broken, and the log read from any number, at random."""
    for seed in range(300):
        random, conversation = Random(seed), Conversation(id="c-1")
        exchange = asked(conversation)
        whole = log(exchange.client_id)
        for one in whole[1 : random.randint(1, len(whole))]:
            conversation.hear(exchange, AnswerPiece.of(one.text, one.number))
        for _ in range(random.randint(0, 3)):
            upto = random.randint(1, len(whole))
            after = random.choice([0, exchange.before, conversation.number])
            conversation.see(view(*(one for one in whole[:upto] if one.number > after)))
        if random.random() < 0.5:
            conversation.see(view(*whole, ended("".join(WORDS))))
        else:  # the pieces are gone by then
            conversation.see(view(whole[0], ended("".join(WORDS))))
        assert (exchange.answer, exchange.stage) == ("".join(WORDS), "done"), seed
        assert conversation.items == [exchange]


def test_two_runs_of_a_page_that_hear_the_same_count_it_once():
    conversation = Conversation(id="c-1")
    exchange = asked(conversation)
    for one in log()[1:]:
        for _ in range(2):
            conversation.hear(exchange, AnswerPiece.of(one.text, one.number))
    assert exchange.answer == "".join(WORDS)


def test_what_was_shown_of_an_answer_that_was_stopped_stays():
    conversation = Conversation(id="c-1")
    conversation.see(view(*log()[:4], ended("", "left", "cut")))
    (exchange,) = conversation.exchanges
    assert (exchange.answer, exchange.stage, exchange.turn) == ("One two three", "stopped", None)


def test_a_question_that_went_to_a_person_is_a_message_in_its_place():
    conversation = Conversation(id="c-1")
    exchange = asked(conversation)
    conversation.see(
        view(
            entry(1, "user", "What?", client_id=exchange.client_id),
            entry(2, "team", "That."),
            holder="person",
        )
    )
    assert [type(item) for item in conversation.items] == [WrittenMessage, WrittenMessage]
    assert conversation.holder == "person"


def test_what_opens_a_request_is_not_said_twice():
    conversation = Conversation(id="c-1")
    moved = ApiMovedView(before="bot", after="waiting", move="ask", ticket=3)
    conversation.see(
        view(
            *log(),
            ended("I do not know."),
            entry(20, "moved", moved=moved),
            entry(21, "user", "What?", detail={"opens": True}),
            holder="waiting",
        )
    )
    assert [type(item) for item in conversation.items] == [Exchange, Passed]


def test_an_edited_question_replaces_the_one_before_also_for_who_reads_the_log():
    conversation = Conversation(id="c-1")
    exchange = asked(conversation)
    conversation.see(view(*log(exchange.client_id), ended("So.")))
    conversation.ask("What else?", exchange)
    again = conversation.exchanges[-1].client_id
    assert exchange.replaced
    assert len(again) <= 64
    other = Conversation(id="c-1")
    more = entry(9, "question", "What else?", turn_id="t-2", client_id=again)
    other.see(view(*log(), ended("So."), more))
    assert [one.replaced for one in other.exchanges] == [True, False]


def test_a_question_that_never_arrived_leaves_nothing_when_it_is_asked_again():
    conversation = Conversation(id="c-1")
    exchange = asked(conversation)
    exchange.stage = "failed"
    conversation.ask_again(exchange)
    assert [one.question for one in conversation.exchanges] == ["What?"]
    assert conversation.exchanges[0] is not exchange


def test_where_a_conversation_goes_on_elsewhere_the_page_does_too():
    conversation = Conversation(id="c-1")
    conversation.see(view(*log(), ended("So."), name="c-2"))
    assert (conversation.id, conversation.number) == ("c-2", 0)
    conversation.see(view(entry(1, "team", "Here."), name="c-2", holder="person"))
    assert isinstance(conversation.items[-1], WrittenMessage)


def test_reasons_stand_before_the_words_in_one_form():
    assert with_reasons(["wrong", "other"], " so ") == "[wrong, other] so"
    assert with_reasons([], " so ") == "so"
    assert with_reasons(["wrong"], "") == "[wrong]"
