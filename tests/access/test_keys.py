from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from assistant.access.identity import Role
from assistant.access.keys import PREFIX, Keys
from assistant.cli import app
from assistant.errors import AccessError, UnknownName
from guardrails import clock
from tests.support.databases import in_a_file


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database


@pytest.fixture
def keys(engine: Engine) -> Keys:
    return Keys(engine)


def test_a_key_is_found_with_its_roles_and_its_use_is_noted(keys):
    text = keys.add("nightly", [Role.OWNER], "ada", None, ["staff"])
    assert text.startswith(PREFIX)
    assert keys.all()[0].last_used is None
    identity = keys.find(text).identity
    assert (identity.name, identity.kind) == ("nightly", "key")
    assert (identity.roles, identity.groups) == ({Role.OWNER}, {"staff"})
    assert keys.all()[0].last_used is not None


@in_a_file
def test_what_is_stored_is_no_key(keys, engine, tmp_path):
    text = keys.add("nightly", [Role.OWNER], "ada", None)
    engine.dispose()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"nightly" in stored
    assert text.encode() not in stored
    assert text.removeprefix(PREFIX).encode() not in stored


@pytest.mark.parametrize("text", ["", PREFIX, PREFIX + "x", "x", "\ud800", PREFIX + "\ud800"])
def test_what_is_no_key_is_not_found(keys, text):
    keys.add("nightly", [Role.OWNER], "ada", None)
    assert keys.find(text) is None


def test_a_key_ends(keys, monkeypatch):
    ends = datetime.now(UTC) + timedelta(days=1)
    text = keys.add("short", [Role.USER], "ada", ends)
    assert keys.find(text) is not None
    monkeypatch.setattr(clock, "now", lambda: ends)
    assert keys.find(text) is None


def test_a_rotated_and_a_removed_key_end_at_once(keys):
    old = keys.add("nightly", [Role.OWNER], "ada", None)
    new = keys.rotate("nightly", "ada", None)
    assert keys.find(old) is None
    assert keys.find(new).roles == {Role.OWNER}
    keys.remove("nightly", "ada")
    assert keys.find(new) is None


def test_mistakes_are_said(keys):
    keys.add("nightly", [Role.OWNER], "ada", None)
    with pytest.raises(AccessError, match="already"):
        keys.add("nightly", [Role.OWNER], "ada", None)
    with pytest.raises(AccessError, match="at least one role"):
        keys.add("x", [], "ada", None)
    with pytest.raises(AccessError, match="1 to 48"):
        keys.add(" ", [Role.USER], "ada", None)
    with pytest.raises(UnknownName, match="no key 'x'") as caught:
        keys.remove("x", "ada")
    assert "nightly" in caught.value.hint


def test_the_command_makes_lists_rotates_and_removes(tmp_path, monkeypatch):
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path))

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["keys", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "There is no key" in run("list")
    text = run("add", "nightly", "--role", "owner", "--role", "editor", "--days", "7").strip()
    assert text.startswith(PREFIX)
    listed = run("list")
    assert "nightly: editor, owner; ends " in listed
    assert text not in listed
    assert run("rotate", "nightly").strip() != text
    run("remove", "nightly")
    assert "There is no key" in run("list")
