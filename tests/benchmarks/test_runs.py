"""Runs in a clean checkout of the benchmarks: what git sees afterwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import results

TINY = '''"""A benchmark of one table."""
from benchmarks.results import table

def measure(*, quick=False, size=3):
    return [table("t", ("size", "quick"), [[size, str(quick)]])]
'''
CRASHING = '''"""A benchmark that fails when it has found something."""
from benchmarks.results import table

def measure(*, quick=False):
    table("t", ("a",), [[1]])
    raise RuntimeError("the engine is gone")
'''
RECORDING = '''"""Writes what benchmarks read."""
from pathlib import Path

def record():
    Path(__file__).with_suffix(".jsonl").write_text("{}")
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = results.HERE.parent
    kept = shutil.ignore_patterns("__pycache__")
    shutil.copytree(results.HERE, tmp_path / "benchmarks", ignore=kept)
    (tmp_path / "docs").mkdir()
    for file in ("docs/benchmarks.md", "docs/security.md", "docs/sizing.md", ".gitignore"):
        shutil.copy(root / file, tmp_path / file)
    for name, text in (("tiny", TINY), ("crashing", CRASHING), ("recording", RECORDING)):
        (tmp_path / "benchmarks" / "speed" / f"{name}.py").write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "all")
    return tmp_path


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=place, check=True, capture_output=True, text=True
    )
    return done.stdout


def bench(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=place, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["updates", "--quick"], 0, "updates.costs"),
        (["tiny", "--quick"], 0, "| 3 | True |"),
        (["tiny", "--size", "4"], 0, "| 4 | False |"),
        (["crashing", "--quick"], 1, "the engine is gone"),
        (["crashing"], 1, "the engine is gone"),
        (["recording", "--quick"], 2, "unrecognized arguments: --quick"),
        (["--help"], 0, "A benchmark of one table."),
        (["tiny", "--help"], 0, "--size SIZE"),
        (["render"], 0, "The page is written."),
    ],
)
def test_git_sees_no_change(checkout, arguments, code, said):
    done = bench(checkout, *arguments)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    assert git(checkout, "status", "--porcelain") == ""


def test_a_full_run_publishes_its_result_and_nothing_else(checkout):
    done = bench(checkout, "tiny")
    assert done.returncode == 0, done
    assert "run: tiny" in done.stdout
    assert git(checkout, "status", "--porcelain").split() == ["??", "benchmarks/results/tiny.json"]
    made = results.Result.model_validate_json(
        (checkout / "benchmarks" / "results" / "tiny.json").read_text()
    )
    assert made.options == {"size": 3}
    assert made.table("t").rows == ((3, "False"),)
    assert git(checkout, "rev-parse", "HEAD").startswith(made.commit)


def test_a_published_table_lands_on_the_page(checkout):
    page = checkout / "docs" / "benchmarks.md"
    place = "<!-- table: tiny.t -->\n<!-- end -->\n"
    page.write_text(page.read_text() + place)
    assert bench(checkout, "tiny").returncode == 0
    assert page.read_text().endswith(
        "| size | quick |\n| --- | --- |\n| 3 | False |\n<!-- end -->\n"
    )
