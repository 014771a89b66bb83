"""An entry made of a ticket, on the desk page before a stub of the API."""

import pytest

from tests.ui.desk.test_desk import said, visit
from tests.ui.support.desking import ticket
from tests.ui.support.stub import Stub
from tests.ui.test_quality import press, run
from ui.texts.desk_en import ENGLISH

WORDS = ENGLISH.proposal
OVER = {"status": "solved", "cause": "solved", "mine": True}


def keys(page) -> set[str]:
    return {b.key for b in page.button if b.key}


def test_a_ticket_that_is_over_becomes_a_draft_for_the_editors(stub: Stub):
    page = press(visit(stub, ticket(1, **OVER), shown="1"), "entry-make")
    assert page.text_input(key="entry-name-1").value == "Do I get it back?"
    assert "Personal data was taken out" in said(page)
    page.text_area(key="entry-text-1").set_value("Within 15 days.")
    page.text_area(key="entry-aliases-1").set_value("Refund?\n\n  Money back? ")
    press(page, "entry-propose")
    (sent,) = stub.desk.said("entry")
    assert sent == {
        "language": "en",
        "name": "Do I get it back?",
        "text": "Within 15 days.",
        "aliases": ["Refund?", "Money back?"],
    }
    assert WORDS.proposed in said(page)
    assert "it waits for an editor" in said(page)
    assert "entry-make" not in keys(page)
    stub.desk.serving = True
    assert "people are answered with it now" in said(run(page))


def test_what_is_refused_or_not_whole_stays_in_the_form(stub: Stub):
    page = press(visit(stub, ticket(1, **OVER), shown="1"), "entry-make")
    page.text_input(key="entry-name-1").set_value(" ")
    press(page, "entry-propose")
    assert WORDS.incomplete in said(page)
    assert stub.desk.said("entry") == []
    page.text_input(key="entry-name-1").set_value("Mine?")
    stub.desk.refusals["entry"] = "An entry was made of it already."
    press(page, "entry-propose")
    assert "An entry was made of it already." in said(page)
    assert page.text_input(key="entry-name-1").value == "Mine?"
    press(page, "entry-cancel")
    assert "entry-make" in keys(page)


@pytest.mark.parametrize(
    "given",
    [{"status": "person"}, {"status": "closed", "cause": "merged"}, {"status": "waiting"}],
)
def test_what_is_open_or_a_duplicate_makes_none(stub: Stub, given):
    assert "entry-make" not in keys(visit(stub, ticket(1, **given), shown="1"))
