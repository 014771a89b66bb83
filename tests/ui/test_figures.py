from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import figures
from ui.api.transfer import name, strength


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [
        (-0.0371, "en", "−0.04"),
        (0.0371, "de", "+0,04"),
        (-0.001, "en", "0.00"),
        (0.0, "de", "0,00"),
    ],
)
def test_a_difference_has_its_sign_and_nothing_has_none(value, language, shown):
    assert figures.signed(value, language) == shown


def test_numbers_are_written_as_the_language_does():
    assert figures.count(277_933.4, "en") == "277,933"
    assert figures.count(277_933.4, "de") == "277.933"
    assert figures.count(3.2e40, "en") == "> 10^40"
    assert figures.count(float("inf"), "en") == "∞"
    assert figures.plain(1234.50, "de") == "1.234,5"
    assert figures.plain(5.0, "en") == "5"
    assert figures.plain(-0.001, "en") == "0"
    assert figures.plain(-1234.5, "en") == "−1,234.5"
    assert figures.signed(-1234.5, "de", 0) == "−1234"
    assert figures.interval(-0.054, 0.019, "de") == "[−0,05; +0,02]"


def test_evidence_fills_the_bar_at_the_threshold_and_not_before():
    assert figures.share(0.0, 240_000) == 0.0
    assert 0.9 < figures.share(239_000, 240_000) < 1.0
    assert figures.share(240_000, 240_000) == 1.0
    assert figures.share(float("inf"), 240_000) == 1.0


def test_times_are_told_where_the_reader_is():
    at = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert figures.moment(at, "en", figures.zone(None)) == "24\u00a0Nov 2026, 23:30 UTC"
    assert figures.moment(at, "de", figures.zone("Europe/Berlin")) == "25.\u00a0Nov. 2026, 00:30"
    assert figures.zone("No/Where") is UTC


@pytest.mark.parametrize(
    ("language", "dot", "months"),
    [
        ("en", "", "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec"),
        ("de", ".", "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
    ],
)
def test_every_month_has_its_name(language, dot, months):
    for number, month in enumerate(months.split(), 1):
        day = figures.day(datetime(2026, number, 5, tzinfo=UTC), language, UTC)
        assert day == f"5{dot}\u00a0{month} 2026"


@pytest.mark.parametrize("language", ["en", "de"])
@given(value=st.floats(-1e8, 1e8), digits=st.integers(0, 3))
def test_what_is_shown_is_the_number_rounded(language, value, digits):
    for shown in (figures.signed(value, language, digits), figures.plain(value, language, digits)):
        sign, apart = (".", ",") if language == "en" else (",", ".")
        plain = shown.replace(apart, "").replace(sign, ".").replace("−", "-")
        assert abs(float(plain) - value) <= 0.5 * 10**-digits + 1e-6


def test_lists_end_with_a_word():
    assert figures.listed(["a", "b", "c"], "and") == "a, b and c"
    assert figures.listed(["a"], "and") == "a"
    assert figures.listed([], "and") == ""


@pytest.mark.parametrize(
    ("arm", "candidate", "at"),
    [("tone@0.5", "tone", 0.5), ("tone", "tone", 1.0), ("a@b", "a@b", 1.0), ("x@7", "x@7", 1.0)],
)
def test_a_strength_is_read_off_the_name(arm: str, candidate: str, at: float):
    assert (name(arm), strength(arm)) == (candidate, at)
