"""One home for function words: what reads questions reads the same question words."""

import pytest

from guardrails.text import function_words
from guardrails.text.closed_questions import asks_yes_or_no
from guardrails.text.reading import is_closed

QUESTION_WORDS = [
    (language, word) for language, known in function_words.QUESTION_WORDS.items() for word in known
]


def test_every_word_is_as_texts_are_compared():
    sets = [value for value in vars(function_words).values() if isinstance(value, frozenset)]
    for words in [*sets, *function_words.JOINING.values()]:
        assert words
        assert {word.casefold() for word in words} == words


@pytest.mark.parametrize(("language", "word"), QUESTION_WORDS)
def test_a_question_word_opens_what_yes_does_not_answer(language, word):
    known = {"en": "Do you know", "de": "Wissen Sie"}[language]
    assert not asks_yes_or_no(f"{known}, {word} it may be?".replace(",", ""))
    assert is_closed(f"{word} it may be?", language) is (word == "when")


def test_one_of_takes_the_longest_first():
    assert function_words.one_of(["wo", "woher", "w"]) == "(?:woher|wo|w)"
