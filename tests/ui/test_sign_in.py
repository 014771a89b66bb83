"""Each role signs in at a real provider, in a real browser, and sees what is theirs."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.browser import VISITOR, chromium
from tests.support.endpoint import Endpoint
from tests.support.places import Place
from tests.support.server import environment, free_port, process
from tests.ui.support.provider import vouching
from tests.ui.test_browser import healthy, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

PAGES: Final = {
    "alice": (),
    "bob": (),
    "agent": ("desk", "quality", "nights", "knowledge", "numbers"),
    "editor": ("quality", "nights", "knowledge"),
    "owner": ("quality", "nights", "knowledge", "numbers"),
    "admin": ("people",),
}
QUESTION: Final = "What is negative transfer?"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with vouching(PAGES) as url:
        yield url


@pytest.fixture
def address(place: Place, endpoint: Endpoint, provider: str) -> Iterator[str]:
    page = f"http://localhost:{free_port()}"
    roles = {f"group-{name}": [name] for name in ("agent", "editor", "owner", "admin")}
    lines = "".join(f'{group} = ["{names[0]}"]\n' for group, names in roles.items())
    config = place.folder / "routeback.toml"
    config.write_text(f"[sign_in.roles]\n{lines}")
    env = environment(
        place.folder,
        place.cache_dir,
        ROUTEBACK_CONFIG=str(config),
        OPENAI_BASE_URL=endpoint.url,
        OPENAI_API_KEY="x",
        OPENAI_MODEL="scripted",
        ROUTEBACK_SERVER__PORT=str(free_port()),
        ROUTEBACK_SERVER__UI_PORT=page.rsplit(":", 1)[1],
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_SIGN_IN__ISSUER=provider,
        ROUTEBACK_SIGN_IN__CLIENT_ID="routeback",
        ROUTEBACK_SIGN_IN__CLIENT_SECRET="secret",
        ROUTEBACK_SIGN_IN__PAGE_URL=page,
    )
    with process("up", env=env):
        wait_for(lambda: healthy(page))
        yield page


@pytest.fixture
def browser() -> Iterator["Browser"]:
    with chromium() as made:
        yield made


@contextmanager
def visit(browser: "Browser", address: str) -> "Iterator[Page]":
    context = browser.new_context(**VISITOR)
    page = context.new_page()
    page.goto(address)
    try:
        yield page
    finally:
        context.close()


@contextmanager
def signed_in(browser: "Browser", address: str, name: str) -> "Iterator[Page]":
    from playwright.sync_api import expect

    with visit(browser, address) as page:
        page.locator(".st-key-sign-in-here button").click()
        page.get_by_role("button", name=name, exact=True).first.click()
        expect(page.locator(".st-key-visitor")).to_contain_text(name.title())
        yield page


def ask(page: "Page", question: str) -> None:
    from playwright.sync_api import expect

    page.get_by_test_id("stChatInputTextArea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-answer-1")).to_contain_text("makes a model worse")
    expect(page.locator(".st-key-rating-1")).to_be_visible()


@pytest.mark.slow
def test_each_role_sees_what_is_theirs(browser, address, place: Place, tmp_path: Path):
    from playwright.sync_api import expect

    pictures = Path(os.environ.get("SCREENSHOTS", tmp_path))
    with visit(browser, address) as page:
        expect(page.locator(".st-key-sign-in-first h1")).to_have_text("Please sign in")
        page.screenshot(path=pictures / "sign-in.png")
        assert page.get_by_test_id("stChatInputTextArea").count() == 0
        for path in ("quality", "people"):
            page.goto(f"{address}/{path}")
            expect(page.locator(".st-key-sign-in-first h1")).to_have_text("Please sign in")
    for name, more in PAGES.items():
        with signed_in(browser, address, name) as page:
            links = page.locator(".st-key-pages a")
            expect(links).to_have_count(1 + len(more))
            told = [link.get_attribute("href") or "" for link in links.all()]
            assert {href.rstrip("/").rsplit("/", 1)[-1] for href in told[1:]} == {*more}, name
            if name == "alice":
                ask(page, QUESTION)
                page.screenshot(path=pictures / "alice.png")
            if name == "bob":
                expect(page.locator(".st-key-welcome")).to_be_visible()
                assert page.locator("[class*=st-key-exchange]").count() == 0
            if name == "admin":
                links.nth(1).click()
                expect(page.locator(".st-key-person-0")).to_be_visible()
                make_a_key(page)
                page.screenshot(path=pictures / "people.png", full_page=True)
    with sqlite3.connect(place.folder / "routeback.sqlite") as database:
        owners = database.execute("SELECT DISTINCT owner FROM conversations").fetchall()
    assert ("person:alice",) in owners


def make_a_key(page: "Page") -> None:
    from playwright.sync_api import expect

    page.locator(".st-key-new-key-name input").fill("nightly")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator(".st-key-made code")).to_contain_text("rbk_")
    expect(page.locator(".st-key-key-nightly")).to_contain_text("never used")


@pytest.mark.slow
def test_who_signs_out_is_out_and_a_reload_does_not_bring_them_back(browser, address):
    from playwright.sync_api import expect

    with signed_in(browser, address, "alice") as page:
        page.reload()
        expect(page.locator(".st-key-visitor")).to_contain_text("Alice")
        kept = page.context.cookies()
        with page.expect_navigation():
            page.locator(".st-key-sign-out button").click()
        page.wait_for_load_state("networkidle")
        page.goto(address)
        expect(page.locator(".st-key-sign-in-first h1")).to_have_text("Please sign in")
        page.context.add_cookies(kept)  # somebody has kept them
        page.goto(address)
        expect(page.locator(".st-key-sign-in-first")).to_contain_text("has ended")
