"""What a preview shows is what is answered then: by the same search, selection and choice."""

import pytest

from assistant.curation.curation import editable
from assistant.knowledge.documents import Kind
from tests.curation.conftest import new

ENTRIES = [
    new(
        "How do I pause my subscription?",
        "Open Billing and choose Pause. The plan rests for up to 3 months.",
        "pause",
        aliases=["Can I put my plan on hold?"],
    ),
    new(
        "Wie exportiere ich meine Kontakte?",
        "Öffnen Sie Kontakte und wählen Sie Exportieren. Die Datei ist eine CSV-Datei.",
        "export",
        language="de",
    ),
    new(
        "Gradient descent",
        "Gradient descent lowers a loss step by step along its slope.",
        "gradient-descent",
        kind=Kind.GLOSSARY,
        aliases=["steepest descent"],
    ),
    new("Token", "A token is a coin for the washing machine.", "coin", kind=Kind.GLOSSARY),
]
QUESTIONS = [
    "How do I pause my subscription?",
    "Can I put my plan on hold?",
    "pause plan",
    "Wie pausiere ich mein Abo?",
    "How do I cancel my subscription?",
    "How do I export my contacts?",
    "Wie exportiere ich meine Kontakte?",
    "Kontakte exportieren",
    "Kann ich Kontakte löschen?",
    "What is gradient descent?",
    "Was ist gradient descent?",
    "steepest descent",
    "What is a gradient?",
    "What is a token?",
    "token",
    "Was ist ein Token?",
    "How do I reset my password?",
    "Passwort vergessen",
    "Can I get a refund?",
    "What is a pod?",
    "Was ist negativer Transfer?",
    "How far away is the moon?",
    "Hello!",
    "I want to talk to a person",
    "What is a pod? And what is gradient descent?",
]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
async def test_what_is_shown_before_is_what_is_answered_after(desk, entry):
    before = desk.assistant.knowledge.library.generation()
    shown = [await desk.preview.of(question, entry) for question in QUESTIONS]
    assert desk.assistant.knowledge.library.generation() == before
    assert desk.curation.versions.newest() == []
    now = [await desk.ask(q, interface=entry.language) for q in QUESTIONS]
    assert [(s.now.mode, s.now.text) for s in shown] == [(t.mode or "", t.answer) for t in now]

    draft = desk.curation.save(entry)
    desk.curation.approve(draft.key, draft.language, 1, "eva")
    then = [await desk.ask(q, interface=entry.language) for q in QUESTIONS]
    assert [(s.then.mode, s.then.text) for s in shown] == [(t.mode or "", t.answer) for t in then]
    for preview, turn in zip(shown, then, strict=True):
        count = turn.selection.get("given", 0) if turn.outcome == "answered" else 0
        if count:
            titles = [source["title"] for source in turn.sources[:count]]
            assert [source["title"] for source in preview.then.given] == titles
    assert any(preview.used for preview in shown)
    assert any(preview.changes for preview in shown)
    assert not all(preview.changes for preview in shown)


async def test_a_preview_of_an_edit_leaves_out_what_it_replaces(desk):
    library = desk.assistant.knowledge.library
    (chunk,) = (c for c in library.curated() if c.key == "refund")
    key, content = editable(chunk)
    edit = new(content.name, "Within 30 days.", key, replaces=content.replaces)
    shown = await desk.preview.of("Can I get a refund?", edit)
    assert "14 days" in shown.now.text
    assert shown.then.text.startswith("Within 30 days.")
    assert len(shown.then.given) == 1
    # What serves already is not shown beside its own next version.
    desk.write(content.name, "Within 30 days.", key, replaces=content.replaces)
    later = new(content.name, "Within 60 days.", key, replaces=content.replaces, based_on=2)
    shown = await desk.preview.of("Can I get a refund?", later)
    assert shown.now.text.startswith("Within 30 days.")
    assert shown.then.text.startswith("Within 60 days.")
    assert len(shown.then.given) == 1


async def test_where_an_arm_writes_that_is_said(place, endpoint):
    from tests.curation.conftest import Desk

    async with place.opened(endpoint, answers={"quote": "fallback"}) as assistant:
        shown = await Desk(assistant).preview.of(QUESTIONS[0], ENTRIES[0])
        assert (shown.now.mode, shown.then.mode) == ("abstain", "write")
        assert "choose Pause" in shown.then.text
        assert not endpoint.asked
