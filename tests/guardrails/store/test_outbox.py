"""What is written to the outbox, in whose transaction, and who may send it."""

from datetime import timedelta

import pytest

from guardrails.rules.permission import Permission
from guardrails.rules.policy import Policy
from guardrails.rules.stages import Move
from guardrails.store.notices import CLEARED, QUOTED, RAISED, ROUTED_BACK, decided
from guardrails.store.outbox import OutboxMessage, Recipient
from guardrails.types import Pin, Stage, Standing
from tests.guardrails.conftest import START

WEBHOOK = Recipient("webhook")


@pytest.fixture
def messages(store):
    def found() -> list[OutboxMessage]:
        with store.reading() as ledger:
            return ledger.outbox.untaken(100)

    return found


def put(store, *threads: str) -> list[OutboxMessage]:
    made = [OutboxMessage("t", {"subject": thread}, START, thread) for thread in threads]
    with store.transaction() as ledger:
        for message in made:
            ledger.outbox.put(message)
            assert ledger.outbox.take_up(message.id, [WEBHOOK], START)
    return made


def claimed(store, now=START):
    with store.transaction() as ledger:
        due = ledger.outbox.due("webhook", now)
        return due and ledger.outbox.claim(due, now + timedelta(seconds=90))


def test_an_alarm_is_told_once_and_again_when_it_is_over(store, messages):
    with store.transaction() as ledger:
        ledger.raise_alarm("blind", "tuned", START, "30% have no score")
        ledger.raise_alarm("blind", "tuned", START, "31% have no score")
    with store.transaction() as ledger:
        ledger.clear_alarm("blind", "tuned", START + timedelta(hours=1))
        ledger.clear_alarm("blind", "other", START)
        ledger.clear_alarm("breaker", "tuned", START)
    up, over = messages()
    assert (up.topic, over.topic) == (RAISED, CLEARED)
    assert up.thread == over.thread
    assert up.id != over.id
    assert up.body == {
        "subject": "The guardrail cannot see tuned",
        "text": "30% have no score",
        "kind": "blind",
        "arm": "tuned",
        "segment": None,
        "decision": None,
        "at": START.isoformat(),
    }
    assert over.body["subject"] == "Over: The guardrail cannot see tuned"
    assert over.body["text"] == (
        "This is over. Since 2026-01-01 00:00 UTC it was: 30% have no score"
    )


def test_an_alarm_that_goes_on_with_other_words_is_not_told_to_be_over(store, messages):
    with store.transaction() as ledger:
        ledger.raise_alarm("night", "evals", START, "worse")
    with store.transaction() as ledger:
        ledger.clear_alarm("night", "evals", START)
        ledger.raise_alarm("night", "evals", START, "much worse")
    assert [(m.topic, m.body["text"]) for m in messages()] == [
        (RAISED, "worse"),
        (RAISED, "much worse"),
    ]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("measure/de", "tuned does not rise"),
        ("ratio", "Scores of tuned are missing"),
        ("overdue", "The eval night is overdue"),
        ("frozen", "Promotions are frozen"),
        ("breaker", "Calls of tuned are failing"),
        ("new/{arm}", "Alarm new/tuned: tuned"),
    ],
)
def test_every_kind_of_alarm_has_a_subject(store, messages, kind, said):
    with store.transaction() as ledger:
        ledger.raise_alarm(kind, "tuned", START, "m")
    assert said in messages()[0].body["subject"]


def test_what_is_rolled_back_is_not_told(store, messages):
    with pytest.raises(RuntimeError), store.transaction() as ledger:
        ledger.raise_alarm("blind", "tuned", START, "m")
        raise RuntimeError
    assert messages() == []
    with store.reading() as ledger:
        assert ledger.alarms(raised_only=False) == []


def test_a_route_back_is_told_with_its_decision_and_no_text_of_readers(stream, messages):
    (decision,) = stream.feed("glossary/en", -0.3)
    (told,) = messages()
    assert told.topic == ROUTED_BACK
    assert told.body["subject"] == "tuned is routed back in glossary/en"
    assert (told.body["kind"], told.body["decision"]) == ("routed_back", decision.id)
    assert (told.body["segment"], told.body["at"]) == ("glossary/en", decision.at.isoformat())
    assert decision.reason in told.body["text"]
    assert f"routeback guard show {decision.id}" in told.body["text"]


