"""Eval cases that people add: what is stored, under which id, and what goes with a turn."""

import pytest

from assistant.errors import CaseError, UnknownName
from assistant.records.cases import AddedCase, AddedCases, Expected, forget, ids_of_turns
from assistant.records.turns import Turn

RIGHT = Expected("write", "webhooks", "A call that we make to your address.")


def turn(question: str) -> Turn:
    return Turn("c", question, question, "en", "other", "abstained", "No.", "p", "1")


@pytest.fixture
def cases(database):
    return AddedCases(database), database


def case(question: str = "What is a webhook?", **more) -> AddedCase:
    return AddedCase.made("eve", question, "en", "other", RIGHT, **more)


def test_a_case_in_the_persons_words_is_named_after_the_turn_and_another_is_not():
    asked = turn("what is a WEBHOOK")
    assert case(turn=asked).id == f"turn-{asked.id[:8]}"
    own = case("Explain webhooks", turn=asked)
    assert own.id.startswith("added-")
    assert own.from_turn == asked.id


def test_what_people_write_is_redacted_before_it_is_stored():
    right = Expected("write", reference="Write to jo@example.org.")
    made = AddedCase.made("eve", "Is jo@example.org right?", "en", "other", right)
    assert "example.org" not in made.question + made.expected.reference


@pytest.mark.parametrize(("question", "right"), [(" ", RIGHT), ("What?", Expected("quote", "x"))])
def test_what_is_no_case_is_refused(question, right):
    with pytest.raises(CaseError, match="needs a"):
        AddedCase.made("eve", question, "en", "other", right)


def test_a_question_is_asked_by_one_case_until_that_is_taken_out(cases):
    store, _ = cases
    first = case()
    store.add(first)
    with pytest.raises(CaseError, match=f"{first.id} asks this already"):
        store.add(case("what is a webhook"))
    assert store.remove(first.id).active is False
    with pytest.raises(UnknownName):
        store.remove(first.id)
    assert store.all(active=True) == []
    again = case("what is a webhook")
    store.add(again)
    assert store.all(active=True) == [again]


def test_a_case_that_was_taken_out_can_be_said_anew(cases):
    store, _ = cases
    asked = turn("What is a webhook?")
    store.add(case(turn=asked))
    store.remove(f"turn-{asked.id[:8]}")
    other = AddedCase.made("eve", asked.question, "en", "other", Expected("abstain"), turn=asked)
    store.add(other)
    assert store.all() == [other]


def test_cases_of_an_entry_are_found_by_its_name(cases):
    store, _ = cases
    mine = case(from_entry="Webhook")
    store.add(mine)
    store.add(case("What is a pod?"))
    assert store.of_entry("Webhook") == [mine]


def test_with_a_turn_goes_what_says_its_words_and_the_rest_is_unlinked(cases):
    store, engine = cases
    asked = turn("What is a webhook?")
    verbatim, own = case(turn=asked), case("Explain webhooks", turn=asked)
    store.add(verbatim)
    store.add(own)
    with engine.begin() as connection:
        assert ids_of_turns(connection, [asked.id]) == {verbatim.id, own.id}
        assert forget(connection, [verbatim.id], [asked.id]) == 1
        assert ids_of_turns(connection, [asked.id]) == frozenset()
    (left,) = store.all()
    assert (left.id, left.from_turn) == (own.id, "")
