"""The README's night beside a running server: its engine judges, and no weights are loaded twice.

Command, server, API and engine process are real; only llama.cpp itself is scripted.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from assistant.local.catalogue import QWEN_MEDIUM
from assistant.running import find
from tests.evals.night.test_night import rows_of
from tests.evals.nights import QUESTIONS, write_cases
from tests.support.documents import fill
from tests.support.server import ROUTEBACK, environment, free_port, process, routeback

ENGINE = Path(__file__).parents[1] / "engine"
PROJECT = Path(__file__).parents[3]
COMMAND = ("evals", "nightly", "--minutes", "30", "--judge-budget-minutes", "5")
CASES = len(QUESTIONS) + 1

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def lay_weights(cache_dir: Path) -> None:
    """Lay a file of the right size, and the note that its bytes were checked."""
    folder = cache_dir / "models"
    folder.mkdir(parents=True)
    path = folder / QWEN_MEDIUM.filename
    with path.open("wb") as file:
        file.truncate(QWEN_MEDIUM.size)  # a hole: it takes no room
    stat = path.stat()
    note = {"sha256": QWEN_MEDIUM.sha256, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    (folder / f"{QWEN_MEDIUM.filename}.verified").write_text(json.dumps(note))


@pytest.fixture
def env(tmp_path: Path, cache_dir: Path, documents: Path) -> dict[str, str]:
    """Default settings, but for documents, cases and ports; the default weights are here."""
    lay_weights(tmp_path / "cache")
    (tmp_path / "cache" / "embeddings").symlink_to(cache_dir / "embeddings")
    (cache_dir / "embeddings").mkdir(exist_ok=True)
    fill(tmp_path / "data", documents)
    (tmp_path / "asked.jsonl").touch()
    return environment(
        tmp_path / "data",
        tmp_path / "cache",
        PYTHONPATH=os.pathsep.join([str(ENGINE), str(PROJECT)]),
        ENGINE_ASKED=str(tmp_path / "asked.jsonl"),
        ROUTEBACK_EVALS__CASES=str(write_cases(tmp_path / "cases.jsonl")),
        ROUTEBACK_SERVER__PORT=str(free_port()),
    )


@pytest.fixture
def asked(tmp_path: Path) -> "Asked":
    return Asked(tmp_path / "asked.jsonl")


class Asked:
    """What the engine was asked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def judgements(self) -> int:
        return sum(json.loads(line)["judges"] for line in self._path.read_text().splitlines())


def engines() -> set[int]:
    """Return the engine processes of this user's tests."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            scripted = str(ENGINE).encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"assistant.local.engine_child" in command and scripted:
            found.add(int(folder.name))
    return found


def kept(data_dir: Path) -> list[dict]:
    from assistant.records.database import open_database
    from evals.night.history import History

    engine = open_database(data_dir / "routeback.sqlite")
    try:
        return [night.view().model_dump(mode="json") for night in History(engine).all(5)]
    finally:
        engine.dispose()


@pytest.mark.slow
@pytest.mark.long
def test_the_readme_s_night_beside_a_running_server(env, asked, tmp_path: Path) -> None:
    readme = (PROJECT / "README.md").read_text()
    assert f"routeback {' '.join(COMMAND)}" in readme
    before = engines()
    with process("serve", env=env):
        mine = engines() - before
        first = routeback(*COMMAND, env=env)
        assert "Asking the server that runs at" in first.stderr
        assert "base's own weights judge factual_correctness" in first.stderr
        assert "people go first" in first.stderr
        assert first.returncode == 2, first.stdout + first.stderr
        assert "first night" in first.stdout
        assert asked.judgements() > 0
        second = routeback(*COMMAND, env=env)
        assert second.returncode == 0, second.stdout + second.stderr
        # The server's engine judged: nobody started another one.
        assert len(mine | engines()) - len(before) == len(mine) == 1


@pytest.mark.slow
@pytest.mark.long
def test_by_url_with_a_key_and_to_nobody_without(env, asked, tmp_path: Path) -> None:
    import httpx

    env = {**env, "ROUTEBACK_SERVER__API_KEYS": "reader-key"}
    with process("serve", env=env) as running:
        made = routeback("keys", "add", "nightly", "--role", "owner", env=env).stdout.strip()
        elsewhere = {**env, "ROUTEBACK_DATA_DIR": str(tmp_path / "elsewhere"), "THEIR_KEY": made}
        users = routeback(
            *COMMAND, "--url", running.url, "--key-env", "ROUTEBACK_SERVER__API_KEYS", env=elsewhere
        )
        assert "has no role that may do this" in users.stderr
        night = routeback(*COMMAND, "--url", running.url, "--key-env", "THEIR_KEY", env=elsewhere)
        assert night.returncode == 2, night.stderr
        assert "first night" in night.stdout
        assert asked.judgements() > 0
        assert not (tmp_path / "elsewhere" / "judge.log").exists()
        path = f"{running.url}/v1/evals/judge"
        assert httpx.get(path).status_code == 401
        assert httpx.post(f"{path}/chat/completions", json={}).status_code == 401
        body = {
            "model": "smollm2-135m-instruct",
            "messages": [{"role": "user", "content": "x"}],
            "response_format": {"type": "json_schema"},
            "max_tokens": 10,
        }
        wrong = httpx.post(f"{path}/chat/completions", json=body, headers=running.headers)
        assert wrong.status_code == 404
        assert QWEN_MEDIUM.name in wrong.json()["error"]["message"]


@pytest.mark.slow
@pytest.mark.long
def test_a_server_that_goes_away_half_way_loses_nothing(env, asked, tmp_path: Path) -> None:
    env = {**env, "ENGINE_PAUSE_S": "0.3"}
    with process("serve", env=env):
        child = subprocess.Popen(
            [str(ROUTEBACK), *COMMAND], env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 200
        while asked.judgements() < 9:
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running = find(tmp_path / "data")
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
        out, err = child.communicate(timeout=60)
        assert child.returncode == 2, out + err
        assert "went away half-way" in err
        assert "run the same command again" in err
    rows = rows_of(tmp_path / "data")
    assert len(rows) == len(set(rows)) == 2 * CASES  # base and the quotation
    assert [night["state"] for night in kept(tmp_path / "data")] == ["running"]
    with process("serve", env={**env, "ENGINE_PAUSE_S": "0"}):
        again = routeback(*COMMAND, env=env)
    assert again.returncode == 2, again.stderr
    assert "Going on with night" in again.stderr
    assert "first night" in again.stdout
    assert rows_of(tmp_path / "data") == rows
    (night,) = kept(tmp_path / "data")
    assert night["state"] == "done"
