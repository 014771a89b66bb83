"""The widget on a company's page, in a real Chromium, with the real API on another port."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from assistant.api.widget import script
from tests.api.widget.company import Company
from tests.api.widget.conftest import HOW, SENTENCES, Served
from tests.api.widget.cutting import Cutter
from tests.support.browser import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

MOST = 25_000
WHOLE = " ".join(f"{sentence}. 1" for sentence in SENTENCES)
ABSTAINED = "What does the weather cost on Mars?"


def test_the_script_is_small_and_has_no_way_to_read_markup():
    text = script.assembled().plain.decode()
    assert len(text.encode()) <= MOST
    assert len(script.assembled().zipped) < 11_000
    assert not re.search(
        r"(inner|outer)HTML|insertAdjacent|document\.write|eval\(|Function\(", text
    )
    assert not re.search(r"\.style\b|setAttribute\(\"(style|on)|document\.cookie", text)


def test_both_languages_say_everything():
    lines = Path(script.__file__).with_name("texts.js").read_text("utf-8")
    pairs = re.findall(r'^  \w+: \[\s*"(.+?)",\s+"(.+?)",?\s*\]', lines, re.MULTILINE)
    assert len(pairs) == len(re.findall(r"^  \w+:", lines, re.MULTILINE)) > 30
    for english, german in pairs:
        assert english.count("{n}") == german.count("{n}")


@pytest.mark.skipif(not shutil.which("node"), reason="node is missing; Chromium reads it below")
@pytest.mark.parametrize("part", [*script.PARTS, "whole"])
def test_each_part_is_javascript(part, tmp_path):
    text = script.assembled().plain.decode()
    if part != "whole":
        text = Path(script.__file__).with_name(part).read_text("utf-8")
    (tmp_path / "part.js").write_text(text, encoding="utf-8")
    subprocess.run(["node", "--check", str(tmp_path / "part.js")], check=True)


def test_patterns_and_texts_are_served_as_they_were_written():
    served = script.assembled().plain.decode()
    for part in script.PARTS:
        text = Path(script.__file__).with_name(part).read_text("utf-8")
        code = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
        for literal in re.findall(r"\"[^\"\n`]*\"|/\^[^\n`]*?/[a-z]*\.(?=exec|test)", code):
            assert literal in served


def test_the_script_is_served_to_the_pages_of_whoever_likes(served):
    given = {"Sec-Fetch-Site": "cross-site", "Accept-Encoding": "identity"}
    reply = httpx.get(f"{served.url}/widget.js", headers=given)
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age" in reply.headers["cache-control"]
    assert reply.content == script.assembled().plain
    zipped = httpx.get(f"{served.url}/widget.js", headers={**given, "Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == reply.content
    again = httpx.get(
        f"{served.url}/widget.js", headers={**given, "If-None-Match": reply.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    foreign = {**given, "Origin": "https://evil.example"}
    assert httpx.get(f"{served.url}/v1/status", headers=foreign).status_code == 403


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: "Browser", served: Served, firm: Company, between: Cutter) -> "Iterator[Page]":
    firm.api = f"http://127.0.0.1:{between.port}"
    firm.given, firm.language = {"key": served.key}, "en"
    context = browser.new_context(viewport={"width": 1000, "height": 760}, locale="en-GB")
    context.set_default_timeout(60_000)
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    yield made
    violated = made.evaluate("window.violations")
    context.close()
    assert (wrong, violated) == ([], [])


def opened(page: "Page", firm: Company) -> None:
    page.goto(firm.url)
    page.get_by_role("button", name="Open chat").click()


def ask(page: "Page", text: str) -> None:
    page.get_by_label("Your message").last.fill(text)
    page.keyboard.press("Enter")


def answers(page: "Page") -> "Locator":
    return page.locator(".bot")


def whole(page: "Page", place: "Locator") -> str:
    """Return an answer once it is there, as it is read."""
    place.get_by_role("button", name="Not helpful").wait_for()
    return " ".join(place.locator("p:not(.by):not(.pass)").all_inner_texts()).replace("\n", " ")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(400)
def test_a_visitor_asks_and_a_person_answers(page, firm, served, tmp_path):
    from playwright.sync_api import expect

    opened(page, firm)
    expect(page.get_by_role("dialog", name="Help")).to_contain_text("talking to an AI system")
    ask(page, HOW)
    expect(answers(page)).to_contain_text("Searching")
    assert whole(page, answers(page)) == WHOLE
    expect(answers(page)).to_contain_text("Written by AI: base")
    page.get_by_role("button", name="Source 1").nth(1).click()
    marks = page.locator("mark")
    expect(marks.nth(1)).to_have_text(f"{SENTENCES[1]}.")
    expect(marks.first).to_be_focused()
    page.get_by_role("button", name="Not helpful").click()
    page.get_by_label("What was good or wrong?").fill("Too long")
    page.locator(".bot form").get_by_role("button", name="Send").click()
    expect(page.locator(".bot form")).to_be_hidden()
    ask(page, ABSTAINED)
    expect(answers(page).last).to_contain_text("did not find")
    answers(page).last.get_by_role("button", name="Talk to a person").click()
    bar = page.locator(".bar:visible")
    bar.get_by_label("Your message").fill("My mole hill was hit by hail")
    bar.get_by_label("How can we reach you?").fill("mole@example.com")
    bar.get_by_role("button", name="Talk to a person").click()
    expect(bar).to_contain_text("waits for a person")
    expect(bar).to_contain_text("An answer is expected by")
    ticket = served.desk("GET", "tickets")["tickets"][0]
    assert (ticket["channel"], ticket["contact"]) == ("widget", "mole@example.com")
    served.desk("POST", f"tickets/{ticket['number']}/claim", take_over=False)
    expect(bar).to_contain_text("Anna answers you now")
    served.desk("POST", f"tickets/{ticket['number']}/reply", text="**Hail** is <b>covered</b>.")
    team = page.locator(".team")
    expect(team).to_contain_text("Hail is <b>covered</b>.")
    expect(team).to_contain_text("Written by a person: Anna")
    ask(page, "Thank you Anna, and moles?")
    page.get_by_role("button", name="Close").first.click()
    served.desk("POST", f"tickets/{ticket['number']}/reply", text="Moles too.")
    page.get_by_role("button", name="New message").click()
    expect(team).to_have_count(2)
    assert page.locator(".bot").count() == 2, "the bot says nothing while a person does"
    served.desk("POST", f"tickets/{ticket['number']}/solve", cause="solved")
    page.get_by_role("button", name="4 of 5").click()
    expect(bar).to_contain_text("Thank you")
    assert served.desk("GET", f"tickets/{ticket['number']}")["ticket"]["rating"] == 4
    log = [it["kind"] for it in served.desk("GET", f"tickets/{ticket['number']}")["entries"]]
    assert log.count("user") == 2
    page.reload()
    expect(team).to_have_count(2)
    assert whole(page, answers(page).first) == WHOLE


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(600)
def test_a_socket_that_is_cut_at_any_time_gives_the_same_answer(page, firm, between):
    opened(page, firm)
    ask(page, HOW)
    uncut = whole(page, answers(page))
    assert uncut == WHOLE
    cuts = [(number / 10, None) for number in range(14)] + [(0.3, 0.4), (0.05, 0.25)]
    for after_s, every_s in cuts:
        page.get_by_role("button", name="New conversation").click()
        between.after_s, between.every_s = after_s, every_s
        ask(page, HOW)
        assert whole(page, answers(page)) == uncut, (after_s, every_s)
        assert page.locator(".you").count() == answers(page).count() == 1
        between.every_s = None
    assert between.cuts >= len(cuts)
    assert between.followed >= 8, "answers were cut while they were written"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_an_answer_outlives_a_reload_and_stands_in_two_tabs(page, firm, served):
    from playwright.sync_api import expect

    served.endpoint.pause_s = 0.03
    opened(page, firm)
    ask(page, HOW)
    expect(answers(page)).to_contain_text(SENTENCES[0])
    other = page.context.new_page()
    other.goto(firm.url)
    page.reload()
    assert whole(page, answers(page)) == WHOLE
    assert whole(other, answers(other)) == WHOLE
    served.endpoint.pause_s = 0.008
    ask(other, "Does the app have a form for a claim?")
    expect(answers(page)).to_have_count(2)
    assert whole(page, answers(page).last) == whole(other, answers(other).last)
    assert page.locator(".you").count() == 2
    page.get_by_role("button", name="New conversation").click()
    expect(answers(page)).to_have_count(0)
    page.get_by_role("button", name="Conversations").click()
    page.get_by_role("button", name=re.compile(re.escape(HOW))).first.click()
    expect(answers(page)).to_have_count(2)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_what_is_stopped_or_fails_is_asked_again(page, firm, served, between):
    from playwright.sync_api import expect

    served.endpoint.pause_s = 0.05
    opened(page, firm)
    ask(page, HOW)
    expect(answers(page)).to_contain_text(SENTENCES[0])
    page.get_by_role("button", name="Stop").click()
    expect(answers(page)).to_contain_text("interrupted")
    assert SENTENCES[-1] not in answers(page).inner_text()
    served.endpoint.pause_s = 0.005
    page.get_by_role("button", name="Ask again").click()
    assert whole(page, answers(page).last) == WHOLE
    between.refuse()
    ask(page, HOW)
    expect(page.get_by_role("status").first).to_contain_text("Reconnecting")
    between.down = False
    assert whole(page, answers(page).last) == WHOLE
    assert page.locator(".you").count() == 3


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_nothing_that_was_said_is_read_as_markup(page, firm, served):
    from playwright.sync_api import expect

    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    served.endpoint.script = lambda _: (
        "Hail is covered by the policy. [1] <img src=x onerror=alert(1)> "
        "[here](javascript:alert(1)) [there](https://evil.example/x) **bold**"
    )
    opened(page, firm)
    ask(page, "What is the policy on hail? <img src=x onerror=alert(1)>")
    whole(page, answers(page))
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.locator(".log")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator(".log :is(img, iframe, script, object, form[action])").count() == 0
    hrefs = page.locator(".log a").evaluate_all("all => all.map(it => it.href)")
    assert not [it for it in hrefs if not it.startswith("https://help.example.com/")]
    assert not [it for it in asked_for if not it.startswith((firm.url, firm.api))]


MARKS = """([text, hosts]) => {
  const made = document.createElement("div");
  made.append(...[markdown(text, hosts)].flat(9));
  return [made.innerHTML, [...made.querySelectorAll("a")].map(it => it.href)];
}"""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("text", "hosts", "links"),
    [
        ("[a](https://help.example.com/x)", ["help.example.com"], 1),
        ("[a](https://help.example.com.evil.example/x)", ["help.example.com"], 0),
        ("[a](https://help.example.com@evil.example/x)", ["help.example.com"], 0),
        ("[a](https://x@help.example.com/x)", ["help.example.com"], 0),
        ("[a](javascript:alert(1))", ["*"], 0),
        ("[a](data:text/html,x)", ["*"], 0),
        ("https://a.b.example/y.", ["*.b.example"], 1),
        ("https://b.example/y.", ["*.b.example"], 0),
        ("<a href=https://help.example.com>x</a>", ["*"], 1),
        ("`https://help.example.com`", ["*"], 0),
    ],
)
def test_links_lead_to_hosts_that_are_allowed_alone(browser, text, hosts, links):
    parts = [Path(script.__file__).with_name(f"{name}.js").read_text() for name in ("markdown",)]
    helper = (
        "const h = (name, given, ...inside) => { const made = "
        "Object.assign(document.createElement(name), given); "
        "made.append(...inside.flat(9).filter(Boolean)); return made; };"
    )
    page = browser.new_page()
    html, found = page.evaluate(
        f"given => {{ {helper} {parts[0]}; return ({MARKS})(given); }}", [text, hosts]
    )
    page.close()
    assert len(found) == links, html
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_keyboard_alone_is_enough(page, firm, served):
    from playwright.sync_api import expect

    served.endpoint.pause_s = 0.002
    page.goto(firm.url)

    def tab_to(name: str) -> None:
        now = """() => {
          let it = document.activeElement;
          while (it.shadowRoot?.activeElement) it = it.shadowRoot.activeElement;
          return it.ariaLabel || it.innerText || "";
        }"""
        for _ in range(40):
            page.keyboard.press("Tab")
            if name in page.evaluate(now):
                return
        pytest.fail(f"{name} is not reached")

    tab_to("Open chat")
    page.keyboard.press("Enter")
    page.keyboard.type(HOW)
    page.keyboard.press("Enter")
    whole(page, answers(page))
    for name in ("Conversations", "New conversation", "Source 1", "Helpful", "Your message"):
        tab_to(name)
    tab_to("Talk to a person")
    page.keyboard.press("Enter")
    page.keyboard.type(" by keys")
    tab_to("Talk to a person")
    page.keyboard.press("Enter")
    expect(page.locator(".bar:visible")).to_contain_text("waits for a person")
    expect(page.get_by_label("Your message")).to_be_focused()
    tab_to("Back to the assistant")
    page.keyboard.press("Enter")
    expect(page.locator(".info").last).to_contain_text("The assistant answers again")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1000, 760), (390, 780)], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(page, firm, served, theme, size, request):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect

    served.endpoint.pause_s = 0.002
    page.set_viewport_size({"width": size[0], "height": size[1]})
    firm.language = "de"
    firm.given |= {"theme": theme, "accent": "#ffcc00", "title": "Versicherung Müller"}
    page.goto(firm.url)
    found = []
    look = lambda: found.extend(_serious(Axe().run(page).response))  # noqa: E731
    look()
    page.get_by_role("button", name="Chat öffnen").click()
    page.get_by_label("Ihre Nachricht").fill(HOW)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Nicht hilfreich").click()
    page.get_by_role("button", name="Quelle 1").first.click()
    look()
    page.get_by_label("Ihre Nachricht").fill("Ist ein bicycle insured against theft?")
    page.keyboard.press("Enter")
    expect(answers(page)).to_have_count(2)
    page.locator(".write").get_by_role("button", name="Mit einem Menschen").click()
    look()
    page.locator(".bar:visible").get_by_role("button", name="Mit einem Menschen").click()
    expect(page.locator(".bar:visible")).to_contain_text("wartet auf einen Menschen")
    ticket = served.desk("GET", "tickets")["tickets"][0]["number"]
    served.desk("POST", f"tickets/{ticket}/claim", take_over=False)
    served.desk("POST", f"tickets/{ticket}/reply", text="**Ja**, bis 500 Euro.")
    page.locator(".team").wait_for()
    look()
    served.desk("POST", f"tickets/{ticket}/solve", cause="solved")
    page.get_by_role("button", name="4 von 5").wait_for()
    look()
    page.get_by_role("button", name="Gespräche").click()
    page.locator(".choice").first.wait_for()
    look()
    if pictures := os.environ.get("WIDGET_PICTURES"):  # a folder, to look at them
        page.screenshot(path=f"{pictures}/{request.node.callspec.id}.png")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _serious(response) -> list:
    return [
        (it["id"], [node["html"][:200] for node in it["nodes"]])
        for it in response["violations"]
        if it["impact"] in {"serious", "critical"}
    ]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(400)
def test_an_answer_that_a_restart_cuts_is_said_to_be_cut(page, firm, served):
    from playwright.sync_api import expect

    served.endpoint.pause_s = 0.2
    opened(page, firm)
    ask(page, HOW)
    expect(answers(page)).to_contain_text(SENTENCES[0])
    served.stop()
    expect(page.get_by_role("status").first).to_contain_text("Reconnecting")
    time.sleep(1)
    served.endpoint.pause_s = 0.002
    served.start()
    expect(answers(page)).to_contain_text("interrupted")
    page.get_by_role("button", name="Ask again").click()
    assert whole(page, answers(page).last) == WHOLE
    expect(page.get_by_role("status").first).to_be_empty()
