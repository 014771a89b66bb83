"""The sample world as it comes along: whole, current, without keys, and apart from other data."""

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, text, update

from assistant.access.keys import api_keys
from assistant.access.sessions import sessions
from assistant.app import open_assistant
from assistant.errors import ServerError
from assistant.progress import Watcher
from assistant.records.changes import ChangeLog
from assistant.records.database import open_records
from assistant.records.desk.tables import messages, tickets
from assistant.records.nights import nights
from assistant.records.turns import turns
from assistant.sample import world
from assistant.sample.writers import writing
from assistant.settings import ServerSettings, Settings
from guardrails import clock
from guardrails.decisions import Decision, replay
from guardrails.store import sql_tables as t
from guardrails.store.store import Store
from tests.support.server import environment, free_port, in_thread, process

MOST = 1_400_000


@pytest.fixture(autouse=True)
def _own_clock() -> Iterator[None]:
    yield
    clock.CLOCK.follow(time.time)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    world.unpacked(tmp_path / "sample")
    return tmp_path / "sample"


def decisions(folder: Path) -> list[tuple[Decision, Decision | None]]:
    """Return each decision, and what is decided again from the stored pairs."""
    with open_records(folder) as engine, Store(engine).reading() as ledger:
        found = ledger.decisions(None, None, 10_000)
        return [(one, replay(one, ledger.pairs)) for one in found]


def test_the_recording_is_small_and_has_what_it_is_to_show(folder: Path):
    assert sum(path.stat().st_size for path in world.RECORDING.iterdir()) <= MOST
    with open_records(folder) as engine, engine.connect() as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in (turns, tickets, messages, nights, t.pairs, t.decisions)
        }
        states = set(connection.scalars(select(tickets.c.status)))
        languages = set(connection.scalars(select(turns.c.language)))
    assert counts["turns"] >= 90
    assert counts["tickets"] >= 10
    assert counts["eval_nights"] >= 10
    assert counts["guard_pairs"] >= 200
    assert {"waiting", "person"} <= states
    assert {"en", "de"} <= languages
    after = {(one.after.value, one.cause) for one, _ in decisions(folder)}
    assert ("routed_back", "candidate") in after


def test_every_decision_replays_byte_for_byte(folder: Path):
    found = decisions(folder)
    assert len(found) >= 3
    for decision, again in found:
        assert again is not None, decision.reason
        assert again.record() == decision.record()


def test_a_pair_that_was_altered_shows_in_the_replay(folder: Path):
    back = next(one for one, _ in decisions(folder) if one.cause == "candidate")
    _, first, last = back.inputs["span"]
    with open_records(folder) as engine, engine.begin() as connection:
        better = {"fast": {"value": 1.0, "reason": ""}}
        mine = (t.pairs.c.arm == back.arm) & t.pairs.c.number.between(first, last)
        connection.execute(update(t.pairs).where(mine).values(candidate=better))
    again = next(again for one, again in decisions(folder) if one.id == back.id)
    assert again is None or again.record() != back.record()


def test_the_log_of_changes_is_whole_and_an_alteration_shows(folder: Path):
    with open_records(folder) as engine:
        log = ChangeLog(engine)
        assert len(log.newest(100)) >= 5
        assert log.broken() is None
    with sqlite3.connect(folder / "routeback.sqlite") as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'changes'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE changes SET \"by\" = 'nobody' WHERE id = 2")
    with open_records(folder) as engine:
        assert ChangeLog(engine).broken() is not None


