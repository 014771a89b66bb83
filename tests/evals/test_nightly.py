"""Whole nights through the real graph, index and database; both arms and the judge are scripted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evals.nights import BAD, House, house


@pytest.fixture
def at(tmp_path: Path, cache_dir: Path, documents: Path) -> Iterator[House]:
    with house(tmp_path, cache_dir, documents) as opened:
        yield opened


async def test_a_first_night_freezes_and_the_next_one_passes(at: House):
    first = await at.night()
    assert first.exit_code == 2
    assert "first night" in first.words
    asked = at.asked()
    second = await at.night()
    assert second.exit_code == 0, second.result
    assert second.result["causes"] == []
    assert second.result["attributions"]["fast"]["status"] == "no change shown"
    # The passages are the same, so no arm is asked again for the frozen ones.
    assert at.asked() == 2 * asked
    assert second.result["counts"]["failed"] == 0


async def test_a_worse_candidate_is_a_regression_with_its_name(at: House):
    await at.night()
    at.tuned.script = lambda _: BAD
    found = await at.night()
    assert found.exit_code == 1, found.result["gates"]
    assert found.result["causes"] == ["candidate tuned"]
    assert {row["arm"] for row in found.result["worst"]} == {"tuned"}
