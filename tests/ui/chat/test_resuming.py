"""The page on the real API: what was asked goes on, wherever the reader is meanwhile."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assistant.running import find
from tests.support.browser import VISITOR, chromium, picture
from tests.support.endpoint import Endpoint
from tests.support.places import Place
from tests.support.server import environment, free_port, in_process, process
from tests.ui.test_browser import command, healthy, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[3]
QUESTION = "What is negative transfer?"
LONG = " ".join(
    "Negative transfer means that knowledge from one task makes a model worse at another task."
    for _ in range(12)
)


class Api:
    """The real API in a process, which a test may end and start again. url: stays the same."""

    def __init__(self, place: Place, endpoint: Endpoint) -> None:
        self.place, self.port = place, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = environment(
            place.folder,
            place.cache_dir,
            OPENAI_BASE_URL=endpoint.url,
            OPENAI_API_KEY="x",
            OPENAI_MODEL="scripted",
            ROUTEBACK_SERVER__PORT=str(self.port),
            ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        with process("serve", env=self.env):
            yield

    def call(self, method: str, path: str, **body: Any) -> Any:
        running = find(self.place.folder)
        assert running is not None
        reply = httpx.request(
            method, f"{self.url}{path}", json=body or None, headers=running.headers, timeout=30
        )
        assert reply.is_success, reply.text
        return reply.json()


@pytest.fixture
def api(place: Place, endpoint: Endpoint) -> Api:
    endpoint.reset()
    return Api(place, endpoint)


@pytest.fixture
def address(api: Api) -> Iterator[str]:
    with pages(api) as served:
        yield served


@contextmanager
def pages(api: Api, key: str = "") -> Iterator[str]:
    port = free_port()
    child = subprocess.Popen(
        command(port),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "ROUTEBACK_API_URL": api.url, "ROUTEBACK_API_KEY": key},
    )
    try:
        wait_for(lambda: healthy(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        assert child.stdin
        child.stdin.close()
        child.wait(15)


@pytest.fixture
def browser() -> Iterator["Browser"]:
    with chromium() as made:
        yield made


def ask(page: "Page", question: str) -> None:
    page.locator(".st-key-question textarea").fill(question)
    page.keyboard.press("Enter")


@pytest.mark.slow
@pytest.mark.long
def test_a_reload_and_a_stop_lose_nothing(
    api: Api, address: str, browser: "Browser", endpoint: Endpoint, tmp_path: Path
):
    from playwright.sync_api import expect

    pictures = Path(os.environ.get("SCREENSHOTS", tmp_path))
    endpoint.script = lambda messages: f"{LONG} [1]"
    with api.running():
        page = browser.new_context(**VISITOR).new_page()
        page.goto(address)
        warm_up(page)
        endpoint.pause_s = 0.15
        ask(page, f"{QUESTION} Please explain at length how it is measured.")
        answer = page.locator(".st-key-answer-2")
        expect(answer).to_contain_text("makes a model worse")
        assert "conversation=" in page.url
        page.reload()
        expect(answer).to_contain_text("makes a model worse")
        page.screenshot(path=pictures / "reading-on.png")
        expect(page.locator(".st-key-details-2")).to_be_visible()
        whole = answer.inner_text()
        (said,) = [e for e in log(api) if e["kind"] == "answer"][-1:]
        assert said["text"].split(" [1]")[0] in " ".join(whole.split())
        assert len([e for e in log(api) if e["kind"] == "question"]) == 2
        ask(page, f"{QUESTION} Please explain at length why it is measured.")
        stopped = page.locator(".st-key-answer-3")
        expect(stopped).to_contain_text("makes a model worse")
        shown = stopped.locator("p").first.inner_text()
        page.get_by_test_id("stChatInputStopButton").click()
        expect(page.locator(".st-key-broken-3")).to_contain_text("was stopped")
        expect(stopped).to_contain_text(shown.strip()[:40])
        assert log(api)[-1]["kind"] == "cut"
        page.screenshot(path=pictures / "stopped.png")
        edit(page)


def warm_up(page: "Page") -> None:
    """The first answer of an endpoint is held to its end."""
    from playwright.sync_api import expect

    ask(page, "What is a token?")
    expect(page.locator(".st-key-details-1")).to_be_visible()


def edit(page: "Page") -> None:
    from playwright.sync_api import expect

    page.get_by_role("button", name="Edit question").click()
    page.locator(".st-key-edited-3 textarea").fill("How do I reset my password?")
    page.get_by_role("button", name="Ask this instead").click()
    expect(page.locator(".st-key-answer-4")).to_contain_text("Forgot password")
    expect(page.locator(".st-key-replaced-3")).to_contain_text("Replaced: What is negative")
    page.reload()
    expect(page.locator("[class*=st-key-replaced-]")).to_contain_text("Replaced: What is negative")


def log(api: Api) -> list[dict[str, Any]]:
    lines = api.call("GET", "/v1/conversations")["conversations"]
    entries: list[dict[str, Any]] = []
    for line in lines:
        found = api.call("GET", f"/v1/conversations/{line['conversation_id']}")
        entries += found["entries"]
    return entries


@pytest.mark.slow
@pytest.mark.long
def test_a_person_answers_in_place_also_after_a_restart(
    api: Api, address: str, browser: "Browser", endpoint: Endpoint, tmp_path: Path
):
    from playwright.sync_api import expect

    pictures = Path(os.environ.get("SCREENSHOTS", tmp_path))
    page = browser.new_context(**VISITOR).new_page()
    with api.running():
        page.goto(address)
        ask(page, "Who waters the plants?")
        page.locator(".st-key-person-offer-1 button").click()
        card = page.locator(".st-key-handover")
        expect(card).to_contain_text("The support team has been asked.")
        expect(card).to_contain_text("Your request is #1.")
        page.screenshot(path=pictures / "waiting.png")
        ask(page, "It is about the fern.")
        expect(page.locator("[class*=st-key-asked-to-person]").last).to_contain_text("the fern")
        open_the_form(page)
        page.locator(".st-key-contact input").fill("me@example.com")
        page.locator(".st-key-send-address button").click()
        expect(page.get_by_text("The team has your address.").first).to_be_visible()
        page.keyboard.press("Escape")
        send_a_picture(page)
        page.screenshot(path=pictures / "file.png")
    with api.running():
        page.locator(".st-key-question textarea").fill("And one thing more")
        open_the_form(page)
        page.locator(".st-key-contact input").fill("another@example.com")
        api.call("POST", "/v1/desk/tickets/1/reply", text="Anna waters it **daily**.")
        message = page.locator("[class*=st-key-message-]")
        expect(message).to_contain_text("Anna waters it daily.")
        expect(page.locator(".st-key-contact input")).to_have_value("another@example.com")
        page.keyboard.press("Escape")
        expect(message).to_contain_text("Written by a person")
        expect(page.locator(".st-key-question textarea")).to_have_value("And one thing more")
        page.screenshot(path=pictures / "person.png")
        page.locator(".st-key-question textarea").press("Enter")
        expect(page.get_by_text("And one thing more")).to_be_visible()
        api.call("POST", "/v1/desk/tickets/1/solve", cause="solved")
        expect(card).to_contain_text("marked as solved")
        page.locator(".st-key-stars button").nth(4).click()
        page.locator(".st-key-stars-comment input").fill("quick")
        page.locator(".st-key-rate-person button").click()
        expect(card).to_contain_text("your rating is stored")
        ticket = api.call("GET", "/v1/desk/tickets/1")["ticket"]
        assert (ticket["rating"], ticket["rating_comment"]) == (5, "quick")
        assert ticket["contact"] == "me@example.com"
        page.screenshot(path=pictures / "solved.png")
        said = [e["text"] for e in log(api) if e["kind"] in {"user", "team"}]
        assert said.count("It is about the fern.") == said.count("And one thing more") == 1


def send_a_picture(page: "Page") -> None:
    from playwright.sync_api import expect

    popover, body = page.locator("[class*=st-key-file-] button").first, "stPopoverBody"
    popover.click()
    given = {"name": "fern.png", "mimeType": "image/png", "buffer": picture()}
    page.get_by_test_id(body).locator("input[type=file]").first.set_input_files(given)
    page.get_by_role("button", name="Send it").first.click()
    expect(page.get_by_text("fern.png is sent.").first).to_be_visible()
    page.keyboard.press("Escape")
    shown = page.locator("[class*=st-key-asked-to-person]").last
    expect(shown.locator("img")).to_be_visible()
    with page.expect_download() as saving:
        shown.get_by_role("button", name="Save fern.png").click()
    assert saving.value.path().read_bytes() == picture()


def open_the_form(page: "Page") -> None:
    """Also if the page is being drawn just now, which closes it."""

    def opened() -> bool:
        page.locator(".st-key-address button").first.click()
        page.wait_for_timeout(1500)
        return page.locator(".st-key-contact input").is_visible()

    wait_for(opened)


@pytest.mark.slow
@pytest.mark.long
def test_a_visitor_finds_their_own_after_a_reload_and_nobody_else_does(
    api: Api, browser: "Browser"
):
    from playwright.sync_api import expect

    made = in_process("keys", "add", "page", "--role", "user", "--front", env=api.env)
    (key,) = re.findall(r"rbk_[\w.-]+", made.stdout + made.stderr)[:1]
    with api.running(), pages(api, key) as served:
        mine = browser.new_context(**VISITOR)
        page = mine.new_page()
        page.goto(served)
        warm_up(page)
        (cookie,) = [c for c in mine.cookies() if c["name"] == "routeback_visitor"]
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
        page.reload()
        expect(page.locator(".st-key-details-1")).to_be_visible()
        again = mine.new_page()
        again.goto(served)
        expect(again.locator(".st-key-history")).to_contain_text("What is a token?")
        other = browser.new_context(**VISITOR).new_page()
        other.goto(page.url)
        expect(other.locator(".st-key-welcome")).to_be_visible()
        assert other.locator("[class*=st-key-exchange]").count() == 0
        assert other.locator(".st-key-history").count() == 0
