"""Zammad both ways, against the fake: each thing is said once, in its order, in its thread."""

import random

import pytest
from sqlalchemy import select

from assistant.desk.states import Holder
from assistant.errors import TakenOver
from assistant.records.bridge.links import BELL, Links
from assistant.records.conversations import Conversations
from assistant.records.turns import Records, Turn
from guardrails.store.sql_tables import outbox
from tests.bridge.conftest import ADA, Bridged
from tests.support.zammad import BOT, EMMA, JACOB, faulty


def shown(bridged, ticket):
    """What stands in the fake, without the opening note: sender, internal, text."""
    articles = bridged.fake.said(bridged.there(ticket))
    return [(a["sender"], a["internal"], a["body"].split("\n\n")[-1]) for a in articles[1:]]


def answered(bridged, conversation, question, text):
    taken = bridged.threads.take(conversation, "turn-1", question)
    assert taken.for_the_bot
    bridged.threads.say(conversation, "turn-1", text)
    turn = Turn(conversation, question, question, "en", "other", "answered", text, "", "0")
    Records(bridged.engine, bridged.threads).add(
        Turn(**{**{f: getattr(turn, f) for f in turn.__slots__}, "id": "turn-1", "arm": "base"})
    )


def test_a_ticket_is_opened_there_with_all_that_was_said(bridged):
    conversation = begun(bridged)
    answered(bridged, conversation, "How do I pay?", "By card.")
    ticket = bridged.ask("I want a person", contact="eve@example.com", conversation_id=conversation)
    bridged.settle()
    there = bridged.fake.tickets[bridged.there(ticket)]
    assert there["state"] == "open"
    assert there["title"].startswith("I want a person [Routeback #1 ")
    assert bridged.fake.users[there["customer_id"]]["email"] == "eve@example.com"
    opening, question, answer, asked = bridged.fake.said(there["id"])
    assert opening["internal"]
    assert "reason: asked" in opening["body"]
    assert (question["body"], question["sender"]) == ("How do I pay?", "Customer")
    assert question["origin_by_id"] == there["customer_id"]
    assert answer["body"] == "Written by AI: base\n\nBy card."
    assert (answer["sender"], asked["body"]) == ("Agent", "I want a person")
    assert not answer["internal"]


def begun(bridged):
    return Conversations(bridged.engine).begin("key:user")


def test_what_people_say_there_is_said_here_and_the_bot_is_silent(bridged):
    ticket = bridged.ask()
    bridged.settle()
    number = bridged.there(ticket)
    bridged.fake.write(number, "<p>Hello<br>there</p>", content_type="text/html")
    bridged.fake.write(number, "He called before", JACOB, internal=True)
    bridged.settle()
    assert bridged.said(ticket, "team") == ["Hello\nthere"]
    assert bridged.said(ticket, "note") == ["He called before"]
    after = bridged.desk.get(ticket.id)
    assert (after.status, after.assignee_name) == (Holder.PERSON, "Emma Taylor")
    with pytest.raises(TakenOver):
        bridged.threads.say(ticket.conversation_id, "t", "I know!")
    bridged.write(ticket, "Thank you")
    bridged.settle()
    assert shown(bridged, ticket)[-1] == ("Customer", False, "Thank you")
    bridged.fake.set_state(number, "closed")
    bridged.settle()
    assert bridged.desk.get(ticket.id).status is Holder.SOLVED
    bridged.write(ticket, "It broke again")
    bridged.settle()
    assert bridged.desk.get(ticket.id).status is Holder.WAITING
    assert bridged.fake.tickets[number]["state"] == "open"
    bridged.desk.claim(ticket.id, ADA, take_over=True)
    bridged.desk.reply(ticket.id, "From here", ADA)
    bridged.desk.solve(ticket.id, ADA)
    bridged.settle()
    assert bridged.fake.tickets[number]["state"] == "closed"
    bridged.fake.set_state(number, "open")
    bridged.settle()
    assert bridged.desk.get(ticket.id).status is Holder.WAITING
    assert bridged.said(ticket, "team") == ["Hello\nthere", "From here"]
    with bridged.engine.connect() as connection:
        bells = connection.scalars(select(outbox.c.id).where(outbox.c.topic == BELL)).all()
    assert len(bells) <= 2, "bells are not kept"


def test_who_takes_it_there_has_it_here(bridged):
    ticket = bridged.ask()
    bridged.settle()
    bridged.fake.own(bridged.there(ticket), EMMA)
    bridged.settle()
    after = bridged.desk.get(ticket.id)
    assert (after.status, after.assignee) == (Holder.PERSON, f"zammad:{EMMA}")


