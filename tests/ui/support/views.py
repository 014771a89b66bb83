"""Every page as it is looked at: what is done before it is seen, in which themes and windows.

A new page is a line here: axe looks at it, and ``make screens`` takes its picture.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from tests.ui.support.team import TAKEN, WAITING, Caller
from tests.ui.support.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Theme = Literal["light", "dark"]
Window = Literal["desktop", "phone"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
Act = Callable[["Page", World], None]
"""What a visitor of a world does on a page."""
WINDOWS: Final[dict[Window, tuple[int, int]]] = {"desktop": (1280, 800), "phone": (390, 844)}


@dataclass(frozen=True, slots=True)
class View:
    """One thing to look at. path: of the page. ready: what is waited for, as a selector.

    act: what a visitor does then. whole: whether the picture is of all of it, or of the window.
    """

    name: str
    path: str
    ready: str
    act: Act | None = None
    whole: bool = True


def ask(*questions: str) -> Act:
    """Return what asks questions, one after the other, and waits for each answer's end."""

    def act(page: "Page", _: World) -> None:
        box = page.get_by_test_id("stChatInputTextArea")
        asked = page.locator("[class*=st-key-exchange-]").count()
        for number, question in enumerate(questions, start=asked + 1):
            box.fill(question)
            box.press("Enter")
            page.locator(f".st-key-rating-{number}, .st-key-details-{number}").first.wait_for()
            settled(page)

    return act


def section(name: str) -> Act:
    """Return what chooses a section of a page, by its label."""

    def act(page: "Page", _: World) -> None:
        page.get_by_role("radio", name=name).click()
        settled(page)

    return act


def press(*keys: str) -> Act:
    """Return what presses buttons, one after the other, by their keys."""

    def act(page: "Page", _: World) -> None:
        for key in keys:
            page.locator(f".st-key-{key} button").first.click()
            settled(page)

    return act


def both(*acts: Act) -> Act:
    """Return what does one after the other."""

    def act(page: "Page", at: World) -> None:
        for one in acts:
            one(page, at)

    return act


def case_form(page: "Page", at: World) -> None:
    """Open the form that makes a real question a case."""
    section("Coverage gaps")(page, at)
    page.get_by_role("button", name="Add as case").first.click()
    page.get_by_role("button", name="Add the case").wait_for()
    settled(page)


def person_answers(page: "Page", at: World) -> None:
    """Go on in a new conversation, in which somebody of the team takes over and answers."""
    if page.locator("[class*=st-key-exchange-]").count():
        page.locator(".st-key-new-conversation button").dispatch_event("click")
        page.locator(".st-key-welcome").wait_for()
        settled(page)
    ask("Can I get a refund?")(page, at)
    page.locator(".st-key-foot button").click()
    page.locator(".st-key-handover").wait_for()
    number = int(re.findall(r"#(\d+)", page.locator(".st-key-handover").inner_text())[0])
    desk = Caller(at.api, at.agent)
    desk.post(f"/v1/desk/tickets/{number}/claim")
    desk.post(f"/v1/desk/tickets/{number}/reply", text="Yes. It is on its way to your card.")
    page.locator("[class*=st-key-message-]").first.wait_for()
    settled(page)


def solved(page: "Page", at: World) -> None:
    """Let the team say that it is solved, and give stars."""
    if not page.locator(".st-key-handover").count():
        person_answers(page, at)
    number = int(re.findall(r"#(\d+)", page.locator(".st-key-handover").inner_text())[0])
    Caller(at.api, at.agent).post(f"/v1/desk/tickets/{number}/solve", cause="solved")
    page.locator(".st-key-stars").wait_for()
    page.locator(".st-key-stars").get_by_role("radio").last.dispatch_event("click")
    settled(page)


