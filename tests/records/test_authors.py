"""Who wrote a turn, for every way that it can end."""

import re

import pytest

from assistant.records.turns import Turn
from assistant.wire.author import authored, disclosure

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LED = {"lead": "Which of these do you mean?"}


def turn(**more) -> Turn:
    common = dict.fromkeys(
        ("conversation_id", "question", "standalone", "segment", "answer", "prompt_hash"), "x"
    )
    return Turn(**{**common, "language": "en", "index_generation": "1", **more})


@pytest.mark.parametrize(
    ("more", "kind", "name"),
    [
        ({"outcome": "answered", "arm": "quote", "arm_revision": "q1"}, "document", "quote"),
        ({"outcome": "answered", "arm": "base"}, "model", "base"),
        ({"outcome": "answered", "arm": "support-tone@0.5"}, "model", "support-tone@0.5"),
        ({"outcome": "asked", "selection": LED}, "product", "Routeback"),
        ({"outcome": "replied"}, "product", "Routeback"),
        ({"outcome": "handed_off"}, "product", "Routeback"),
        ({"outcome": "abstained", "selection": LED}, "product", "Routeback"),
        # base was asked, nothing of it was shown
        ({"outcome": "abstained", "arm": "base", "selection": LED}, "product", "Routeback"),
        # base broke off after some of it was shown
        ({"outcome": "abstained", "arm": "base", "selection": {"lead": ""}}, "model", "base"),
    ],
)
def test_who_wrote_it(more, kind, name):
    author = turn(**more).author
    assert (author.kind, author.name) == (kind, name)
    assert author.revision == more.get("arm_revision")
    assert author.machine_generated == (kind == "model")
    assert author.digital_source_type == (AI if kind == "model" else None)
    assert turn(**more).view().author == author


def test_an_outcome_that_is_not_known_here_counts_as_its_arms():
    assert turn(outcome="gone", arm="base").author.kind == "model"


@pytest.mark.parametrize(
    ("language", "label", "tag"),
    [
        ("en", "Written by AI: base", "en"),
        ("de", "Von einer KI geschrieben: base", "de"),
        ("unknown", "Written by AI: base", "en"),
    ],
)
def test_the_label_is_in_the_language_of_the_message(language, label, tag):
    author = turn(outcome="answered", arm="base", language=language).author
    assert (author.label, author.language) == (label, tag)


def test_a_label_is_one_line_of_plain_text_whatever_the_name():
    name = "a\u202eb\nc\x00\u2028{name}"
    assert authored("person", name, "en").label == "Written by a person: abc{name}"


def test_a_draft_that_a_person_edited_began_with_a_machine():
    author = authored("draft", "Ada", "de")
    assert author.machine_generated
    assert author.digital_source_type == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
    )
    assert disclosure(author) == 'mode=ai-originated, provider="Routeback", reviewed-by="Ada"'


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("document", 'mode=none, provider="Routeback"'),
        ("person", 'mode=none, provider="Routeback"'),
        ("model", 'mode=machine-generated, provider="Routeback", model="x"'),
    ],
)
def test_the_header_says_whether_a_machine_wrote(kind, value):
    assert disclosure(authored(kind, "x", "en")) == value


def test_before_it_is_known_the_header_says_that_a_machine_writes():
    assert disclosure(None) == 'mode=machine-generated, provider="Routeback"'


@pytest.mark.parametrize("name", ['a"b', "a\\", "größe", "a\r\nSet-Cookie: x", "\u202e", ""])
def test_no_name_breaks_out_of_the_header(name):
    value = disclosure(authored("model", name, "en"))
    assert re.fullmatch(
        r'mode=machine-generated, provider="Routeback", model="(?:[ !#-\[\]-~]|\\["\\])*"', value
    )
