"""``routeback models`` as a person runs it, without a network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.local.catalogue import CATALOGUE, QWEN_SMALL, SMOLLM


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder whose name is longer than a terminal is wide and looks like markup."""
    return tmp_path / ("a-folder-with-a-long-name-" * 4) / "[bold]cache"


def models(cache: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("routeback")), "models", *words]
    environment = {**os.environ, "ROUTEBACK_CACHE_DIR": str(cache), "ROUTEBACK_OFFLINE": "1"}
    environment["ROUTEBACK_DATA_DIR"] = str(cache.parent / "data")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_list(cache: Path) -> None:
    done = models(cache, "list")
    assert done.returncode == 0
    assert done.stderr == ""
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if line.startswith("│")}
    assert set(rows) == {weights.name for weights in CATALOGUE}
    assert "yes" in rows[SMOLLM.name]
    assert "no" in rows[QWEN_SMALL.name]
    assert "491 MB" in rows[QWEN_SMALL.name]
    assert f"Folder: {cache / 'models'}\n" in done.stdout
    assert not cache.exists()


def test_pull_what_is_installed(cache: Path, smollm: Path) -> None:
    done = models(cache, "pull", SMOLLM.name)
    assert done.returncode == 0
    assert done.stdout == f"{SMOLLM.name}: {smollm}\n"


def test_pull_offline(cache: Path) -> None:
    done = models(cache, "pull", QWEN_SMALL.name)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "is not here and cannot be fetched: ROUTEBACK_OFFLINE is set." in done.stderr
    assert str(cache / "models" / QWEN_SMALL.filename) in done.stderr
    assert not cache.exists()


def test_verify_tells_right_from_damaged(cache: Path) -> None:
    path = cache / "models" / QWEN_SMALL.filename
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not weights")
    done = models(cache, "verify")
    assert done.returncode == 2
    assert done.stdout == f"{SMOLLM.name}: right\n"
    assert f"{QWEN_SMALL.name}: {path} is damaged: its SHA-256 is" in done.stderr
    assert f"routeback models pull {QWEN_SMALL.name}" in done.stderr


def test_verify_what_is_not_here(cache: Path) -> None:
    done = models(cache, "verify", QWEN_SMALL.name)
    assert done.returncode == 2
    assert "is not on this machine" in done.stderr


def test_verify_of_good_weights(cache: Path) -> None:
    done = models(cache, "verify", SMOLLM.name)
    assert done.returncode == 0
    assert done.stdout == f"{SMOLLM.name}: right\n"


def test_unknown_name(cache: Path) -> None:
    done = models(cache, "pull", "gpt-9")
    assert done.returncode == 2
    assert "No weights are called 'gpt-9'." in done.stderr
    assert SMOLLM.name in done.stderr
