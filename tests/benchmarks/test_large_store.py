"""The large store: as many rows as are said, by the product's own tables, from a seed."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from benchmarks.desk import large_store

AMOUNTS = large_store.Amounts(turns=700, tickets=60, nights=15, pairs=3, entries=8)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    large_store.filled(folder, AMOUNTS)
    return folder / "routeback.sqlite"


def scalar(database: Path, query: str) -> int:
    with sqlite3.connect(database) as connection:
        return int(connection.execute(query).fetchone()[0])


def test_there_is_as_much_as_is_said(database: Path):
    assert AMOUNTS.turns <= scalar(database, "SELECT count(*) FROM turns") < AMOUNTS.turns + 200
    assert scalar(database, "SELECT count(*) FROM tickets") == AMOUNTS.tickets
    assert scalar(database, "SELECT count(*) FROM eval_nights") == AMOUNTS.nights
    assert scalar(database, "SELECT count(DISTINCT status) FROM tickets") == 4
    assert scalar(database, "SELECT count(DISTINCT language) FROM turns") == 2
    new = "SELECT count(*) FROM guard_pairs WHERE id LIKE 'large-%'"
    assert scalar(database, new) == 2 * 2 * AMOUNTS.pairs


def test_what_was_said_is_found_and_counted(database: Path):
    assert scalar(database, "SELECT count(*) FROM findable WHERE kind = 'turn'") == scalar(
        database, "SELECT count(*) FROM turns"
    )
    found = "SELECT count(*) FROM search_index WHERE search_index MATCH 'said : invoice'"
    assert scalar(database, found) > 0
    assert scalar(database, "SELECT count(*) FROM askings") == scalar(
        database, "SELECT count(*) FROM turns"
    )


def test_a_log_and_its_thread_say_the_same(database: Path):
    apart = """SELECT count(*) FROM threads WHERE count <> (SELECT max(number) FROM messages
               WHERE messages.conversation_id = threads.conversation_id)"""
    assert scalar(database, apart) == 0
    other = """SELECT count(*) FROM tickets JOIN threads ON threads.ticket_id = tickets.id
               WHERE threads.holder <> tickets.status"""
    assert scalar(database, other) == 0


def test_the_same_seed_asks_the_same(database: Path, tmp_path: Path):
    large_store.filled(tmp_path, AMOUNTS)

    def asked(path: Path) -> str:
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT id, question FROM turns ORDER BY id").fetchall()
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    assert asked(database) == asked(tmp_path / "routeback.sqlite")
