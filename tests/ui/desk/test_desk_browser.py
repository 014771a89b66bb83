"""The desk as a person of the team meets it: a real browser, and a real API behind the page."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assistant.running import Running
from assistant.settings import KnowledgeSettings, ServerSettings, Settings
from tests.support.browser import chromium, picture
from tests.support.documents import fill
from tests.support.endpoint import Endpoint
from tests.support.server import free_port, in_thread
from tests.ui.test_browser import ROOT, command, healthy, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
REPLY = "Your invoice **2231** is paid back.\n\nIt takes two days. $5 & <b>more</b>"


@pytest.fixture
def api(tmp_path: Path, cache_dir: Path, documents: Path, endpoint: Endpoint) -> Iterator[Running]:
    settings = Settings(
        data_dir=tmp_path / "data",
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        server=ServerSettings(port=free_port()),
    )
    fill(settings.data_dir, documents)
    with in_thread(settings) as running:
        yield running


@pytest.fixture
def address(api: Running) -> Iterator[str]:
    port = free_port()
    env = {**os.environ, "ROUTEBACK_API_URL": api.url, "ROUTEBACK_API_KEY": api.owner_key}
    child = subprocess.Popen(
        command(port), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT, env=env
    )
    try:
        wait_for(lambda: healthy(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        assert child.stdin
        child.stdin.close()
        child.wait(15)


class Asker:
    """Somebody who asks, over the API."""

    def __init__(self, api: Running) -> None:
        headers = {**api.headers, "Routeback-Session": "a-visitor-of-some-other-page-0001"}
        self.http = httpx.Client(base_url=api.url, headers=headers, timeout=90, trust_env=False)
        self.conversation = self.post("/v1/conversations")["conversation_id"]

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        reply = self.http.post(path, json=body)
        assert reply.is_success, reply.text
        told: dict[str, Any] = reply.json()
        return told

    def ask(self, question: str) -> tuple[str, dict[str, Any]]:
        """Ask the assistant; return what it says, and what is said about that."""
        asked = [{"role": "user", "content": question}]
        about = {"conversation_id": self.conversation}
        told = self.post("/v1/chat/completions", messages=asked, routeback=about)
        return told["choices"][0]["message"]["content"], told["routeback"]

    def say(self, text: str) -> None:
        self.post(f"/v1/conversations/{self.conversation}/messages", text=text)

    def read(self) -> list[dict[str, Any]]:
        """Return the whole conversation as who asks sees it."""
        entries: list[dict[str, Any]] = self.http.get(
            f"/v1/conversations/{self.conversation}"
        ).json()["entries"]
        return entries


@pytest.fixture
def asker(api: Running) -> Iterator[Asker]:
    made = Asker(api)
    yield made
    made.http.close()


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_an_agent_takes_over_notes_and_replies_and_the_bot_is_silent(
    address: str, api: Running, asker: Asker
):
    answer, _ = asker.ask("Can I get a refund?")
    assert answer
    asker.post(
        "/v1/tickets",
        conversation_id=asker.conversation,
        message="I paid *twice*.",
        contact="a@b.c",
    )
    with chromium() as browser:
        page = browser.new_page(locale="en-GB", viewport={"width": 1400, "height": 950})
        page.goto(f"{address}/desk")
        take_it(page)
        assert asker.ask("And what is a token?")[0] == ""
        see_live_what_is_said_without_losing_what_is_typed(page, asker)
        note(page)
        reply_once(page)
        send_a_picture(page, asker)
        lose_nothing_when_somebody_else_takes_it(page, api)
    check(asker)


def take_it(page: "Page") -> None:
    from playwright.sync_api import expect

    expect(page.locator(".st-key-pages")).to_contain_text("1")
    page.locator(".st-key-row-1 button").click()
    log = page.locator(".st-key-desk-log")
    expect(log).to_contain_text("The first payment is refunded within 14 days")
    expect(log).to_contain_text("I paid *twice*.")
    page.locator(".st-key-desk-claim button").click()
    expect(page.locator(".st-key-desk-head")).to_contain_text("you (owner)")
    expect(log).to_contain_text("owner took it")


def see_live_what_is_said_without_losing_what_is_typed(page: "Page", asker: Asker) -> None:
    from playwright.sync_api import expect

    log = page.locator(".st-key-desk-log")
    expect(log).to_contain_text("And what is a token?")
    box = page.locator("[class*=st-key-reply-1-] textarea")
    box.click()
    page.keyboard.type("Half a sen")
    read_from_the_top(page)
    top = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    asker.say("Are you there?")
    expect(log).to_contain_text("Are you there?")
    page.keyboard.type("tence")
    expect(box).to_have_value("Half a sentence")
    assert log.evaluate("box => box.scrollTop") < 5
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == top


def read_from_the_top(page: "Page") -> None:
    """Scroll up once the log no longer runs down by itself to what was said last."""
    log = page.locator(".st-key-desk-log")
    places = "box => [box.scrollTop, box.scrollHeight - box.clientHeight]"
    settled(page, lambda: (at := log.evaluate(places))[0] >= at[1] - 2)
    log.evaluate("box => box.scrollTop = 0")
    settled(page, lambda: log.evaluate("box => box.scrollTop") == 0)


def settled(page: "Page", holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds half a second long."""
    end, since = time.monotonic() + seconds, None
    while since is None or time.monotonic() - since < 0.5:
        since = (since or time.monotonic()) if holds() else None
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def note(page: "Page") -> None:
    from playwright.sync_api import expect

    page.get_by_role("tab", name="Internal note").click()
    page.locator("[class*=st-key-note-1-] textarea").fill("Nobody outside reads this.")
    page.locator("[class*=st-key-add-1-] button").click()
    expect(page.locator("[class*=st-key-said-note-]")).to_contain_text("Nobody outside reads this.")
    page.get_by_role("tab", name="Reply").click()
    expect(page.locator("[class*=st-key-reply-1-] textarea")).to_have_value("Half a sentence")


