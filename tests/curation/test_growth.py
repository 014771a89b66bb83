"""From what nobody could answer to an answer: gap, draft, approval, undo, restart."""

import asyncio

import pytest

from assistant.curation.curation import editable
from assistant.curation.drafts import draft, key_of
from assistant.errors import EntryChanged, EntryRefused, KnowledgeError
from assistant.knowledge.replacements import WRITTEN
from tests.curation.conftest import Desk, new

QUESTION = "How do I pause my subscription?"
FIRST = {"quote": "first"}
TEXT = "Open Billing and choose Pause. The plan rests for up to 3 months and nothing is charged."


async def test_what_two_people_could_not_be_told_becomes_an_answer_and_goes_again(desk):
    for owner in ("person:anna", "person:ben"):
        turn = await desk.ask(QUESTION, owner)
        assert turn.outcome == "abstained"
    (gap,) = desk.curation.finder.all().gaps
    assert (gap.askers, gap.questions, gap.standing) == (2, 2, "open")
    made = draft(gap.question.text, [TEXT], "en")
    saved = desk.curation.save(
        new(made.content.name, made.content.text, key_of(made.content.name), from_gap=gap.id)
    )
    assert desk.curation.finder.all().gaps[0].standing == "drafted"
    assert (await desk.ask(QUESTION)).outcome == "abstained"  # a draft serves nobody

    desk.curation.approve(saved.key, "en", saved.version, "eva")
    turn = await desk.ask(QUESTION)
    assert (turn.mode, turn.outcome) == ("quote", "answered")
    assert TEXT in turn.answer
    assert desk.curation.finder.all().gaps[0].standing == "closed"
    (case,) = desk.curation.cases.all()  # its own, which is what they asked word for word
    assert (case.question, case.id[:8]) == (QUESTION, "entry-en")

    desk.curation.undo(saved.key, "en", "eva")
    assert (await desk.ask(QUESTION)).outcome == "abstained"
    assert desk.curation.finder.all().gaps[0].standing in {"open", "open again"}
    desk.curation.undo(saved.key, "en", "eva")
    assert TEXT in (await desk.ask(QUESTION)).answer


async def test_an_entry_serves_after_a_restart_and_its_gap_keeps_its_name(place, endpoint):
    async with place.opened(endpoint, answers=FIRST) as assistant:
        desk = Desk(assistant)
        await desk.ask(QUESTION)
        (before,) = desk.curation.finder.all().gaps
        desk.write(QUESTION, TEXT, "pause", from_gap=before.id)
    async with place.opened(endpoint, answers=FIRST) as assistant:
        desk = Desk(assistant)
        generation = assistant.knowledge.library.generation()
        assert TEXT in (await desk.ask(QUESTION)).answer
        (after,) = desk.curation.finder.all().gaps
        assert (after.id, after.standing) == (before.id, "closed")
    async with place.opened(endpoint, answers=FIRST) as assistant:
        assert assistant.knowledge.library.generation() == generation  # nothing was to be done


async def test_a_process_that_ended_between_table_and_index_is_made_good(
    place, endpoint, monkeypatch
):
    async with place.opened(endpoint, answers=FIRST) as assistant:
        desk = Desk(assistant)
        await desk.ask(QUESTION)
        (gap,) = desk.curation.finder.all().gaps
        name = "Can my plan rest for a while?"
        saved = desk.curation.save(new(name, TEXT, "pause", aliases=[QUESTION], from_gap=gap.id))

        def killed(*_args: object, **_more: object) -> None:
            raise SystemExit(9)

        monkeypatch.setattr(assistant.knowledge.library, "add", killed)
        with pytest.raises(SystemExit):
            desk.curation.approve("pause", "en", saved.version, "eva")
        assert desk.curation.shelf.behind()
        assert (await desk.ask(QUESTION)).outcome == "abstained"
    monkeypatch.undo()
    async with place.opened(endpoint, answers=FIRST) as assistant:
        desk = Desk(assistant)
        assert not desk.curation.shelf.behind()
        assert TEXT in (await desk.ask(QUESTION)).answer
        assert {case.id[:5] for case in desk.curation.cases.all()} == {"entry", "turn-"}
        # What was asked while it was approved and not served came after: the gap is open again
        # only for that.
        assert desk.curation.gaps.latest()[gap.id].state == "closed"


