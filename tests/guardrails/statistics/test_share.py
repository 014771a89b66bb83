import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from guardrails.statistics.share import wilson


@settings(deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_is_what_scipy_says(counts):
    hits, n = counts
    theirs = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_of_none_nothing_is_known_and_more_than_all_is_refused():
    assert wilson(0, 0) == (0, 1)
    for hits in (-1, 4):
        with pytest.raises(ValueError, match=r"hits in \[0, 3\]"):
            wilson(hits, 3)
