"""How long each page takes on a large store, from the click until it can be used.

The store is filled by ``benchmarks.desk.large_store``: 50,000 turns, 2,000 tickets, 200 nights. The
product's own command serves it, and a headless Chromium clicks through the pages. A page can be
used when what it is there for stands on it and Streamlit runs nothing any more. The search of the
desk is timed at the API.
"""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import httpx
import numpy as np

from assistant.running import Running, find
from benchmarks.desk import large_store
from benchmarks.results import KEPT, Count, Table, number, table

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROUTEBACK: Final = Path(sys.executable).parent / "routeback"
CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
PAGE_S: Final = 1.5
"""Within which a page is to be usable."""
SEARCH_S: Final = 0.3
"""Within which a search is to be answered."""
VISITS: Final = 7
_STARTS_S: Final = 180.0
_LONGEST_MS: Final = 60_000
_WATCH: Final = """() => {
  for (const name of ['pointerdown', 'keydown'])
    document.addEventListener(name, () => { window.rbAt = performance.now(); }, true);
}"""
_USABLE: Final = """([wanted, text, gone]) => {
  const idle = document.querySelector('[data-test-script-state=notRunning]')
    && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]');
  const left = gone && document.querySelector(gone);
  const found = !left && [...document.querySelectorAll(wanted)]
    .some(one => one.offsetParent !== null && one.textContent.includes(text));
  return idle && found ? performance.now() - window.rbAt : false;
}"""
_IDLE: Final = """() => document.querySelector('[data-test-script-state=notRunning]')
  && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"""
CALLS: Final = (
    "/v1/me",
    "/v1/conversations",
    "/v1/desk/tickets?open=true&limit=12",
    "/v1/desk/numbers",
    "/v1/gaps?limit=10",
    "/v1/entries?limit=10",
    "/v1/knowledge/sources",
    "/v1/knowledge/health",
    "/v1/guard/map",
    "/v1/guard/decisions?count=200",
    "/v1/evals/nights",
    "/v1/evals/trend",
)
"""What pages ask of the API."""
SEARCHES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("one word", ("webhook", "licence", "calendar", "dashboard", "discount", "mailing", "backup")),
    ("frequent word", ("the", "thank", "you", "error", "example", "at", "it")),
    (
        "two words",
        ("password settings", "invoice wrong", "time sheet", "looked at", "backup error"),
    ),
    ("name", ("Lindqvist", "Greta Vogel", "Öztürk", "yildiz", "Piet", "Dvorak", "Wanda")),
    ("number", ("17", "#1204", "4711", "1999", "30", "99999")),
    ("beginning", ("w", "inv", "sig", "an", "e", "pass")),
    ("German", ("Rechnung", "für die", "Arbeitsbereich", "heute früh", "nicht geholfen", "den")),
    ("nothing", ("xylophone", "qwertz", "Zebra Rechnung", "no such words here")),
)
"""What is typed into the search of the desk, by kind."""


@dataclass(frozen=True)
class Served:
    """Where the store is served. url: of the pages."""

    url: str
    api: Running


def measure(*, quick: bool = False, visits: int = VISITS) -> Sequence[Table]:
    """Fill a store, serve it, and click through it. visits: of each page."""
    amounts = large_store.Amounts(4000, 200, 30, 150, 60) if quick else large_store.Amounts()
    with TemporaryDirectory() as name:
        folder = Path(name) / "data"
        _filled(folder, amounts, kept=not quick)
        with served(folder) as at:
            found = clicked(at, amounts.tickets, 2 if quick else visits)
            searches = searched(at, 1 if quick else 3)
            calls = called(at, 2 if quick else visits)
    return [_pages(found), _searches(searches), _calls(calls)]


def _filled(folder: Path, amounts: large_store.Amounts, *, kept: bool) -> None:
    """Fill a folder; a store of today is kept for the next run."""
    place = KEPT / f"desk-{time.strftime('%Y-%m-%d')}"
    if kept and place.is_dir():
        _copied(place, folder)
        return
    began = time.monotonic()
    large_store.filled(folder, amounts)
    print(f"{amounts}: filled in {time.monotonic() - began:.0f} s", flush=True)
    if kept:
        for old in KEPT.glob("desk-*"):
            rmtree(old)
        _copied(folder, place)


