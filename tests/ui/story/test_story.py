"""The whole of it, as people live it: from a question on a foreign page to a gap that is closed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.api.widget.company import company
from tests.support.browser import chromium
from tests.support.endpoint import Endpoint
from tests.support.server import routeback
from tests.ui.story.stage import CLAIM, CLAIM_ANSWER, TEAM, TONE, Stage, staged
from tests.ui.support.provider import vouching

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

HOTEL: Final = "Who pays for a hotel after a fire?"
WISH: Final = "We cannot sleep at home. How is a claim reported?"
AGAIN: Final = "Is anybody there? It burned at our house."
NOTE: Final = "Hotels after a fire: asked Claims, they pay."
HOTEL_ANSWER: Final = "We pay for a hotel for up to 14 nights after a fire."
SENT_FROM: Final = "Sent by a person, from the documents’ own words: Agent"
RATED: Final = "4 of 5"
PATIENCE_MS: Final = 90_000


@pytest.fixture
def stage(tmp_path: Path, cache_dir: Path, endpoint: Endpoint) -> Iterator[Stage]:
    with (
        company() as firm,
        vouching(TEAM) as provider,
        staged(tmp_path, cache_dir, firm, endpoint, provider) as made,
    ):
        yield made


@pytest.fixture
def browser() -> "Iterator[Browser]":
    with chromium() as made:
        yield made


class Album:
    """Takes a picture of each step, where somebody wants to look at them."""

    def __init__(self) -> None:
        self._folder = os.environ.get("SCREENSHOTS", "")
        self._count = 0

    def take(self, page: "Page", name: str) -> None:
        self._count += 1
        if self._folder:
            page.wait_for_timeout(700)
            path = Path(self._folder) / f"story-{self._count:02}-{name}.png"
            page.screenshot(path=path, full_page=True)


@pytest.mark.slow
def test_a_question_that_nobody_could_answer_is_answered_for_the_next_one(
    stage: Stage, browser: "Browser"
):
    album = Album()
    with visited(browser, stage.firm.url) as widget:
        ask_until_nobody_knows(widget, album)
        ask_for_a_person(widget, album)
        ask_again_elsewhere(widget, album)
        with signed_in(browser, stage, "agent", "desk") as desk:
            see_what_it_is_about(desk, album)
            note_and_merge(desk, album)
            stage.stop()
            stage.start()
            send_what_became_of_the_draft(desk, album)
            read_and_rate(widget, desk, album)
            propose_an_entry(desk, album)
    with signed_in(browser, stage, "editor", "knowledge") as knowledge:
        approve(knowledge, album)
    with visited(browser, stage.firm.url) as widget:
        be_answered(widget, album)
    night = routeback("evals", "nightly", env=stage.env)
    assert "Asking the server that runs at" in night.stderr
    assert "first night" in night.stdout, night.stderr
    with signed_in(browser, stage, "owner", "nights") as nights:
        see_the_gap_closed(nights, album)
        replay_what_was_taken_back(nights, album)


@contextmanager
def visited(browser: "Browser", url: str) -> "Iterator[Page]":
    """Visit the company's page, and open the widget."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1000, "height": 820})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(url)
    page.get_by_role("button", name="Open chat").click()
    yield page
    violated = page.evaluate("window.violations")
    context.close()
    assert (wrong, violated) == ([], [])


@contextmanager
def signed_in(browser: "Browser", stage: Stage, name: str, path: str) -> "Iterator[Page]":
    """Sign in as one of the team, and go where their work is."""
    from playwright.sync_api import expect

    context = browser.new_context(locale="en-GB", viewport={"width": 1400, "height": 950})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(stage.pages)
    page.locator(".st-key-sign-in-here button").click()
    page.get_by_role("button", name=name, exact=True).first.click()
    expect(page.locator(".st-key-visitor")).to_contain_text(name.title())
    page.locator(f'.st-key-pages a[href$="{path}"]').first.click()
    yield page
    context.close()


