"""The notice before the first input, and who wrote what: on the page, and in what leaves it."""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.support.answering import ATTACK, EVIL
from tests.ui.test_format import links
from tests.ui.test_page import ask, shown
from ui.api.turn import AnsweredTurn
from ui.api.types import ApiAuthor
from ui.chat import export, marks
from ui.chat.conversation import Conversation, Exchange
from ui.texts.chat import TEXTS

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TOLD = {
    "en": ("talking to an AI system", "can be wrong", "reaches people", "names are not"),
    "de": ("mit einem KI-System", "falsch sein", "führt zu Menschen", "Namen nicht"),
}


def html(page: AppTest, beginning: str) -> list[str]:
    return [str(one.value) for one in page.html if str(one.value).startswith(beginning)]


@pytest.mark.parametrize(("first", "second"), [("en", "de"), ("de", "en")])
def test_before_the_first_question_both_languages_say_what_one_talks_to(
    page: AppTest, first: str, second: str
):
    page.segmented_control(key="language").set_value(first).run()
    (notice,) = html(page, '<div class="rb-notice"')
    assert 'role="note"' in notice
    ahead, after = notice.index(f'lang="{first}"'), notice.index(f'lang="{second}"')
    assert ahead < after
    for language, part in ((first, notice[ahead:after]), (second, notice[after:])):
        assert [words for words in TOLD[language] if words not in part] == []
        assert TEXTS[language].person in part
    ask(page, "What is it?")
    assert html(page, '<div class="rb-notice"') == []
    assert TEXTS[first].notice in shown(page)


@pytest.mark.parametrize(
    ("question", "line", "attributes"),
    [
        (
            "What is it?",
            ":material/smart_toy: Written by AI: base",
            (
                'data-author="model" data-author-name="base" data-machine-generated="true" '
                f'data-digital-source-type="{marks.AI_WRITTEN}"'
            ),
        ),
        (
            "How do I get a new password?",
            ":material/format_quote: The documents’ own words, chosen by AI",
            (
                'data-author="document" data-author-name="quote" data-machine-generated="false" '
                'data-digital-source-type=""'
            ),
        ),
        (
            "How do I change it?",
            ":material/settings: Fixed text, written by no AI",
            (
                'data-author="product" data-author-name="Routeback" data-machine-generated="false" '
                'data-digital-source-type=""'
            ),
        ),
        (
            "please break",
            ":material/smart_toy: Written or chosen by AI",
            (
                'data-author="model" data-author-name="" data-machine-generated="true" '
                f'data-digital-source-type="{marks.AI_WRITTEN}"'
            ),
        ),
    ],
)
def test_each_message_says_who_wrote_it(page: AppTest, question: str, line: str, attributes: str):
    ask(page, question)
    assert [c.value for c in page.caption if c.value.startswith(line)] == [line]
    assert html(page, '<span class="rb-mark"') == [f'<span class="rb-mark" {attributes}></span>']


@pytest.mark.parametrize("kind", ["document", "model", "product", "person", "draft"])
def test_every_kind_of_author_has_a_line_and_an_icon_in_both_languages(kind: str):
    author = ApiAuthor(kind=kind, name="<b> & *Ada*", machine_generated=False, label="…")
    turn = AnsweredTurn(turn_id="t", outcome="answered", author=author)
    lines = {marks.told(turn, text) for text in TEXTS.values()}
    assert len(lines) == 2
    page = AppTest.from_function(show_mark, kwargs={"turn": turn}).run()
    assert page.caption[0].value.startswith(":material/")
    assert "<b>" not in page.caption[0].value.replace("\\<", "")
    assert "&lt;b&gt; &amp; *Ada*" in str(page.html[0].value)


def show_mark(turn):
    from ui.chat import marks
    from ui.chat.conversation import Exchange
    from ui.texts.chat import TEXTS

    marks.show(Exchange(1, "What?", turn=turn), TEXTS["en"])


def test_what_is_copied_has_the_sources_and_the_mark(page: AppTest):
    ask(page, "What is it?")
    (button,) = html(page, '<button type="button"')
    copied = unquote(button.split('data-copy="')[1].split('"')[0])
    assert copied.startswith("**Negative transfer** means")
    assert "\n[1] Negative transfer, https://help.example.com/en/negative-transfer" in copied
    assert copied.endswith(f"\n— Written by AI: base (Routeback). {marks.AI_WRITTEN}")


def conversation(page: AppTest) -> Conversation:
    found = page.session_state["conversation"]
    assert isinstance(found, Conversation)
    return found


def test_a_saved_conversation_marks_each_message(page: AppTest):
    ask(page, "What is it?")
    ask(page, "How do I get a new password?")
    ask(page, "please break")
    saved = json.loads(export.as_json(conversation(page), "en", NOW))
    assert saved["saved_at"] == "2026-11-29T12:00:00+00:00"
    answers = saved["messages"][1::2]
    assert [m["role"] for m in saved["messages"]] == ["user", "assistant"] * 3
    assert [m["author"]["kind"] for m in answers] == ["model", "document", "model"]
    assert [m["author"]["machine_generated"] for m in answers] == [True, False, True]
    assert [m["complete"] for m in answers] == [True, True, False]
    assert answers[0]["author"]["digital_source_type"] == marks.AI_WRITTEN
    assert [source["number"] for source in answers[0]["sources"]] == [1, 2]
    written = export.markdown(conversation(page), "en", NOW)
    assert "You are talking to an AI system." in written
    assert written.count(r"Written by AI: base \(Routeback\)") == 1
    assert written.count("The documents’ own words, chosen by AI") == 1
    assert written.count("Written or chosen by AI") == 1
    assert written.count(f"`{marks.AI_WRITTEN}`") == 2
    assert "**You:** please break" in written


def test_a_saved_conversation_fetches_nothing_and_leads_nowhere_else(page: AppTest):
    ask(page, "an attack")
    written = export.markdown(conversation(page), "en", NOW)
    assert EVIL in written
    assert links(written) == ["https://help.example.com/here"]
    assert (
        json.loads(export.as_json(conversation(page), "en", NOW))["messages"][1]["text"] == ATTACK
    )


def test_the_page_links_only_to_allowed_hosts(page: AppTest):
    ask(page, "an attack")
    drawn = [e.value for kind in (page.markdown, page.caption, page.warning) for e in kind]
    led = {link for text in (*drawn, *(e.label for e in page.expander)) for link in links(text)}
    assert led == {"https://help.example.com/here", "#source-1-1"}


def test_the_buttons_to_save_are_there_once_something_was_said(page: AppTest):
    assert "save-md" not in [button.key for button in page.get("download_button")]
    ask(page, "What is it?")
    assert len(page.get("download_button")) == 2


def test_an_answer_of_an_older_server_counts_as_written_by_a_machine():
    exchange = Exchange(1, "What?", "So.", turn=AnsweredTurn(turn_id="t", outcome="answered"))
    assert export.copied(exchange, TEXTS["de"]).endswith(
        f"— Von einer KI geschrieben oder ausgewählt (Routeback). {marks.AI_WRITTEN}"
    )
