import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.support.stub import Stub

APP_STATE = "conversation"


def ask(page: AppTest, question: str) -> AppTest:
    page.chat_input(key="question").set_value(question).run()
    assert not page.exception
    return page


def shown(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.text, page.warning, page.error, page.info, page.html)
    return "\n".join(
        str(element.value if hasattr(element, "value") else element.body)
        for kind in kinds
        for element in kind
    )


def labels(page: AppTest) -> list[str]:
    return [expander.label for expander in page.expander]


def test_the_empty_page_invites_and_its_examples_ask(page: AppTest, stub: Stub):
    assert page.title[0].value == "What would you like to know?"
    assert "An AI chooses or writes the answers and may be wrong." in shown(page)
    page.button(key="example-1").click().run()
    assert not page.title
    assert stub.asked[0]["messages"][-1]["content"] == "What is negative transfer?"
    assert "makes a model worse" in shown(page)


def test_sources_stand_under_the_answer_cited_ones_first(page: AppTest):
    ask(page, "What is it?")
    assert "[1](#source-1-1" in shown(page)
    assert labels(page) == [
        "**1**\u2002Negative transfer",
        "**2**\u2002Fine\\-tuning: when it \\*pays\\*",
        "Also searched (1)",
        "**3**\u2002Retrieval",
        "Details",
    ]
    assert r"It costs \$5 to \$10 to find." in shown(page)
    assert "(https://help.example.com/en/negative-transfer)" in shown(page)
    assert "javascript:" not in shown(page)


def test_that_base_took_over_stands_in_the_details(page: AppTest):
    ask(page, "What does base say?")
    assert "makes a model worse" in shown(page)
    assert "Base took over: a sentence did not pass" in shown(page)


def test_an_answer_that_could_not_be_checked_says_so(page: AppTest):
    ask(page, "What is it, unchecked?")
    assert "could not be checked against the sources" in shown(page)
    ask(page, "What is it?")
    assert shown(page).count("could not be checked") == 1


def test_what_the_sources_do_not_carry_is_said(page: AppTest):
    ask(page, "What is it?")
    assert [warning.value for warning in page.warning] == [
        "**Not found in the sources**\n\n- Most companies never notice it\\."
    ]


def test_the_arm_is_named_in_the_mark_and_the_details_only(page: AppTest):
    ask(page, "What is it?")
    mark, details = [caption.value for caption in page.caption if "base" in caption.value]
    assert mark == ":material/smart_toy: Written by AI: base"
    assert "Kind of question: glossary" in details
    assert "0\\.11\u202fs" in details


def test_a_conversation_keeps_its_id_until_a_new_one_starts(page: AppTest, stub: Stub):
    ask(page, "First?")
    ask(page, "Second?")
    first, second = stub.asked
    assert first["routeback"]["conversation_id"] == stub.conversations[0]
    assert second["routeback"]["conversation_id"] == stub.conversations[0]
    assert all(asked["routeback"]["keep"] for asked in stub.asked)
    assert first["routeback"]["client_id"] != second["routeback"]["client_id"]
    assert [m["role"] for m in second["messages"]] == ["user", "assistant", "user"]
    page.button(key="new-conversation").click().run()
    assert page.title
    ask(page, "Third?")
    assert stub.asked[2]["routeback"]["conversation_id"] == stub.conversations[1]
    assert len(stub.conversations) == 2
    assert len(stub.asked[2]["messages"]) == 1


@pytest.mark.parametrize(("thumb", "name"), [(0, "down"), (1, "up")])
def test_a_rating_is_stored_once(page: AppTest, stub: Stub, thumb: int, name: str):
    ask(page, "What is it?")
    page.feedback(key="thumb-1").set_value(thumb).run()
    assert not stub.ratings
    page.text_input(key="comment-1").set_value(" fine ")
    page.button(key="rate-1").click().run()
    assert [(r["thumb"], r["comment"]) for r in stub.ratings] == [(name, "fine")]
    assert "Thank you, your rating is stored." in shown(page)
    page.run()
    assert not page.feedback
    ask(page, "And then?")
    assert [feedback.key for feedback in page.feedback] == ["thumb-2"]


