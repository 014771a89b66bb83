import random

import pytest

from assistant.citations import CitationStream, check, split
from assistant.support import Source, Support

EN = Source(
    1, "Negative transfer\nKnowledge from one task makes a model worse at another task.", "en"
)
LINK = Source(2, "Reset\nThe link is valid for 60 minutes and works once.", "en")
DE = Source(1, "Zurücksetzen\nDer Link gilt 60 Minuten und funktioniert nur einmal.", "de")


@pytest.fixture(scope="session")
def support(embedder):
    return Support(embedder)


def streamed(text: str, sources, support, language="en", seed=0) -> str:
    """Feed in random pieces, as a model would; return all that was shown."""
    stream = CitationStream(sources, language, support)
    rng = random.Random(seed)
    shown = ""
    while text:
        size = rng.randint(1, 6)
        shown += "".join(stream.feed(text[:size]))
        text = text[size:]
    shown += "".join(stream.close())
    assert shown == stream.text
    return shown


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("The link works once [2].", "The link works once [2]."),
        ("The link works once. [2]", "The link works once. [2]"),
        ("The link works once.[2]", "The link works once. [2]"),
        ("The link works once [7].", "The link works once. [2]"),
        ("The link works once [2][2].", "The link works once [2]."),
        ("The link works once [2, 1].", "The link works once [2] [1]."),
        (
            "The link is valid for 60 minutes. It works once.",
            "The link is valid for 60 minutes. [2] It works once. [2]",
        ),
        ("[2] The link works once.", "The link works once. [2]"),
        (
            "Choose **Forgot link?** and it works once. It is valid for 60 minutes.",
            "Choose **Forgot link?** and it works once. [2] It is valid for 60 minutes. [2]",
        ),
        ("Is it **valid?** The link works once.", "Is it **valid?** [2] The link works once. [2]"),
        ("The link works once [1].", "The link works once. [2]"),
        ("Bananas are yellow [1].", "Bananas are yellow [1]."),
        ("Bananas are yellow fruit.", "Bananas are yellow fruit."),
        (
            "See [the page](https://x.example) about it.",
            "See [the page](https://x.example) about it.",
        ),
    ],
)
def test_markers_are_completed_while_streaming(written, expected, seed, support):
    assert streamed(written, [EN, LINK], support, seed=seed) == expected


def test_an_abbreviation_is_no_end_of_a_sentence(support):
    written = "Der Link gilt z. B. 60 Minuten und funktioniert nur einmal."
    assert streamed(written, [DE], support, "de") == written + " [1]"


def test_emphasis_with_a_question_mark_inside_a_sentence_is_no_end(support):
    text = "Choose **Forgot password?** and open the link, which is valid for 60 minutes."
    assert streamed(text, [EN, LINK], support).count("[") <= 1


def test_list_lines_are_sentences_of_their_own(support):
    written = "1. The link works once\n2. It is valid for 60 minutes\n"
    assert streamed(written, [LINK], support).count("[2]") == 2


def test_a_number_that_the_passage_has_not_is_not_carried(support):
    (sentence,) = check("The link is valid for 90 minutes. [2]", [EN, LINK], "en", support)
    assert sentence.cited == (2,)
    assert not sentence.carried


def test_a_number_from_the_question_may_be_repeated(support):
    asked = Source(2, LINK.text, "en", given="Is the link still valid after 90 minutes?")
    sentence = "After 90 minutes the link is not valid any more. [2]"
    assert check(sentence, [asked], "en", support)[0].carried
    assert not check(sentence, [LINK], "en", support)[0].carried


def test_a_sentence_is_measured_against_what_it_cites(support):
    text = "The link works once. [1] The link works once. [2] Bananas are yellow fruit."
    found = check(text, [EN, LINK], "en", support)
    assert [(s.cited, s.carried) for s in found] == [((1,), False), ((2,), True), ((), False)]


def test_across_languages_meaning_counts(support):
    right = check("The link is valid for 60 minutes and works only once. [1]", [DE], "en", support)
    wrong = check("You can download the invoice as a file. [1]", [DE], "en", support)
    other = check("The link is valid for 90 minutes and works only once. [1]", [DE], "en", support)
    assert [s[0].carried for s in (right, wrong, other)] == [True, False, False]


def test_markers_after_the_full_stop_belong_to_their_sentence():
    assert split("One thing. [1] Two things. [2]\n1. Three things. [1]", "en") == [
        "One thing. [1]",
        "Two things. [2]",
        "1. Three things. [1]",
    ]


def test_a_model_that_repeats_itself_is_noticed(support):
    stream = CitationStream([LINK], "en", support)
    stream.feed("The link is valid for 60 minutes. It works once only, then never. ")
    assert not stream.looping
    stream.feed("The link is valid for 60")
    assert not stream.looping
    stream.feed(" minutes. It works")
    assert stream.looping


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("Choose **Forgot password?** [1] and enter your address. [1] Wait for a link. [1]", 2),
        ("Choose Forgot password? and enter your address. Wait.", 2),
        ("Wählen Sie **Passwort vergessen?** und geben Sie die Adresse ein. Warten Sie.", 2),
        ("Did you save? **Save** it now. Then wait.", 3),
        ("Is it **on?** Yes, it is.", 2),
    ],
)
def test_the_name_of_a_button_ends_no_sentence(answer, count):
    found = split(answer, "de" if answer.startswith("W") else "en")
    assert len(found) == count
    assert not any(text.startswith("** ") for text in found)
