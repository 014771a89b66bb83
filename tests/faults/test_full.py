"""A disk that fills up under a server: what cannot be kept is not taken, and it goes on after."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import Column, Engine, create_engine, make_url, select, text

from assistant.assistant import Assistant
from assistant.records.database import open_records
from assistant.records.desk.tables import messages, tickets
from assistant.records.turns import Turn, turns
from assistant.retention.threads import FILE as THREADS
from guardrails.store.sql_tables import jobs, pairs
from tests.faults.house import DOCUMENT, House, served, until
from tests.faults.postgres import processes
from tests.faults.wire import wired
from tests.support.databases import in_a_file
from tests.support.disk import ballast, small_disk
from tests.support.documents import fill
from tests.support.endpoint import Endpoint
from tests.support.places import Place


@pytest.fixture
def data(tmp_path: Path, documents: Path) -> Path:
    fill(tmp_path / "data", documents)
    return tmp_path / "data"


@contextmanager
def files(data: Path) -> Iterator[Path]:
    """Let the records of a data folder be on a small disk; its index needs more to be opened."""
    with small_disk(data.with_name("disk"), 48) as disk:
        for path in [path for path in data.iterdir() if path.name != "index"]:
            shutil.move(path, disk / path.name)
        index = data.rename(data.with_name("elsewhere")) / "index"
        data.symlink_to(disk)
        (disk / "index").symlink_to(index)
        disk.chmod(0o700)
        yield disk


@contextmanager
def tables(url: str) -> Iterator[Path]:
    """Let the tables of a database of PostgreSQL be on a small disk."""
    server = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    name, place = make_url(url).database, Path(tempfile.mkdtemp(prefix="routeback-disk-"))
    place.chmod(0o755)  # the server is another user
    user = Path(f"/proc/{processes(server)[0]}").stat()
    with small_disk(place, 64) as disk, server.connect() as connection:
        os.chown(disk, user.st_uid, user.st_gid)
        for statement in (
            f"CREATE TABLESPACE small_{name} LOCATION '{disk}'",
            f"ALTER DATABASE {name} SET TABLESPACE small_{name}",
        ):
            connection.execute(text(statement))
        yield disk
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        connection.execute(text(f"DROP TABLESPACE small_{name}"))
    server.dispose()
    place.rmdir()


@pytest.mark.slow
@pytest.mark.timeout(300)
@in_a_file
@pytest.mark.parametrize("on", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.long)])
def test_what_cannot_be_kept_is_not_taken(
    data: Path, tmp_path: Path, cache_dir: Path, on: str, request: pytest.FixtureRequest
):
    url = request.getfixturevalue("new_url")() if on == "PostgreSQL" else ""
    more = {"ROUTEBACK_DATABASE_URL": url} if url else {}
    with tables(url) if url else files(data) as disk, wired() as base, wired() as tuned:
        arm = {"name": "tuned", "base_url": tuned.url, "model": "scripted", "revision": "1"}
        more["ROUTEBACK_ARMS"] = json.dumps([arm])
        with served(data, cache_dir, tmp_path / "log", OPENAI_BASE_URL=base.url, **more) as house:
            with open_records(data, SecretStr(url) if url else None) as engine:
                _filled(house, engine, disk)
            house.check_log("A person, please.")


def _filled(house: House, engine: Engine, disk: Path) -> None:
    """Fill the disk up while people ask and open tickets, make room, and look what is there."""
    taken: dict[str, list[str]] = {"turns": [], "tickets": []}

    def refused() -> bool:
        reply = house.ask()
        if reply.is_success:
            taken["turns"].append(reply.json()["routeback"]["turn_id"])
        wanted = {"message": "A person, please.", "client_id": uuid4().hex}
        opened = house.call("POST", "/v1/tickets", json=wanted)
        if opened.is_success:
            taken["tickets"].append(opened.json()["ticket_id"])
        for said in (reply, opened):
            if not said.is_success:
                assert (said.status_code, said.json()["error"]["code"]) == (503, "DatabaseError")
                assert "free space" in said.json()["error"]["message"]
        return not (reply.is_success or opened.is_success)

    def paired() -> bool:
        states = _all(engine, jobs.c.state)
        return bool(states) and set(states) == {"done"}

    def ended() -> bool:
        asked = select(messages.c.turn_id).where(messages.c.kind == "question")
        over = select(messages.c.turn_id).where(messages.c.kind.in_(["answer", "failed", "cut"]))
        with engine.connect() as connection:
            return sorted(connection.scalars(asked)) == sorted(connection.scalars(over))

    assert not refused()
    until(paired)
    full = ballast(disk)
    until(refused)  # what files and pages have left is used up first
    assert house.call("GET", "/healthz").status_code == 200
    full.unlink()
    assert not refused()
    until(paired)
    until(ended)
    assert sorted(_all(engine, pairs.c.id)) == sorted(_all(engine, jobs.c.id))
    for name, column in (("turns", turns.c.id), ("tickets", tickets.c.id)):
        kept = _all(engine, column)
        assert set(taken[name]) <= set(kept)
        assert len(kept) == len(set(kept))


def _all(engine: Engine, column: Column[Any]) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.scalars(select(column)))


@in_a_file
async def test_an_answer_that_cannot_be_remembered_is_an_answer_all_the_same(
    place: Place, endpoint: Endpoint, tmp_path: Path, caplog
):
    """Only the memory of conversations is on a disk that is full; the records are not."""
    endpoint.script = lambda _: DOCUMENT
    with small_disk(tmp_path / "disk", 2) as disk:
        (place.folder / THREADS).symlink_to(disk / THREADS)
        async with place.opened(endpoint) as assistant:
            await turn_of(assistant, "What is a pod?")
            full = ballast(disk)
            for _ in range(20):  # what its log has left is used up first
                turn = await turn_of(assistant, "What is a token?")
                assert assistant.records.find(turn.id).answer == turn.answer
                if not await assistant.knows(turn.conversation_id):
                    break
            assert "a follow-up will not be understood" in caplog.text
            assert turn.question not in caplog.text
            assert not assistant.records.threads.unended()
            full.unlink()
            turn = await turn_of(assistant, "What is a token?")
            assert await assistant.knows(turn.conversation_id)


async def turn_of(assistant: Assistant, question: str) -> Turn:
    *_, turn = [event async for event in assistant.answer(question)]
    assert isinstance(turn, Turn)
    return turn