def reply_once(page: "Page") -> None:
    from playwright.sync_api import expect

    box = page.locator("[class*=st-key-reply-1-] textarea")
    box.fill(REPLY)
    page.locator("[class*=st-key-send-1-] button").dblclick()
    expect(page.locator("[class*=st-key-said-team-]")).to_contain_text("It takes two days.")
    expect(box.first).to_have_value("")  # while the page is drawn, the one before may be below
    box.first.click()
    page.keyboard.type("By keyboard.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[class*=st-key-said-team-]").nth(1)).to_contain_text("By keyboard.")
    expect(box.first).to_have_value("")


def send_a_picture(page: "Page", asker: Asker) -> None:
    """Each sends one, and the other sees it."""
    from playwright.sync_api import expect

    page.locator("[class*=st-key-file-ticket-1] button").first.click()
    body = page.get_by_test_id("stPopoverBody")
    false = {"name": "proof.png", "mimeType": "image/png", "buffer": b"no picture at all"}
    body.locator("input[type=file]").set_input_files(false)
    body.get_by_role("button", name="Send it").click()
    expect(body.get_by_test_id("stAlertContentError")).to_contain_text("PDF")
    given = {"name": "proof.png", "mimeType": "image/png", "buffer": picture()}
    body.locator("input[type=file]").set_input_files(given)
    expect(body).not_to_contain_text(f"{len(false['buffer'])}.0B")  # the first file is gone
    body.get_by_role("button", name="Send it").click()
    expect(body).to_contain_text("proof.png is sent.")
    page.keyboard.press("Escape")
    expect(page.locator("[class*=st-key-said-team-] img")).to_be_visible()
    sent = next(e["detail"]["attachment"] for e in asker.read() if "attachment" in e["detail"])
    files = f"/v1/conversations/{asker.conversation}/attachments"
    assert asker.http.get(f"{files}/{sent['id']}").content == picture()
    took = asker.http.post(files, params={"name": "mine.png"}, content=picture())
    assert took.status_code == 201, took.text
    expect(page.locator("[class*=st-key-said-theirs-] img")).to_be_visible()


def lose_nothing_when_somebody_else_takes_it(page: "Page", api: Running) -> None:
    from playwright.sync_api import expect

    key = {"name": "bob", "roles": ["agent"], "groups": [], "days": 1}
    made = httpx.post(f"{api.url}/v1/keys", json=key, headers=api.headers, trust_env=False).json()
    box = page.locator("[class*=st-key-reply-1-] textarea")
    box.click()
    page.keyboard.type("Still mine")
    bob = {"Authorization": f"Bearer {made['key']}"}
    url = f"{api.url}/v1/desk/tickets/1/claim"
    taken = httpx.post(url, json={"take_over": True}, headers=bob, trust_env=False)
    assert taken.is_success, taken.text
    expect(page.locator(".st-key-desk-reply")).to_contain_text("has this ticket. Take it over")
    expect(page.locator("[class*=st-key-send-1-] button")).to_be_disabled()
    expect(box).to_have_value("Still mine")


def check(asker: Asker) -> None:
    """Hold what who asks has seen against what was done."""
    entries = asker.read()
    kinds = [entry["kind"] for entry in entries]
    taken = next(
        n for n, one in enumerate(entries) if (one.get("moved") or {}).get("move") == "claim"
    )
    assert not {"piece", "answer", "failed"} & {*kinds[taken:]}
    team = [one["text"] for one in entries if one["kind"] == "team"]
    assert team == [REPLY, "By keyboard.", "proof.png"]
    assert "note" not in kinds
    assert "Half a" not in str(entries)
