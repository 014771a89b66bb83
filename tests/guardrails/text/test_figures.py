"""Values in many ways of writing: what is the same is read as the same, what differs differs."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.text.figures import figures, single

EN = ("January February March April May June July August September October November "
      "December").split()  # fmt: skip
DE = ("Januar Februar März April Mai Juni Juli August September Oktober November "
      "Dezember").split()  # fmt: skip


def carried(claimed: str, language: str, held: str, other: str) -> bool:
    """Whether all figures of one text are among those of another, and there are any."""
    found = figures(claimed, language)
    there = (*figures(held, other), *single(held, other))
    return bool(found) and all(figure.among(there) for figure in found)


SAME = [
    # thousands and decimals
    ("1,000 users", "en", "1.000 Nutzer", "de"),
    ("1000 users", "en", "up to 1,000 users", "en"),
    ("1.000 users", "en", "up to 1,000 users", "en"),
    ("1000 Nutzer", "de", "bis zu 1.000 Nutzer", "de"),
    ("1,000", "en", "1 000", "en"),
    ("1'000", "en", "1,000", "en"),
    ("1’000 Nutzer", "de", "1000 Nutzer", "de"),
    ("1,000", "en", "1\u202f000", "de"),
    ("1 000 000", "de", "1.000.000", "de"),
    ("1,234.50 €", "en", "1.234,50 EUR", "de"),
    ("1,234,567.50", "en", "1234567.5", "en"),
    ("2,5 GB", "en", "2.5 GB", "en"),
    ("2.5 GB", "de", "2,5 GB", "de"),
    ("1.5 million", "en", "1,5 Millionen", "de"),
    ("10k requests", "en", "10,000 requests", "en"),
    ("2 Mio. Euro", "de", "2 million euros", "en"),
    # spelled numbers
    ("3 weeks", "en", "The trial lasts three weeks and ends.", "en"),
    ("21 days", "en", "The trial lasts three weeks.", "en"),
    ("three weeks", "en", "3 weeks", "en"),
    ("twenty-one days", "en", "3 weeks", "en"),
    ("3 Wochen", "de", "Die Probe dauert drei Wochen.", "de"),
    ("21 Tage", "de", "drei Wochen", "de"),
    ("einundzwanzig Tage", "de", "3 Wochen", "de"),
    ("dreiwöchige Probe", "de", "three weeks", "en"),
    ("14-tägig", "de", "two weeks", "en"),
    ("30 Tage", "de", "dreißig Tage", "de"),
    ("30 Tage", "de", "dreissig Tage", "de"),
    ("5 Tage", "de", "fuenf Tage", "de"),
    ("12 users", "en", "zwölf Nutzer", "de"),
    ("120 users", "en", "one hundred and twenty users", "en"),
    ("120 Nutzer", "de", "hundertzwanzig Nutzer", "de"),
    ("120 Nutzer", "de", "einhundertzwanzig Nutzer", "de"),
    ("2500 requests", "en", "two thousand five hundred requests", "en"),
    ("1000 Nutzer", "de", "eintausend Nutzer", "de"),
    ("1,5 Stunden", "de", "anderthalb Stunden", "de"),
    ("2.5 hours", "en", "two and a half hours", "en"),
    ("2,5 Stunden", "de", "zweieinhalb Stunden", "de"),
    ("30 minutes", "en", "half an hour", "en"),
    ("6 Monate", "de", "ein halbes Jahr", "de"),
    ("12 pieces", "en", "a dozen pieces", "en"),
    ("2", "en", "twice a day", "en"),
    ("3 Mal", "de", "dreimal am Tag", "de"),
    # one of a unit
    ("1 week", "en", "within a week", "en"),
    ("7 Tage", "de", "innerhalb einer Woche", "de"),
    ("60 minutes", "en", "The link is valid for one hour.", "en"),
    # ordinals
    ("ab der 2. Mahnung", "de", "ab der zweiten Mahnung", "de"),
    ("the 2nd reminder", "en", "from the second reminder on", "en"),
    ("the 21st day", "en", "the twenty-first day", "en"),
    ("am 3. Werktag", "de", "am dritten Werktag", "de"),
    ("the 1st", "en", "1", "en"),
    # durations and sizes
    ("14 days", "en", "14 Tage", "de"),
    ("14 days", "en", "two weeks", "en"),
    ("60 minutes", "en", "1 Stunde", "de"),
    ("a 30-day trial", "en", "30 Tage", "de"),
    ("12 months", "en", "1 Jahr", "de"),
    ("24 Monate", "de", "zwei Jahre", "de"),
    ("48 hours", "en", "2 days", "en"),
    ("10 working days", "en", "10 Werktage", "de"),
    ("5GB", "en", "5 GB", "de"),
    ("500 MB", "en", "0.5 GB", "en"),
    ("1,5 km", "de", "1500 m", "en"),
    # money and percent
    ("$5", "en", "5 dollars", "en"),
    ("€ 29", "en", "29 €", "de"),
    ("29 euros", "en", "EUR 29", "en"),
    ("29,00 €", "de", "29 Euro", "de"),
    ("29,- €", "de", "€29.00", "en"),
    ("4.90", "en", "4,90 Euro", "de"),
    ("CHF 29", "de", "29 Franken", "de"),
    ("30 Cent", "de", "0,30 Euro", "de"),
    ("US$ 1,200", "en", "1200 US-Dollar", "de"),
    ("20%", "en", "20 Prozent", "de"),
    ("5 %", "de", "fünf Prozent", "de"),
    ("5 percent", "en", "five per cent", "en"),
    # dates and times
    ("on 15.01.2024", "de", "on 2024-01-15", "en"),
    ("1 March 2026", "en", "It ends on March 1, 2026 at 2 pm.", "en"),
    ("1. März 2026", "de", "2026-03-01", "en"),
    ("03/13/2026", "en", "13 March 2026", "en"),
    ("03/01/2026", "en", "1 March 2026", "en"),
    ("the first of March 2026", "en", "01.03.2026", "de"),
    ("März 2026", "de", "am 1. März 2026", "de"),
    ("in March", "en", "March 1, 2026", "en"),
    ("am 1.3.2026", "de", "1st March 2026", "en"),
    ("in 2026", "en", "on 1 March 2026", "en"),
    ("bis 31. Dezember", "de", "until December 31", "en"),
    ("14 Uhr", "de", "2 pm", "en"),
    ("14:30", "en", "2:30 p.m.", "en"),
    # ranges
    ("3–5 days", "en", "3 to 5 days", "en"),
    ("3 bis 5 Tage", "de", "drei bis fünf Tage", "de"),
    ("between 5 and 10 GB", "en", "5-10 GB", "en"),
    ("€5–10", "en", "5 bis 10 Euro", "de"),
    # neither a number nor a date
    ("version 3.11.2", "en", "Version 3.11.2", "de"),
    ("K-77", "de", "K-77", "de"),
]
DIFFERENT = [
    ("14 days", "en", "14 hours", "en"),
    ("3 weeks", "en", "three days", "en"),
    ("3 Wochen", "de", "drei Monate", "de"),
    ("14 Tage", "de", "14 months", "en"),
    ("30 days", "en", "14 days", "en"),
    ("13 Tage", "de", "dreißig Tage", "de"),
    ("5 MB", "en", "5 GB", "en"),
    ("16 Mbit", "en", "16 MB", "en"),
    ("$5", "en", "€5", "en"),
    ("30 Cent", "de", "30 Euro", "de"),
    ("5 %", "en", "5 Euro", "de"),
    ("1.5", "en", "15", "en"),
    ("1.5", "en", "1,500", "en"),
    ("1,5", "de", "1.500", "de"),
    ("1000", "de", "10.000", "de"),
    ("100 users", "en", "1,000 users", "en"),
    ("version 3.11.2", "en", "version 3.12.1", "en"),
    ("2 March 2026", "en", "1 March 2026", "en"),
    ("1 March 2026", "en", "1 May 2026", "en"),
    ("1. März 2027", "de", "01.03.2026", "de"),
    ("5 March 2026", "en", "in March 2026", "en"),
    ("im April", "de", "im März", "de"),
    ("3 pm", "en", "14 Uhr", "de"),
    ("9:30", "en", "9 am", "en"),
    ("the 3rd reminder", "en", "the second reminder", "en"),
    ("ab der 3. Mahnung", "de", "ab der zweiten Mahnung", "de"),
    ("2 weeks", "en", "within a week", "en"),
    ("3–7 days", "en", "3 to 5 days", "en"),
    ("3–5 hours", "en", "3 to 5 days", "en"),
    ("-5 °C", "en", "5 °C", "en"),
    ("102 Nutzer", "de", "hundertzwanzig Nutzer", "de"),
]


@pytest.mark.parametrize(("claimed", "language", "held", "other"), SAME)
def test_one_value_in_two_ways_of_writing(claimed, language, held, other):
    assert carried(claimed, language, held, other)


@pytest.mark.parametrize(("claimed", "language", "held", "other"), DIFFERENT)
def test_other_number_or_other_unit(claimed, language, held, other):
    assert not carried(claimed, language, held, other)


@pytest.mark.parametrize(
    "text",
    [
        "IPv6 and MP3", "HTTP2", "in 3D and 4K", "base64", "", "no number", "no one knows",
        "You may march on.", "one of the plans",
    ],
)  # fmt: skip
def test_what_is_no_number(text):
    assert figures(text, "en") == ()


@pytest.mark.parametrize("text", ["29 euros a month", "5 times a day", "29 € im Monat"])
def test_what_there_is_of_it_in_each_month_is_not_one_month(text):
    assert single(text, "en") == ()


def test_a_bare_word_claims_less_than_a_number():
    assert [f.told for f in figures("two options, 2 options, two weeks", "en")] == [
        False, True, True,
    ]  # fmt: skip


def test_another_number_of_the_same_thing_is_a_rival():
    (claimed,) = figures("from the third reminder", "en")
    assert claimed.rivals(figures("from the second reminder", "en"))
    assert not claimed.rivals(figures("on the second page", "en"))
    assert not claimed.rivals(figures("from the 3rd reminder", "en"))


def grouped(value: int, mark: str) -> str:
    return f"{value:,}".replace(",", mark)


@given(st.integers(1000, 10**9), st.sampled_from(["", ",", ".", "\u00a0", "\u202f", "'", "’"]),
       st.sampled_from(["en", "de"]), st.integers(1, 999))  # fmt: skip
def test_thousands_are_read_back_however_they_are_marked(value, mark, language, more):
    assert carried(f"{grouped(value, mark)} users", language, f"{value} users", "en")
    assert not carried(f"{grouped(value, mark)} users", language, f"{value + more} users", "en")


MONEY = st.sampled_from(["EUR {}", "{} €", "€{}", "{} Euro"])


@given(st.integers(0, 9999), st.integers(0, 99), MONEY, MONEY, st.integers(1, 500))
def test_money_is_read_back_in_both_languages(whole, cents, one, two, more):
    amount = f"{whole:,}.{cents:02}"
    german = amount.translate(str.maketrans(",.", ".,"))
    other = f"{whole + more}.{cents:02}"
    assert carried(one.format(german), "de", two.format(amount), "en")
    assert carried(one.format(amount), "en", two.format(german), "de")
    assert not carried(one.format(other), "en", two.format(german), "de")


DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2049, 12, 31))
FORMS = [
    ("en", lambda d: f"{d.day} {EN[d.month - 1]} {d.year}"),
    ("en", lambda d: f"{EN[d.month - 1]} {d.day}, {d.year}"),
    ("en", lambda d: f"the {d.day}th of {EN[d.month - 1]} {d.year}"),
    ("de", lambda d: f"{d.day}. {DE[d.month - 1]} {d.year}"),
    ("de", lambda d: f"{d.day:02}.{d.month:02}.{d.year}"),
    ("de", lambda d: f"{d.day}.{d.month}.{d.year}"),
    ("en", lambda d: d.isoformat()),
    ("en", lambda d: f"{d.month:02}/{d.day:02}/{d.year}"),
]


@given(DAYS, st.sampled_from(FORMS), st.sampled_from(FORMS[:-1]), st.integers(1, 400))
def test_dates_are_read_back(day, one, two, later):
    other = day + dt.timedelta(later)
    held = two[1](day), two[0]
    assert carried(f"It ends on {one[1](day)}.", one[0], f"Until {held[0]} only.", held[1])
    if (other.day, other.month) != (day.month, day.day):
        assert not carried(f"It ends on {one[1](other)}.", one[0], held[0], held[1])


TENS = ("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(),
        "twenty thirty forty fifty sixty seventy eighty ninety".split())  # fmt: skip
ONES = ("zwei drei vier fünf sechs sieben acht neun".split(),
        "two three four five six seven eight nine".split())  # fmt: skip


@given(st.integers(2, 9), st.integers(0, 7), st.integers(0, 7))
def test_spelled_numbers_are_read_back(hundreds, ten, one):
    value = 100 * hundreds + 10 * (ten + 2) + one + 2
    german = f"{ONES[0][hundreds - 2]}hundert{ONES[0][one]}und{TENS[0][ten]}"
    english = f"{ONES[1][hundreds - 2]} hundred and {TENS[1][ten]}-{ONES[1][one]}"
    for text, language in ((german, "de"), (english, "en")):
        assert carried(f"{value} days", "en", f"It takes {text} days.", language)
        assert not carried(f"{value + 1} days", "en", f"It takes {text} days.", language)


@given(st.text(max_size=80), st.sampled_from(["en", "de", "fr"]))
def test_any_text_can_be_read(text, language):
    assert all(figure.same(figure) for figure in figures(text, language))