def test_who_opens_it_again_there_and_takes_it_has_it_here(bridged):
    ticket = bridged.ask()
    bridged.desk.solve(ticket.id, ADA)
    bridged.settle()
    number = bridged.there(ticket)
    assert bridged.fake.tickets[number]["state"] == "closed"
    bridged.fake.set_state(number, "open")
    bridged.fake.own(number, JACOB)
    bridged.settle()
    after = bridged.desk.get(ticket.id)
    assert (after.status, after.assignee_name) == (Holder.PERSON, "Jacob Smith")
    bridged.desk.release(ticket.id, ADA)
    bridged.settle()
    assert bridged.desk.get(ticket.id).status is Holder.WAITING, "they had it before already"


def test_what_the_customer_writes_there_is_theirs_here_and_redacted(bridged):
    ticket = bridged.ask()
    bridged.settle()
    text = "Mine is 4111 1111 1111 1111"
    number = bridged.there(ticket)
    customer = bridged.fake.tickets[number]["customer_id"]
    bridged.fake.write(number, text, customer, sender="Customer", type="email")
    bridged.settle()
    assert bridged.said(ticket, "user") == ["Help", "Mine is [card]"]
    bridged.desk.solve(ticket.id, ADA)
    bridged.settle()
    bridged.fake.write(number, "And again", customer, sender="Customer", type="email")
    bridged.settle()
    assert bridged.said(ticket, "user")[-1] == "And again"
    assert bridged.desk.get(ticket.id).status is Holder.WAITING
    assert bridged.fake.tickets[number]["state"] == "open"


def test_who_closes_it_while_the_customer_writes_does_not_lose_what_was_written(bridged):
    ticket = bridged.ask()
    bridged.settle()
    bridged.fake.set_state(bridged.there(ticket), "closed")
    bridged.write(ticket, "One more thing")
    bridged.settle()
    assert bridged.desk.get(ticket.id).status is Holder.WAITING
    assert bridged.fake.tickets[bridged.there(ticket)]["state"] == "open"
    assert shown(bridged, ticket)[-1] == ("Customer", False, "One more thing")


def test_a_reply_after_the_end_is_kept_as_a_note(bridged, time):
    ticket = bridged.ask()
    bridged.settle()
    bridged.desk.solve(ticket.id, ADA)
    time.go(9 * 86400)
    bridged.threads.over(Holder.SOLVED, "solved", time.now())
    bridged.settle()
    number = bridged.there(ticket)
    assert bridged.fake.tickets[number]["state"] == "closed"
    bridged.fake.write(number, "One thing more")
    bridged.settle()
    assert (bridged.said(ticket, "team"), bridged.said(ticket, "note")) == ([], ["One thing more"])
    assert bridged.log(ticket)[-1].detail["bridge"]["late"] is True
    assert bridged.desk.get(ticket.id).status is Holder.CLOSED
    bridged.write(ticket, "Me again")
    bridged.settle()
    fresh = bridged.desk.get("2")
    assert fresh.linked_to == ticket.id
    assert bridged.there(fresh) != number
    assert [text for *_, text in shown(bridged, fresh)] == ["Me again"]


def test_two_tickets_of_one_conversation_share_no_message(bridged):
    ticket = bridged.ask("first")
    bridged.desk.give_back(ticket.id, ADA)
    answered(bridged, ticket.conversation_id, "And now?", "Now this.")
    second = bridged.ask("second", conversation_id=ticket.conversation_id)
    bridged.settle()
    assert [text for *_, text in shown(bridged, ticket)] == ["first"]
    assert [text for *_, text in shown(bridged, second)] == ["And now?", "Now this.", "second"]


def test_somebody_who_takes_over_our_subject_is_not_taken_for_us(bridged):
    ticket = bridged.ask()
    bridged.settle()
    number = bridged.there(ticket)
    subject = bridged.fake.said(number)[1]["subject"]
    bridged.fake.write(number, "I answer", subject=subject)
    bridged.settle()
    assert bridged.said(ticket, "team") == ["I answer"]


def test_what_was_deleted_there_is_not_written_again(bridged):
    ticket = bridged.ask()
    bridged.write(ticket, "secret")
    bridged.settle()
    number = bridged.there(ticket)
    gone = next(a["id"] for a in bridged.fake.said(number) if a["body"] == "secret")
    del bridged.fake.articles[gone]
    bridged.write(ticket, "more")
    bridged.settle()
    assert [text for *_, text in shown(bridged, ticket)] == ["Help", "more"]
    del bridged.fake.tickets[number]
    bridged.write(ticket, "is anybody there")
    bridged.settle()
    assert len(bridged.fake.tickets) == 0


