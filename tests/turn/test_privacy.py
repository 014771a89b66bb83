import random
import time

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.privacy import beginning, keys, numbers, phones, redact

PERSONAL = {
    "jane.doe+x@mail.example.org": "[e-mail]",
    "DE89 3704 0044 0532 0130 00": "[iban]",
    "4111 1111 1111 1111": "[card]",
    "at61 1904 3002 3457 3201": "[iban]",
    "86 095 742 719": "[tax-number]",
    "181/815/08155": "[tax-number]",
    "65 180539 W 00 1": "[insurance-number]",
    "+49 30 901820": "[phone]",
    "(650) 253-0000 ext. 12": "[phone]",
    "sk-abcdefghijklmnopqrstuvwxyz1234": "[secret]",
}
GENEROUS_S = 60
KEYS = [
    "ghp_" + "a1B2" * 9, "AKIA" + "ABCD1234" * 2, "xoxb-12345678901-" + "ab12" * 6,
    "sk_live_" + "4eC39HqL" * 3, "SG." + "a1_B" * 5 + "ab." + "C3d-" * 10 + "abc",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + "dozjgNryP4J3jVmN", "glpat-" + "x1Y2" * 5,
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIi" * 200 + "." + "dozjgNryP4J3jVmN" * 40,
    "AIza" + "SyA1" * 9, "npm_" + "aB3d" * 9, "AC" + "a1b2c3d4" * 4, "sk-" + "abcdefgh" * 3,
    "hf_" + "aBcDeFgH" * 4, "github_pat_" + "11AB" * 10, "nvapi-" + "x9Yz" * 8, "rbk_" + "aB3d" * 8,
    "pplx-" + "0a1b" * 8, "xoxc-" + "12ab" * 8, "ya29." + "a0Af" * 8, "ASIA" + "ABCD1234" * 2,
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane.doe+x@mail.example.org please", "write to [e-mail] please"),
        ("my IBAN is DE89 3704 0044 0532 0130 00.", "my IBAN is [iban]."),
        ("die iban de89370400440532013000 ist falsch", "die iban [iban] ist falsch"),
        ("gb82 west 1234 5698 7654 32 this and that", "[iban] this and that"),
        ("at61 1904 3002 3457 3201 will fail", "[iban] will fail"),
        ("DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000, bitte", "[iban], bitte"),
        ("no9386011117947 and be68539007547034", "[iban] and [iban]"),
        (
            "IdNr. 76491326687, Steuer-ID 74 807 351 724.",
            "IdNr. [tax-number], Steuer-ID [tax-number].",
        ),
        ("32-507-918-550 oder 59/408/372/693", "[tax-number] oder [tax-number]"),
        ("Meine St.-Nr. ist 21/815/08150", "Meine St.-Nr. ist [tax-number]"),
        ("aus NRW: 133/8150/8159?", "aus NRW: [tax-number]?"),
        ("Steuernummer: 93815/08152", "Steuernummer: [tax-number]"),
        ("steuernr 013 815 08153", "steuernr [tax-number]"),
        ("my tax number is 9181081508155", "my tax number is [tax-number]"),
        ("RV-Nummer 15070649C103.", "RV-Nummer [insurance-number]."),
        ("65180539w001, 65 180539 W 001", "[insurance-number], [insurance-number]"),
        ("card 4111 1111 1111 1111 was charged", "card [card] was charged"),
        ("call me: +49 30 901820", "call me: [phone]"),
        ("Telefon 030 901820", "Telefon [phone]"),
        ("token sk-abcdefghijklmnopqrstuvwxyz1234 leaked", "token [secret] leaked"),
        ("a@b@c.example", "a@[e-mail]"),
        ("x@y.example+d@e.example", "[e-mail][e-mail]"),
        *((f"my key {key} does not work", "my key [secret] does not work") for key in KEYS),
        (
            f"aws_secret_access_key = {'wJalrXUtnFEMI/K7MDENG/bPxRfiCY' + 'EXAMPLEKEY'} is it",
            "aws_secret_access_key = [secret] is it",
        ),
        (
            "send Authorization: Bearer aGVsbG8.d29ybGQ-NzQ3Nw.",
            "send Authorization: Bearer [secret].",
        ),
        ("clone https://bob:hunter2@git.example now", "clone https[secret]git.example now"),
        (
            f"-----BEGIN RSA PRIVATE KEY-----\n{'MIIEpAIB' * 6}\n-----END RSA PRIVATE KEY-----\n?",
            "[secret]\n?",
        ),
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
        "de88370400440532013000 has a wrong checksum, and so has gb83 west 1234 5698 7654 32",
        "ab12 is the code of a room, and no account: cd34 too, and ef56 gh78",
        "Die Steuernummer 12345 ist zu kurz",
        "Artikel 15070649-C-103-X",
        "Was kostet Team mit 12 Plätzen ab dem 01.02.2026?",
        "What is a UTM parameter?",
        "name@ and @name and name@host",
        "sk-learn-compatible-estimators and pkg_config_without_numbers",
        "a bearer of authorisation-headers, basic understanding-of-it-all, ya29, hf_transfer",
        "skalierungseinstellungen, Vertragsverlängerungsoptionen und REST-API-Schnittstellen",
        "open https://help.example/de/articles/360012345678-Rechnung-herunterladen please",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8, 550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_ordinary_numbers_stay(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "86095742718 and 86 095 742 710 have a wrong check digit",
        "06095742719 begins with a zero, 11111111111 repeats, 12345678901 does not",
        "part 1.86095742719, 86095742719-3 and 186095742719",
        "order 10/234/567 of 12/345/678-90, page 93815/08152, version 12/345/67890.1",
        "15070649C104 has a wrong check digit, 15450649C10 is short, 15991349C103 is no day",
    ],
)
def test_numbers_without_their_check_digit_or_form_are_nobodys(text):
    assert numbers.replaced(text, "{}={}".format) == text


