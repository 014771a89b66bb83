"""The four kinds of answer, as the page shows them."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.support.stub import Stub
from tests.ui.test_page import ask, labels, shown
from ui.api.turn import AnsweredTurn
from ui.api.types import ApiQuotationView
from ui.chat import quotations


def keys(page: AppTest, beginning: str) -> list[str]:
    return [str(b.key) for b in page.button if str(b.key).startswith(beginning)]


def quoted(page: AppTest) -> list[str]:
    return [m.value for m in page.markdown if m.value.startswith("> ")]


def captions(page: AppTest, beginning: str) -> str:
    (found,) = [c.value for c in page.caption if c.value.startswith(beginning)]
    return found


def german(page: AppTest) -> AppTest:
    return page.segmented_control(key="language").set_value("de").run()


def test_an_entry_is_quoted_once_with_what_it_is_from(page: AppTest):
    ask(page, "How do I get a new password?")
    (words,) = quoted(page)
    assert words.startswith("> 1. Open the sign-in page and choose **Forgot password?**\n> 2. ")
    assert "\n>\n> If no message arrives" in words
    assert shown(page).count("Open the sign-in page") == 1
    origin = captions(page, "How do I reset my password? · ")
    assert "· [help\\.example\\.com/en/account/" in origin
    assert origin.endswith(" · dated\u00a015\u00a0Jan 2026")
    assert labels(page) == [
        "Also searched (2)",
        "**2**\u2002How do I change the e\\-mail address that I sign in with?",
        "**3**\u2002How do I change my plan?",
        "Details",
    ]
    assert page.feedback(key="thumb-1")


def test_the_rest_of_a_long_entry_is_folded(page: AppTest):
    ask(page, "What are the plans?")
    excerpt, whole = quoted(page)
    assert "> | Starter | \\$29 | 3 |" in excerpt
    assert "annual billing" not in excerpt
    assert "annual billing" in whole
    assert labels(page)[0] == "Show the whole entry"


def test_several_entries_stand_under_their_titles(page: AppTest):
    ask(page, "What is an adapter?")
    assert len(quoted(page)) == 2
    texts = [m.value for m in page.markdown]
    first, second = texts.index("**Adapter**"), texts.index("**Adapter \\(connections\\)**")
    assert texts[first + 1] == quoted(page)[0]
    assert texts[second + 1] == quoted(page)[1]
    assert "[1]" not in shown(page)


def test_the_older_of_two_versions_is_called_so(page: AppTest):
    ask(page, "Is there a refund?")
    headings = [m.value for m in page.markdown if m.value.startswith("**Can I")]
    assert headings == ["**Can I get a refund?**", "**Can I get a refund?** – an older version"]
    assert "dated\u00a01\u00a0Feb 2026" in shown(page)
    assert "dated\u00a01\u00a0May 2024" in shown(page)


def test_an_entry_in_the_other_language_is_said_to_be(page: AppTest):
    ask(german(page), "Was steht auf der Rechnung?")
    assert "Dazu gibt es nur einen Eintrag auf Englisch:" in shown(page)
    assert quoted(page) == ["> Yes, within 30 days of the first payment."]
    assert "Can I get a refund? · vom\u00a01\\.\u00a0Feb" not in shown(page)
    assert "Can I get a refund? · vom\u00a01.\u00a0Feb. 2026" in shown(page)


def test_what_stands_between_quotations_is_kept():
    one = ApiQuotationView(number=1, title="A", text="First.\n- a\n- b")
    two = ApiQuotationView(number=2, title="B", text="Second.")
    answer = (
        "**A** (2026-01-01)\n\nIn German only:\n\nFirst.\n- a\n- b\n\n[1]\n\n"
        "**B** – an older version\n\nSecond. [2]\n\nI did not find “x”."
    )
    assert quotations.between(answer, [one, two]) == ["In German only:", "", "I did not find “x”."]
    assert quotations.between("Something else.", [one]) is None


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a\n\n- b\n- c", "> a\n>\n> - b\n> - c"),
        ("one  \ntwo", "> one\\\n> two"),
        ("```\n$a\n\nb\n```", "> ```\n> $a\n>\n> b\n> ```"),
    ],
)
def test_a_quotation_keeps_its_lines(words: str, shown: str):
    assert quotations.quoted(words) == shown


def test_asked_back_there_are_choices_and_a_click_sends_the_title(page: AppTest, stub: Stub):
    ask(page, "How do I change it?")
    assert "Which of these do you mean?" in shown(page)
    assert "2. How" not in shown(page)
    assert [page.button(key=key).label for key in keys(page, "choice-1")] == [
        "How do I change the e\\-mail address that I sign in with?",
        "How do I change my plan?",
        "Language \\& \\*region\\*",
    ]
    assert not page.feedback
    page.button(key="choice-1-3").click().run()
    assert [asked["messages"][-1]["content"] for asked in stub.asked] == [
        "How do I change it?",
        "Language & *region*",
    ]
    assert "2. How do I change my plan?" in stub.asked[1]["messages"][1]["content"]
    assert quoted(page) == ["> Choose both in **Settings → Profile**."]
    assert not keys(page, "choice-")
    assert "2. How do I change my plan?\n3. Language" in shown(page)


def test_not_found_the_closest_entries_can_be_chosen(page: AppTest, stub: Stub):
    ask(page, "What is the unknown colour?")
    said = shown(page)
    assert "in the documents. The closest entries are these." in said
    assert said.count("Would you like to talk to a person?") == 1
    assert len(keys(page, "choice-1")) == 3
    page.button(key="choice-1-1").click().run()
    assert stub.asked[1]["messages"][-1]["content"] == "Adapter (connections)"
    assert page.button(key="person-offer-1")


def test_what_was_chosen_of_is_in_german_too(page: AppTest, stub: Stub):
    ask(german(page), "Was ist die unbekannte Farbe?")
    assert "Am nächsten kommen diese Einträge." in shown(page)
    assert "Möchten Sie mit einem Menschen sprechen?" in shown(page)
    page.button(key="choice-1-2").click().run()
    assert stub.asked[1]["messages"][-1]["content"] == "Wie wechsle ich den Tarif?"
    assert len(quoted(page)) == 1


@pytest.mark.parametrize(
    ("question", "mode", "likely"),
    [
        ("What are the plans?", "quoted from the documents", "91"),
        ("What is it?", "written from the sources", "83"),
        ("How do I change it?", "asked which entry is meant", "74"),
        ("What is unknown?", "no answer found", "8"),
    ],
)
def test_the_details_say_how_and_why(page: AppTest, question: str, mode: str, likely: str):
    ask(page, question)
    details = captions(page, "Kind of question: ")
    assert f"Kind of answer: {mode}" in details
    assert "Why this kind: " in details
    assert f"Probability that it answers: {likely}\u00a0%" in details
    assert ("the document's own words" in details) == (mode.startswith("quoted"))
    assert "Answered by: quote" not in details


def test_the_details_of_small_talk_say_nothing_of_kinds(page: AppTest):
    ask(page, "I want a person")
    assert "Kind of answer" not in shown(page)
    assert "Probability" not in shown(page)


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.0, "0"),
        (0.001, "< 1"),
        (0.01, "1"),
        (0.505, "50"),
        (0.99, "99"),
        (0.998, "> 99"),
        (1, "100"),
    ],
)
def test_only_what_is_certain_is_said_to_be(probability: float, said: str):
    about = AnsweredTurn(turn_id="t", outcome="answered", evidence=probability)
    page = AppTest.from_function(show_details, kwargs={"about": about}).run()
    told = page.caption[0].value.replace("\\", "")
    assert f"Probability that it answers: {said}\u00a0%" in told


def show_details(about):
    from ui.chat import details
    from ui.chat.conversation import Exchange
    from ui.texts.chat import TEXTS

    details.show(Exchange(1, "What?"), about, TEXTS["en"])
