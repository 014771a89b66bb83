"""Several processes, each with files of its own: what one erases, the others follow."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from assistant.background.custody import Custody
from assistant.records.changes import ChangeLog
from assistant.records.database import open_records
from assistant.records.desk.desk import Desk
from assistant.records.desk.tickets import Ticket
from assistant.retention import receipts
from assistant.retention.holdings import Holdings
from assistant.settings import RetentionSettings
from guardrails.judge.cache import ScoreCache
from guardrails.types import Score

NIGHT = "20261129T020000"
AGES = RetentionSettings()


def of_a_process(engine: Engine, folder: Path) -> Holdings:
    for name in ("data", "cache"):
        (folder / name).mkdir(parents=True)
    reports = folder / "reports"
    (reports / NIGHT).mkdir(parents=True)
    with ScoreCache(folder / "cache/scores.sqlite") as cache:
        cache.put("key", Score(0.5, "it quotes an answer"))
    return Holdings(folder / "data", folder / "cache", engine, engine, reports)


@pytest.fixture
def engine(new_url, tmp_path):
    with open_records(tmp_path, SecretStr(new_url())) as engine:
        yield engine


def test_the_files_of_the_others_are_cleaned_once(engine, tmp_path):
    eraser, other = (of_a_process(engine, tmp_path / name) for name in ("one", "two"))
    assert other.follow(AGES) == 0
    Desk(engine).open(Ticket("one", "en", "Who is there?"))
    custody = Custody(eraser, AGES)
    receipt = asyncio.run(custody.erase(["one"], "eve"))
    receipts.write(ChangeLog(engine), "erase", {}, "", "eve", receipt.at, [NIGHT])
    assert other.follow(AGES) == 2
    with ScoreCache(tmp_path / "two/cache/scores.sqlite") as cache:
        assert cache.get("key") is None
    assert not (tmp_path / "two/reports" / NIGHT).exists()
    assert other.follow(AGES) == 0
    assert other.receipts()[1] == eraser.receipts()[1] == receipt
    assert ChangeLog(engine).broken() is None


def test_what_is_only_old_empties_no_cache(engine, tmp_path):
    other = of_a_process(engine, tmp_path / "two")
    receipts.write(ChangeLog(engine), "retention", {"turns": 1}, "", "retention", _at(1))
    assert other.follow(AGES) == 1
    with ScoreCache(tmp_path / "two/cache/scores.sqlite") as cache:
        assert cache.get("key") is not None


def test_receipts_of_a_file_of_old_are_read(engine, tmp_path):
    holdings = of_a_process(engine, tmp_path / "one")
    new = receipts.write(ChangeLog(engine), "export", {"turns": 1}, "b", "eve", _at(2))
    old = {**json.loads(new.model_dump_json()), "at": _at(1).isoformat(), "act": "retention"}
    (tmp_path / "one/data" / receipts.FILE).write_text(json.dumps(old) + "\n")
    assert [one.act for one in holdings.receipts()] == ["export", "retention"]


def _at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)
