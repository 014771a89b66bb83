"""Kept scores: never a wrong one, never two judgements where one is enough."""

import asyncio
import logging
import sqlite3
from dataclasses import fields, replace
from pathlib import Path

import pytest

from guardrails.judge.cache import Cached, ScoreCache, key_of
from guardrails.types import Result, Sample, Score, Text, Unscored

SAMPLE = Sample("q", "en", (Text("t", "en"),), "a", reference="r", answerable=True)


class Counting:
    """A scorer that counts how often it is asked."""

    name = "counting"

    def __init__(self, *results: Result | Exception, version: str = "1") -> None:
        self.version = version
        self.asked = 0
        self.go = asyncio.Event()
        self.go.set()
        self._results = results or (Score(0.25, "why"),)

    async def score(self, sample: Sample) -> Result:
        result = self._results[min(self.asked, len(self._results) - 1)]
        self.asked += 1
        await self.go.wait()
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "scores.sqlite"


def damage(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


async def test_a_score_is_made_once_and_outlives_the_process(path: Path) -> None:
    first, second = Counting(), Counting()
    with ScoreCache(path) as cache:
        assert await Cached(first, cache).score(SAMPLE) == Score(0.25, "why")
        assert await Cached(first, cache).score(SAMPLE) == Score(0.25, "why")
    with ScoreCache(path) as cache:
        assert await Cached(second, cache).score(SAMPLE) == Score(0.25, "why")
    assert (first.asked, second.asked) == (1, 0)


async def test_unscored_is_not_kept(path: Path) -> None:
    scorer = Counting(Unscored("down"), Score(1.0))
    with ScoreCache(path) as cache:
        cached = Cached(scorer, cache)
        assert await cached.score(SAMPLE) == Unscored("down")
        assert await cached.score(SAMPLE) == Score(1.0)


CHANGED = {
    "question": "other",
    "language": "de",
    "passages": (Text("t", "en", title="x"),),
    "answer": "other",
    "reference": None,
    "answerable": None,
    "abstained": True,
}


@pytest.mark.parametrize("field", [field.name for field in fields(Sample)])
def test_every_field_counts(field: str) -> None:
    changed = replace(SAMPLE, **{field: CHANGED[field]})
    assert key_of(Counting(), changed) != key_of(Counting(), SAMPLE)


@pytest.mark.parametrize(
    "passage",
    [Text("u", "en"), Text("t", "de"), Text("t", "en", title="x"), Text("t", "en", curated=True)],
)
def test_every_field_of_a_passage_counts(passage: Text) -> None:
    changed = replace(SAMPLE, passages=(passage,))
    assert key_of(Counting(), changed) != key_of(Counting(), SAMPLE)


def test_name_and_version_count_and_a_list_is_a_tuple() -> None:
    other = Counting()
    other.name = "other"
    keys = {key_of(s, SAMPLE) for s in (Counting(), Counting(version="2"), other)}
    assert len(keys) == 3
    assert key_of(Counting(), SAMPLE) == key_of(
        Counting(), replace(SAMPLE, passages=[Text("t", "en")])
    )


async def test_asked_twice_at_a_time_is_judged_once(path: Path) -> None:
    for scorer in (Counting(), Counting(Unscored("down"))):
        with ScoreCache(path.with_name(str(id(scorer)))) as cache:
            scorer.go.clear()
            cached = Cached(scorer, cache)
            tasks = [asyncio.create_task(cached.score(SAMPLE)) for _ in range(5)]
            await asyncio.sleep(0)
            scorer.go.set()
            assert len(set(await asyncio.gather(*tasks))) == 1
        assert scorer.asked == 1


async def test_a_crash_is_shared_and_not_kept(path: Path) -> None:
    scorer = Counting(RuntimeError("x"), Score(1.0))
    with ScoreCache(path) as cache:
        scorer.go.clear()
        cached = Cached(scorer, cache)
        tasks = [asyncio.create_task(cached.score(SAMPLE)) for _ in range(3)]
        await asyncio.sleep(0)
        scorer.go.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [RuntimeError] * 3
        assert await cached.score(SAMPLE) == Score(1.0)
    assert scorer.asked == 2


async def test_the_next_in_line_judges_when_the_first_leaves(path: Path) -> None:
    scorer = Counting()
    with ScoreCache(path) as cache:
        scorer.go.clear()
        cached = Cached(scorer, cache)
        first, second = (asyncio.create_task(cached.score(SAMPLE)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        scorer.go.set()
        assert await second == Score(0.25, "why")
        with pytest.raises(asyncio.CancelledError):
            await first
    assert scorer.asked == 2


@pytest.mark.parametrize("bytes_", [b"not a database " * 500, b"SQLite format 3\0" + b"\7" * 9000])
async def test_a_damaged_file_is_set_aside(
    path: Path, bytes_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    damage(path, bytes_)
    scorer = Counting()
    with caplog.at_level(logging.WARNING), ScoreCache(path) as cache:
        assert await Cached(scorer, cache).score(SAMPLE) == Score(0.25, "why")
    assert "is damaged" in caplog.text
    [aside] = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == bytes_
    with ScoreCache(path) as cache:
        assert cache.get(key_of(scorer, SAMPLE)) == Score(0.25, "why")


async def test_a_file_damaged_while_open(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scorer = Counting()
    with ScoreCache(path) as cache:
        await Cached(scorer, cache).score(SAMPLE)
    with ScoreCache(path) as cache, caplog.at_level(logging.WARNING):
        damage(path, b"\7" * 8192)
        assert await Cached(scorer, cache).score(SAMPLE) == Score(0.25, "why")
        assert await Cached(scorer, cache).score(SAMPLE) == Score(0.25, "why")


@pytest.mark.parametrize(
    "change",
    ["value = 1.0", "value = 7", "value = 'NaN'", "reason = 'fine'", "checksum = ''", "key = key"],
)
async def test_a_changed_row_is_never_a_score(path: Path, change: str, caplog) -> None:
    scorer = Counting()
    with ScoreCache(path) as cache:
        await Cached(scorer, cache).score(SAMPLE)
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE scores SET {change}")
    database.close()
    with ScoreCache(path) as cache, caplog.at_level(logging.WARNING):
        assert await Cached(scorer, cache).score(SAMPLE) == Score(0.25, "why")
    assert scorer.asked == (1 if change == "key = key" else 2)
    assert ("damaged" in caplog.text) == (scorer.asked == 2)


async def test_another_schema_is_set_aside(path: Path, caplog) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE scores (key TEXT PRIMARY KEY, score REAL)")
    database.close()
    with caplog.at_level(logging.WARNING), ScoreCache(path) as cache:
        assert await Cached(Counting(), cache).score(SAMPLE) == Score(0.25, "why")


async def test_two_processes_share_a_file(path: Path) -> None:
    scorer = Counting()
    with ScoreCache(path) as left, ScoreCache(path) as right:
        await Cached(scorer, left).score(SAMPLE)
        assert right.get(key_of(scorer, SAMPLE)) == Score(0.25, "why")


async def test_a_cache_that_is_busy_costs_the_score_nothing(
    path: Path, monkeypatch, caplog
) -> None:
    monkeypatch.setattr("guardrails.judge.cache._WAIT_S", 0.01)
    with ScoreCache(path) as cache:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with caplog.at_level(logging.WARNING):
            assert await Cached(Counting(), cache).score(SAMPLE) == Score(0.25, "why")
        other.execute("ROLLBACK")
        other.close()
    assert "cannot be used now" in caplog.text
