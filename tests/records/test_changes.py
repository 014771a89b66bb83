"""The log of changes: added to and nothing else, and what was altered all the same shows."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.cli import app
from assistant.errors import DatabaseError
from assistant.records.changes import ChangeLog, first_broken
from assistant.records.settings_log import note_settings
from assistant.settings import GuardSettings, Settings
from tests.support.databases import in_a_file


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


def test_who_did_what_is_kept_in_order(engine):
    log = ChangeLog(engine)
    log.note("ada", "knowledge added", "handbook", {"added": 3})
    log.note("eve", "knowledge removed", "handbook")
    assert [(e.by, e.what, e.target) for e in log.newest(10)] == [
        ("ada", "knowledge added", "handbook"),
        ("eve", "knowledge removed", "handbook"),
    ]
    assert [e.by for e in log.newest(1)] == ["eve"]
    assert log.broken() is None


@pytest.mark.parametrize(
    "order",
    [
        "UPDATE changes SET by = 'x'",
        "DELETE FROM changes",
        "INSERT OR REPLACE INTO changes SELECT * FROM changes",
    ],
)
def test_the_database_refuses_to_change_or_delete(engine, order):
    ChangeLog(engine).note("ada", "knowledge added", "handbook")
    with (
        pytest.raises(Exception, match=r"only added to|cannot be read or written"),
        engine.begin() as connection,
    ):
        connection.execute(text(order))
    assert [e.by for e in ChangeLog(engine).newest(10)] == ["ada"]


@pytest.mark.parametrize("field", ["by", "what", "target", "detail", "at"])
def test_what_was_altered_shows(engine, field):
    log = ChangeLog(engine)
    for number in range(3):
        log.note("ada", "key made", f"key {number}", {"n": number})
    entries = log.newest(10)
    other = {"at": entries[0].at, "detail": {"n": 9}}.get(field, "x")
    altered = [entries[0], replace(entries[1], **{field: other}), entries[2]]
    assert first_broken(altered) == altered[1]
    assert first_broken([entries[0], entries[2]]) == entries[2]
    assert first_broken([entries[1], entries[0], entries[2]]) == entries[1]
    assert first_broken(entries) is None


def test_two_who_write_at_a_time_make_one_chain(engine):
    def write(by: str) -> None:
        for number in range(15):
            ChangeLog(engine).note(by, "key made", f"{number}")

    writers = [threading.Thread(target=write, args=(by,)) for by in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(ChangeLog(engine).newest(100)) == 60
    assert ChangeLog(engine).broken() is None


def test_what_keys_do_is_logged_and_no_key_is(engine):
    keys = Keys(engine)
    secrets = [keys.add("nightly", [Role.OWNER], "ada", None), keys.rotate("nightly", "bob", None)]
    keys.remove("nightly", "eve")
    entries = ChangeLog(engine).newest(10)
    assert [(e.by, e.what) for e in entries] == [
        ("ada", "key made"),
        ("bob", "key rotated"),
        ("eve", "key removed"),
    ]
    assert not any(secret[4:] in repr(entries) for secret in secrets)


def test_which_settings_changed_is_logged_and_no_value_is(engine, tmp_path):
    first = Settings(data_dir=tmp_path, openai_api_key="sk-secret-value-1")
    note_settings(engine, first)
    note_settings(engine, first)
    guard = GuardSettings(tolerance=0.0123)
    note_settings(engine, first.model_copy(update={"guard": guard, "openai_api_key": None}))
    started, changed = ChangeLog(engine).newest(10)
    assert started.target == "first"
    assert changed.detail["changed"] == ["guard.tolerance", "openai_api_key"]
    assert "secret-value" not in repr((started, changed))
    assert "0.0123" not in repr(changed)


@in_a_file
def test_the_command_shows_and_checks_it(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path))
    ChangeLog(engine).note("ada", "knowledge added", "handbook", {"added": 3})
    shown = CliRunner().invoke(app, ["log", "--verify"])
    assert "ada: knowledge added: handbook" in shown.output
    assert "No entry was altered" in shown.output
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER changes_no_update"))
        connection.execute(text("UPDATE changes SET by = 'nobody'"))
    again = CliRunner().invoke(app, ["log", "--verify"])
    assert isinstance(again.exception, DatabaseError)
    assert "was altered" in again.exception.message
