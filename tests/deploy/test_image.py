"""deploy/Dockerfile: what a linter says, and that what it copies is there."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
TEXT = DOCKERFILE.read_text()
HADOLINT = Path(sys.executable).with_name("hadolint")
INSTRUCTIONS = re.findall(r"^([A-Z]+) (.+)$", TEXT.replace("\\\n", ""), re.MULTILINE)
LAST = INSTRUCTIONS[max(at for at, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM") :]


def hadolint(path: Path) -> str:
    command = [str(HADOLINT), "--no-color", "--failure-threshold", "style", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_the_linter_has_nothing_to_say():
    assert hadolint(DOCKERFILE) == ""


@pytest.mark.parametrize(
    ("was", "wrong", "rule"),
    [
        ("python:3.11.15-slim-trixie AS", "python AS", "DL3006"),
        ("python:3.11.15-slim-trixie AS", "python:latest AS", "DL3007"),
        ("--require-hashes -r /tmp/uv.txt", "uv", "DL3013"),
        ('["routeback"]', "routeback", "DL3025"),
    ],
)
def test_the_linter_would_have_something_to_say(tmp_path, was, wrong, rule):
    assert was in TEXT
    worse = tmp_path / "Dockerfile"
    worse.write_text(TEXT.replace(was, wrong, 1))
    assert rule in hadolint(worse)


def test_both_stages_are_one_pinned_image():
    images = [value.split()[0] for name, value in INSTRUCTIONS if name == "FROM"]
    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", images[0])


def test_it_runs_as_nobody_in_particular_and_writes_to_its_volumes_alone():
    told = dict(LAST)
    assert told["USER"] == "10001:10001"
    assert told["VOLUME"] == '["/data", "/cache"]'
    assert told["ENTRYPOINT"] == '["routeback"]'
    assert "ROUTEBACK_DATA_DIR=/data" in told["ENV"]
    assert "ROUTEBACK_CACHE_DIR=/cache" in told["ENV"]
    assert "HEALTHCHECK" not in told  # three kinds of process: compose and chart ask each its own


def test_no_setting_in_the_image_needs_another_one():
    """A host that others reach needs keys: then no other command would run without them."""
    assert "ROUTEBACK_SERVER" not in "".join(value for name, value in INSTRUCTIONS if name == "ENV")


def test_what_is_copied_is_there_and_is_let_through():
    ignore = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().split()
    assert ignore[0] == "*"
    through = [pattern.removeprefix("!") for pattern in ignore if pattern.startswith("!")]
    copied = [
        source
        for name, value in INSTRUCTIONS
        if name == "COPY" and "--from" not in value
        for source in value.split()[:-1]
    ]
    assert set(copied) == set(through)
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in through), source


def test_what_installs_is_taken_by_hash():
    lines = (ROOT / "deploy" / "uv.txt").read_text().splitlines()
    pinned = [line for line in lines if not line.startswith((" ", "#"))]
    assert [line.split("==")[0] for line in pinned] == ["uv"]
    assert any("--hash=sha256:" in line for line in lines)
    syncs = re.findall(r"uv sync (.*)", TEXT)
    assert syncs
    assert all("--frozen" in sync and "--extra postgres" in sync for sync in syncs)
