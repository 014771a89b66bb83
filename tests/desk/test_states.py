import pytest

from assistant.desk.states import Holder, LastAnswer, moved, reason_of
from assistant.errors import DeskConflict

MOVES = ("ask", "claim", "release", "return", "solve", "reopen", "close")


def test_the_way_of_a_ticket():
    holder = Holder.BOT
    for move in ("ask", "claim", "release", "claim", "solve", "reopen", "claim", "solve", "close"):
        holder = moved(holder, move)
    assert holder is Holder.CLOSED
    assert moved(moved(Holder.WAITING, "claim"), "return") is Holder.BOT


def test_what_is_closed_stays_closed():
    for move in MOVES:
        with pytest.raises(DeskConflict, match="does not take"):
            moved(Holder.CLOSED, move)


@pytest.mark.parametrize(
    ("holder", "move"),
    [
        ("bot", "release"),
        ("bot", "solve"),
        ("waiting", "ask"),
        ("person", "ask"),
        ("bot", "return"),
    ],
)
def test_a_move_from_where_it_cannot_be_made_says_what_can(holder, move):
    with pytest.raises(DeskConflict) as caught:
        moved(Holder(holder), move)
    assert "close" in caught.value.hint


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (LastAnswer(), "asked"),
        (LastAnswer("answered", 0.9), "asked"),
        (LastAnswer("answered", 0.9, rated_down=True), "rated_down"),
        (LastAnswer("abstained", 0.05), "missing_knowledge"),
        (LastAnswer("abstained"), "missing_knowledge"),
        (LastAnswer("abstained", 0.4), "low_evidence"),
        (LastAnswer("abstained", 0.4, withheld=True), "policy"),
        (LastAnswer("replied", foreign=True), "language"),
        (LastAnswer(failed=True), "failure"),
    ],
)
def test_why_a_person_is_asked_for_is_read_off_the_last_answer(last, reason):
    assert reason_of(last) == reason
