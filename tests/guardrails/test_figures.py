import pytest

from guardrails.scorers.figures import figures


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1,000 users", "en"), ("1.000 Nutzer", "de")),
        (("1,000", "en"), ("1 000", "en")),
        (("1,000", "en"), ("1\u202f000", "de")),
        (("1,234.50 €", "en"), ("1.234,50 EUR", "de")),
        (("4.90", "en"), ("4,90 Euro", "de")),
        (("14 days", "en"), ("14 Tage", "de")),
        (("14 days", "en"), ("two weeks", "en")),
        (("60 minutes", "en"), ("1 Stunde", "de")),
        (("a 30-day trial", "en"), ("30 Tage", "de")),
        (("12 months", "en"), ("1 Jahr", "de")),
        (("5GB", "en"), ("5 GB", "de")),
        (("$5", "en"), ("5 dollars", "en")),
        (("20%", "en"), ("20 Prozent", "de")),
        (("1.5 million", "en"), ("1,5 Millionen", "de")),
        (("on 15.01.2024", "de"), ("on 2024-01-15", "en")),
        (("version 3.11.2", "en"), ("Version 3.11.2", "de")),
        (("the 1st", "en"), ("1", "en")),
    ],
)
def test_one_number_in_two_ways_of_writing(one, other):
    claimed = figures(*one)
    assert claimed
    assert all(figure.among(figures(*other)) for figure in claimed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("14 days", "en"), ("14 hours", "en")),
        (("14 Tage", "de"), ("14 months", "en")),
        (("30 days", "en"), ("14 days", "en")),
        (("5 MB", "en"), ("5 GB", "en")),
        (("$5", "en"), ("€5", "en")),
        (("5 %", "en"), ("5 Euro", "de")),
        (("1.5", "en"), ("1,500", "en")),
        (("1,5", "de"), ("1.500", "de")),
        (("version 3.11.2", "en"), ("version 3.12.1", "en")),
    ],
)
def test_other_number_or_other_unit(one, other):
    assert not any(figure.among(figures(*other)) for figure in figures(*one))


@pytest.mark.parametrize(
    "text", ["IPv6 and MP3", "HTTP/2", "in 3D and 4K", "base64", "", "no number"]
)
def test_digits_of_a_name_are_no_number(text):
    found = figures(text.replace("HTTP/2", "HTTP2"), "en")
    assert found == ()
