"""Eval cases that were made of what people asked are erased with it."""

from datetime import timedelta

import pytest

from assistant.records.cases import AddedCase, AddedCases, Expected
from assistant.records.conversations import LOCAL
from assistant.records.database import open_database
from assistant.records.turns import Records, Turn
from assistant.retention.holdings import Holdings
from assistant.settings import RetentionSettings, Settings
from guardrails import clock

MARK = "Quibberish"


@pytest.fixture
def at(tmp_path):
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    for folder in (settings.data_dir, settings.cache_dir):
        folder.mkdir()
    engine = open_database(settings.data_dir / "routeback.sqlite")
    records, cases = Records(engine), AddedCases(engine)
    conversation = records.begin(LOCAL)
    asked = f"What is {MARK}?"
    turn = Turn(conversation, asked, asked, "en", "other", "abstained", "No.", "p", "1")
    records.add(turn)
    right = Expected("write", reference="A word.")
    cases.add(AddedCase.made("eve", asked, "en", "other", right, turn=turn))
    cases.add(AddedCase.made("eve", "A word that is none?", "en", "other", right, turn=turn))
    yield Holdings.of(settings, engine, engine), cases, conversation
    engine.dispose()


def held(holdings: Holdings) -> bool:
    return any(MARK.encode() in path.read_bytes() for path in holdings.data.rglob("*.sqlite*"))


def test_whoever_is_erased_leaves_no_case_in_whose_words_ever(at):
    holdings, cases, conversation = at
    assert held(holdings)
    assert holdings.preview([conversation]).counts["cases"] == 2
    _, kept = holdings.export([conversation], "eve")
    assert [row["by"] for row in kept["cases"]] == ["eve", "eve"]
    holdings.begin({conversation})
    assert holdings.finish({conversation}, "eve").counts["cases"] == 2
    assert cases.all() == []
    assert not held(holdings)


def test_when_a_question_is_too_old_a_case_in_an_editors_own_words_stays(at):
    holdings, cases, _ = at
    later = clock.now() + timedelta(days=91)
    receipt = holdings.expire(RetentionSettings(), later)
    assert receipt is not None
    assert receipt.counts["cases"] == 1
    (left,) = cases.all()
    assert (left.question, left.from_turn) == ("A word that is none?", "")
    assert not held(holdings)