def test_few_numbers_that_only_look_like_it_are_taken_for_a_persons():
    draw = random.Random(3)
    products = ["".join(draw.choices("0123456789", k=11)) for _ in range(20_000)]
    parts = [f"{number[:8]}{draw.choice('ABKXZ')}{number[8:]}" for number in products]
    assert sum(numbers.replaced(text, "{}={}".format) != text for text in products) < 100
    assert sum(numbers.replaced(text, "{}={}".format) != text for text in parts) < 250


@pytest.mark.parametrize(
    ("unit", "length"),
    [
        *((unit, 100_000) for unit in ("a", "a.", "@", "A1", "w_", "a@", "a@b.", "sk-", "AA11 ")),
        *(
            (unit, 100_000)
            for unit in (
                "aa11 1 ",
                "de89",
                "12 345 ",
                "12/345/",
                "12 345678 a ",
                "st.nr 1",
                "tax no ",
            )
        ),
        *(
            (unit, 100_000)
            for unit in (
                "sk-" + "a" * 30 + "é",
                "eyJ",
                "xoxb-1-",
                "A1://b:",
                "(",
                "[(",
                "+",
                " ",
                "-",
                "é",
            )
        ),
        *(
            (unit, 10_000)
            for unit in ("1 ", "1-", "123-45 ", "1 - ", "1/2 ", "1.", "(1", "123 ext ")
        ),
        *((unit, 20_000) for unit in ("2012-01-02 08,", "1" + " " * 9990 + "ext 5")),
    ],
)
def test_time_grows_with_the_length_and_not_with_its_square(unit, length):
    started = time.monotonic()
    redact((unit * length)[:length])
    assert time.monotonic() - started < GENEROUS_S


@given(st.text(st.sampled_from("eyJ.-_=A1 :/@\n"), max_size=4000))
def test_what_patterns_look_at_grows_with_the_length(text):
    assert sum(len(window) for _, window in keys.windows(text)) <= 8 * len(text)


@pytest.mark.parametrize("length", [4_000, 40_000])
def test_a_long_run_is_looked_at_about_twice(length):
    for unit in ("eyJ", "eyJ.", "A1", "https://a:", "AKIA1", "xoxb-1-"):
        text = (unit * length)[:length]
        assert sum(len(window) for _, window in keys.windows(text)) <= 2.1 * length


@pytest.mark.parametrize("filler", ["word ", "7 / ", "a" * 700 + " "])
@pytest.mark.parametrize(("personal", "instead"), PERSONAL.items())
def test_nothing_is_missed_where_a_long_text_is_cut(filler, personal, instead):
    for before in range(600, 1100, 23):
        head = (filler * 300)[:before] + "\n"
        assert redact(f"{head}{personal}\n{filler}") == f"{head}{instead}\n{filler}"


def test_phone_numbers_are_those_that_are_found_in_the_whole_text():
    rng = random.Random(7)
    parts = [
        *("+49 30 901820", "030 901820", "(650) 253-0000", "+1 650 253 0000", "0041 44 668 18 00"),
        *(" ext. 12", " x34", "#", ";ext=7", "2012-01-02 08", ":00", "12/10/2011", "\n", "\t"),
        *(" ", "   ", " - ", ", ", ".", "(", ")", "+", "é", "word", "%", "€", "1", "12", "2026"),
    ]
    for _ in range(40):
        text = "".join(rng.choices(parts, k=600))
        for region in ("DE", "US"):
            whole = text
            for found in reversed(list(phonenumbers.PhoneNumberMatcher(text, region))):
                whole = f"{whole[: found.start]}[phone]{whole[found.end :]}"
            assert "[phone]" in whole
            assert phones.replaced(text, region, lambda _: "[phone]") == whole


@pytest.mark.parametrize("personal", PERSONAL)
def test_a_beginning_shows_no_half_of_what_was_cut(personal):
    for before in range(900, 1800, 7):
        text = ("word " * 400)[:before] + " " + personal + " word" * 400
        shown = beginning(text, 1000)
        assert len(shown) <= 1000
        assert personal[:6] not in shown
        assert shown.startswith("word " * 150)


def test_a_beginning_of_a_short_text_is_all_of_it():
    assert beginning("call +49 30 901820", 4000) == "call [phone]"
    assert beginning("word " * 100, 12) == "word word wo"
    assert beginning("+49 30 901820 " * 10, 60) == ("[phone] " * 10)[:60]