def test_there_are_no_keys_and_nobody_is_real(folder: Path):
    with open_records(folder) as engine, engine.connect() as connection:
        for table in (api_keys, sessions):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    with sqlite3.connect(folder / "routeback.sqlite") as database:
        told = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
        names = [name for (name,) in database.execute(told)]
        rows = [row for name in names for row in database.execute(f'SELECT * FROM "{name}"')]
    content = "\n".join(str(value) for row in rows for value in row)
    addresses = set(re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", content))
    assert addresses
    assert {a for a in addresses if not re.search(r"[@.]example(\.(org|com|net))?$", a)} == set()
    assert not re.search(r"Bearer [\w-]{16}|\bsk-[\w-]{16}|-----BEGIN", content)


async def test_opening_it_changes_nothing_so_the_recording_is_current(folder: Path, cache_dir):
    """Fails after a change of what evidence rests on: ``make world`` records it anew."""
    before = [one.id for one, _ in decisions(folder)]
    sample = world.SampleWorld.of(folder)
    assert sample is not None
    clock.CLOCK.follow(sample.wall)
    with writing() as address:
        settings = world.settings_of(Settings(cache_dir=cache_dir), folder, address)
        async with open_assistant(settings, Watcher()) as assistant:
            assert list(assistant.arms) == ["base", "marketing-copy", "support-tone"]
            events = [e async for e in assistant.answer("What is negative transfer?")]
    assert events
    assert [one.id for one, _ in decisions(folder)] == before


def test_its_clock_goes_on_from_its_end_and_it_is_opened_once(tmp_path: Path):
    first = world.unpacked(tmp_path)
    assert abs(first.wall() - first.recorded.timestamp()) < 60
    marked = json.loads((tmp_path / world.MARK).read_text())
    marked["opened"] = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    (tmp_path / world.MARK).write_text(json.dumps(marked))
    with open_records(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("DELETE FROM eval_scores"))
    again = world.unpacked(tmp_path)
    assert abs(again.wall() - first.recorded.timestamp() - 3 * 86_400) < 60
    with open_records(tmp_path) as engine, engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM eval_scores")) == 0


def test_data_that_are_no_sample_are_left_alone(tmp_path: Path):
    (tmp_path / "routeback.sqlite").write_bytes(b"a team's own")
    with pytest.raises(ServerError, match="holds data that are no sample"):
        world.unpacked(tmp_path)
    assert (tmp_path / "routeback.sqlite").read_bytes() == b"a team's own"
    assert world.SampleWorld.of(tmp_path) is None


def test_a_world_that_was_cut_short_while_it_was_unpacked_is_unpacked_again(folder: Path):
    (folder / "routeback.sqlite").unlink()
    for path in folder.glob("routeback.sqlite-*"):
        path.unlink()
    world.unpacked(folder)
    assert decisions(folder)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(120)
def test_up_with_demo_serves_it_marked_and_apart(tmp_path: Path, cache_dir: Path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "routeback.sqlite").write_bytes(b"a team's own")
    env = environment(
        data / "sample",
        cache_dir,
        ROUTEBACK_SERVER__PORT=str(free_port()),
        ROUTEBACK_SERVER__UI_PORT=str(free_port()),
    )
    begin = {**env, "ROUTEBACK_DATA_DIR": str(data)}
    with process("up", "--demo", env=begin, note=data / "sample") as at:
        client = httpx.Client(base_url=at.url, headers=at.headers, trust_env=False, timeout=60)
        told = client.get("/v1/me").json()["sample"]
        assert told == {**client.get("/v1/status").json()["sample"], "now": told["now"]}
        now = datetime.fromisoformat(told["now"])
        assert now - datetime.fromisoformat(told["recorded"]) < timedelta(minutes=5)
        some = client.get("/v1/guard/decisions", params={"count": 200}).json()["decisions"]
        back = next(one for one in some if one["cause"] == "candidate")
        again = client.get(f"/v1/guard/decisions/{back['id']}/replay").json()
        assert again["same"] is True
        tickets_ = client.get("/v1/desk/tickets").json()
        assert any(ticket["status"] == "waiting" for ticket in tickets_["tickets"])
        assert client.get("/v1/evals/nights").json()["total"] >= 10
        body = {"model": "routeback", "messages": [{"role": "user", "content": "What is LoRA?"}]}
        reply = client.post("/v1/chat/completions", json=body).json()
        assert reply["routeback"]["outcome"] == "answered"
        client.close()
    assert (data / "routeback.sqlite").read_bytes() == b"a team's own"


def test_other_data_are_not_marked(tmp_path: Path, cache_dir: Path):
    settings = Settings(
        data_dir=tmp_path / "own",
        cache_dir=cache_dir,
        openai_base_url="http://127.0.0.1:9/v1",
        openai_model="none",
        server=ServerSettings(port=free_port()),
        offline=True,
    )
    settings.data_dir.mkdir()
    with in_thread(settings) as running:
        for path in ("/v1/me", "/v1/status"):
            reply = httpx.get(f"{running.url}{path}", headers=running.headers, trust_env=False)
            assert reply.json()["sample"] is None