def _copied(source: Path, to: Path) -> None:
    to.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_file():
            (to / path.name).write_bytes(path.read_bytes())


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run ``routeback up`` on a folder until the block ends."""
    port = free_port()
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("ROUTEBACK_", "OPENAI_"))},
        "ROUTEBACK_DATA_DIR": str(folder),
        "ROUTEBACK_SERVER__PORT": str(free_port()),
        "ROUTEBACK_SERVER__UI_PORT": str(port),
    }
    log = (folder / "up.log").open("w")
    child = subprocess.Popen([ROUTEBACK, "up"], env=env, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + _STARTS_S
        while not ((running := find(folder)) and _answers(f"{url}/_stcore/health")):
            if child.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"it did not start: {(folder / 'up.log').read_text()}")
            time.sleep(0.2)
        yield Served(url, running)
    finally:
        child.terminate()
        child.wait(60)
        log.close()


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@dataclass
class Visit:
    """One visitor's clicks. tickets: how many there are. times: in seconds, by page and click."""

    page: "Page"
    tickets: int
    times: dict[tuple[str, str], list[float]]

    def do(
        self,
        where: str,
        what: str,
        act: Callable[["Page"], None],
        wanted: str,
        text: str = "",
        gone: str = "",
    ) -> None:
        """Do something and wait until what is wanted can be used.

        text: that it has. gone: what is there no more then.
        """
        act(self.page)
        handle = self.page.wait_for_function(
            _USABLE, arg=[wanted, text, gone], polling="raf", timeout=_LONGEST_MS
        )
        self.times.setdefault((where, what), []).append(float(handle.json_value()) / 1000)
        self.page.wait_for_timeout(400)
        self.page.wait_for_function(_IDLE, timeout=_LONGEST_MS)

    def link(self, name: str) -> Callable[["Page"], None]:
        """Return what clicks on the way to a page, in the sidebar."""
        wanted = f'.st-key-pages a:has-text("{name}")'
        return lambda page: page.locator(wanted).first.click()


