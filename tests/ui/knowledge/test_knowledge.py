"""The page of knowledge on the real API: from a gap to an entry that serves, and back."""

from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from tests.support.places import Place
from tests.support.server import in_thread

QUESTION = "How do I pause my subscription?"
TEXT = "Open Billing and choose Pause. The plan rests for 3 months."


def _page(editor: bool, language: str) -> None:
    from ui.api.client import Client
    from ui.knowledge import page

    page.page(Client.from_environment(), language, editor=editor)


def opened(editor: bool = True, language: str = "en") -> AppTest:
    page = AppTest.from_function(_page, args=(editor, language), default_timeout=90).run()
    assert not page.exception
    return page


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_editor_closes_a_gap_and_takes_it_back(
    place: Place, endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    settings = place.settings(endpoint, answers={"quote": "first"})
    with in_thread(settings) as running:
        monkeypatch.setenv("ROUTEBACK_API_URL", running.url)
        key = running.headers["Authorization"].split()[1]
        monkeypatch.setenv("ROUTEBACK_API_KEY", key)

        def ask() -> str:
            body = {"model": "routeback", "messages": [{"role": "user", "content": QUESTION}]}
            address = f"{running.url}/v1/chat/completions"
            reply = httpx.post(address, json=body, headers=running.headers, timeout=60)
            return str(reply.json()["choices"][0]["message"]["content"])

        assert TEXT not in ask()
        looker = opened(editor=False)
        assert "gap-make" not in {button.key for button in press(looker, "open-gap-0").button}

        page = press(press(opened(), "open-gap-0"), "gap-make")
        (answer,) = (area for area in page.text_area if area.label.startswith("Answer"))
        answer.set_value(TEXT).run()
        shown = " ".join(element.value for element in page.markdown)
        assert TEXT in shown  # what would be answered, before anybody approves it
        press(page, "entry-approve")
        assert next(one.value for one in page.success).startswith("Approved")
        assert TEXT in ask()

        page.segmented_control(key="knowledge-section").set_value("entries").run()
        page.text_input(key="entry-search").set_value("pause").run()
        press(press(page, "history-0"), "history-undo")
        assert next(one.value for one in page.success).startswith("Undone")
        assert TEXT not in ask()

        german = opened(language="de")
        assert "Ansehen" in labels(german)