@pytest.mark.parametrize("fault", ["lost", "broken", "late", "dropped", "refused", "busy"])
def test_each_fault_alone_doubles_and_loses_nothing(bridged, fault):
    posts = iter([fault, "", fault, "", ""])

    def once(method, path):
        making = method == "POST" and not path.endswith("search")
        return next(posts, "") if making else ""

    bridged.fake.fault = once
    ticket = bridged.ask()
    bridged.write(ticket, "more")
    bridged.settle()
    bridged.go(3600)
    assert len(bridged.fake.tickets) == 1
    assert [text for *_, text in shown(bridged, ticket)] == ["Help", "more"]
    assert fault in {fault for *_, fault in bridged.fake.requests}


def test_after_a_kill_what_may_still_arrive_is_waited_for(engine, time, zammad, settings):
    patient = settings.zammad.model_copy(update={"settle_s": 600.0})
    bridged = Bridged.of(engine, time, zammad, settings.model_copy(update={"zammad": patient}))
    ticket = bridged.ask()
    bridged.settle()
    faults, zammad.late_s = ["late"], 400.0
    zammad.fault = lambda method, _path: faults.pop() if faults and method == "POST" else ""
    zammad.done = lambda: None if faults or bridged.kills else bridged.die()
    bridged.write(ticket, "more")
    bridged.settle()
    assert bridged.kills == 1
    bridged.go(1000)
    assert [text for *_, text in shown(bridged, ticket)] == ["Help", "more"]


def test_what_is_written_while_it_is_being_closed_is_not_closed_over(bridged):
    ticket = bridged.ask()
    bridged.settle()
    number, wrote = bridged.there(ticket), []

    def done():
        asked_who = bridged.fake.requests[-1][1].endswith(f"users/{EMMA}")
        if asked_who and not wrote:  # all is read, and nothing is moved yet
            wrote.append("Wait!")
            bridged.write(ticket, "Wait!")

    bridged.fake.done = done
    bridged.fake.set_state(number, "closed")
    bridged.settle()
    assert wrote
    assert bridged.desk.get(ticket.id).status is Holder.WAITING
    assert bridged.fake.tickets[number]["state"] == "open"
    assert shown(bridged, ticket)[-1] == ("Customer", False, "Wait!")


def test_a_silent_zammad_is_found_again_by_looking(bridged, time):
    ticket = bridged.ask()
    bridged.settle()
    bridged.fake.write(bridged.there(ticket), "Nobody rang")
    bridged.fake.bells.clear()
    bridged.settle()
    assert bridged.said(ticket, "team") == []
    bridged.go(3600)
    assert bridged.bridge.zammad is not None
    assert bridged.bridge.zammad.sweep(time.now()) == 1
    assert bridged.bridge.zammad.sweep(time.now()) == 0, "one look is enough"
    bridged.settle()
    assert bridged.said(ticket, "team") == ["Nobody rang"]


def test_a_zammad_that_is_away_for_days_gets_all_of_it_later(bridged, time):
    bridged.fake.fault = lambda _method, _path: "refused"
    ticket = bridged.ask()
    for number in range(3):
        bridged.write(ticket, f"day {number}")
        for _ in range(8):
            bridged.go(4 * 3600)
            bridged.send()
    bridged.settle()
    bridged.fake.fault = lambda _method, _path: ""
    assert bridged.fake.tickets == {}
    assert bridged.bridge.zammad is not None
    bridged.bridge.zammad.sweep(time.now())
    bridged.settle()
    assert [text for *_, text in shown(bridged, ticket)] == ["Help", "day 0", "day 1", "day 2"]


DOING = ("write", "write", "reply", "there", "there", "note", "close", "open")


