import pytest

from assistant.followup import joined, needs_context, sound_rewrite

HISTORY = [
    {"role": "user", "content": "What is quantization?"},
    {"role": "assistant", "content": "Quantization stores weights with fewer bits. [1]"},
]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("And why does it save memory?", "en"),
        ("what about the Team plan?", "en"),
        ("How long?", "en"),
        ("Und wie lange gilt das?", "de"),
        ("Was kostet das?", "de"),
    ],
)
def test_questions_that_point_back(question, language):
    assert needs_context(question, language)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What is negative transfer?", "en"),
        ("How do I reset my password?", "en"),
        ("Wie setze ich mein Passwort zurück?", "de"),
        ("Was ist LoRA?", "de"),
    ],
)
def test_questions_that_stand_alone(question, language):
    assert not needs_context(question, language)


def test_a_rewrite_may_only_use_what_was_said():
    question = "And why does it save memory?"
    assert sound_rewrite("Why does quantization save memory?", question, HISTORY, "en")
    assert not sound_rewrite("Why do elephants sleep standing up?", question, HISTORY, "en")
    assert not sound_rewrite("", question, HISTORY, "en")
    assert not sound_rewrite("Why?\nBecause of bits.", question, HISTORY, "en")


def test_without_a_rewrite_the_last_question_goes_before():
    assert joined("Why?", HISTORY) == "What is quantization? Why?"
    assert joined("Why?", []) == "Why?"
