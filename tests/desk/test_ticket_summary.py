"""The summary of a ticket: rules over its log, each with the case that would break it."""

from typing import get_args

import pytest

from assistant.desk.summary import MOST, BotExchange, PointKind, Remark, summarized
from assistant.desk.wording import POINTS, UNDRAFTED, Undrafted


def kinds(points) -> list[tuple[str, str]]:
    return [(point.kind, point.text) for point in points]


def test_each_kind_is_called_something_in_both_languages():
    for told, wanted in ((POINTS, PointKind), (UNDRAFTED, Undrafted)):
        for words in told.values():
            assert set(words) == set(get_args(wanted))
            assert len(set(words.values())) == len(words)


def test_what_is_wanted_tried_and_open():
    found = summarized(
        [
            BotExchange(1, "How do I pay?", "answered", "quote", "quote", sources=("Paying",)),
            BotExchange(3, "And by cheque?", "asked", "ask", choices=("Cheques", "Cards")),
            BotExchange(
                5, "Can my dog come?", "abstained", "abstain", evidence=0.1, choices=("Cat",)
            ),
            BotExchange(7, "I want a person", "handed_off", talk=True),
            Remark(9, "user", "Can my dog  come?"),
            Remark(10, "user", "It is a small one."),
        ]
    )
    asked = ["How do I pay?", "And by cheque?", "Can my dog come?", "It is a small one."]
    assert [point.text for point in found.wanted] == asked
    assert [(p.kind, p.titles) for p in found.tried] == [
        ("quoted", ("Paying",)),
        ("offered", ("Cheques", "Cards")),
        ("abstained", ("Cat",)),
    ]
    assert kinds(found.open) == [
        ("not_found", "Can my dog come?"),
        ("waits", "It is a small one."),
    ]
    assert [(p.kind, p.value) for p in found.doubts] == [("evidence", 0.1)]


def test_what_was_answered_later_is_not_open_unless_that_was_rated_down():
    first = BotExchange(1, "Can I pay by cheque?", "abstained")
    later = BotExchange(3, "can I pay  by cheque?", "answered", "write", "base")
    assert summarized([first, later]).open == ()
    down = BotExchange(3, "can I pay by cheque?", "answered", "write", "base", rated_down=True)
    assert [point.kind for point in summarized([first, down]).open] == ["not_found"]
    assert summarized([down]).open[0].kind == "rated_down"


def test_a_persons_reply_ends_what_was_open_before_it_and_nothing_after():
    said = [
        BotExchange(1, "Can my dog come?", "abstained"),
        Remark(2, "user", "Hello, my dog?"),
        Remark(3, "team", "Yes, it may."),
    ]
    assert summarized(said).open == ()
    assert summarized(said).tried[-1].kind == "person"
    assert kinds(summarized([*said, Remark(4, "user", "And a cat?")]).open) == [
        ("waits", "And a cat?")
    ]


def test_talk_is_neither_wanted_nor_open():
    talk = [BotExchange(1, "Hello", "replied", talk=True), Remark(2, "user", "thanks", talk=True)]
    found = summarized(talk)
    assert (found.wanted, found.tried, found.open) == ((), (), ())


@pytest.mark.parametrize(
    ("exchange", "kind"),
    [
        (BotExchange(1, "q", "failed"), "no_answer"),
        (BotExchange(1, "q", ""), "no_answer"),
        (BotExchange(1, "q", "left"), "no_answer"),
        (BotExchange(1, "q", "taken_over"), "no_answer"),
        (BotExchange(1, "q", "handed_off"), "for_people"),
        (BotExchange(1, "q", "replied"), "foreign"),
        (BotExchange(1, "q", "asked"), "which"),
        (BotExchange(1, "q", "abstained", finish="content_filter"), "withheld"),
        (BotExchange(1, "q", "abstained", fell_back="base: it took too long"), "unsure"),
        (BotExchange(1, "p", "answered", left_open=("q",)), "left_open"),
    ],
)
def test_whatever_ends_without_an_answer_is_open(exchange, kind):
    assert kinds(summarized([exchange]).open) == [(kind, "q")]


@pytest.mark.parametrize(
    ("fell_back", "kind"),
    [
        ("a sentence did not pass: no passage has it (0.10)", "did_not_pass"),
        ("the answer did not pass: off the question (0.10 < 0.5)", "did_not_pass"),
        ("base's answer did not pass: no sentence passed", "did_not_pass"),
        ("no passage carries the answer", "did_not_pass"),
        ("it found no answer in the passages", "found_nothing"),
        ("base: it found no answer in the passages", "found_nothing"),
        ("it said nothing", "found_nothing"),
        ("it took too long", "late"),
        ("base: it took too long", "late"),
        ("it was cut at the limit of tokens", "too_long"),
        ("tuned cannot be reached: refused.", "arm_failed"),
    ],
)
def test_why_another_answered_is_told_in_plain_words(fell_back, kind):
    found = summarized([BotExchange(1, "q", "answered", "write", fell_back=fell_back)])
    assert kinds(found.doubts) == [(kind, fell_back)]


def test_doubts_name_the_sentence_and_the_missing_score():
    doubtful = BotExchange(
        1,
        "q",
        "answered",
        "write",
        evidence=0.6,
        not_carried=("It rains.",),
        checked=False,
        unscored=("the checker is away",),
        finish="length",
    )
    assert [point.kind for point in summarized([doubtful]).doubts] == [
        "evidence",
        "not_carried",
        "unchecked",
        "no_score",
        "too_long",
    ]
    assert summarized([BotExchange(1, "q", "answered", "quote", evidence=0.95)]).doubts == ()


def test_of_very_much_the_latest_is_told_and_it_is_said_how_much_is_left_out():
    said = [Remark(n, "user", f"question {n}") for n in range(50)]
    found = summarized(reversed(said))
    assert [point.number for point in found.open] == list(range(50 - MOST, 50))
    assert found.left_out == 2 * (50 - MOST)
