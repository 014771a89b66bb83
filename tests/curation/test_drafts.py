"""Replies of people as entries to be: what is personal goes, and a translation that loses fails."""

import pytest

from assistant.curation.drafts import draft, key_of
from assistant.curation.translation import kept, translated
from assistant.records.entries import EntryContent

REPLY = """Hello Ms Weber,

thank you for your message. Open Billing, choose Pause and confirm. The plan rests for 3 months.
You can write to anna.weber@example.com or call +49 30 901820.

Best regards
Tom Berger
Support"""


def test_a_solved_ticket_is_an_entry_without_the_people():
    made = draft("Hi, how do I pause my plan? My IBAN is DE89370400440532013000.", [REPLY], "en")
    assert made.content.name.startswith("how do I pause my plan?")
    text = made.content.text
    assert "Open Billing, choose Pause and confirm." in text
    for gone in ("Weber", "Tom", "@example.com", "901820", "Best regards", "Hello"):
        assert gone not in text
    assert "DE8937" not in made.content.name
    assert made.flags == ("personal data",)


def test_german_replies_lose_their_formulas_and_keep_their_facts():
    reply = (
        "Guten Tag Frau Weber,\n\nvielen Dank für Ihre Nachricht. Wählen Sie unter Abrechnung "
        "Pausieren.\nDas Abo ruht 3 Monate.\n\nMit freundlichen Grüßen\nTom Berger"
    )
    made = draft("Wie pausiere ich mein Abo?", [reply], "de", ["Abo pausieren", "abo pausieren"])
    assert made.content.text.endswith("Das Abo ruht 3 Monate.")
    assert "Weber" not in made.content.text
    assert made.content.aliases[0] == "Abo pausieren"


@pytest.mark.parametrize(
    ("replies", "flag"),
    [([], "no answer"), (["Which plan do you have?"], "asks back"), (["a b. " * 200], "long")],
)
def test_what_an_editor_must_look_at_is_said(replies, flag):
    assert flag in draft("How do I pause?", replies, "en").flags


def test_keys_are_short_plain_and_tell_two_names_apart():
    names = ("Wie ändere ich die Größe?", "Wie ändere ich die Größe der Datei?", "???")
    keys = [key_of(name) for name in names]
    assert keys[0].startswith("wie-aendere-ich-die-groesse-")
    assert len(set(keys)) == 3


BEFORE = EntryContent(
    "How do I pause?",
    "Choose Pause at https://example.com/billing. It rests for up to 3 months and costs €5.",
)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        (
            (
                "Wählen Sie Pausieren auf https://example.com/billing. Es ruht bis zu 3 Monate "
                "und kostet 5 €."
            ),
            (),
        ),
        (
            (
                "Wählen Sie Pausieren auf https://example.com/billing. Es ruht einige Monate und "
                "kostet 5 €."
            ),
            ("numbers differ",),
        ),
        (
            (
                "Wählen Sie Pausieren auf https://example.com/billing. Es ruht bis zu 30 Monate "
                "und kostet 5 €."
            ),
            ("numbers differ",),
        ),
        (
            (
                "Wählen Sie Pausieren auf https://example.org/billing. Es ruht bis zu 3 Monate "
                "und kostet 5 €."
            ),
            ("addresses differ",),
        ),
        (BEFORE.text, ("other language",)),
    ],
)
def test_a_translation_keeps_numbers_addresses_and_speaks_its_language(text, flags):
    assert kept(BEFORE, EntryContent("Wie pausiere ich?", text), "en", "de") == flags


async def test_an_arm_translates_and_what_it_drops_is_flagged(desk, endpoint):
    source = draft("How do I pause my plan?", [BEFORE.text], "en")
    arm, gate = desk.assistant.arms["base"], desk.assistant.gate

    endpoint.script = lambda messages: (
        "Wie pausiere ich mein Abo?"
        if messages[-1]["content"].endswith("?")
        else "Wählen Sie Pausieren auf https://example.com/billing. Es ruht und kostet 5 €."
    )
    made = await translated(source, "de", arm, gate, 20)
    assert made.language == "de"
    assert "numbers differ" in made.flags
    assert made.content.name == "Wie pausiere ich mein Abo?"

    endpoint.script = lambda _: "Bananen sind gelbe Früchte, die in warmen Ländern wachsen."
    made = await translated(source, "de", arm, gate, 20)
    assert {"numbers differ", "addresses differ"} <= set(made.flags)

    endpoint.script = lambda _: ""
    made = await translated(source, "de", arm, gate, 20)
    assert "no translation" in made.flags