def drafted(page: "Page", _: World) -> None:
    """Read the summary, and have a reply drafted."""
    page.locator("[class*=st-key-desk-summary-] summary").click()
    settled(page)
    page.locator(".st-key-desk-draft button").click()
    page.locator(".st-key-desk-drafted, .st-key-desk-nearest").first.wait_for()
    settled(page)


def found(page: "Page", _: World) -> None:
    """Look for words in all tickets."""
    box = page.locator(".st-key-desk-words input")
    box.fill("refund")
    box.press("Enter")
    page.locator(".st-key-desk-rows strong").first.wait_for()
    settled(page)


def apart(page: "Page", _: World) -> None:
    """Tell the numbers apart by the kind of question."""
    page.locator(".st-key-numbers-by input").click()
    page.get_by_role("option", name="Kind of question").click()
    page.get_by_test_id("stDataFrame").wait_for()
    settled(page)


def explained(page: "Page", _: World) -> None:
    """Open what the quality page keeps folded."""
    for key in ("measure", "draft-labels"):
        page.locator(f".st-key-{key} summary").click()
        settled(page)


_KNOWLEDGE: Final = ".st-key-knowledge-section"
_DESK: Final = ".st-key-desk-rows"
VIEWS: Final = (
    View("chat", "/", ".st-key-welcome", whole=False),
    View("choices", "/", ".st-key-welcome", ask("How do I change it?"), whole=False),
    View("answer", "/", ".st-key-welcome", ask("Can I get a refund?"), whole=False),
    View("person", "/", ".st-key-welcome", person_answers, whole=False),
    View("solved", "/", ".st-key-welcome", solved, whole=False),
    View("desk", "/desk", _DESK),
    View("desk-search", "/desk", _DESK, found),
    View("desk-ticket", f"/desk?ticket={TAKEN}", ".st-key-desk-compose"),
    View("desk-draft", f"/desk?ticket={WAITING}", ".st-key-desk-compose", drafted),
    View("quality", "/quality", ".st-key-dossier"),
    View("quality-more", "/quality", ".st-key-dossier", explained),
    View("nights", "/nights", ".st-key-section-gates"),
    View("nights-causes", "/nights", ".st-key-section-gates", section("Causes")),
    View("nights-worst", "/nights", ".st-key-section-gates", section("Worst cases")),
    View("nights-gaps", "/nights", ".st-key-section-gates", case_form),
    View("nights-cases", "/nights", ".st-key-section-gates", section("Added cases")),
    View("knowledge-gaps", "/knowledge", _KNOWLEDGE),
    View("knowledge-gap", "/knowledge", _KNOWLEDGE, press("open-gap-0", "gap-make")),
    View("knowledge-entries", "/knowledge", _KNOWLEDGE, section("Entries")),
    View("knowledge-sources", "/knowledge", _KNOWLEDGE, section("Sources")),
    View("knowledge-health", "/knowledge", _KNOWLEDGE, section("Health")),
    View("numbers", "/numbers", ".st-key-service", apart),
    View("people", "/people", ".st-key-key-website"),
)


def opened(
    browser: "Browser",
    at: World,
    view: View,
    theme: Theme,
    window: Window,
    locale: str = "en-GB",
) -> "Page":
    """Open a view and do what is to be done, until nothing moves any more."""
    width, height = WINDOWS[window]
    page = browser.new_page(
        locale=locale,
        viewport={"width": width, "height": height},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    page.set_default_timeout(90_000)
    page.goto(f"{at.url}{view.path}")
    ready(page, view, at)
    return page


def ready(page: "Page", view: View, at: World) -> None:
    """Wait for a view, and do what is to be done there."""
    page.locator(view.ready).first.wait_for()
    settled(page)
    if view.act:
        view.act(page, at)


def settled(page: "Page") -> None:
    """Wait until Streamlit runs nothing and nothing of its skeletons is left."""
    page.wait_for_timeout(300)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton], "
        "[data-stale=true]') && document.querySelector('[data-test-script-state=notRunning]')",
        timeout=90_000,
    )
    page.wait_for_timeout(200)
