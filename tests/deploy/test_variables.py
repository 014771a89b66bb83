"""What deploy/ and the docs say of variables is what Routeback reads."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deploy.variables import NAMED, OF_COMPOSE, is_read

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "deploy" / "github" / "routeback-nightly.yml"
CHECK = Path(sys.executable).with_name("check-jsonschema")
PAGES = sorted(
    path
    for pattern in ("deploy/**/*", "docs/*.md", "docs/adr/*.md", "*.md")
    for path in ROOT.glob(pattern)
    if path.is_file() and path.suffix != ".pyc" and "github" not in path.parts
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_variable_that_is_named_is_read(page):
    named = set(NAMED.findall(page.read_text(errors="replace")))
    assert {name for name in named - OF_COMPOSE if not is_read(name)} == set()


@pytest.mark.parametrize("workflow", [WORKFLOW, ROOT / ".github" / "workflows" / "ci.yml"])
def test_workflows_are_as_github_reads_them(workflow):
    assert complaints(workflow) == ""


def test_a_workflow_that_github_would_not_read_is_seen(tmp_path):
    worse = tmp_path / "worse.yml"
    worse.write_text(WORKFLOW.read_text().replace("runs-on:", "run-on:"))
    assert "runs-on" in complaints(worse)


def complaints(workflow: Path) -> str:
    """Return what GitHub's schema of workflows has against a file."""
    command = [str(CHECK), "--quiet", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    told = subprocess.run([*command, "-v"], capture_output=True, text=True, check=False)
    return told.stdout + told.stderr if told.returncode else ""


def test_every_variable_of_the_github_job_is_read():
    workflow = yaml.safe_load(WORKFLOW.read_text())
    (job,) = workflow["jobs"].values()
    assert {name for name in job["env"] if not is_read(name)} == set()


@pytest.mark.parametrize(
    "name",
    [
        "ROUTEBACK_SERVER__API_KEY",
        "ROUTEBACK_SERVICE_HOST",
        "ROUTEBACK_DATABSE_URL",
        "ROUTEBACK_KNOWLEDGE__QDRANT_URL__X",
        "ROUTEBACK_QDRANT_URL",
    ],
)
def test_a_variable_that_nobody_reads_is_seen(name):
    assert not is_read(name)
