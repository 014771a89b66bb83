import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect

from assistant.access import keys, sessions
from assistant.api import errors
from assistant.arms import roster
from assistant.errors import DatabaseError, ServerError
from assistant.records import (
    askings,
    cases,
    changes,
    conversations,
    entries,
    entry_cases,
    gaps,
    nights,
    sources,
)
from assistant.records import turns as records
from assistant.records.bridge import tables as bridge
from assistant.records.database import filling, metadata, open_database, open_url, place_of
from assistant.records.desk import agents, drafts
from assistant.records.desk import tables as desk
from assistant.records.processes import tables as processes
from assistant.records.queue import tables as queue
from guardrails.store import sql_tables
from tests.support.server import free_port

ROSTER = (roster.arms, roster.sights, roster.dialects)
OWNERS = (conversations.conversations, sessions.sessions, changes.changes)
LATER = (
    *(desk.messages, desk.threads, drafts.draft_labels),
    *(sources.pages, sources.sources),
    *(agents.agents, queue.attachments, queue.findable, queue.looking),
    *(queue.news, queue.replies, queue.views),
    askings.askings,
    *(bridge.bridge_tickets, bridge.bridge_posts, bridge.bridge_events),
    *(processes.leases, processes.answering, processes.holds, processes.places, processes.rates),
    *(entries.entries_versions, gaps.gap_turns, gaps.gap_events, entry_cases.entry_cases),
    filling,
)
"""Of steps 11 and 12."""
NIGHTS = (nights.scores, nights.answers, nights.frozen, nights.nights, cases.added)


def test_migrations_make_the_tables_that_the_code_uses(tmp_path: Path):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    own = (records.turns, records.feedback, desk.tickets, keys.api_keys, *ROSTER)
    own = (*own, *NIGHTS, *OWNERS, *LATER)
    assert {*metadata.tables} == {table.name for table in own}
    engine = open_database(tmp_path / "new.sqlite")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": False,
                "compare_server_default": False,
                "include_name": lambda name, _kind, _parents: (
                    not str(name).startswith("search_index")  # of the engine's own making
                ),
            },
        )
        assert compare_metadata(context, [metadata, sql_tables.metadata]) == []
    engine.dispose()


def test_a_database_of_step_1_is_taken_over_with_its_turns(tmp_path: Path):

    path = tmp_path / "old.sqlite"
    engine = open_database(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        later = (*sql_tables.metadata.tables.values(), keys.api_keys, *OWNERS, *ROSTER, *NIGHTS)
        later = (*later, *LATER)
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for name in connection.exec_driver_sql(triggers).scalars().all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for name in (table.name for table in later):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        for column in ("checked", "fell_back", "scores", "mode", "selection"):
            connection.exec_driver_sql(f"ALTER TABLE turns DROP COLUMN {column}")
        connection.exec_driver_sql(
            "INSERT INTO turns (id, conversation_id, created_at, question, standalone, language,"
            " segment, outcome, answer, prompt_hash, index_generation, sources, sentences, usage,"
            " timings_s) VALUES ('t', 'c', '2026-01-01 00:00:00.000000', 'q', 'q', 'en', 's',"
            " 'answered', 'a', 'p', '1', '[]', '[]', '{}', '{}')"
        )
    engine.dispose()
    engine = open_database(path)
    turn = records.Records(engine).find("t")
    assert turn is not None
    assert (turn.answer, turn.checked, turn.scores) == ("a", True, {})
    assert conversations.Conversations(engine).of(conversations.LOCAL) == ["c"]
    assert "guard_pairs" in inspect(engine).get_table_names()
    engine.dispose()


def test_opening_twice_changes_nothing(tmp_path: Path):
    path = tmp_path / "d.sqlite"
    for _ in range(2):
        open_database(path).dispose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    connection.close()


async def test_a_database_that_fails_half_way_is_one_clear_error_and_comes_back(
    assistant, endpoint
):
    engine = assistant.records.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE turns RENAME TO away")
    shown = []
    with pytest.raises(DatabaseError, match="cannot be read or written now") as caught:
        async for event in assistant.answer("What is a token?"):
            shown.append(event)
    assert errors.status_of(caught.value) == 503
    assert "table" not in caught.value.message, "what the driver says is for the log"
    assert shown, "what had passed the check was shown before the turn could not be stored"
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO turns")
    turns = [e async for e in assistant.answer("What is a token?") if isinstance(e, records.Turn)]
    assert records.Records(engine).find(turns[0].id) is not None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql+psycopg://u:secret@db.example.com:6543/kept", "db.example.com:6543/kept"),
        ("postgresql+psycopg://u@db/kept?password=secret&sslmode=require", "db/kept"),
        ("postgresql+psycopg://u:secret@/kept?host=/run/postgresql", "/run/postgresql/kept"),
        ("postgresql+psycopg://[::1]:5433/kept", "::1:5433/kept"),
    ],
)
def test_where_a_database_is_said_to_be_names_no_secret(url: str, place: str):
    assert place_of(url) == place


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path):
    url = f"postgresql+psycopg://u@127.0.0.1:{free_port()}/kept?password=topsecret"
    with pytest.raises(ServerError) as caught:
        open_url(url)
    told = f"{caught.value} {caught.value.hint}"
    assert "topsecret" not in told
    assert "Check that it runs" in told


def test_a_url_that_is_none_is_not_repeated():
    with pytest.raises(ServerError, match="cannot be read") as caught:
        open_url("top secret")
    assert "secret" not in str(caught.value)


def test_tables_of_a_newer_version_are_refused_and_left_alone(tmp_path):
    path = tmp_path / "newer.sqlite"
    open_database(path).dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    before = path.read_bytes()
    with pytest.raises(ServerError, match="newer version") as caught:
        open_database(path)
    assert "backup" in (caught.value.hint or "")
    assert path.read_bytes() == before
