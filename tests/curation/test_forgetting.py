"""Erasure and age reach what was made of people's words here, and leave what an editor approved."""

import sqlite3
from datetime import timedelta

from assistant.records.desk.tickets import Ticket
from assistant.records.entries import EntryVersions
from assistant.records.gaps import GapStore
from assistant.retention.holdings import Holdings
from assistant.settings import RetentionSettings
from guardrails import clock
from tests.curation.conftest import Desk, new

MARK = "Zwetschgenknoedel"


async def test_no_byte_of_a_person_is_left_in_drafts_gaps_and_cases(place, endpoint):
    async with place.opened(endpoint, answers={"quote": "first"}) as assistant:
        desk = Desk(assistant)
        turn = await desk.ask(f"Where do I buy {MARK} on the moon?", "person:anna")
        other = await desk.ask("How tall is the Eiffel tower?", "person:ben")
        ticket = Ticket(turn.conversation_id, "en", f"I want {MARK}.")
        assistant.desk.open(ticket)
        gaps = {gap.question.turn_id: gap.id for gap in desk.curation.finder.all().gaps}
        for key, source in (
            ("gap", {"from_gap": gaps[turn.id]}),
            ("ticket", {"from_ticket": ticket.id}),
        ):
            desk.curation.save(new(f"{MARK} {key}?", f"At the {MARK} shop.", key, **source))
        kept = desk.curation.save(new("How tall?", "330 m.", "tall", from_gap=gaps[other.id]))
        desk.write("Pausing", "Choose Pause.", "pause", from_gap=gaps[turn.id])

        engine = assistant.records.engine
        holdings = Holdings.of(assistant.settings, engine, engine)
        assert holdings.preview(["person:anna"]).counts["entry_drafts"] == 3
        _, exported = holdings.export(["person:anna"], "admin")
        assert sum(MARK in str(row["content"]) for row in exported["entry_drafts"]) == 2
        mine = holdings.conversations(["person:anna"])
        holdings.begin(mine)
        receipt = holdings.finish(mine, "admin")
        assert receipt.counts["entry_drafts"] == 3
        versions = {v.key: v for v in desk.curation.versions.newest()}
        assert versions["gap"].erased
        assert versions["ticket"].erased
        assert versions["tall"].content == kept.content
        assert "Choose Pause." in (await desk.ask("Pausing", "person:ben")).answer
        assert {gap.question.turn_id for gap in desk.curation.finder.all().gaps} == {other.id}
        assert all(case.turn_id != turn.id for case in desk.curation.cases.all())
    for file in place.folder.glob("*.sqlite*"):
        assert MARK.encode() not in file.read_bytes(), file.name
    with sqlite3.connect(place.folder / "routeback.sqlite") as database:
        (count,) = database.execute("SELECT COUNT(*) FROM gap_turns").fetchone()
    assert count == 1
    database.close()


async def test_what_is_too_old_goes_with_its_turn(desk):
    turn = await desk.ask(f"Where do I buy {MARK}?")
    (gap,) = desk.curation.finder.all().gaps
    desk.curation.save(new(f"{MARK}?", "At the shop.", "shop", from_gap=gap.id))
    engine = desk.assistant.records.engine
    holdings = Holdings.of(desk.assistant.settings, engine, engine)
    later = clock.now() + timedelta(days=91)
    assert holdings.overdue(RetentionSettings(), later).entry_drafts
    holdings.expire(RetentionSettings(), later)
    assert GapStore(engine).members([turn.id]) == {}
    (left,) = EntryVersions(engine).newest()
    assert left.erased
    assert holdings.overdue(RetentionSettings(), later).entry_drafts == ()
