"""What is changed over HTTP or by a command stands in the log, under the name of who did it."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.knowledge.documents import Entry
from assistant.records.changes import ChangeLog
from assistant.records.database import RECORDS, open_database
from assistant.running import Running
from tests.support.endpoint import Endpoint
from tests.support.places import Place
from tests.support.server import environment, in_process

ENTRY = Entry("rows", "glossary", "Pod", "A pod is the smallest unit that Kubernetes runs.", "en")


@pytest.fixture
def server(place: Place, endpoint: Endpoint) -> Iterator[Running]:
    with place.running(endpoint) as running:
        yield running


@pytest.fixture
def log(server: Running, place: Place) -> Iterator[ChangeLog]:
    assert server.url
    database = open_database(place.folder / RECORDS)
    yield ChangeLog(database)
    database.dispose()


def told(log: ChangeLog) -> list[tuple[str, str, str]]:
    return [(entry.by, entry.what, entry.target) for entry in log.newest(100)][1:]


def test_a_servers_changes_are_under_the_callers_name(server, log, place):
    database = open_database(place.folder / RECORDS)
    roles = [Role.EDITOR, Role.OWNER]
    key = {"Authorization": f"Bearer {Keys(database).add('ada', roles, 'test', None)}"}
    database.dispose()
    body = {"root": "rows", "items": [asdict(ENTRY)]}
    url = f"{server.url}/v1/knowledge"
    assert httpx.post(url, json=body, headers=key, timeout=60).is_success
    assert httpx.delete(f"{url}/roots/rows", headers=key, timeout=60).is_success
    assert httpx.delete(f"{url}/roots/rows", headers=key, timeout=60).status_code == 404
    assert told(log) == [
        ("test", "key made", "ada"),
        ("ada", "knowledge added", "rows"),
        ("ada", "knowledge removed", "rows"),
    ]
    first = log.newest(100)[0]
    assert (first.by, first.what, first.target) == ("server", "settings changed", "first")
    assert log.broken() is None
    shown = httpx.get(f"{server.url}/v1/log", headers=key).json()["entries"]
    assert [entry["what"] for entry in shown][-2:] == ["knowledge added", "knowledge removed"]


def test_a_commands_changes_are_the_owners(place: Place, cache_dir: Path, tmp_path: Path):
    env = environment(place.folder, cache_dir, ROUTEBACK_KNOWLEDGE__SAMPLE="false")
    page = tmp_path / "pod.md"
    page.write_text("# Pod\n\nA pod is the smallest unit that Kubernetes runs.\n")
    made = in_process("keys", "add", "widget", "--role", "user", "--front", env=env)
    assert made.stdout.startswith("rbk_")
    assert ", for a page" in in_process("keys", "list", env=env).stdout
    assert in_process("knowledge", "add", str(page), env=env).returncode == 0
    assert in_process("knowledge", "remove", str(page), env=env).returncode == 0
    shown = in_process("log", "--verify", env=env).stdout
    for what in ("key made: widget", f"knowledge added: {page}", f"knowledge removed: {page}"):
        assert f"owner: {what}" in shown
    assert "No entry was altered" in shown
