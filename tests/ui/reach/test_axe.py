"""Every page of a served world is looked at by axe, in turn light or dark, on a desktop or a phone.

With ``AXE=all`` in the environment each is looked at in all four ways.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.browser import chromium
from tests.ui.support.views import VIEWS, WINDOWS, Theme, Window, ready, settled
from tests.ui.support.world import World, world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS: Final[tuple[tuple[Theme, Window], ...]] = (
    ("light", "desktop"),
    ("dark", "phone"),
    ("dark", "desktop"),
    ("light", "phone"),
)
ALL: Final = os.environ.get("AXE") == "all"
STREAMLITS: Final[tuple[tuple[str, str, str], ...]] = ()
"""Rule, selector and why: what Streamlit itself draws so, and cannot be drawn otherwise."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world") / "at", count=20, desk=True) as at:
        yield at


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as running:
        yield running


@pytest.mark.slow
def test_axe_finds_nothing_serious(served: World, browser: "Browser") -> None:
    """Visit all views in one window, one after the other."""
    found = []
    page = browser.new_page(locale="en-GB", reduced_motion="reduce")
    page.set_default_timeout(90_000)
    here = ""
    for number, view in enumerate(VIEWS):
        look(page, *LOOKS[0])
        if view.path != here:
            page.goto(f"{served.url}{view.path}")
            here = view.path
            ready(page, view, served)
        elif view.act:
            view.act(page, served)
        for theme, window in LOOKS if ALL else [LOOKS[number % len(LOOKS)]]:
            look(page, theme, window)
            settled(page)
            found += [f"{view.name}, {theme}, {window}: {one}" for one in violations(page)]
    page.close()
    assert not found, "\n".join(found)


def look(page: "Page", theme: Theme, window: Window) -> None:
    """Give the window a size and a theme."""
    width, height = WINDOWS[window]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")


def test_axe_finds_what_is_wrong(browser: "Browser"):
    page = browser.new_page()
    page.set_content('<main><h1>A</h1><p style="color:#999">pale</p><button></button></main>')
    told = " ".join(violations(page))
    assert "color-contrast" in told
    assert "button-name" in told
    page.close()


def violations(page: "Page") -> list[str]:
    """Return what is serious or critical, with where, but for what is Streamlit's own."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {"runOnly": RULES, "resultTypes": ["violations"]}
    response = Axe().run(page, options=options).response
    excused = {(rule, selector) for rule, selector, _ in STREAMLITS}
    return [
        f"{one['id']} at {' '.join(map(str, node['target']))}: {node['html']:.160} "
        f"{node.get('failureSummary', '')!r:.300}"
        for one in response["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
        if not any(one["id"] == rule and page_matches(page, node, to) for rule, to in excused)
    ]


def page_matches(page: "Page", node: dict[str, Any], selector: str) -> bool:
    """Return whether what axe found is one of what a selector finds."""
    script = "([at, of]) => document.querySelector(at)?.matches(of) ?? false"
    return bool(page.evaluate(script, [node["target"][0], selector]))
