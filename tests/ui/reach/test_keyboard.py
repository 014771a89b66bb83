"""By keyboard alone: ask, read, rate, ask for a person; and take that ticket, reply, solve."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.browser import VISITOR, chromium
from tests.ui.support.team import WAITING
from tests.ui.support.views import settled
from tests.ui.support.world import World, world

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_STOPS: Final = 80
LOOK: Final = """() => {
  const at = document.activeElement;
  const look = () => {
    document.getAnimations().forEach((one) => { try { one.finish(); } catch {} });
    const styles = [];
    for (let one = at, up = 0; one && up < 6; one = one.parentElement, up++) {
      const s = getComputedStyle(one);
      styles.push([s.outlineStyle === "none" ? "" : s.outlineWidth + s.outlineColor, s.boxShadow,
        s.borderColor, s.backgroundColor].join());
    }
    return styles.join(";");
  };
  if (!at || at === document.body) return null;
  const focused = look();
  at.blur();
  const plain = look();
  at.focus();
  const number = [...document.querySelectorAll("*")].indexOf(at);
  return {seen: focused !== plain, at: number + ": " + at.outerHTML.slice(0, 200)};
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world") / "at", count=2, desk=True) as at:
        yield at


@pytest.fixture
def page(served: World) -> "Iterator[Page]":
    with chromium() as browser:
        page = browser.new_page(**VISITOR)
        page.goto(served.url)
        page.locator(".st-key-welcome").wait_for(timeout=90_000)
        settled(page)
        yield page


@pytest.mark.slow
def test_the_story_by_keyboard_alone(page: "Page", served: World):
    tab_to(page, "[data-testid=stChatInputTextArea]")
    page.keyboard.type("Can I get a refund?")
    page.keyboard.press("Enter")
    page.locator(".st-key-details-1").wait_for(timeout=90_000)
    settled(page)

    tab_to(page, ".st-key-copy-1 button")
    page.keyboard.press("Enter")
    page.locator(".st-key-copy-1").get_by_text("Copied").wait_for()

    tab_to(page, ".st-key-thumb-1 button", back=True)
    page.keyboard.press("Enter")
    page.locator(".st-key-rate-1").wait_for()
    settled(page)
    tab_to(page, ".st-key-rate-1 button")
    page.keyboard.press("Enter")
    page.get_by_text("your rating is stored").wait_for()
    settled(page)

    tab_to(page, ".st-key-foot button")
    page.keyboard.press("Enter")
    page.locator(".st-key-handover").get_by_role("status").wait_for(timeout=90_000)
    settled(page)
    tab_to(page, ".st-key-address button")
    page.keyboard.press("Enter")
    page.get_by_test_id("stPopoverBody").wait_for()
    tab_to(page, "[data-testid=stPopoverBody] input")
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Enter")
    page.get_by_test_id("stPopoverBody").get_by_test_id("stAlertContentSuccess").wait_for()


@pytest.mark.slow
def test_a_ticket_is_solved_by_keyboard_alone(page: "Page", served: World):
    page.goto(f"{served.url}/desk")
    row = f".st-key-row-{WAITING} button"
    page.locator(row).wait_for(timeout=90_000)
    settled(page)
    tab_to(page, row)
    page.keyboard.press("Enter")
    page.locator(".st-key-desk-claim").wait_for(timeout=90_000)
    settled(page)
    tab_to(page, ".st-key-desk-claim button")
    page.keyboard.press("Enter")
    page.locator(".st-key-desk-release").wait_for(timeout=90_000)
    settled(page)

    tab_to(page, "[class*=st-key-desk-compose] [role=tab]")
    page.keyboard.press("ArrowRight")
    settled(page)
    tab_to(page, "[class*=st-key-note-] textarea")
    page.keyboard.type("The card ends in 1234.")
    tab_to(page, f"[class*=st-key-add-{WAITING}-] button")
    page.keyboard.press("Enter")
    log = page.locator(".st-key-desk-log")
    log.get_by_text("The card ends in 1234.").wait_for(timeout=90_000)
    settled(page)

    tab_to(page, "[class*=st-key-desk-compose] [role=tab]", back=True)
    page.keyboard.press("ArrowLeft")
    settled(page)
    tab_to(page, f"[class*=st-key-reply-{WAITING}-] textarea")
    page.keyboard.type("It is paid back to the new card.")
    page.keyboard.press("Control+Enter")
    log.get_by_text("It is paid back to the new card.").wait_for(timeout=90_000)
    settled(page)

    tab_to(page, ".st-key-desk-solve button", back=True)
    page.keyboard.press("Enter")
    page.get_by_test_id("stPopoverBody").wait_for()
    tab_to(page, ".st-key-desk-solve-now button")
    page.keyboard.press("Enter")
    page.locator(".st-key-desk-reopen").wait_for(timeout=90_000)


@pytest.mark.slow
def test_a_source_is_opened_by_keyboard(page: "Page"):
    tab_to(page, "[data-testid=stChatInputTextArea]")
    page.keyboard.type("What is negative transfer?")
    page.keyboard.press("Enter")
    page.locator(".st-key-details-1").wait_for(timeout=90_000)
    settled(page)
    tab_to(page, "[class*=st-key-open-source-1] summary")
    page.keyboard.press("Enter")
    opened = page.locator("[class*=st-key-open-source-1] details").first
    assert opened.get_attribute("open") is not None


@pytest.mark.slow
def test_nothing_keeps_the_focus(page: "Page"):
    """The Tab key goes once round the page, and comes out of it."""
    seen: list[str] = []
    for _ in range(_STOPS):
        page.keyboard.press("Tab")
        at = page.evaluate(LOOK)
        if at is None:
            break
        seen.append(at["at"])
    else:
        pytest.fail(f"The focus does not leave the page: {seen[-3:]}")
    assert len(seen) > 5
    assert all(one != other for one, other in pairwise(seen))


@pytest.mark.slow
def test_a_focus_that_is_not_shown_is_noticed(page: "Page"):
    page.set_content("<style>*:focus{outline:none}</style><button>a</button>")
    with pytest.raises(AssertionError, match="is not shown"):
        tab_to(page, "button")


def tab_to(page: "Page", selector: str, *, back: bool = False) -> None:
    """Press Tab until what is selected has the focus; at each stop it must be seen."""
    reached: Callable[[], bool] = lambda: bool(  # noqa: E731
        page.evaluate("to => !!document.activeElement?.matches(to)", selector)
    )
    if reached():
        return
    for _ in range(_STOPS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        at = page.evaluate(LOOK)
        assert at is None or at["seen"], f"the focus is not shown at {at['at']}"
        if reached():
            return
    pytest.fail(f"Tab never comes to {selector}")