def story_of(bridged: Bridged, chance: random.Random, tickets: int, steps: int):
    """Let both sides do things while everything goes wrong; return what was said, by ticket."""
    here = [bridged.ask(f"ask {n}", owner=f"key:{n}") for n in range(tickets)]
    said = {
        t.id: {"user": [f"ask {n}"], "ada": [], "emma": [], "notes": []} for n, t in enumerate(here)
    }
    for step in range(steps):
        ticket = chance.choice(here)
        mine = said[ticket.id]
        text, linked = f"{ticket.number}-{step}", link_of(bridged, ticket)
        doing = chance.choice(DOING)
        if doing == "write":
            bridged.write(ticket, text)
            mine["user"].append(text)
        elif doing == "reply" and bridged.desk.get(ticket.id).assignee in {None, ADA.id}:
            bridged.desk.reply(ticket.id, text, ADA)
            mine["ada"].append(text)
        elif doing == "there" and linked:
            bridged.fake.write(linked, text)
            mine["emma"].append(text)
        elif doing == "note" and linked:
            bridged.fake.write(linked, text, internal=True)
            mine["notes"].append(text)
        elif doing in {"close", "open"} and linked:
            bridged.fake.set_state(linked, "closed" if doing == "close" else "open")
        confused(bridged, chance)
        bridged.send()
        bridged.go(chance.choice((1, 5, 40)))
    return here, said


def link_of(bridged, ticket):
    with bridged.engine.connect() as connection:
        return Links(connection).get(ticket.id).there


def confused(bridged, chance):
    """Deliver the webhooks doubled, in any order, late, or not at all."""
    bells = bridged.fake.bells
    bells += [bell for bell in bells if chance.random() < 0.5]
    chance.shuffle(bells)
    late = [bell for bell in bells if chance.random() < 0.3]
    bridged.fake.bells = [bell for bell in bells if chance.random() < 0.8]
    bridged.heard()
    bridged.fake.bells = late


def assert_same(bridged, here, said):
    titles = [ticket["title"] for ticket in bridged.fake.tickets.values()]
    assert len(titles) == len(set(titles)) == len(here), "a ticket was opened twice"
    for ticket in here:
        mine, log = said[ticket.id], bridged.log(ticket)
        team = [e for e in log if e.kind == "team"]
        assert [e.text for e in log if e.kind == "user"] == mine["user"]
        assert [e.text for e in team if e.by == ADA.id] == mine["ada"]
        assert [e.text for e in team if e.by != ADA.id] == mine["emma"]
        assert [e.text for e in log if e.kind == "note"] == mine["notes"]
        articles = bridged.fake.said(bridged.there(ticket))[1:]
        ours = [a for a in articles if a["created_by_id"] == BOT]
        by = {"Customer": [], "Agent": []}
        for article in ours:
            by[article["sender"]].append(article["body"].split("\n\n")[-1])
        assert by == {"Customer": mine["user"], "Agent": mine["ada"]}
        theirs = [a["body"] for a in articles if a["created_by_id"] == EMMA]
        assert sorted(theirs) == sorted(mine["emma"] + mine["notes"]), "what is theirs came back"
        open_here = bridged.desk.get(ticket.id).open
        assert (bridged.fake.tickets[bridged.there(ticket)]["state"] == "open") == open_here


def at_rest(bridged):
    """Let nothing go wrong any more until all is done."""
    bridged.fake.fault, bridged.fake.done = (lambda _method, _path: ""), (lambda: None)
    for _ in range(2):
        bridged.settle()
        bridged.go(3600)
        assert bridged.bridge.zammad is not None
        bridged.bridge.zammad.sweep(bridged.time.now())
    bridged.settle()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_whatever_goes_wrong_each_message_is_there_once_on_both_sides(bridged, seed):
    chance, luck = random.Random(seed), random.Random(f"luck {seed}")
    bridged.fake.fault = faulty(luck, 0.5)
    bridged.fake.done = lambda: bridged.die() if luck.random() < 0.1 else None
    here, said = story_of(bridged, chance, tickets=2, steps=24)
    at_rest(bridged)
    assert_same(bridged, here, said)
    posts = {fault for method, _, fault in bridged.fake.requests if method == "POST"}
    assert posts & {"lost", "late", "broken"}, "the effect was there and the answer was not"
    assert bridged.kills


def test_who_does_not_wait_for_what_may_still_arrive_is_found_out(engine, time, zammad, settings):
    hasty = settings.zammad.model_copy(update={"settle_s": 0.0})
    bridged = Bridged.of(engine, time, zammad, settings.model_copy(update={"zammad": hasty}))
    ticket = bridged.ask("ask 0")
    bridged.settle()
    bridged.fake.fault = lambda method, _path: "late" if method == "POST" else ""
    bridged.write(ticket, "more")
    bridged.send()
    said = {ticket.id: {"user": ["ask 0", "more"], "ada": [], "emma": [], "notes": []}}
    bridged.go(6)
    bridged.send()
    at_rest(bridged)
    with pytest.raises(AssertionError):
        assert_same(bridged, [ticket], said)
