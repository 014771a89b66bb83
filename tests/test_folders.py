"""The data folder is its owner's alone, whatever umask a process was started with."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.app import open_assistant
from assistant.folders import close_to_others, private_file, private_folder
from assistant.progress import Watcher
from assistant.settings import GuardSettings, KnowledgeSettings, Settings
from tests.support.server import environment, free_port, process, routeback

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")


@pytest.fixture(autouse=True)
def _umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Return what is not 0700 or 0600, of a folder and all that is in it."""
    paths = [folder, *folder.rglob("*")]
    wanted = {True: 0o700, False: 0o600}
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in paths if not path.is_symlink()}
    return [f"{p} {mode:o}" for p, mode in modes.items() if mode != wanted[p.is_dir()]]


@pytest.mark.slow
@pytest.mark.long
def test_what_a_server_and_commands_make_is_private_while_they_run_and_after(
    tmp_path, cache_dir, documents, endpoint
):
    data = tmp_path / "data"
    more = {
        "OPENAI_BASE_URL": endpoint.url,
        "OPENAI_MODEL": "scripted",
        "ROUTEBACK_SERVER__PORT": str(free_port()),
        "ROUTEBACK_KNOWLEDGE__SAMPLE": "false",
    }
    env = environment(data, cache_dir, **more)
    with process("serve", env=env):
        added = routeback("knowledge", "add", str(documents), env=env)
        assert added.returncode == 0, added.stderr
        told = routeback("ask", "What is a pod?", env=env)
        assert told.returncode == 0, told.stderr
        names = {path.name for path in data.rglob("*")}
        assert {"server.json", "routeback.sqlite-wal", "work.sqlite", "CURRENT"} <= names
        assert open_to_others(data) == []
    assert open_to_others(data) == []
    assert routeback("keys", "list", env=env).returncode == 0
    assert open_to_others(data) == []


async def test_whoever_imports_it_keeps_the_umask_and_the_folder_is_private(
    place, cache_dir, endpoint
):
    settings = Settings(
        data_dir=place.folder,
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        guard=GuardSettings(pair_rate=0.0),
    )
    (place.folder / "old").mkdir(0o755)
    (place.folder / "old" / "report.html").write_text("what an older version made")
    assert open_to_others(place.folder) != []
    async with open_assistant(settings, Watcher()) as assistant:
        _ = [event async for event in assistant.answer("What is a pod?")]
        assert open_to_others(place.folder) == []
    assert open_to_others(place.folder) == []
    assert os.umask(0o022) == 0o022


def test_a_private_folder_takes_rights_away_and_gives_none(tmp_path):
    folder = private_folder(tmp_path / "above" / "own")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o755
    assert stat.S_IMODE(private_file(folder / "a").stat().st_mode) == 0o600
    private_file(folder / "a").write_text("kept")
    assert private_file(folder / "a").read_text() == "kept"
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    (folder / "link").symlink_to(outside)
    (folder / "read-only").touch(0o444)
    close_to_others(folder)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
    assert stat.S_IMODE((folder / "read-only").stat().st_mode) == 0o400
    close_to_others(tmp_path / "not there")
    assert not (tmp_path / "not there").exists()


def test_weights_that_a_person_fetches_may_be_shared_and_nothing_else(tmp_path):
    code = "import sys, os; from assistant.cli import app; app(standalone_mode=False); "
    code += "print(oct(os.umask(0)))"
    env = environment(tmp_path / "data", tmp_path / "cache")
    for arguments, umask in ((["models", "list"], "0o22"), (["keys", "list"], "0o77")):
        command = [sys.executable, "-c", code, *arguments]
        told = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert told.stdout.splitlines()[-1] == umask