def test_a_promotion_and_what_people_do_are_not_told(monitor, stream, messages):
    assert stream.feed("support/en", 0.2)[0].after is Stage.CANARY
    monitor.pin("tuned", "support/en", Stage.ROUTED_BACK, Pin("ada", "why"), stream.now)
    monitor.unpin("tuned", "support/en", "ada", "over", stream.now)
    assert messages() == []


def test_the_same_decision_is_told_once(store, stream, messages):
    (decision,) = stream.feed("glossary/en", -0.3)
    with store.transaction() as ledger:
        ledger.add_decision(decision)
    assert len(messages()) == 1


def test_who_writes_no_more_is_told(store, monitor, stream, messages):
    held = Permission("base", "glossary/en", writes=True, version="v")
    with store.transaction() as ledger:
        ledger.put_permission(held)
        monitor.writers.gone(ledger, "base", START)
    (told,) = messages()
    assert (told.topic, told.body["kind"]) == (QUOTED, "quoted")
    assert told.body["subject"] == "base writes no more in glossary/en: the document is quoted"


def test_the_quotation_is_not_said_to_be_routed_back():
    from guardrails.decisions import decide

    standing = Standing("quote", segment="glossary/en")
    move = Move(Stage.ROUTED_BACK, "candidate", "why")
    told = decided(decide(standing, move, Policy(), START))
    assert told is not None
    assert told.body["subject"] == "The quotation is shown to be worse than base in glossary/en"


def test_only_one_can_take_up_and_only_one_can_claim(store):
    (message,) = put(store, "a")
    with store.transaction() as ledger:
        assert not ledger.outbox.take_up(message.id, [WEBHOOK], START)
        due = ledger.outbox.due("webhook", START)
        until = START + timedelta(seconds=90)
        first = ledger.outbox.claim(due, until)
        assert ledger.outbox.claim(due, until) is None
        assert first.tries == 1
        assert ledger.outbox.due("webhook", START + timedelta(seconds=89)) is None
        assert ledger.outbox.due("webhook", until) is not None
        assert ledger.outbox.due("slack", until) is None


def test_who_comes_late_changes_nothing(store):
    put(store, "a")
    late = claimed(store)
    then = START + timedelta(seconds=91)
    other = claimed(store, then)
    assert (late.number, other.tries) == (other.number, 2)
    with store.transaction() as ledger:
        ledger.outbox.failed(late, then, "HTTP 500")
        ledger.outbox.give_up(late, then, "HTTP 400")
        assert ledger.outbox.recent(1)[0].deliveries[0].state == "waiting"
        ledger.outbox.delivered(other, then)
        ledger.outbox.give_up(other, then, "HTTP 400")
        ledger.outbox.failed(other, then, "HTTP 500")
        assert ledger.outbox.recent(1)[0].deliveries[0].state == "delivered"
        assert ledger.outbox.due("webhook", then + timedelta(days=9)) is None


def test_messages_of_a_thread_come_in_order_and_others_go_on(store):
    put(store, "a", "a", "b")
    first = claimed(store)
    assert claimed(store).number == first.number + 2
    assert claimed(store) is None
    with store.transaction() as ledger:
        ledger.outbox.give_up(first, START, "HTTP 400")
    assert claimed(store).number == first.number + 1


def test_counts_are_what_waits_and_what_was_lost(store):
    put(store, "a", "b", "c")
    with store.transaction() as ledger:
        ledger.outbox.put(OutboxMessage("t", {}, START, "d"))
        ledger.outbox.give_up(ledger.outbox.due("webhook", START), START, "HTTP 400")
        counts = ledger.outbox.counts
        assert counts(START) == {"waiting": 3, "given_up": 1}
        assert counts(START + timedelta(seconds=1))["given_up"] == 0
