"""Answers in the document's own words."""

import pytest

from assistant.knowledge.chunk import windows
from assistant.knowledge.documents import Kind
from assistant.turn.answer.quotations import REVISION, WHOLE, quotations, told
from tests.support.passages import passage

FILLER = [f"Sentence {n} tells something about work that nobody asked for." for n in range(30)]


def matching(title: str, text: str, word: str, **more):
    """A passage of which the windows with a word match best, and the others the better the later."""  # noqa: E501
    held = windows(passage(title, text, **more).chunk)
    cosines = [0.9 if word in window else 0.5 + n / 100 for n, window in enumerate(held)]
    return passage(title, text, cosines=cosines, **more)


def test_a_short_entry_is_quoted_whole_with_its_marker():
    (quotation,) = quotations([passage("Token", "A token is a piece of text.")])
    assert (quotation.text, quotation.whole) == ("A token is a piece of text.", True)
    assert told([quotation], "en") == "A token is a piece of text. [1]"


def test_of_a_long_page_the_part_that_answers_is_quoted_with_an_ellipsis():
    fact = "The form for it is HR-7781, to be sent eight weeks before."
    page = matching("Leave", " ".join([*FILLER, fact]), "HR-7781", kind=Kind.PAGE)
    (quotation,) = quotations([page])
    assert not quotation.whole
    assert quotation.text.startswith("…")
    assert quotation.text.endswith(fact)
    assert len(quotation.text) <= WHOLE + 20
    assert told([quotation], "en") == f"{quotation.text} [1]"


def test_of_a_long_entry_the_definition_is_quoted_before_the_part_that_answers():
    fact = "It was first named in 1969."
    entry = matching("Work", " ".join([*FILLER, fact]), "1969")
    (quotation,) = quotations([entry])
    assert quotation.text.startswith(FILLER[0])
    assert quotation.text.endswith(fact)
    assert " … " in quotation.text


def test_nothing_is_changed_in_what_is_quoted():
    text = " ".join(FILLER)
    (quotation,) = quotations([matching("Work", text, "Sentence 17 ", kind=Kind.PAGE)])
    parts = [part.strip() for part in quotation.text.split("…") if part.strip()]
    assert parts
    assert all(part in text for part in parts)


@pytest.mark.parametrize("marker", ["-", "1."])
def test_a_list_stays_whole_and_its_marker_stands_below(marker):
    steps = "\n".join(
        f"{marker} Step {n}: do something that takes a while and then go on." for n in range(20)
    )
    page = matching("Steps", f"{' '.join(FILLER)}\n\n{steps}", "Step 13:", kind=Kind.PAGE)
    (quotation,) = quotations([page])
    assert steps in quotation.text
    assert told([quotation], "en").endswith("\n\n[1]")


def test_a_row_is_quoted_under_the_heading_of_its_table():
    head = "| Code | Meaning |\n|---|---|"
    rows = [f"| E-{n} | {FILLER[n % 30]} |" for n in range(100, 125)]
    table = "\n".join([head, *rows])
    page = matching("Codes", table, "E-113", kind=Kind.PAGE)
    (quotation,) = quotations([page])
    assert quotation.text.startswith(head)
    assert rows[13] in quotation.text
    assert len(quotation.text) < len(table)
    assert told([quotation], "en") == f"{quotation.text}\n\n[1]"


@pytest.mark.parametrize(
    ("language", "asked", "notice"),
    [
        ("en", "de", "Dazu gibt es nur einen Eintrag auf Englisch:"),
        ("de", "en", "There is an entry about this in German only:"),
        ("fr", "en", "There is an entry about this in fr only:"),
    ],
)
def test_an_entry_in_another_language_is_said_to_be_in_it(language, asked, notice):
    quoted = quotations([passage("Token", "T.", language=language)])
    assert told(quoted, asked) == f"{notice}\n\nT. [1]"


def test_several_entries_stand_under_their_titles():
    quoted = quotations([passage("Pod", "A unit."), passage("Token", "A piece.")])
    assert told(quoted, "en") == "**Pod**\n\nA unit. [1]\n\n**Token**\n\nA piece. [2]"


@pytest.mark.parametrize(
    ("language", "older"), [("en", "an older version"), ("de", "eine ältere Fassung")]
)
def test_of_two_versions_both_dates_are_said_and_which_one_is_older(language, older):
    versions = [
        passage("Returns", f"Within {days} days.", date=date, language=language)
        for days, date in ((30, "2026-01-15"), (14, "2023-02-01"))
    ]
    assert told(quotations(versions), language) == (
        "**Returns** (2026-01-15)\n\nWithin 30 days. [1]\n\n"
        f"**Returns** (2023-02-01) – {older}\n\nWithin 14 days. [2]"
    )


def test_a_date_alone_makes_nothing_older():
    quoted = quotations([passage("Pod", "A unit.", date="2020-01-01"), passage("Token", "A.")])
    assert "older" not in told(quoted, "en")
    alone = quotations([passage("Pod", "A unit.", date="2020-01-01")])
    assert told(alone, "en") == "A unit. [1]"


def test_the_way_of_quoting_has_a_revision():
    assert REVISION.startswith("quote-")
