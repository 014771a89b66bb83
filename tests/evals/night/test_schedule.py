"""What a night of the server tells people."""

from pathlib import Path

from assistant.records.database import open_database
from evals import schedule
from guardrails.guard import Guard
from guardrails.store.store import Store


def test_a_night_that_fails_again_is_told_in_its_new_words_and_over_only_when_it_is(tmp_path: Path):
    engine = open_database(tmp_path / "d.sqlite")
    store = Store(engine)
    for words in ("worse", "worse", "much worse", ""):
        schedule._alarm(Guard(store), words)
    with store.reading() as ledger:
        told = [(m.topic, m.body["text"].partition(" Since")[0]) for m in ledger.outbox.untaken(9)]
        assert ledger.alarms(raised_only=True) == []
    engine.dispose()
    assert told == [
        ("alarm.raised", "worse"),
        ("alarm.raised", "much worse"),
        ("alarm.cleared", "This is over."),
    ]
