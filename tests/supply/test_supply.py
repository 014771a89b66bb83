"""The bill of materials is whole, its sums are there, and nothing in it asks for what we do not."""

import json
import re
import shutil
import subprocess
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

from assistant.local.catalogue import CATALOGUE
from supply import licences
from supply.artefacts import artefacts
from supply.lock import ROOT, LockedPackage, direct, read, runtime
from supply.sbom import UNKNOWN, bom, written

LARGE = 500_000
"""Bytes from which a file that is no text is taken for a model or for data."""
TEXT = {".py", ".md", ".json", ".jsonl", ".css", ".html", ".js", ".svg"}


@pytest.fixture(scope="module")
def lock() -> Any:
    return read()


@pytest.fixture(scope="module")
def packages(lock: Any) -> tuple[LockedPackage, ...]:
    return runtime(lock)


@pytest.fixture(scope="module")
def bill(lock: Any) -> dict[str, Any]:
    return json.loads(written(bom(lock, "0.1.0")))


def components(bill: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {c["bom-ref"]: c for c in bill["components"] if c["type"] == kind}


def test_every_file_in_the_lock_has_a_sum(lock: Any):
    without = [
        (package["name"], file)
        for package in lock["package"]
        for file in (*package.get("wheels", ()), package.get("sdist", {"hash": "sha256:"}))
        if not re.fullmatch(r"sha256:([0-9a-f]{64})?", file.get("hash", ""))
    ]
    assert without == []
    assert len(lock["package"]) > 200


def test_every_package_that_is_needed_is_in_the_bill_with_the_sums_of_all_its_files(
    bill: dict[str, Any], packages
):
    found = components(bill, "library")
    assert set(found) == {package.key for package in packages}
    for package in packages:
        sums = {c["name"]: c["hashes"][0]["content"] for c in found[package.key]["components"]}
        assert sums == {file.name: file.sha256 for file in package.files}
        assert all(len(digest) == 64 for digest in sums.values())
        assert found[package.key]["purl"] == f"pkg:pypi/{package.name}@{package.version}"


def test_the_bill_says_who_needs_what(bill: dict[str, Any], lock: Any):
    needs = {entry["ref"]: set(entry.get("dependsOn", ())) for entry in bill["dependencies"]}
    assert set(direct(lock)) <= needs["routeback"]
    reached, waiting = set(), ["routeback"]
    while waiting:
        if (ref := waiting.pop()) not in reached:
            reached.add(ref)
            waiting += needs.get(ref, ())
    assert {c["bom-ref"] for c in bill["components"]} <= reached


def test_it_is_what_uv_would_install(packages):
    """uv lists what is needed nowhere, too; nothing else may be missing."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not here")
    command = [
        uv,
        "export",
        "--frozen",
        "--offline",
        "--no-dev",
        "--no-emit-project",
        "--no-hashes",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    exported = re.findall(r"^([\w.-]+==[\w.!+-]+)(?: ; (.*))?$", done.stdout, re.MULTILINE)
    ours = {package.key for package in packages}
    assert ours <= {key for key, _ in exported}
    nowhere = {key: marker for key, marker in exported if key not in ours}
    assert all("'never'" in marker or "'emscripten'" in marker for marker in nowhere.values())


def test_a_package_that_is_added_to_the_lock_is_found(lock: Any):
    added = {"name": "new", "version": "1", "dependencies": [{"name": "newer", "extra": ["x"]}]}
    newer = {"name": "newer", "version": "2", "optional-dependencies": {"x": [{"name": "newest"}]}}
    newest = {"name": "newest", "version": "3"}
    never = {"name": "nowhere", "version": "4"}
    ours = next(package for package in lock["package"] if package["name"] == "routeback")
    marker = {"name": "nowhere", "marker": "sys_platform == 'never'"}
    changed = {**ours, "dependencies": [*ours["dependencies"], {"name": "new"}, marker]}
    others = [package for package in lock["package"] if package is not ours]
    found = runtime({"package": [*others, changed, added, newer, newest, never]})
    assert {p.key for p in found} - {p.key for p in runtime(lock)} == {
        *("new==1", "newer==2", "newest==3")
    }


def test_every_component_says_under_which_licence(bill: dict[str, Any]):
    silent = [
        component["bom-ref"]
        for component in bill["components"]
        if UNKNOWN in json.dumps(component["licenses"])
    ]
    assert silent == [], "read its licence, and write it into supply/licences.py"


def test_nothing_is_copyleft_but_what_is_allowed_for_a_reason(packages):
    found = {p.name for p in packages if licences.copyleft(licences.licence(p.name))}
    assert found - set(licences.ALLOWED) == set()
    assert set(licences.ALLOWED) - found == set(), "no longer there, or no longer copyleft"


@pytest.mark.parametrize(
    ("expression", "copyleft"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("LGPL-2.1-only", True),
        ("MPL-2.0 AND MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MIT AND (GPL-2.0-only OR MPL-2.0)", True),
        ("CC-BY-SA-4.0", True),
        ("MIT OR GPL-2.0-only", False),
        ("MIT", False),
        ("BSD License", False),
        ("Apache-2.0 WITH LLVM-exception", False),
    ],
)
def test_copyleft_is_what_no_way_around_leads(expression: str, copyleft: bool):
    assert licences.copyleft(expression) is copyleft


def test_the_page_lists_what_is_allowed():
    page = (ROOT / "docs" / "licences.md").read_text()
    rows = dict(re.findall(r"^\| `([\w-]+)` \| [^|]+ \| (.+) \|$", page, re.MULTILINE))
    assert rows == dict(licences.ALLOWED)


def test_the_reason_for_docutils_holds():
    assert not [path for path in files("docutils") or () if path.suffix == ".el"]


def test_every_model_and_every_large_file_is_in_the_bill(bill: dict[str, Any]):
    found = components(bill, "machine-learning-model") | components(bill, "data")
    named = {component["name"] for component in found.values()}
    large = {
        str(path.relative_to(ROOT))
        for top in ("assistant", "guardrails", "evals", "ui")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.suffix not in TEXT and path.stat().st_size > LARGE
        and "__pycache__" not in path.parts
    }  # fmt: skip
    assert large <= named
    assert {weights.repo for weights in CATALOGUE} <= named
    sums = {component["hashes"][0]["content"] for component in found.values()}
    assert {weights.sha256 for weights in CATALOGUE} <= sums
    assert {artefact.sha256 for artefact in artefacts()} == sums


def test_the_sums_of_what_comes_along_are_those_that_it_is_held_to():
    by_name = {artefact.name: artefact.sha256 for artefact in artefacts()}
    for folder in ("assistant/local/checker", "assistant/local/tokens"):
        for line in (ROOT / folder / "SHA256SUMS").read_text().splitlines():
            digest, name = line.split()
            assert by_name.get(f"{folder}/{name}", digest) == digest
    for card in (ROOT / "assistant" / "sample" / "adapters").glob("*/card.json"):
        about = json.loads(card.read_text())["adapter"]
        path = (card.parent / about["file"]).relative_to(ROOT)
        assert by_name[str(path)] == about["sha256"]


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:xyz", "md5:" + "0" * 32])
def test_a_package_without_a_sum_cannot_be_written(digest: str):
    file = {"url": "https://example.org/p.whl", "hash": digest}
    package = {"name": "typer", "version": "1", "wheels": [file]}
    ours = {"name": "routeback", "version": "1", "dependencies": [{"name": "typer"}]}
    with pytest.raises(AssertionError, match="does not match"):
        written(bom({"package": [ours, package]}, "0.1.0"))


@pytest.mark.parametrize("name", ["make sbom", "python -m supply"])
def test_the_command_is_the_one_that_the_page_names(name: str):
    text = (ROOT / "docs" / "licences.md").read_text() + Path(ROOT / "Makefile").read_text()
    assert name in text
