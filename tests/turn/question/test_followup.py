import pytest

from assistant.turn.question.followup import (
    joined,
    kept,
    leans_on,
    may_stand_alone,
    needs_context,
    sound_rewrite,
    topic_of,
)

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
        ("Why?", "en"),
        ("Warum?", "de"),
        ("What else?", "en"),
        ("Was noch?", "de"),
        ("Why does it save memory?", "en"),
        ("How do I do that on a phone?", "en"),
        ("Which one is cheaper?", "en"),
        ("How long does it take?", "en"),
        ("Kann ich das ändern?", "de"),
        ("kann ich das ändern?", "de"),
        ("Was kostet das denn?", "de"),
        ("And what is the limit?", "en"),
        ("Und was ist das Limit?", "de"),
        (
            "Does it also hold when I train on several tasks at the same time and then go on with "  # noqa: ISC004
            "a new one?",
            "en",
        ),
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
        ("Why do elephants sleep standing up?", "en"),
        ("So who won the 1998 World Cup?", "en"),
        ("Warum schlafen Elefanten im Stehen?", "de"),
        ("Wieso ist der Himmel über Berlin blau?", "de"),
        ("Is there a refund?", "en"),
        ("Gibt es Weihnachtsgeld?", "de"),
        ("Wie ändere ich das Passwort?", "de"),
        ("wie ändere ich das passwort?", "de"),
        ("How do I open the link that I got by mail?", "en"),
        ("How long does it take to get a refund?", "en"),
        ("Ist es möglich, den Link ein zweites Mal zu öffnen?", "de"),
        ("And what is a pod?", "en"),
        ("Und was ist ein Pod?", "de"),
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


@pytest.mark.parametrize(
    ("rewrite", "language"),
    [
        ("Why does it save memory?", "en"),
        ("Why do they save memory with quantization?", "en"),
        ("Why does quantization save its memory?", "en"),
        ("Warum spart dieses Speicher bei Quantisierung?", "de"),
    ],
)
def test_a_rewrite_that_still_points_back_does_not_stand_alone(rewrite, language):
    said = [*HISTORY, {"role": "user", "content": "Warum spart Quantisierung Speicher?"}]
    assert not sound_rewrite(rewrite, "And why does it save memory?", said, language)


@pytest.mark.parametrize(
    ("said", "topic", "turns"),
    [
        (["What is quantization?"], "What is quantization?", 0),
        (["What is quantization?", "And why?", "How much?"], "What is quantization?", 2),
        (["What is a pod?", "What is quantization?", "Why?"], "What is quantization?", 1),
        (["Why?"], "Why?", 0),
    ],
)
def test_a_conversation_that_the_client_keeps_has_its_last_whole_question_as_topic(
    said, topic, turns
):
    history = [{"role": "user", "content": text} for text in said]
    assert topic_of(None, history) == {"question": topic, "turns": turns}


def test_a_topic_is_kept_for_three_follow_ups_and_then_dropped():
    topic = {"question": "What is quantization?", "turns": 0}
    for _ in range(3):
        assert topic_of(topic, HISTORY) == topic
        topic = kept(topic)
    assert topic_of(topic, HISTORY) is None
    assert topic_of(None, []) is None


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Why does the elephant that we saw sleep while it stands?", "en"),
        ("How do colleagues change their own address when they move to a new house?", "en"),
        ("Warum schläft der Elefant, wenn er müde ist, im Stehen?", "de"),
    ],
)
def test_a_question_with_much_of_its_own_may_be_a_new_subject(question, language):
    assert needs_context(question, language)
    assert may_stand_alone(question, language)


@pytest.mark.parametrize("question", ["And how long is the link in the e-mail valid?", "Why?"])
def test_a_question_that_leads_on_or_says_little_is_none(question):
    assert not may_stand_alone(question, "en")


def test_without_a_rewrite_the_topic_goes_before():
    assert joined("Why?", "What is quantization?") == "What is quantization? Why?"


LORA = "LoRA freezes the weights and trains two small matrices; it takes 20 minutes."


@pytest.mark.parametrize(
    ("question", "leans"),
    [
        *(("Who invented it?", False), ("Is it free?", False)),
        *(("And the matrices?", True), ("Why?", True), ("How long does it take?", True)),
        *(("Wie lange dauert das?", True), ("Can you explain that?", True)),
    ],
)
def test_a_follow_up_leans_on_what_has_something_of_it(question, leans):
    assert leans_on(question, LORA) is leans
