"""Which questions are gaps, whose they are, and that their names stay."""

import asyncio
from dataclasses import replace

from assistant.background.looking import GapLooking
from assistant.curation.gaps import GapFinder
from assistant.records.desk.tickets import Ticket


def texts(desk):
    return {gap.question.text for gap in desk.curation.finder.all().gaps}


async def test_small_talk_and_what_was_answered_leave_no_gap(desk):
    for question in ("Hello!", "Thanks a lot", "What is a pod?", "Quiero un reembolso, ¿cómo?"):
        await desk.ask(question)
    assert texts(desk) == set()


async def test_rated_down_handed_over_and_not_followed_leave_one(desk):
    down = await desk.ask("What is a pod?")
    desk.assistant.records.rate(down.id, "down", "wrong")
    good = await desk.ask("What is a token?")
    desk.assistant.records.rate(good.id, "down", "")
    desk.assistant.records.rate(good.id, "up", "")  # the last one counts
    handed = await desk.ask("Can I get a refund?", "person:ben")
    await desk.ask(
        "I want to talk to a person", "person:ben", conversation_id=handed.conversation_id
    )
    ticket = await desk.ask("How do I reset my password?", "person:cem")
    desk.assistant.desk.open(Ticket(ticket.conversation_id, "en", "It does not work."))
    found = {gap.question.text: gap.signs for gap in desk.curation.finder.all().gaps}
    assert found == {
        "What is a pod?": ("rated down",),
        "Can I get a refund?": ("handed over",),
        "How do I reset my password?": ("handed over",),
    }


async def test_who_says_what_they_meant_leaves_no_gap(desk):
    first = await desk.ask("What is a token?", "person:ben")
    thread = {"owner": "person:ben", "conversation_id": first.conversation_id}
    asked = await desk.ask("no, that's not it", **thread)
    assert asked.outcome == "asked"
    assert len(texts(desk)) == 1
    chosen = await desk.ask("1", **thread)
    assert chosen.outcome == "answered"
    assert texts(desk) == set()


async def test_one_person_who_asks_ten_times_is_one_asker(desk):
    for _ in range(4):
        await desk.ask("Where is the nearest swimming pool?", "person:anna")
    for owner in ("person:ben", "person:cem"):
        await desk.ask("How tall is the Eiffel tower?", owner)
    first, second = desk.curation.finder.all().gaps
    assert (first.question.text, first.askers, first.questions) == (
        "How tall is the Eiffel tower?",
        2,
        2,
    )
    assert (second.askers, second.questions) == (1, 4)


async def test_a_gap_keeps_its_name_whatever_comes_after_and_one_at_a_time_is_no_other(desk):
    questions = [
        "How do I mute the alarm of the dishwasher?",
        "Mute dishwasher alarm",
        "How tall is the Eiffel tower?",
        "Wie hoch ist der Eiffelturm?",
        "How do I unmute the alarm of the dishwasher?",
    ]
    names = {}
    for question in questions:
        await desk.ask(question)
        for gap in desk.curation.finder.all().gaps:
            for one in desk.curation.finder.questions(gap.id):
                assert names.setdefault(one.text, gap.id) == gap.id
    mute, unmute = (
        names["How do I mute the alarm of the dishwasher?"],
        names["How do I unmute the alarm of the dishwasher?"],
    )
    assert mute != unmute
    assert names["How tall is the Eiffel tower?"] == names["Wie hoch ist der Eiffelturm?"]
    desk.curation.gaps.note(mute, "dismissed", "eva")
    again = GapFinder(desk.assistant.records.engine, desk.curation.finder._embedder)
    assert {gap.id: gap.standing for gap in again.all().gaps}[mute] == "dismissed"


async def test_only_so_many_are_looked_at_while_somebody_waits(desk):
    for n in range(3):
        await desk.ask(f"What is the {n + 5}th wonder of the world called?")
    finder = desk.curation.finder
    assert (len(finder.all(most=2).gaps), finder.all(most=0).waiting) == (2, 1)
    assert finder.all().waiting == 0


async def test_nobody_waits_long_and_the_newest_are_looked_at_first(desk):
    await desk.ask("How tall is the Eiffel tower?")
    finder = desk.curation.finder
    (one,) = finder.store.open_questions(30)
    many = [replace(one, turn_id=f"{number:02}") for number in range(20)]
    assert sorted(finder._embedded(many, patience_s=0.0)) == [f"{n:02}" for n in range(16, 20)]
    assert len(finder._embedded(many, patience_s=60.0)) == 20


async def test_the_rest_is_looked_at_beside_the_answers(desk):
    for n in range(3):
        await desk.ask(f"What is the {n + 5}th wonder of the world called?")
    finder = desk.curation.finder
    assert finder.all(most=0).waiting == 3
    looking = asyncio.create_task(GapLooking(finder).watch(every_s=60, pause_s=0, batch=1))
    async with asyncio.timeout(60):
        while finder.all(most=0).waiting:  # noqa: ASYNC110  (nothing tells)
            await asyncio.sleep(0.05)
    looking.cancel()
    assert sum(gap.questions for gap in finder.all(most=0).gaps) == 3


async def test_two_gaps_that_a_person_calls_one_are_one(desk):
    await desk.ask("How do I mute the alarm of the dishwasher?", "person:anna")
    await desk.ask("How do I silence the dishwasher?", "person:ben")
    gaps = desk.curation.finder.all().gaps
    if len(gaps) == 1:  # the model saw it by itself
        return
    into, other = gaps
    assert desk.curation.finder.near(into, gaps)[0][0].id == other.id
    desk.curation.finder.merge(other.id, into.id)
    (one,) = desk.curation.finder.all().gaps
    assert (one.id, one.askers) == (into.id, 2)
