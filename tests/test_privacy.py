import pytest

from assistant.privacy import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane.doe+x@mail.example.org please", "write to [e-mail] please"),
        ("my IBAN is DE89 3704 0044 0532 0130 00.", "my IBAN is [iban]."),
        ("card 4111 1111 1111 1111 was charged", "card [card] was charged"),
        ("call me: +49 30 901820", "call me: [phone]"),
        ("Telefon 030 901820", "Telefon [phone]"),
        ("token sk-abcdefghijklmnopqrstuvwxyz1234 leaked", "token [secret] leaked"),
    ],
)
def test_personal_data_is_taken_out(text, expected):
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We had 1,250,000 events in 2026, 10 % more than in 2025.",
        "Error 504 after 4000 calls, order 1234567890123",
        "DE88 3704 0044 0532 0130 00 has a wrong checksum",
        "Was kostet Team mit 12 Plätzen ab dem 01.02.2026?",
        "What is a UTM parameter?",
    ],
)
def test_ordinary_numbers_stay(text):
    assert redact(text) == text
