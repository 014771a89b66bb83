"""The parts of the benchmarks of load that are no processes."""

import sqlite3

import pytest

from assistant.turn.prompts import question_message
from benchmarks.load import clients, load
from benchmarks.load.arms import NOTHING, Script
from benchmarks.load.clients import Asked
from guardrails.types import Text

PASSAGES = (
    Text("Open **Settings**. Choose Reset! Wait.\n\n- a point\nDone. Five.", "en", "Reset"),
    Text("Another passage.", "en", "Other"),
)


def test_the_script_says_what_the_first_passage_does():
    script = Script()
    message = question_message("How do I reset it?", PASSAGES, "en")["content"]
    said = "Open **Settings** [1]. Choose Reset [1]! Wait [1]."
    assert script.answer(message) == ("How do I reset it?", said)
    assert script.answer("How do I reset it?") == ("How do I reset it?", said)
    assert script.answer("Are you there?") == ("Are you there?", NOTHING)


def test_no_question_is_asked_twice():
    asked = [q for wording in range(clients.WORDINGS) for q in clients.questions(wording)]
    assert len(asked) == len(set(asked)) > 1000


@pytest.mark.parametrize(
    ("kept", "missing"),
    [([("1", "Yes.")], 0), ([], 1), ([("1", "No.")], 1), ([("1", "Yes."), ("1", "Yes.")], 1)],
)
def test_what_came_whole_is_stored_once_as_it_was_shown(tmp_path, kept, missing):
    with sqlite3.connect(tmp_path / load.RECORDS) as records:
        records.execute("CREATE TABLE turns (id TEXT, answer TEXT)")
        records.executemany("INSERT INTO turns VALUES (?, ?)", kept)
    whole = Asked("?", 0.0, text="Yes. ", ended=True, told={"turn_id": "1"})
    cut = Asked("?", 0.0, text="Ye", told={"turn_id": "2"})
    assert load.lost(tmp_path, [whole, cut]) == missing
