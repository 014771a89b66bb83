"""The store of the desk on a real database: moves, messages, merging, what comes after the end."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from assistant.desk.states import Holder
from assistant.errors import DeskConflict, TakenOver, UnknownConversation, UnknownTicket
from assistant.records.conversations import Conversations
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Event, Worker
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Records, Turn
from guardrails import clock
from guardrails.store.outbox import OutboxMessage
from guardrails.store.store import Store

ADA, BO = Worker("a", "Ada"), Worker("b", "Bo")


@pytest.fixture
def engine(database):
    return database


def asked(engine, owner="person:eve", message="Please help") -> Ticket:
    conversation = Conversations(engine).begin(owner)
    return Desk(engine).open(Ticket(conversation, "en", message))


def kinds(engine, ticket: Ticket) -> list[str]:
    log = Threads(engine).entries(ticket.conversation_id, notes=True)
    return [entry.detail["move"] if entry.kind == "moved" else entry.kind for entry in log]


def test_a_person_takes_over_and_the_bot_is_silent_until_it_is_given_back(engine):
    ticket, log = asked(engine), Threads(engine)
    with pytest.raises(TakenOver):
        log.say(ticket.conversation_id, "t", "I know!")
    desk = Desk(engine)
    assert desk.claim(ticket.id, ADA).assignee_name == "Ada"
    with pytest.raises(DeskConflict, match="Ada has ticket #1"):
        desk.claim(ticket.id, BO)
    with pytest.raises(DeskConflict, match="nothing was sent"):
        desk.reply(ticket.id, "From Bo", BO)
    desk.reply("1", "From Ada", ADA, client_id="reply-0001")
    desk.reply("#1", "From Ada", ADA, client_id="reply-0001")
    with pytest.raises(DeskConflict, match="Something else was sent"):
        log.take(ticket.conversation_id, "t", "Thank you, and…", client_id="reply-0001")
    taken = log.take(ticket.conversation_id, "t", "Thank you, and…")
    assert (taken.for_the_bot, taken.thread.holder) == (False, Holder.PERSON)
    desk.give_back(ticket.id, ADA)
    assert log.say(ticket.conversation_id, "t", "Here I am.") > 0
    assert kinds(engine, ticket) == ["ask", "user", "claim", "team", "user", "return", "piece"]
    assert (desk.get(ticket.id).status, desk.get(ticket.id).cause) == (Holder.CLOSED, "returned")


def test_asking_twice_is_one_ticket(engine):
    ticket = asked(engine)
    again = Ticket(ticket.conversation_id, "en", "Hello?", contact="eve@example.com")
    assert Desk(engine).open(again).id == ticket.id
    assert Desk(engine).get("1").contact == "eve@example.com"
    assert kinds(engine, ticket) == ["ask", "user", "user"]


def test_thanks_do_not_open_what_is_solved_and_a_question_does(engine):
    ticket, log, desk = asked(engine), Threads(engine), Desk(engine)
    desk.claim(ticket.id, ADA)
    desk.solve(ticket.id, ADA)
    thanks = log.take(ticket.conversation_id, "t1", "Thanks!", thanks=True)
    assert (thanks.for_the_bot, thanks.thread.holder) == (True, Holder.SOLVED)
    assert log.take(ticket.conversation_id, "t2", "It broke again").thread.holder is Holder.WAITING
    after = desk.get(ticket.id)
    assert (after.status, after.reopened, after.cause) == (Holder.WAITING, 1, None)
    assert after.assignee_name == "Ada", "who knows it sees that it is back"


def test_an_answer_ends_where_somebody_took_over_also_when_they_gave_it_back(engine):
    log, desk = Threads(engine), Desk(engine)
    for ends in (desk.solve, desk.give_back):
        name = Conversations(engine).begin("person:eve")
        turn = str(uuid4())
        log.take(name, turn, "What is a token?")
        log.say(name, turn, "A token is ")
        ticket = desk.open(Ticket(name, "en", "A person, please", owner="person:eve"))
        desk.reply(ticket.id, "I am here.", ADA)
        ends(ticket.id, ADA)
        with pytest.raises(TakenOver):
            log.say(name, turn, "the smallest piece.")
        late = Turn(name, "What is a token?", "", "en", "glossary", "answered", "It is.", "p", "1")
        with pytest.raises(TakenOver):
            Records(engine).add(replace(late, id=turn))
        Records(engine).add(replace(late, id=turn, outcome="taken_over"), shown=False)
        said = [entry.kind for entry in log.entries(name)]
        assert said == ["question", "piece", "moved", "user", "moved", "team", "moved", "cut"]
        after = str(uuid4())
        log.take(name, after, "Thanks!", thanks=True)
        assert log.say(name, after, "You are welcome.") > 0


def test_who_asks_for_a_person_after_the_end_or_beside_a_ticket_by_hand_is_heard(engine):
    ticket, log, desk = asked(engine), Threads(engine), Desk(engine)
    desk.reply(ticket.id, "Done", ADA)
    desk.solve(ticket.id, ADA)
    assert log.over(Holder.SOLVED, "solved", clock.now()) == 1
    thanked = log.take(ticket.conversation_id, "t", "Thanks!", thanks=True)
    assert (thanked.for_the_bot, thanked.thread.ticket_id) == (True, None)
    over = thanked.thread.conversation_id
    said = Turn(over, "Thanks!", "", "en", "thanks", "replied", "You are welcome.", "p", "1")
    Records(engine).add(replace(said, id="t"))
    assert log.over(Holder.BOT, "timed_out", clock.now() + timedelta(days=9), over) == 1
    again = desk.open(Ticket(over, "en", "A person, please", owner="person:eve"))
    assert again.conversation_id not in {over, ticket.conversation_id}
    assert Conversations(engine).owns("person:eve", again.conversation_id)
    name = Conversations(engine).begin("person:eve")
    by_hand = desk.open(Ticket(name, "en", "I call them", reason="by_hand"), ADA)
    (note,) = [e for e in log.entries(name, notes=True) if e.text]
    assert (note.kind, note.name) == ("note", "Ada")
    assert [entry.text for entry in log.entries(name) if entry.text] == []
    more = Ticket(name, "en", "They called again", reason="by_hand")
    for _ in range(2):
        assert desk.open(more, ADA, "noted-once").reason == "by_hand"
    assert [entry.kind for entry in log.entries(name, notes=True) if entry.text] == ["note"] * 2
    own = desk.open(Ticket(name, "en", "A person, please", owner="person:eve"))
    assert (own.id, own.reason) == (by_hand.id, "asked")
    desk.solve(own.id, ADA)
    assert desk.open(more, BO).status is Holder.WAITING
    assert [entry.text for entry in log.entries(name) if entry.text] == ["A person, please"]


def test_after_the_end_a_linked_ticket_begins_without_the_old_texts(engine):
    ticket, log, desk = asked(engine), Threads(engine), Desk(engine)
    desk.reply(ticket.id, "Done", ADA)
    desk.solve(ticket.id, ADA)
    assert log.over(Holder.SOLVED, "solved", clock.now() - timedelta(days=3)) == 0
    assert log.over(Holder.SOLVED, "solved", clock.now()) == 1
    taken = log.take(ticket.conversation_id, "t", "One more thing")
    fresh = desk.get(str(taken.thread.ticket_id))
    assert taken.thread.conversation_id != ticket.conversation_id
    assert (fresh.linked_to, fresh.reason, fresh.message) == (ticket.id, "again", "One more thing")
    assert [entry.text for entry in log.entries(fresh.conversation_id) if entry.text] == [
        "One more thing"
    ]
    assert Conversations(engine).owns("person:eve", fresh.conversation_id)
    once_more = log.take(ticket.conversation_id, "t", "And another")
    assert once_more.thread.conversation_id == fresh.conversation_id


def test_what_is_sent_again_after_the_end_is_not_taken_twice(engine):
    ticket, log, desk = asked(engine), Threads(engine), Desk(engine)
    log.take(ticket.conversation_id, "t", "Once", client_id="sent-once")
    desk.claim(ticket.id, ADA)
    desk.solve(ticket.id, ADA)
    log.over(Holder.SOLVED, "solved", clock.now())
    log.take(ticket.conversation_id, "t2", "Another")
    again = log.take(ticket.conversation_id, "t", "Once", client_id="sent-once")
    assert again.again
    assert again.entry.conversation_id == ticket.conversation_id


def test_what_the_bot_held_and_timed_out_begins_with_the_bot(engine):
    conversation, log = Conversations(engine).begin("person:eve"), Threads(engine)
    log.take(conversation, "t", "What is a pod?")
    assert log.over(Holder.BOT, "timed_out", clock.now()) == 0, "it is being answered"
    log.fail(conversation, "t", "no arm")
    assert log.over(Holder.BOT, "timed_out", clock.now()) == 1
    taken = log.take(conversation, "t2", "What is a pod?")
    assert taken.for_the_bot
    assert taken.thread.continues == conversation


def test_a_duplicate_is_merged_and_what_is_said_there_goes_on_in_the_other(engine):
    first, second = asked(engine), asked(engine, message="The same again")
    desk, log = Desk(engine), Threads(engine)
    log.take(second.conversation_id, "t0", "Since Monday")
    assert desk.merge(second.id, first.id, ADA).id == first.id
    (note,) = [e.text for e in log.entries(first.conversation_id, notes=True) if e.kind == "note"]
    assert note == "The same again\n\nSince Monday"
    assert (desk.get(second.id).cause, desk.get(second.id).merged_into) == ("merged", first.id)
    taken = log.take(second.conversation_id, "t", "Still there?")
    assert taken.thread.conversation_id == first.conversation_id
    assert kinds(engine, first) == ["ask", "user", "note", "user"]
    with pytest.raises(DeskConflict, match="is closed"):
        desk.reply(second.id, "Too late", ADA)
    with pytest.raises(DeskConflict, match="itself"):
        desk.merge(first.id, first.id, ADA)


def test_tickets_of_two_people_are_never_merged(engine):
    first, other = asked(engine), asked(engine, owner="person:mallory")
    with pytest.raises(DeskConflict, match="different people"):
        Desk(engine).merge(other.id, first.id, ADA)
    assert Desk(engine).link(other.id, first.id, ADA).linked_to == first.id


def test_a_rating_is_the_persons_own_and_comes_after_solving(engine):
    ticket, desk = asked(engine), Desk(engine)
    with pytest.raises(DeskConflict, match="once it is solved"):
        desk.rate(ticket.id, 5, "", "person:eve")
    withdrawn = asked(engine)
    desk.give_back(withdrawn.id, None)
    with pytest.raises(DeskConflict, match="once it is solved"):
        desk.rate(withdrawn.id, 5, "", "person:eve")
    desk.claim(ticket.id, ADA)
    desk.solve(ticket.id, ADA)
    with pytest.raises(UnknownConversation):
        desk.rate(ticket.id, 1, "", "person:mallory")
    assert desk.rate(ticket.id, 5, "Great", "person:eve").rating == 5


def test_who_is_told_is_told_in_the_same_transaction(engine):
    told: list[str] = []

    def notices(_connection, event: Event):
        told.append(event.kind)
        body = {"subject": event.kind, "text": ""}
        return [OutboxMessage(event.kind, body, clock.now(), f"ticket:{event.ticket.id}")]

    conversation = Conversations(engine).begin("person:eve")
    desk = Desk(engine, notices=notices)
    ticket = desk.open(Ticket(conversation, "en", "Help"))
    Threads(engine, notices=notices).take(conversation, "t", "Anybody?")
    desk.reply(ticket.id, "Yes", ADA)
    desk.solve(ticket.id, ADA)
    with pytest.raises(DeskConflict):
        desk.release(ticket.id, ADA)
    expected = ["ticket.opened", "ticket.written", "ticket.replied", "ticket.solved"]
    assert told == expected
    with Store(engine).reading() as ledger:
        assert sorted(one.topic for one in ledger.outbox.untaken(9)) == sorted(expected)


def test_there_is_no_such_ticket(engine):
    for name in ("7", "#7", "x", "9" * 30, "1' OR '1'='1"):
        with pytest.raises(UnknownTicket):
            Desk(engine).get(name)
