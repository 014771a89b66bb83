"""The page as a person meets it: a real Streamlit process, a real browser, a stub of the API."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.browser import VISITOR, chromium
from tests.support.server import free_port
from tests.ui.support import guarding
from tests.ui.support.stub import Stub, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.browser


def wait_for(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_stcore/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def command(port: int) -> list[str]:
    flags = ["--server.address", "127.0.0.1", "--server.port", str(port)]
    return [sys.executable, "-m", "ui", *flags]


@pytest.fixture(scope="module")
def slow_stub() -> Iterator[Stub]:
    """Writes slowly enough that a half-written answer can be seen."""
    with serving(Stub(pause_s=0.1)) as running:
        yield running


@pytest.fixture(scope="module")
def address(slow_stub: Stub) -> Iterator[str]:
    port = free_port()
    child = subprocess.Popen(
        command(port),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "ROUTEBACK_API_URL": slow_stub.url, "ROUTEBACK_API_KEY": ""},
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
def page(address: str) -> Iterator["Page"]:
    assert address
    with chromium() as browser:
        yield browser.new_page(**VISITOR)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_visit(page: "Page", address: str, slow_stub: Stub):
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(address)
    see_the_empty_page(page)
    watch_an_answer_come(page)
    open_a_source(page)
    rate_the_answer(page, slow_stub)
    copy_the_answer(page)
    ask_for_a_person(page, slow_stub)
    switch_to_german(page)
    leave_a_running_answer(page, slow_stub)
    assert not [url for url in fetched if url.startswith("http") and address not in url]


def see_the_empty_page(page: "Page"):
    from playwright.sync_api import expect

    expect(page.locator(".st-key-welcome h1")).to_have_text("What would you like to know?")
    expect(page.locator(".st-key-foot")).to_contain_text("may be wrong")
    expect(page.get_by_test_id("stAppDeployButton")).to_have_count(0)


def watch_an_answer_come(page: "Page"):
    from playwright.sync_api import expect

    page.locator(".st-key-example-1 button").click()
    answer = page.locator(".st-key-answer-1")
    expect(answer).to_contain_text("means that old training")
    expect(answer).not_to_contain_text("Most companies", timeout=1)
    expect(answer.locator(".st-key-details-1")).to_be_visible()
    expect(answer).to_contain_text("$5 to $10")
    expect(page.locator(".st-key-uncarried-1")).to_contain_text("Most companies")


def open_a_source(page: "Page"):
    from playwright.sync_api import expect

    passage = page.get_by_text("is knowledge from earlier training")
    expect(passage).to_be_hidden()
    page.locator('.st-key-answer-1 a[href="#source-1-1"]').first.click()
    expect(passage).to_be_visible()
    assert page.url.endswith("#source-1-1")
    source = page.locator(".st-key-source-1-1")
    for as_written in ("$5 to $10", "$HOME", ":red[loud]", "<b>bold</b>"):
        expect(source).to_contain_text(as_written)
    expect(source).not_to_contain_text("🐱")
    expect(source).to_contain_text("Highlighted: what the answer rests on")
    marked = source.locator(".stMarkdownColoredBackground").filter(has_text="earlier training")
    expect(marked.first).to_be_visible()
    assert len(page.context.pages) == 1


def rate_the_answer(page: "Page", stub: Stub):
    from playwright.sync_api import expect

    page.locator(".st-key-thumb-1 button").first.click()
    page.locator(".st-key-comment-1 input").fill("clear")
    page.locator(".st-key-rate-1 button").click()
    expect(page.locator(".st-key-rating-1")).to_contain_text("your rating is stored")
    assert [(r["thumb"], r["comment"]) for r in stub.ratings] == [("up", "clear")]


def copy_the_answer(page: "Page"):
    """One click, without asking the server, and the sources are there."""
    from playwright.sync_api import expect

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator(".st-key-copy-1 button")
    button.click()
    expect(button).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("**Negative transfer** means")
    assert "[1] Negative transfer, https://help.example.com/en/negative-transfer" in copied


def ask_for_a_person(page: "Page", stub: Stub):
    from playwright.sync_api import expect

    page.locator(".st-key-question textarea").fill("What is the unknown colour?")
    page.keyboard.press("Enter")
    page.locator(".st-key-person-offer-2 button").first.click()
    card = page.locator(".st-key-handover")
    expect(card).to_contain_text("Your request is #12.")
    page.locator(".st-key-address button").first.click()
    page.locator(".st-key-contact input").fill("me@example.com")
    page.locator(".st-key-send-address button").click()
    expect(page.get_by_text("The team has your address.")).to_be_visible()
    assert stub.tickets[-1]["contact"] == "me@example.com"
    page.keyboard.press("Escape")
    page.locator(".st-key-to-bot button").click()
    expect(card).to_have_count(0)


def switch_to_german(page: "Page"):
    from playwright.sync_api import expect

    page.get_by_role("radio", name="Deutsch").click()
    expect(page.locator(".st-key-foot")).to_contain_text("kann irren")
    expect(page.locator(".st-key-rating-1")).to_contain_text("ist gespeichert")
    question = page.locator(".st-key-question textarea")
    expect(question).to_have_attribute("placeholder", "Stellen Sie eine Frage")


def leave_a_running_answer(page: "Page", stub: Stub):
    """It goes on, and the list leads back to it."""
    from playwright.sync_api import expect

    page.locator(".st-key-question textarea").fill("Was ist endless?")
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-answer-3")).to_contain_text("Negativer Transfer")
    page.locator(".st-key-new-conversation button").click()
    expect(page.locator(".st-key-welcome h1")).to_have_text("Was möchten Sie wissen?")
    name = stub.conversations[-1]
    page.locator(f".st-key-open-{name} button").click()
    expect(page.locator(".st-key-answer-3")).to_contain_text("Negativer Transfer")
    page.locator(".st-key-stop-3 button").click()
    expect(page.locator(".st-key-broken-3")).to_contain_text("angehalten")
    assert stub.talks[name].entries[-1]["kind"] == "cut"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_kind_of_answer(
    page: "Page", address: str, slow_stub: Stub, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slow_stub, "pause_s", 0.0)
    fetching = {"model": "fetching", "progress": 0.43, "message": "Fetching."}
    monkeypatch.setattr(slow_stub, "status", fetching)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    read_how_far_the_model_is(page, slow_stub)
    see_a_quotation(page)
    choose_what_was_meant(page, slow_stub)
    choose_with_the_keyboard(page)
    read_what_was_quoted_of_a_table(page)


def read_how_far_the_model_is(page: "Page", stub: Stub):
    from playwright.sync_api import expect

    line = page.locator(".st-key-readiness")
    expect(line).to_contain_text("still being fetched, 43\u00a0%.")
    stub.status = {"model": "starting", "progress": None, "message": "Starting."}
    expect(line).to_contain_text("is starting.")
    stub.status = {"model": "ready", "progress": None, "message": ""}
    expect(line).to_have_count(0)


def see_a_quotation(page: "Page"):
    from playwright.sync_api import expect

    ask(page, "How do I get a new password?")
    quotation = page.locator(".st-key-quotation-1-1")
    expect(quotation.locator("blockquote ol li")).to_have_count(3)
    expect(quotation.locator("blockquote strong")).to_have_text("Forgot password?")
    expect(quotation).to_contain_text("How do I reset my password? · help.example.com/en/account")
    told = page.get_by_text("Open the sign-in page").filter(visible=True)  # not the folded copy
    expect(told).to_have_count(1)


def choose_what_was_meant(page: "Page", stub: Stub):
    from playwright.sync_api import expect

    ask(page, "How do I change it?")
    choices = page.locator(".st-key-choices-2")
    expect(choices.get_by_role("button")).to_have_count(3)
    expect(page.locator(".st-key-answer-2")).not_to_contain_text(
        "2. How do I change my plan?", use_inner_text=True
    )
    widths = choices.get_by_role("button").evaluate_all("all => all.map(it => it.clientWidth)")
    assert min(widths) > 330
    choices.get_by_role("button", name="Language & *region*").click()
    expect(page.locator(".st-key-quotation-3-1 blockquote")).to_have_text(
        "Choose both in Settings → Profile."
    )
    assert stub.asked[-1]["messages"][-1]["content"] == "Language & *region*"
    expect(choices.get_by_role("button")).to_have_count(0)
    expect(choices.locator("ol li")).to_have_count(3)


def choose_with_the_keyboard(page: "Page"):
    from playwright.sync_api import expect

    ask(page, "What is the unknown colour?")
    choices = page.locator(".st-key-choices-4").get_by_role("button")
    expect(choices).to_have_count(3)
    choices.first.focus()
    page.keyboard.press("Tab")
    expect(choices.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-asked-5")).to_contain_text("How do I change my plan?")
    expect(page.locator(".st-key-quotation-5-1")).to_contain_text("The Owner changes the plan")


def read_what_was_quoted_of_a_table(page: "Page"):
    from playwright.sync_api import expect

    ask(page, "What are the plans?")
    quotation = page.locator(".st-key-quotation-6-1")
    expect(quotation.locator("td").first).to_have_text("Starter")
    rest = quotation.get_by_text("With annual billing")
    expect(rest).to_be_hidden()
    quotation.get_by_text("Show the whole entry").click()
    expect(rest).to_be_visible()
    inner = quotation.locator("blockquote").first
    assert inner.evaluate("it => it.scrollWidth > it.clientWidth")
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def ask(page: "Page", question: str):
    page.locator(".st-key-question textarea").fill(question)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("channel", ["pipe", "asyncio"])
def test_the_page_ends_with_a_killed_parent(channel: str, tmp_path: Path):
    """A parent starts the page in a session of its own, as ``routeback up`` does, and is killed."""
    port, number = free_port(), tmp_path / "pid"
    parent = tmp_path / "parent.py"
    start = {
        "pipe": "import subprocess; child = subprocess.Popen({0}, stdin=-1, **more)",
        "asyncio": "child = await asyncio.create_subprocess_exec(*{0}, stdin=-1, **more)",
    }[channel]
    parent.write_text(
        textwrap.dedent(
            f"""
            import asyncio, pathlib
            async def main():
                more = dict(stdout=-3, cwd={str(ROOT)!r}, start_new_session=True)
                {start.format(command(port))}
                pathlib.Path({str(number)!r}).write_text(str(child.pid))
                await asyncio.sleep(600)
            asyncio.run(main())
            """
        )
    )
    started = subprocess.Popen([sys.executable, str(parent)])
    try:
        wait_for(lambda: healthy(f"http://127.0.0.1:{port}"))
        os.kill(started.pid, signal.SIGKILL)
        started.wait(10)
        wait_for(lambda: not healthy(f"http://127.0.0.1:{port}"), 15)
    finally:
        started.kill()
        started.wait(10)
        if number.exists() and healthy(f"http://127.0.0.1:{port}"):
            os.kill(int(number.read_text()), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_visit_to_the_quality_page(page: "Page", address: str, slow_stub: Stub):
    slow_stub.guard = guarding.one_candidate()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{address}/quality")
    read_the_map(page)
    choose_a_cell(page)
    write_while_the_page_renews_itself(page, slow_stub)
    replay_a_decision(page)
    go_to_the_chat_and_back(page)
    assert not [url for url in fetched if url.startswith("http") and address not in url]


def read_the_map(page: "Page"):
    from playwright.sync_api import expect

    expect(page.locator(".st-key-headline")).to_contain_text("support-tone answers 4 of 10 kinds")
    worse = page.get_by_role("button", name="support-tone, glossary, English:")
    expect(worse).to_contain_text("worse")
    expect(worse).to_contain_text("−0.44")
    unproven = page.get_by_role("button", name="support.setup, English:")
    expect(unproven).to_contain_text("no harm shown yet")
    expect(worse).to_have_css("border-style", "solid")
    expect(unproven).to_have_css("border-style", "dashed")
    assert "gradient" in unproven.evaluate("it => getComputedStyle(it).backgroundImage")
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def choose_a_cell(page: "Page"):
    from playwright.sync_api import expect

    page.get_by_role("button", name="support-tone, support.account, English:").click()
    expect(page.locator(".st-key-dossier h3")).to_have_text(
        "support-tone · support.account, English"
    )
    assert "segment=support.account" in page.url
    page.reload()
    expect(page.locator(".st-key-dossier h3")).to_contain_text("support.account, English")


def write_while_the_page_renews_itself(page: "Page", stub: Stub):
    """What is being typed survives, even when an alarm moves everything down."""
    from playwright.sync_api import expect

    page.get_by_text("Hold or let go").click()
    reason = page.get_by_label("Why?")
    reason.fill("wait for revision 4")
    looks = stub.guard.looks
    stub.guard.alarms = [guarding.alarm("blind", "support-tone", "62% have no score")]
    expect(page.locator(".st-key-alarms")).to_contain_text("cannot see", timeout=120_000)
    assert stub.guard.looks > looks
    expect(reason).to_be_visible()
    expect(reason).to_have_value("wait for revision 4")
    page.get_by_label("Who are you?").fill("Ada")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Yes, put it on record").click()
    expect(page.locator(".st-key-dossier")).to_contain_text("on record as decision")
    assert [(o["by"], o["why"]) for _, o in stub.guard.orders] == [("Ada", "wait for revision 4")]


def replay_a_decision(page: "Page"):
    from playwright.sync_api import expect

    page.locator(".st-key-decisions").get_by_role("button", name="Replay").first.click()
    expect(page.locator(".st-key-decisions")).to_contain_text("The same, byte for byte.")


def go_to_the_chat_and_back(page: "Page"):
    from playwright.sync_api import expect

    page.get_by_role("link", name="Chat").click()
    expect(page.locator(".st-key-welcome h1")).to_have_text("What would you like to know?")
    page.get_by_role("link", name="Quality").click()
    expect(page.locator(".st-key-map")).to_be_visible()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_person_labels_pairs(page: "Page", address: str, slow_stub: Stub):
    from playwright.sync_api import expect

    slow_stub.guard = guarding.one_candidate()
    page.goto(f"{address}/quality?arm=support-tone&segment=glossary/en")
    page.locator(".st-key-labels summary").click()
    page.get_by_label("Who labels?").fill("Ada")
    page.get_by_role("button", name="Show me a pair").click()
    pair = page.locator(".st-key-label-pair")
    expect(pair).to_contain_text("What is a *voucher*, case 1?")
    a, b = (page.locator(f".st-key-label-answer-{side}") for side in "ab")
    expect(a).to_contain_text("is a code that lowers a price once")
    left, right = a.bounding_box(), b.bounding_box()
    assert left
    assert right
    assert left["x"] + left["width"] <= right["x"], "side by side"
    # The page renews itself meanwhile, and the pair stays.
    looks = slow_stub.guard.looks
    wait_for(lambda: slow_stub.guard.looks > looks, 60)
    expect(pair).to_contain_text("case 1?")
    page.get_by_role("button", name="B is better").click()
    expect(pair).to_contain_text("case 2?")
    assert slow_stub.guard.labels.said[0]["choice"] == "b"
    slow_stub.guard.labels.contradicted = True
    page.get_by_text("Show what people say so far").click()
    expect(page.locator(".st-key-round-1")).to_contain_text("People contradict it.")
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
