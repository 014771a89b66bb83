"""Conversations: what a follow-up leans on, how far, and when it is a subject of its own."""

from contextlib import aclosing
from dataclasses import replace
from uuid import uuid4

import pytest

from assistant.assistant import Assistant
from assistant.records.turns import Turn
from assistant.turn.permissions import Writing

UNUSABLE = "How does it show?"
"""A rewrite that stands alone no better than what it rewrites."""


@pytest.fixture
def quoting(assistant: Assistant) -> Assistant:
    return replace(assistant, writing=Writing("first"))


async def ask(assistant: Assistant, question: str, **options) -> Turn:
    async with aclosing(assistant.answer(question, **options)) as events:
        return [event async for event in events if isinstance(event, Turn)][-1]


async def talk(assistant: Assistant, *said: str, **options) -> list[Turn]:
    conversation = str(uuid4())
    return [await ask(assistant, one, conversation_id=conversation, **options) for one in said]


def key_of(turn: Turn) -> str | None:
    """The entry that was quoted."""
    return turn.sources[0]["key"] if turn.outcome == "answered" else None


FOLLOW_UPS = [
    ("What is negative transfer?", "Why?"),
    ("What is negative transfer?", "And how does it show?"),
    ("What is negative transfer?", "Does it make a model worse at another task?"),
    (
        "What is negative transfer?",
        (
            "Could it also happen to a model of ours that was trained on several tasks at once, "
            "so that it does worse than a model trained from scratch?"
        ),
    ),
    ("Was ist negativer Transfer?", "Warum?"),
    ("Was ist negativer Transfer?", "Und woran erkennt man ihn?"),
    (
        "Was ist negativer Transfer?",
        (
            "Kann er auch bei einem Modell auftreten, das wir von Grund auf neu für eine andere "
            "Aufgabe trainiert haben und das vorher gut war?"
        ),
    ),
]


@pytest.mark.parametrize(("question", "follow_up"), FOLLOW_UPS)
async def test_a_follow_up_of_any_length_is_about_its_topic(quoting, endpoint, question, follow_up):
    first, second = await talk(quoting, question, follow_up)
    assert key_of(first) == key_of(second) == "negative-transfer"
    assert second.standalone in {f"{question} {follow_up}", follow_up}
    assert endpoint.asked == []


async def test_a_topic_is_kept_over_three_follow_ups_and_small_talk(quoting, endpoint):
    said = ("How long is it valid?", "thanks", "And how often does it work?", "Why?")
    turns = await talk(quoting, "How do I reset my password?", *said)
    assert [key_of(turn) for turn in turns if turn.outcome != "replied"] == ["reset-password"] * 4
    assert turns[2].outcome == "replied"
    assert endpoint.asked == []


async def test_a_new_subject_is_the_topic_from_then_on(quoting):
    turns = await talk(
        quoting, "How do I reset my password?", "What is a pod?", "Does it share an address?"
    )
    assert [turn.sources[0]["title"] for turn in turns[1:]] == ["Pod", "Pod"]
    assert turns[2].standalone == "What is a pod? Does it share an address?"


async def test_a_topic_is_not_kept_for_ever(quoting):
    turns = await talk(quoting, "How do I reset my password?", *["And why?"] * 4)
    assert [key_of(turn) for turn in turns[:4]] == ["reset-password"] * 4
    assert turns[4].standalone == "And why?"


async def test_the_topic_is_found_in_what_the_client_remembers(quoting):
    history = [
        {"role": role, "content": text}
        for question, answer in (
            ("What is a pod?", "A unit. [1]"),
            ("How do I reset my password?", "Choose Forgot password. [1]"),
            ("And why?", "I did not find an answer."),
        )
        for role, text in (("user", question), ("assistant", answer))
    ]
    turn = await ask(quoting, "How long is it valid?", history=history)
    assert turn.standalone == "How do I reset my password? How long is it valid?"
    assert key_of(turn) == "reset-password"


NEW_SUBJECTS = [
    ("What is negative transfer?", "Why do elephants sleep standing up?"),
    ("What is negative transfer?", "So who won the 1998 World Cup?"),
    ("How do I reset my password?", "Because of the rain, when does the match begin?"),
    ("Was ist negativer Transfer?", "Warum schlafen Elefanten im Stehen?"),
    ("Was ist negativer Transfer?", "Wieso ist der Himmel über Berlin blau?"),
    ("Wie setze ich mein Passwort zurück?", "Weshalb fährt heute kein Zug nach Hamburg?"),
]


@pytest.mark.parametrize("rewrite", [UNUSABLE, "", "Bananas are yellow."])
@pytest.mark.parametrize(("question", "asked"), NEW_SUBJECTS)
async def test_a_new_subject_that_begins_like_a_follow_up_is_taken_alone(
    quoting, endpoint, question, asked, rewrite
):
    endpoint.script = lambda _: rewrite
    _, turn = await talk(quoting, question, asked)
    assert (turn.outcome, turn.standalone) == ("abstained", asked)
    assert asked in turn.answer


@pytest.mark.parametrize(
    ("question", "asked", "key"),
    [
        ("What is a token?", "Why is the first payment refunded?", "refund"),
        ("What is a token?", "So, how do I reset my password?", "reset-password"),
        (
            "Was ist ein Token?",
            "Warum funktioniert der Link in der E-Mail nur einmal?",
            "reset-password",
        ),
        ("How do I reset my password?", "Is there a refund?", "refund"),
        ("Was ist ein Token?", "Wie setze ich das Passwort zurück?", "reset-password"),
        ("How do I reset my password?", "And what is a pod?", "pod"),
    ],
)
async def test_a_new_subject_is_answered_without_what_was_asked_before(
    quoting, question, asked, key
):
    _, turn = await talk(quoting, question, asked)
    assert turn.standalone == asked
    assert [s["key"] for s in turn.sources[: turn.selection["given"]]] == [key]


FOREIGN_TO_THE_TOPIC = [
    ("How do I reset my password?", "And what is the weather like in Paris?"),
    (
        "What is a token?",
        "How do I get there by train from the airport of Munich tomorrow morning at seven?",
    ),
]


@pytest.mark.parametrize(("question", "asked"), FOREIGN_TO_THE_TOPIC)
async def test_a_question_that_only_sounds_like_a_follow_up_is_not_answered_with_the_topic(
    quoting, endpoint, question, asked
):
    endpoint.script = lambda _: ""
    _, turn = await talk(quoting, question, asked)
    assert turn.outcome == "abstained"


@pytest.mark.parametrize(
    ("interface", "first"), [("en", "Sorry, I understand"), ("de", "Leider verstehe ich")]
)
@pytest.mark.parametrize(
    "said",
    [
        "Comment puis-je réinitialiser mon mot de passe ?",
        "¿Cómo puedo restablecer mi contraseña?",
        "Jak mogę zresetować swoje hasło?",
        "パスワードをリセットするにはどうすればよいですか",
    ],
)
async def test_a_third_language_gets_a_polite_word_and_the_topic_stays(
    quoting, endpoint, said, interface, first
):
    _, foreign, after = await talk(
        quoting,
        *("How do I reset my password?", said, "And how long is it valid?"),
        interface=interface,
    )
    assert (foreign.outcome, foreign.language) == ("replied", "unknown")
    assert foreign.answer.startswith(first)
    assert key_of(after) == "reset-password"
    assert endpoint.asked == []
