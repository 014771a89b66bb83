"""A long conversation: the last of it stands on the page, and the rest a click away."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

import ui
from tests.ui.support.stub import Stub
from tests.ui.test_page import shown
from ui.chat.conversation import SHOWN, Conversation, Exchange

APP = str(Path(ui.__file__).with_name("app.py"))


def opened(count: int) -> AppTest:
    conversation = Conversation()
    for number in range(1, count + 1):
        question = f"Question {number}?"
        conversation.items.append(Exchange(number, question, f"Answer {number}.", "stopped"))
    page = AppTest.from_file(APP, default_timeout=30)
    page.session_state["language"] = "en"
    page.session_state["conversation"] = conversation
    return page.run()


def test_the_last_stand_on_the_page_and_a_click_shows_more(stub: Stub):
    page = opened(2 * SHOWN + 6)
    asked = [element.value for element in page.text]
    assert asked[0] == f"Question {SHOWN + 7}?"
    assert asked[-1] == f"Question {2 * SHOWN + 6}?"
    page.button(key="earlier").click().run()
    assert next(element.value for element in page.text) == "Question 7?"
    page.button(key="earlier").click().run()
    assert next(element.value for element in page.text) == "Question 1?"
    assert "earlier" not in {button.key for button in page.button}


def test_a_short_one_stands_there_whole(stub: Stub):
    page = opened(SHOWN)
    assert "earlier" not in {button.key for button in page.button}
    assert "Answer 1." in shown(page)
