"""The sources on a page, over the real API, index and database."""

from dataclasses import fields
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.records.sources import SourceOptions
from assistant.sources.health import KINDS
from assistant.sources.uploads import UploadFolder
from tests.sources.conftest import Desk
from tests.sources.served import OWNER, served
from tests.sources.site import Page, Site
from ui.texts.sources import TEXTS

_SIGNS = str.maketrans("", "", "\\\u2060")
"""Signs by which a text is shown as it is."""
PAGE = str(Path(__file__).with_name("page.py"))


@pytest.fixture
def harbour(desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch):
    """A site of three pages as a source that has been read, and a server that knows it."""
    for name in ("anchor", "buoy", "compass"):
        site.page(f"/{name}", f"The {name} is *described* here.")
    site.sitemap("/sitemap.xml", "/anchor", "/buoy", "/compass")
    desk.add("Harbour", "web", f"{site.url}/sitemap.xml", "daily 03:00")
    desk.refresh("Harbour")
    with served(desk) as running:
        monkeypatch.setenv("ROUTEBACK_API_URL", running.url)
        monkeypatch.setenv("ROUTEBACK_API_KEY", OWNER)
        yield desk


def visit(**query: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    for name, value in query.items():
        page.query_params[name] = value
    return run(page)


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def told(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.success, page.error, page.warning, page.info)
    return "\n".join(element.value for kind in kinds for element in kind).translate(_SIGNS)


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click()
    return run(page)


def test_a_source_says_how_it_is_and_is_read_again(harbour: Desk, site: Site):
    page = visit()
    assert "passages: 3 · read" in told(page)
    assert "last time 3 added, 0 kept, 0 removed" in told(page)
    assert "up to date" in told(page)
    site.page("/buoy", "Buoys float.")
    press(page, "source-refresh-Harbour")
    assert "Harbour: 1 passages added, 2 kept, 1 removed." in told(page)
    assert "Buoys float." in harbour.texts("Harbour")


def test_what_is_held_is_confirmed(harbour: Desk, site: Site):
    page = visit()
    site.sitemap("/sitemap.xml", "/anchor")
    press(page, "source-refresh-Harbour")
    assert "nothing was changed, as 2 passages would go" in told(page)
    assert TEXTS["en"].confirm_more in told(page)
    assert "would be 0 added, 1 kept, 2 removed" in told(page)
    press(page, "source-confirm-Harbour")
    assert "Harbour: 0 passages added, 1 kept, 2 removed." in told(page)
    assert len(harbour.texts("Harbour")) == 1


def test_a_failure_says_why_and_nothing_is_lost(harbour: Desk, site: Site):
    site.pages["/sitemap.xml"] = Page("", 500)
    page = press(visit(), "source-refresh-Harbour")
    assert "the server says HTTP 500" in told(page)
    assert "could not be read" in told(page)
    assert len(harbour.texts("Harbour")) == 3


def test_a_source_is_added_rescheduled_and_removed(harbour: Desk, site: Site):
    page = visit()
    press(page, "source-new")
    assert TEXTS["en"].missing in told(page)
    page.text_input(key="source-name").set_value("a/b")
    page.text_input(key="source-address-web").set_value(f"{site.url}/anchor")
    press(page, "source-new")
    assert "cannot be the name of a source" in told(page)
    page.text_input(key="source-name").set_value("Anchor")
    page.selectbox(key="source-new-when-kind").set_value("weekly")
    run(page)
    page.selectbox(key="source-new-when-day").set_value("fri")
    press(page, "source-new")
    assert "Anchor: 1 passages added" in told(page)
    assert harbour.get("Anchor").schedule == "weekly fri 02:00"
    page.selectbox(key="source-when-Anchor-kind").set_value("off")
    press(page, "source-schedule-Anchor")
    assert harbour.get("Anchor").schedule == "off"
    press(page, "source-remove-Anchor")
    assert "Anchor: 1 passages removed." in told(page)
    assert [one.name for one in harbour.store.all()] == ["Harbour"]


def test_files_are_taken_out(harbour: Desk):
    source = harbour.register.uploads("Files", SourceOptions())
    folder = UploadFolder.of(harbour.refresher.reader.settings.data_dir, source.id)
    folder.put("notes.md", b"A sextant measures angles.")
    harbour.refresh("Files")
    page = visit()
    press(page, "source-file-Files-0")
    assert "1 passages removed." in told(page)
    assert folder.files() == []


def test_the_health_says_what_and_why(harbour: Desk, site: Site):
    assert TEXTS["en"].healthy in told(visit())
    site.pages.pop("/buoy")
    site.pages["/anchor"] = Page("", 500)
    harbour.refresh("Harbour")
    page = visit()
    assert f"{site.url}/buoy" in told(page)
    assert "HTTP 404; it was last there on 2026-11-04" in told(page)
    assert "HTTP 500" in told(page)
    assert [one.label for one in page.expander if "(" in one.label] == [
        "Pages that are gone (1)",
        "Pages that could not be fetched (1)",
    ]


def test_it_is_said_in_german(harbour: Desk):
    page = visit(lang="de")
    assert "Abschnitte: 3 · gelesen 4. Nov. 2026" in told(page).replace("\xa0", " ")
    assert TEXTS["de"].healthy in told(page)
    for text in TEXTS.values():
        assert set(text.findings) == set(text.explained) == set(KINDS)
        assert all(getattr(text, field.name) for field in fields(text))


def test_an_api_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROUTEBACK_API_URL", "http://127.0.0.1:9")
    page = visit()
    assert len(page.error) == 2
