import pytest

from assistant.language import language_of_question, language_of_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is negative transfer?", "en"),
        ("how do i reset my password", "en"),
        ("churn rate meaning", "en"),
        ("Was ist negativer Transfer?", "de"),
        ("Wie resette ich mein password?", "de"),
        ("Passwort vergessen", "de"),
        ("Rechnung fehlt", "de"),
        ("Was heißt „merci“ auf Deutsch?", "de"),
        ("Quel est le prix de votre produit ?", None),
        ("¿Cómo restablezco mi contraseña?", None),
        ("Jak zresetować hasło?", None),
        ("Как сбросить пароль?", None),
    ],
)
def test_the_language_of_a_question(text, expected):
    assert language_of_question(text, fallback="en") == expected


@pytest.mark.parametrize("fallback", ["en", "de"])
@pytest.mark.parametrize("text", ["LoRA", "???", "42"])
def test_a_text_that_does_not_tell_takes_the_fallback(text, fallback):
    assert language_of_question(text, fallback=fallback) == fallback


def test_a_longer_text_may_be_in_any_language():
    assert language_of_text("Le chat dort sur la chaise et il ne veut pas se lever.") == "fr"