def clicked(at: Served, tickets: int, visits: int) -> dict[tuple[str, str], list[float]]:
    """Return the seconds of each click, in the order of the visits; each has a tab of its own."""
    from playwright.sync_api import sync_playwright

    times: dict[tuple[str, str], list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for visit in range(visits):
            context = browser.new_context(
                locale="en-GB", viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
            )
            page = context.new_page()
            page.goto(f"{at.url}/people")
            page.locator(".st-key-key-machine-0").wait_for(timeout=_LONGEST_MS)
            page.wait_for_function(_IDLE, timeout=_LONGEST_MS)
            page.evaluate(_WATCH)
            _through(Visit(page, tickets, times), visit)
            context.close()
        browser.close()
    return times


def _through(visit: Visit, turn: int) -> None:
    """Click through all pages."""
    _chat(visit)
    _desk(visit, turn)
    _knowledge(visit)
    visit.do("Quality", "open", visit.link("Quality"), ".st-key-map")
    visit.do("Nights", "open", visit.link("Nights"), ".st-key-section-gates")
    other = visit.page.locator('[class*="st-key-night-"]').nth(2 + turn % 5)
    name = str(other.get_attribute("class")).split("st-key-night-")[1].split()[0]
    shown = f".st-key-night-chosen-{name.split('-', 1)[1]}"
    visit.do("Nights", "another night", lambda _: other.locator("button").click(), shown)
    visit.do(
        "Nights", "worst cases",
        lambda page: page.get_by_role("radio", name="Worst cases").click(),
        ".st-key-section-worst",
    )  # fmt: skip
    visit.do("Numbers", "open", visit.link("Numbers"), ".st-key-resolved-ours")
    visit.do("People and keys", "open", visit.link("People"), ".st-key-key-machine-9")


def _chat(visit: Visit) -> None:
    lines = '[class*="st-key-open-"] button'
    visit.do("Chat", "open", visit.link("Chat"), f".st-key-history {lines}")
    visit.do(
        "Chat", f"a conversation of {large_store.LONG} questions",
        lambda page: page.locator(lines).first.click(), '[class*="st-key-exchange-"]',
    )  # fmt: skip


def _desk(visit: Visit, turn: int) -> None:
    rows = ".st-key-desk-rows button"
    visit.do("Desk", "open", visit.link("Desk"), rows)
    row = visit.page.locator('[class*="st-key-row-"]').nth(1 + turn % 8)
    ticket = _number(row)
    shown = (".st-key-desk-live", f"#{ticket} ")
    visit.do("Desk", "a ticket", lambda _: row.locator("button").click(), *shown)
    pages = ".st-key-desk-pages"
    every = f"{visit.tickets:,}"
    visit.do("Desk", "filter: all", _pill("All"), pages, every)
    before = visit.page.locator('.st-key-desk-rows [class*="st-key-row-"]').first
    first = f".st-key-row-{_number(before)}"
    second = '.st-key-desk-pages [aria-current="page"]'
    visit.do("Desk", "next page", _next, second, "2", gone=first)
    word = ("invoice", "Lindqvist", "webhook settings", "Rechnung")[turn % 4]
    box = visit.page.get_by_role("textbox", name="Search the list")
    box.fill(word)
    visit.do("Desk", "search", lambda _: box.press("Enter"), rows, gone=pages)
    box.fill("")
    box.press("Enter")
    visit.page.locator(pages).wait_for(timeout=_LONGEST_MS)
    visit.page.wait_for_function(_IDLE, timeout=_LONGEST_MS)


def _number(row: "Locator") -> str:
    """Return the number of the ticket that a row is of."""
    return str(row.get_attribute("class")).split("st-key-row-")[1].split()[0]


def _next(page: "Page") -> None:
    page.locator('.st-key-desk-pages button[aria-label="Page 2"]').click()


def _pill(name: str) -> Callable[["Page"], None]:
    return lambda page: page.get_by_role("radio", name=name, exact=True).click()


def _knowledge(visit: Visit) -> None:
    def section(name: str) -> Callable[["Page"], None]:
        return lambda page: page.get_by_role("radio", name=name, exact=True).click()

    visit.do("Knowledge", "open, gaps", visit.link("Knowledge"), ".st-key-gap-0")
    visit.do("Knowledge", "entries", section("Entries"), ".st-key-entry-0")
    visit.do("Knowledge", "sources", section("Sources"), ".st-key-source-handbook-0")
    visit.do("Knowledge", "health", section("Health"), '[class*="st-key-health-"]')


def searched(at: Served, rounds: int) -> dict[str, list[tuple[str, float]]]:
    """Return each search and its seconds, by kind; one before them all is not counted."""
    found: dict[str, list[tuple[str, float]]] = {}
    with httpx.Client(
        base_url=at.api.url, headers=at.api.headers, timeout=60, trust_env=False
    ) as client:
        client.get("/v1/desk/search", params={"q": "anything"}).raise_for_status()
        todo = [(kind, words) for kind, some in SEARCHES for words in some] * rounds
        random.Random(1).shuffle(todo)  # noqa: S311  (an order)
        for kind, words in todo:
            began = time.perf_counter()
            client.get("/v1/desk/search", params={"q": words}).raise_for_status()
            found.setdefault(kind, []).append((words, time.perf_counter() - began))
    return found


def called(at: Served, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of what pages ask, the first time and again."""
    found: dict[str, list[float]] = {path: [] for path in CALLS}
    with httpx.Client(
        base_url=at.api.url, headers=at.api.headers, timeout=60, trust_env=False
    ) as client:
        for _ in range(rounds):
            for path in CALLS:
                began = time.perf_counter()
                client.get(path).raise_for_status()
                found[path].append(time.perf_counter() - began)
    return found


def _calls(times: dict[str, list[float]]) -> Table:
    rows = [
        (f"`{path}`", some[0] * 1000, median(some) * 1000, max(some) * 1000)
        for path, some in times.items()
    ]
    columns = (
        "call",
        number("first here", 0, "ms"),
        number("median", 0, "ms"),
        number("worst", 0, "ms"),
    )
    return table("calls", columns, rows)


def _pages(times: dict[tuple[str, str], list[float]]) -> Table:
    rows = [
        (where, what, some[0], median(some), max(some), Count(hits=_within(some), of=len(some)))
        for (where, what), some in times.items()
    ]
    columns = (
        "page", "click", number("first", 2, "s"), number("median", 2, "s"),
        number("worst", 2, "s"), f"within {PAGE_S} s",
    )  # fmt: skip
    return table("pages", columns, rows)


def _within(some: Sequence[float]) -> int:
    return sum(one <= PAGE_S for one in some)


def _searches(found: dict[str, list[tuple[str, float]]]) -> Table:
    every = [one for some in found.values() for one in some]
    kinds = [(kind, found[kind]) for kind, _ in SEARCHES] + [("all", every)]
    rows = []
    for kind, some in kinds:
        seconds = np.array([one[1] for one in some]) * 1000
        worst = max(some, key=lambda one: one[1])
        rows.append(
            (
                kind, len({words for words, _ in some}), len(some), float(np.median(seconds)),
                float(np.quantile(seconds, 0.95)), float(seconds.max()), worst[0],
                Count(hits=int((seconds <= SEARCH_S * 1000).sum()), of=len(some)),
            )
        )  # fmt: skip
    columns = (
        "searched for", "texts", "searches", number("median", 0, "ms"), number("95th", 0, "ms"),
        number("worst", 0, "ms"), "slowest text", f"within {SEARCH_S * 1000:.0f} ms",
    )  # fmt: skip
    return table("search", columns, rows)