def choose(page: "Page", box: "Locator", name: str) -> None:
    """Choose from a list, which closes again if the page is drawn anew just then."""
    from playwright.sync_api import TimeoutError as Late

    option = page.get_by_role("option", name=name)
    for _ in range(9):
        box.click()
        try:
            option.click(timeout=PATIENCE_MS / 15)
        except Late:
            continue
        return
    option.click()


def say(widget: "Page", text: str) -> None:
    widget.get_by_label("Your message").last.fill(text)
    widget.keyboard.press("Enter")


def ask_until_nobody_knows(widget: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    answers = widget.locator(".bot")
    say(widget, CLAIM)
    expect(answers.first).to_contain_text("form that lies in the app under Claims")
    expect(answers.first).to_contain_text("The documents’ own words")
    album.take(widget, "quotation")
    say(widget, HOTEL)
    expect(answers.nth(1)).to_contain_text("did not find an answer")
    album.take(widget, "no-answer")


def ask_for_a_person(widget: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    widget.locator(".bot").last.get_by_role("button", name="Talk to a person").click()
    bar = widget.locator(".bar:visible")
    bar.get_by_label("Your message").fill(WISH)
    bar.get_by_role("button", name="Talk to a person").click()
    expect(bar).to_contain_text("waits for a person")
    expect(bar).to_contain_text("An answer is expected by")
    album.take(widget, "waits")


def ask_again_elsewhere(widget: "Page", album: Album) -> None:
    """Be impatient: begin another conversation, and ask for a person there too; then go back."""
    from playwright.sync_api import expect

    widget.get_by_role("button", name="New conversation").click()
    expect(widget.locator(".bot")).to_have_count(0)
    widget.locator(".write").get_by_role("button", name="Talk to a person").click()
    bar = widget.locator(".bar:visible")
    bar.get_by_label("Your message").fill(AGAIN)
    bar.get_by_role("button", name="Talk to a person").click()
    expect(bar).to_contain_text("waits for a person")
    album.take(widget, "again")


def see_what_it_is_about(desk: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    expect(desk.locator(".st-key-pages")).to_contain_text("2")
    expect(desk.locator(".st-key-row-1")).to_contain_text("nothing found")
    desk.locator(".st-key-row-1 button").click()
    head = desk.locator(".st-key-desk-head")
    expect(head).to_contain_text("Nothing in the documents answers the question.")
    log = desk.locator(".st-key-desk-log")
    expect(log).to_contain_text(HOTEL)
    expect(log).to_contain_text(WISH)
    album.take(desk, "ticket")
    desk.locator(".st-key-desk-claim button").click()
    expect(head).to_contain_text("you (Agent)")
    summary = desk.locator(".st-key-desk-summary-1")
    summary.locator("summary").click()
    expect(summary).to_contain_text("Wanted")
    expect(summary).to_contain_text(HOTEL)
    album.take(desk, "summary")
    summary.locator("summary").click()


def note_and_merge(desk: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    desk.get_by_role("tab", name="Internal note").click()
    desk.locator("[class*=st-key-note-1-] textarea").fill(NOTE)
    desk.locator("[class*=st-key-add-1-] button").click()
    expect(desk.locator("[class*=st-key-said-note-]")).to_contain_text(NOTE)
    album.take(desk, "note")
    desk.get_by_role("tab", name="Reply").click()
    desk.locator(".st-key-row-2 button").click()
    expect(desk.locator(".st-key-desk-log")).to_contain_text(AGAIN)
    desk.locator("[class*=st-key-desk-more-2] button").first.click()
    choose(desk, desk.locator(".st-key-desk-into-2 input"), "#1")
    album.take(desk, "merge")
    desk.locator(".st-key-desk-merge button").click()
    log = desk.locator(".st-key-desk-log")
    expect(log).to_contain_text("Agent merged #2 into this")
    expect(log).to_contain_text(AGAIN)
    expect(desk.locator(".st-key-desk-head")).to_contain_text("#1")
    album.take(desk, "merged")


def send_what_became_of_the_draft(desk: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    desk.locator(".st-key-desk-draft button").click()
    drafted = desk.locator(".st-key-desk-drafted")
    expect(drafted).to_contain_text("Draft, not sent.")
    box = desk.locator("[class*=st-key-reply-1-] textarea")
    expect(box).to_have_value(CLAIM_ANSWER)
    expect(desk.get_by_text("A draft is being written")).to_have_count(0)
    album.take(desk, "draft")
    box.fill(f"{HOTEL_ANSWER} {CLAIM_ANSWER}")
    desk.locator("[class*=st-key-send-1-] button").click()
    said = desk.locator("[class*=st-key-said-team-]")
    expect(said).to_contain_text(HOTEL_ANSWER)
    expect(said).to_contain_text(SENT_FROM)
    expect(box.first).to_have_value("")  # while the page is drawn, the one before may be below
    album.take(desk, "sent")


def read_and_rate(widget: "Page", desk: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    team = widget.locator(".team")
    expect(team).to_contain_text(HOTEL_ANSWER)
    expect(team).to_contain_text(SENT_FROM)
    assert NOTE not in widget.locator("body").inner_text()
    album.take(widget, "answered-by-a-person")
    desk.locator(".st-key-desk-solve button").first.click()
    desk.locator(".st-key-desk-solve-now button").click()
    expect(desk.locator(".st-key-desk-head")).to_contain_text("solved")
    widget.get_by_role("button", name=RATED).click()
    expect(widget.locator(".bar:visible")).to_contain_text("Thank you")
    album.take(widget, "rated")
    expect(desk.locator(".st-key-desk-head")).to_contain_text("4 / 5")
    album.take(desk, "solved")


def propose_an_entry(desk: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    desk.locator(".st-key-entry-make button").first.click()
    form = desk.locator(".st-key-desk-proposal")
    expect(form.get_by_label("Question")).to_have_value(HOTEL)
    expect(form.get_by_label("Answer")).to_have_value(f"{HOTEL_ANSWER} {CLAIM_ANSWER}")
    album.take(desk, "entry")
    form.get_by_label("Answer").fill(HOTEL_ANSWER)
    desk.locator(".st-key-entry-propose button").click()
    expect(form).to_contain_text("it waits for an editor")
    album.take(desk, "proposed")


def approve(knowledge: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    knowledge.get_by_role("radio", name="Entries").click()
    row = knowledge.locator("[class*=st-key-entry-]").filter(has_text=HOTEL).first
    expect(row).to_contain_text(HOTEL_ANSWER)
    album.take(knowledge, "entries")
    row.get_by_role("button", name="Approve and serve").click()
    expect(knowledge.get_by_test_id("stAlert")).to_be_visible()
    album.take(knowledge, "approved")


def be_answered(widget: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    say(widget, HOTEL)
    expect(widget.locator(".bot")).to_contain_text(HOTEL_ANSWER)
    expect(widget.locator(".bot")).to_contain_text("The documents’ own words")
    album.take(widget, "next-user")


def see_the_gap_closed(nights: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    nights.get_by_role("radio", name="Closed gaps").click()
    gap = nights.locator(".st-key-closed-0")
    expect(gap).to_contain_text(HOTEL)
    expect(gap).to_contain_text("Closed: the entry answers now.")
    expect(gap).to_contain_text("no answer found")
    expect(gap).to_contain_text("approved by Editor")
    album.take(nights, "closed")


def replay_what_was_taken_back(page: "Page", album: Album) -> None:
    from playwright.sync_api import expect

    page.locator('.st-key-pages a[href$="quality"]').first.click()
    expect(page.locator(".st-key-headline")).to_contain_text("routed back")
    album.take(page, "quality")
    page.locator(".st-key-map").get_by_role("button", name="routed back").click()
    dossier = page.locator(".st-key-dossier")
    expect(dossier).to_contain_text(f"{TONE} · glossary, English")
    expect(dossier).to_contain_text("in shadow → routed back")
    dossier.get_by_role("button", name="Replay").first.click()
    expect(dossier).to_contain_text("The same, byte for byte.")
    album.take(page, "replayed")