def test_a_rating_that_was_not_stored_can_be_sent_again(page: AppTest, stub: Stub):
    ask(page, "What is it?")
    stub.key = "changed"
    page.feedback(key="thumb-1").set_value(1).run()
    page.button(key="rate-1").click().run()
    assert "does not accept this page" in page.error[0].value
    stub.key = ""
    page.button(key="rate-1").click().run()
    assert len(stub.ratings) == 1


def test_a_bad_rating_says_why_and_offers_a_person(page: AppTest, stub: Stub):
    ask(page, "What is it?")
    page.feedback(key="thumb-1").set_value(0).run()
    page.pills(key="reasons-1").set_value(["wrong", "outdated"])
    page.text_input(key="comment-1").set_value(" since May ")
    page.button(key="rate-1").click().run()
    assert stub.ratings[0]["comment"] == "[wrong, outdated] since May"
    page.button(key="person-rated-1").click().run()
    assert "The support team has been asked." in shown(page)


@pytest.mark.parametrize(
    ("question", "offer"),
    [
        ("unknown thing", "Would you like to talk to a person?"),
        ("nothing at all", "A person can help you with this."),
    ],
)
def test_without_an_answer_a_person_is_offered_and_one_click_asks(
    page: AppTest, stub: Stub, question: str, offer: str
):
    ask(page, question)
    assert offer in shown(page)
    page.button(key="person-offer-1").click().run()
    (ticket,) = stub.tickets
    told = {key: ticket[key] for key in ("conversation_id", "message", "contact", "channel")}
    assert told == {
        "conversation_id": stub.conversations[0],
        "message": question,
        "contact": "",
        "channel": "chat",
    }
    assert "Your request is #12." in shown(page)
    assert "person-offer-1" not in [button.key for button in page.button]


def test_who_asks_the_assistant_for_a_person_has_one(page: AppTest):
    ask(page, "I want a person")
    assert "The support team has been asked." in shown(page)
    assert [text.value for text in page.text] == ["I want a person"]


def test_a_person_can_be_asked_for_before_anything_was_said(page: AppTest, stub: Stub):
    page.button(key="person-foot").click().run()
    assert stub.tickets[0]["message"] == "I would like to talk to a person."
    assert stub.tickets[0]["conversation_id"] == stub.conversations[0]
    assert "The support team has been asked." in shown(page)


def test_german_changes_every_sentence_and_asks_in_german(page: AppTest, stub: Stub):
    page.segmented_control(key="language").set_value("de").run()
    assert page.title[0].value == "Was möchten Sie wissen?"
    assert "Eine KI wählt oder schreibt die Antworten und kann irren." in shown(page)
    page.button(key="example-1").click().run()
    assert stub.asked[0]["routeback"]["interface"] == "de"
    assert "In den Quellen nicht gefunden" in shown(page)
    assert "Ebenfalls durchsucht (1)" in labels(page)
    assert "0,11" in shown(page)


def test_an_answer_that_breaks_off_stays_and_can_be_asked_again(page: AppTest, stub: Stub):
    ask(page, "please break")
    assert "**Negative transfer** means" in shown(page)
    assert "Most companies" not in shown(page)
    assert "The arm 'base' did not answer" in page.error[0].value
    assert not page.feedback
    page.button(key="again-1").click().run()
    assert [asked["messages"][-1]["content"] for asked in stub.asked] == ["please break"] * 2
    assert len(page.error) == 1


def test_a_busy_server_says_when_to_come_back(page: AppTest):
    ask(page, "busy")
    assert "about 7 seconds" in page.error[0].value


def test_questions_are_shown_as_they_were_written(page: AppTest):
    ask(page, "Is *this* $5 [1]?\nOr :cat:?")
    assert page.text[0].value == "Is *this* $5 [1]?\nOr :cat:?"