async def test_an_index_that_cannot_be_written_serves_on_and_says_so(desk, monkeypatch):
    desk.write(QUESTION, TEXT, "pause")
    saved = desk.curation.save(
        new(QUESTION, "Pausing is not possible any more.", "pause", based_on=2)
    )

    def full(*_args: object, **_more: object) -> None:
        raise KnowledgeError("The disk is full.")

    monkeypatch.setattr(desk.assistant.knowledge.library, "add", full)
    with pytest.raises(KnowledgeError):
        desk.curation.approve("pause", "en", saved.version, "eva")
    assert TEXT in (await desk.ask(QUESTION)).answer
    assert desk.curation.shelf.behind()
    monkeypatch.undo()
    desk.curation.shelf.publish()
    assert "not possible" in (await desk.ask(QUESTION)).answer


async def test_an_edit_takes_the_place_of_the_files_entry_in_its_language_alone(desk):
    library = desk.assistant.knowledge.library
    (english,) = (c for c in library.curated() if c.key == "reset-password" and c.language == "en")
    old, german = english.text, "Wie setze ich mein Passwort zurück?"
    assert (await desk.ask("How do I reset my password?")).sources[0]["text"] == old

    key, content = editable(english)
    text = "Choose Lost password on the sign-in page. The link is valid for 15 minutes."
    desk.write(content.name, text, key, aliases=content.aliases, replaces=content.replaces)
    turn = await desk.ask("How do I reset my password?")
    assert turn.answer.startswith(text)
    assert all(source["text"] != old for source in turn.sources)
    # What the old text alone says is quoted to nobody.
    for question in (
        "Forgot password link valid for 60 minutes works once",
        "I forgot my password",
    ):
        turn = await desk.ask(question)
        assert "60 minutes" not in turn.answer
    assert "60 Minuten" in (await desk.ask(german)).answer
    assert library.contradictions() == []
    assert [c.text for c in library.curated() if c.key == key and c.language == "en"] == [text]

    desk.curation.undo(key, "en", "eva")
    turn = await desk.ask("How do I reset my password?")
    assert (turn.sources[0]["text"], turn.mode) == (old, "quote")


async def test_an_edit_keeps_whom_the_file_meant(desk):
    library = desk.assistant.knowledge.library
    (chunk,) = (c for c in library.curated() if c.key == "refund")
    key, content = editable(chunk)
    desk.write(content.name, "Secret refunds.", key, replaces=content.replaces, audience="staff")
    turn = await desk.ask("Can I get a refund?")
    assert "Secret" not in turn.answer
    assert "within 14 days" not in turn.answer  # its place is taken for everybody
    staff = await desk.ask("Can I get a refund?", groups=["staff"])
    assert "Secret refunds." in staff.answer


async def test_two_who_change_one_entry_do_not_overwrite_each_other(desk):
    desk.write(QUESTION, TEXT, "pause")
    desk.curation.save(new(QUESTION, "Mine.", "pause", based_on=2))
    with pytest.raises(EntryChanged, match="version 3 by now"):
        desk.curation.save(new(QUESTION, "Theirs.", "pause", based_on=2))
    with pytest.raises(EntryChanged):
        desk.curation.approve("pause", "en", 1, "eva")
    assert [v.content.text for v in desk.curation.versions.history("pause", "en")][-1] == "Mine."


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": " "}, "no name"),
        ({"text": "…"}, "no text"),
        ({"key": "a\nb"}, "the key"),
        ({"language": "fr"}, "en or de"),
        ({"url": "javascript:alert(1)"}, "no http address"),
        ({"text": "a" * 8001}, "8,001"),
        ({"replaces": ("a",)}, "root, key and name"),
    ],
)
async def test_what_is_no_entry_is_refused_and_nothing_is_stored(desk, change, why):
    values = {"name": QUESTION, "text": TEXT, "key": "pause", **change}
    with pytest.raises(EntryRefused, match=why):
        desk.curation.save(new(**values))
    assert desk.curation.versions.newest() == []


async def test_many_who_approve_at_once_leave_the_index_as_the_table_says(desk):
    names = [f"How do I use part {n}7 of the machine?" for n in range(6)]
    saved = [
        desk.curation.save(new(name, f"Turn screw {n}4.", f"part-{n}"))
        for n, name in enumerate(names)
    ]
    await asyncio.gather(
        *(asyncio.to_thread(desk.curation.approve, v.key, "en", 1, "eva") for v in saved)
    )
    assert not desk.curation.shelf.behind()
    assert len(desk.assistant.knowledge.library.held(WRITTEN)) == 6
