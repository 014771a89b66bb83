"""A person in place of the assistant, each state as the page shows it; and history, stop, edit."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.support.stub import Stub
from tests.ui.support.talks import Talk
from tests.ui.test_page import APP_STATE, ask, shown
from ui.chat.conversation import Conversation


def buttons(page: AppTest) -> list[str]:
    return [str(button.key) for button in page.button]


def conversation(page: AppTest) -> Conversation:
    found = page.session_state[APP_STATE]
    assert isinstance(found, Conversation)
    return found


@pytest.fixture
def talk(page: AppTest, stub: Stub) -> Talk:
    """A conversation in which a person was asked for, after one answer."""
    ask(page, "What is it?")
    page.button(key="person-foot").click().run()
    return stub.talks[stub.conversations[0]]


def test_while_waiting_it_says_who_when_and_how_to_go_back(page: AppTest, talk: Talk):
    said = shown(page)
    assert "The support team has been asked." in said
    assert "Your request is #12." in said
    assert "The team is not there right now." in said
    assert "An answer is expected by 30\u00a0Nov 2026, 13:00 UTC." in said
    assert "person-foot" not in buttons(page)
    assert page.chat_input(key="question").placeholder == "Write to the support team"
    page.button(key="to-bot").click().run()
    assert talk.holder == "bot"
    assert "Request withdrawn; the assistant answers again" in shown(page)
    assert page.chat_input(key="question").placeholder == "Ask a question"


def test_what_is_written_goes_to_the_person_and_nothing_else_answers(
    page: AppTest, stub: Stub, talk: Talk
):
    ask(page, "It is urgent.")
    assert [e["text"] for e in talk.entries if e["kind"] == "user"][-1] == "It is urgent."
    assert [e["kind"] for e in talk.entries].count("answer") == 1
    assert [text.value for text in page.text] == ["What is it?", "It is urgent."]


def test_what_the_person_says_stands_in_the_thread_with_their_name(page: AppTest, talk: Talk):
    talk.reply("Ada <b>", "Look at *this*:\n$5 and ![x](http://127.0.0.1:9/x.png)")
    talk.reply("Ada <b>", "And this.", "draft")
    page.run()
    said = shown(page)
    assert "has taken over" in said
    assert "Ada &lt;b&gt; answers you here." in said
    assert "Look at *this*:" in said
    assert "![" not in said
    lines = [c.value for c in page.caption if "Ada" in c.value]
    assert [line.split(":")[1] for line in lines if line.startswith(":material")] == [
        "material/person",
        "material/edit_note",
    ]
    assert "Drafted by AI, sent by a person: Ada" in said


def test_an_address_can_be_left(page: AppTest, stub: Stub, talk: Talk):
    page.text_input(key="contact").set_value(" me@example.com ")
    page.button(key="send-address").click().run()
    assert talk.contact == "me@example.com"
    assert "The team has your address." in "".join(s.value for s in page.success)


def test_what_is_solved_is_rated_once_and_opened_by_writing(page: AppTest, talk: Talk):
    talk.move("solved", "solve", "Ada")
    page.run()
    assert "Your request is marked as solved." in shown(page)
    page.feedback(key="stars").set_value(3).run()
    page.text_input(key="stars-comment").set_value("quick")
    page.button(key="rate-person").click().run()
    assert talk.ratings == [{"rating": 4, "comment": "quick"}]
    page.run()
    assert not [f for f in page.feedback if f.key == "stars"]
    ask(page, "No, it is not.")
    assert talk.holder == "waiting"
    assert "Opened again #12" in shown(page)


def test_what_is_closed_begins_anew_and_says_so(page: AppTest, stub: Stub, talk: Talk):
    talk.move("closed", "close")
    page.run()
    assert "What you write begins a new one." in shown(page)
    ask(page, "What is another thing?")
    assert len(stub.conversations) == 2
    assert conversation(page).id == stub.conversations[1]
    assert "a new one begins here" in shown(page)
    assert shown(page).count("makes a model worse") >= 2


def test_an_answer_that_is_running_is_read_on_by_number(page: AppTest, stub: Stub):
    ask(page, "please cut")
    assert "Most companies" in shown(page)
    assert len(stub.asked) == 1
    exchange = conversation(page).exchanges[0]
    exchange.stage, exchange.turn = "running", None
    exchange.answer = exchange.answer[:20]
    conversation(page).number = exchange.entry
    page.run()
    assert "Most companies" in shown(page)
    assert max(after for _, after in stub.reads) >= exchange.entry > 0
    assert len(stub.asked) == 1


def test_an_edited_question_replaces_the_old_one(page: AppTest, stub: Stub):
    ask(page, "What is it?")
    page.text_area(key="edited-1").set_value("How do I get a new password?")
    page.button(key="ask-edited-1").click().run()
    assert [a["messages"][-1]["content"] for a in stub.asked][-1] == "How do I get a new password?"
    assert [m["role"] for m in stub.asked[-1]["messages"]] == ["user"]
    assert "Replaced: What is it?" in [expander.label for expander in page.expander]
    assert "edited-1" not in [area.key for area in page.text_area]
    assert page.text_area(key="edited-2").value == "How do I get a new password?"


def test_history_lists_conversations_and_one_goes_on(page: AppTest, stub: Stub):
    ask(page, "What is it?")
    page.button(key="new-conversation").click().run()
    ask(page, "How do I get a new password?")
    labels = [b.label for b in page.sidebar.button if str(b.key).startswith("open-")]
    assert [label.split("\u2002")[0] for label in labels] == [
        "How do I get a new password?",
        "What is it?",
    ]
    page.button(key=f"open-{stub.conversations[0]}").click().run()
    assert [text.value for text in page.text] == ["What is it?"]
    assert "makes a model worse" in shown(page)
    ask(page, "And then?")
    assert stub.asked[-1]["routeback"]["conversation_id"] == stub.conversations[0]


def test_the_address_names_a_conversation_and_an_unknown_one_shows_nothing(stub: Stub):
    from tests.ui.conftest import APP

    first = AppTest.from_file(APP, default_timeout=30).run()
    ask(first, "What is it?")
    assert first.query_params["conversation"] in (stub.conversations[0], [stub.conversations[0]])
    for name, questions in ((stub.conversations[0], ["What is it?"]), ("somebody-elses", [])):
        other = AppTest.from_file(APP, default_timeout=30)
        other.query_params["conversation"] = name
        other.run()
        assert not other.exception
        assert [text.value for text in other.text] == questions


def test_german_says_all_of_it_in_german(page: AppTest, stub: Stub):
    page.segmented_control(key="language").set_value("de").run()
    ask(page, "Was ist es?")
    page.button(key="person-foot").click().run()
    said = shown(page)
    for words in (
        "Der Support ist gefragt.",
        "Ihre Anfrage ist #12.",
        "An den Support weitergegeben",
    ):
        assert words in said
    assert "ist bis 30.\u00a0Nov. 2026, 13:00 UTC zu erwarten" in said
