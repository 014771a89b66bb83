"""An installation moved to a real PostgreSQL, backed up, put back: nothing is lost on the way."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, delete, func, select, text, update

from assistant.app import open_assistant
from assistant.doctor.records import database
from assistant.errors import DatabaseError, ServerError
from assistant.moving import rows
from assistant.moving.backup import MANIFEST, Backup
from assistant.moving.installation import records_copied, remembered, snapshot
from assistant.moving.migration import Migration
from assistant.progress import Watcher
from assistant.records.database import MOVED, RECORDS, open_database, open_records, open_url
from assistant.records.turns import Records, turns
from assistant.retention.threads import FILE as THREADS
from assistant.sample import world
from assistant.settings import KnowledgeSettings, Settings
from tests.support.databases import in_a_file
from tests.support.documents import fill
from tests.support.server import ROUTEBACK, environment, in_process

pytestmark = in_a_file


@pytest.fixture
async def laptop(tmp_path: Path, cache_dir: Path, documents: Path, endpoint) -> Settings:
    """A data folder with the sample world in it, documents, and a conversation of today."""
    folder = tmp_path / "laptop"
    world.unpacked(folder)
    fill(tmp_path / "documents", documents)
    shutil.copytree(tmp_path / "documents" / "index", folder / "index")
    settings = Settings(
        data_dir=folder,
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
    )
    async with open_assistant(settings, Watcher()) as assistant:
        for question in ("What is a token?", "And a pod?"):
            _ = [event async for event in assistant.answer(question, conversation_id="today")]
    (folder / "adapters").mkdir()
    (folder / "adapters" / "one.gguf").write_bytes(b"adapter")
    return settings


def at(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database_url": SecretStr(url)})


def transfer_map(settings: Settings, url: str = "") -> Any:
    """Return the transfer map as the command tells it."""
    env = environment(settings.data_dir, settings.cache_dir)
    if url:
        env["ROUTEBACK_DATABASE_URL"] = url
    shown = in_process("guard", "status", "--json", env=env)
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


async def test_a_laptop_is_moved_and_reads_the_same(laptop, new_url):
    before, url = transfer_map(laptop), new_url()
    counts = await Migration(laptop, SecretStr(url)).run(Watcher())
    assert counts.rows["turns"] > 90
    assert counts.rows["guard_pairs"] > 100
    assert counts.conversations >= 2
    assert transfer_map(laptop, url) == before
    async with open_assistant(at(laptop, url), Watcher()) as assistant:
        assert await assistant.knows("today")
        state = await assistant.graph.aget_state({"configurable": {"thread_id": "today"}})
        assert "pod" in str(state.values["messages"])
        # The next numbers go on behind those that were copied.
        _ = [event async for event in assistant.answer("What is a pod?", conversation_id="today")]
    with pytest.raises(ServerError, match="was moved to"), open_records(laptop.data_dir):
        pass
    with pytest.raises(ServerError, match="was moved to"):
        await Migration(laptop, SecretStr(new_url())).run(Watcher())


async def test_what_is_not_as_it_was_is_told_and_the_laptop_goes_on(laptop, new_url):
    url = new_url()
    await Migration(laptop, SecretStr(url)).run(Watcher())
    (laptop.data_dir / MOVED).unlink()
    engine = open_url(url)
    with open_records(laptop.data_dir) as source, snapshot(source) as reading:
        for change, named in (
            (update(turns).where(turns.c.id == _first(reading)).values(answer="x"), "answer"),
            (delete(turns).where(turns.c.id == _first(reading)), "turns"),
        ):
            with engine.begin() as connection:
                connection.execute(change)
            with engine.connect() as connection, pytest.raises(DatabaseError, match=named):
                rows.check_same(reading, connection, Watcher().progress)
    engine.dispose()


async def test_a_row_too_many_is_told(laptop, new_url):
    url = new_url()
    await Migration(laptop, SecretStr(url)).run(Watcher())
    (laptop.data_dir / MOVED).unlink()
    engine = open_url(url)
    with open_records(laptop.data_dir) as source, source.begin() as connection:
        connection.execute(delete(turns).where(turns.c.id == _first(connection)))
    with (
        open_records(laptop.data_dir) as source,
        snapshot(source) as reading,
        engine.connect() as connection,
        pytest.raises(DatabaseError, match="more rows"),
    ):
        rows.check_same(reading, connection, Watcher().progress)
    engine.dispose()


def _first(connection) -> str:
    return connection.scalar(select(func.min(turns.c.id)))


async def test_a_database_that_holds_something_else_is_left_alone(laptop, new_url):
    url = new_url()
    engine = open_url(url)
    Records(engine).begin("somebody", None)
    with pytest.raises(ServerError, match=r"not empty: conversations \(1\)"):
        await Migration(laptop, SecretStr(url)).run(Watcher())
    with open_records(laptop.data_dir):
        pass
    engine.dispose()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_move_that_is_killed_again_and_again_ends_whole(laptop, new_url):
    url = new_url()
    before = transfer_map(laptop)
    env = environment(laptop.data_dir, laptop.cache_dir, ROUTEBACK_MIGRATE_TO=url)
    kills = 0
    for wait_s in (0.3, 0.6, 1.0, 1.6):
        run = subprocess.Popen(
            [str(ROUTEBACK), "migrate"], env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert run.stderr is not None
        while line := run.stderr.readline():
            if b"\xe2\x80\xa6" in line:  # it has begun
                break
        time.sleep(wait_s)
        if run.poll() is None:
            os.kill(run.pid, signal.SIGKILL)
            kills += 1
        run.communicate()
        if (laptop.data_dir / MOVED).exists():
            break
    assert kills >= 2
    if not (laptop.data_dir / MOVED).exists():
        ended = subprocess.run(
            [str(ROUTEBACK), "migrate", "--json"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
    assert transfer_map(laptop, url) == before


async def test_what_is_moved_in_part_is_served_by_nobody(laptop, new_url, monkeypatch):
    url = SecretStr(new_url())
    monkeypatch.setattr("assistant.moving.migration.records_copied", _cut_short)
    with pytest.raises(KeyboardInterrupt):
        await Migration(laptop, url).run(Watcher())
    for _ in range(2):
        with pytest.raises(ServerError, match="a move into it has not ended"):
            async with open_assistant(at(laptop, url.get_secret_value()), Watcher()):
                pass
    state = await asyncio.to_thread(database, at(laptop, url.get_secret_value()))
    assert state.status == "failed"
    assert "a move into it has not ended" in state.got
    with open_records(laptop.data_dir) as source, source.begin() as connection:
        connection.execute(delete(turns).where(turns.c.id == _first(connection)))
    monkeypatch.undo()
    with pytest.raises(DatabaseError) as caught:
        await Migration(laptop, url).run(Watcher())
    assert "empty the target and begin anew" in (caught.value.hint or "")


def _cut_short(source, folder, url, watcher) -> None:
    records_copied(source, folder, url, watcher)
    raise KeyboardInterrupt


async def test_a_backup_is_put_back_on_either_engine(laptop, new_url, tmp_path):
    before = transfer_map(laptop)
    backup = Backup(tmp_path / "backup")
    made = await backup.make(laptop, Watcher())
    assert made.passages > 5
    with pytest.raises(ServerError, match="is not empty"):
        await backup.make(laptop, Watcher())
    folder = tmp_path / "other"
    other = laptop.model_copy(update={"data_dir": folder})
    assert await backup.restore(other, Watcher()) == made
    assert transfer_map(other) == before
    assert (folder / "adapters" / "one.gguf").read_bytes() == b"adapter"
    with pytest.raises(ServerError, match="not empty"):
        await backup.restore(other, Watcher())
    url = new_url()
    third = at(laptop.model_copy(update={"data_dir": tmp_path / "third"}), url)
    assert await backup.restore(third, Watcher()) == made
    assert transfer_map(third, url) == before
    # And from there: a backup of PostgreSQL is the same as one of SQLite.
    again = Backup(tmp_path / "again")
    assert await again.make(third, Watcher()) == made
    left, right = (open_database(place.folder / RECORDS) for place in (backup, again))
    with left.connect() as one, right.connect() as two:
        assert rows.differences(one, two, Watcher().progress) == []
    left.dispose()
    right.dispose()
    await remembered((backup.folder, None), (again.folder, None), Watcher())


async def test_a_damaged_or_unfinished_backup_is_refused(laptop, tmp_path):
    backup = Backup(tmp_path / "backup")
    await backup.make(laptop, Watcher())
    other = laptop.model_copy(update={"data_dir": tmp_path / "other"})
    with (tmp_path / "backup" / THREADS).open("r+b") as file:
        file.seek(4096)
        file.write(b"broken")
    with pytest.raises(ServerError, match=f"damaged: {THREADS}"):
        await backup.restore(other, Watcher())
    (tmp_path / "backup" / MANIFEST).unlink()
    with pytest.raises(ServerError, match="is no backup"):
        await backup.restore(other, Watcher())


def test_an_older_database_is_copied_before_it_is_brought_up_to_date(tmp_path):
    path = tmp_path / RECORDS
    open_database(path).dispose()
    assert not list(tmp_path.glob("*.before-*"))
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("filling", "leases", "answering", "holds", "places", "rates"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE alembic_version SET version_num = '0023'")
    open_database(path).dispose()
    (copy,) = tmp_path.glob("*.before-*")
    assert copy.name == f"{RECORDS}.before-0023"
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchone() == ("0023",)
        names = {name for (name,) in old.execute("SELECT name FROM sqlite_master")}
    assert "leases" not in names
    # The way back: the copy in its place is what the older version opens.
    shutil.copy(copy, path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM turns")) == 0
    engine.dispose()
