"""The arithmetic of docs/sizing.md."""

import pytest

from benchmarks import results
from benchmarks.load import sizing
from benchmarks.load.sizing import Assumed, Costs, need

COSTS = Costs(
    answer_ms=100,
    pair_ms=200,
    idle=0.05,
    a_second=10,
    pairs_a_second=0.25,
    memory_mb=1000,
    turn_kb=20,
    pair_kb=10,
    writes=50,
    night_ms=100,
    night_s=20,
)


def test_it_is_done_as_the_page_says():
    assumed = Assumed(answer_s=5, peak=3, used=0.5, hours=10, pair_tokens=2000)
    it = need(COSTS, assumed, 3600)  # 3 a second at the peak, 100 pairs an hour
    assert (it.streams, it.servers, it.workers) == (15, 1, 1)
    assert it.cores == pytest.approx((3 * 0.1 + 100 / 3600 * 0.2 + 0.05) / 0.5)
    assert it.memory_gb == pytest.approx(2)
    assert it.gigabytes == pytest.approx((3600 * 20 + 100 * 10) * 10 * 90 / 1e6)
    assert it.writes == pytest.approx(3 / 50)


def test_more_questions_need_more_of_everything():
    needs = [need(COSTS, Assumed(), asked) for asked in sizing.ASKED]
    assert [it.servers for it in needs] == sorted(it.servers for it in needs)
    assert needs[0].cores < needs[1].cores < needs[2].cores


def test_what_is_published_follows_from_what_the_others_published():
    published = results.read("sizing")
    assert tuple(sizing.measure()) == published.tables
