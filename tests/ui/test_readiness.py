"""What the page says while the model that writes is not there yet."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui
from tests.ui.support.stub import Stub
from tests.ui.test_page import ask, shown
from ui.api.client import Client
from ui.chat.readiness import look

APP = str(Path(ui.__file__).with_name("app.py"))


def visit(language: str = "en") -> AppTest:
    page = AppTest.from_file(APP, default_timeout=30)
    page.session_state["language"] = language
    return page.run()


def test_a_model_that_comes_is_said_until_it_is_there(stub: Stub):
    stub.status = {"model": "fetching", "progress": 0.43, "message": "Fetching."}
    page = visit()
    assert "the model that writes is still being fetched, 43\u00a0%." in shown(page)
    ask(page, "What are the plans?")
    assert "still being fetched" in shown(page)
    stub.status = {"model": "ready", "progress": None, "message": ""}
    page.run()
    assert "the model that writes" not in shown(page)
    looks = stub.looks
    page.run()
    assert stub.looks == looks


@pytest.mark.parametrize(
    ("model", "language", "said"),
    [
        ("fetching", "en", "is still being fetched."),
        ("starting", "en", "is starting."),
        ("failed", "en", "is not available."),
        ("fetching", "de", "wird noch geladen."),
        ("starting", "de", "startet gerade."),
        ("failed", "de", "steht nicht bereit."),
    ],
)
def test_every_state_has_its_words(stub: Stub, model: str, language: str, said: str):
    stub.status = {"model": model, "progress": None, "message": "No space is left."}
    page = visit(language)
    (line,) = [c for c in page.caption if "Modell" in c.value or "the model" in c.value]
    assert line.value.endswith(said)
    assert line.help == ("No space is left\\." if model == "failed" else "")


def test_an_api_that_does_not_say_is_not_asked_again(page: AppTest, stub: Stub):
    assert stub.looks == 1
    ask(page, "What is it?")
    assert stub.looks == 1
    assert "the model that writes" not in shown(page)


@pytest.mark.parametrize(
    "status",
    [{"model": "dancing"}, {"status": "fine"}, {"model": "fetching", "progress": 43}],
)
def test_what_is_not_understood_is_not_said(stub: Stub, status: dict[str, object]):
    stub.status = status
    assert look(Client(stub.url)).model == "ready"


def test_an_api_that_is_not_up_yet_is_waited_for():
    assert look(Client("http://127.0.0.1:9")).model == "unknown"
