import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import inspect

from assistant.access import keys, sessions
from assistant.api import errors
from assistant.arms import roster
from assistant.errors import DatabaseError
from assistant.records import changes, conversations, nights, tickets
from assistant.records import turns as records
from assistant.records.database import metadata, open_database
from guardrails.store import sql_tables

ROSTER = (roster.arms, roster.sights, roster.dialects)
OWNERS = (conversations.conversations, sessions.sessions, changes.changes)
NIGHTS = (nights.scores, nights.answers, nights.frozen, nights.nights)


def test_migrations_make_the_tables_that_the_code_uses(tmp_path: Path):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    own = (records.turns, records.feedback, tickets.tickets, keys.api_keys, *ROSTER)
    own = (*own, *NIGHTS, *OWNERS)
    assert {*metadata.tables} == {table.name for table in own}
    engine = open_database(tmp_path / "new.sqlite")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": False, "compare_server_default": False}
        )
        assert compare_metadata(context, [metadata, sql_tables.metadata]) == []
    engine.dispose()


def test_a_database_of_step_1_is_taken_over_with_its_turns(tmp_path: Path):

    path = tmp_path / "old.sqlite"
    engine = open_database(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        later = (*sql_tables.metadata.tables.values(), keys.api_keys, *OWNERS, *ROSTER, *NIGHTS)
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
