"""Words and their stems."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from guardrails.text.words import stem


@pytest.fixture
def _often_interrupted():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_often_interrupted")
def test_a_word_has_the_same_stem_whoever_else_asks():
    endings = ("", "s", "ung", "ungen", "heiten", "lichkeit", "ing", "ed", "ational")
    asked = [
        (f"abrechn{n}{end}", lang) for n in range(60) for end in endings for lang in "de en".split()
    ]
    stem.cache_clear()
    alone = [stem(*one) for one in asked]
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        halves = pool.map(
            lambda turn: [stem(*one) for one in asked[:: 1 if turn % 2 else -1]], range(8)
        )
        together = list(halves)
    assert together == [alone if turn % 2 else alone[::-1] for turn in range(8)]
