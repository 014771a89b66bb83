"""The pages for whoever changes the code say what the code is: names, floors, walks, settings."""

import ast
import re
import subprocess
import sys
import tomllib
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

import assistant
import evals
import guardrails
import ui
from assistant.settings import RETIRED, ArmSettings, EvalGate, Settings
from assistant.turn import graph

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PACKAGES = {"assistant": assistant, "guardrails": guardrails, "evals": evals, "ui": ui}
ARCHITECTURE = (DOCS / "architecture.md").read_text()
PICTURES = re.findall(r"^```mermaid\n(.*?)^```$", ARCHITECTURE, re.MULTILINE | re.DOTALL)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
FLOORS = {
    contract["containers"][0]: [layer.split(" | ") for layer in contract["layers"]]
    for contract in CONTRACTS
    if contract.get("exhaustive")
}
TOP = "|".join([*PACKAGES, "docs", "tests", "training", "benchmarks", "deploy"])
PATH = re.compile(rf"`((?:{TOP})/[\w./*-]*|[\w-]+\.(?:md|py))`")
MODULE = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.[a-z_]\w*)+)`")
GUIDES = [
    *(DOCS / name for name in ("architecture.md", "words.md", "library.md")),
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "README.md")),
]


def source(module: str) -> Path:
    """Return the file of a module, or of a package."""
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def defined(module: str) -> set[str]:
    """Return the names of all functions, methods and classes of a module."""
    tree = ast.parse(source(module).read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def rows(page: str) -> list[list[str]]:
    """Return the rows of all tables of a page, without their heads."""
    found: list[list[str]] = []
    before = ""
    for line in page.splitlines():
        if line.startswith("| ") and before.startswith("|") and not line.startswith("| ---"):
            found.append([cell.strip() for cell in line.strip("|").split(" | ")])
        before = line
    return found


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_every_path_and_module_that_a_guide_names_is_there(page: Path):
    text = page.read_text()
    for name in PATH.findall(text):
        assert (ROOT / name).exists() or (DOCS / name).exists(), name
    for name in MODULE.findall(text):
        named = name.split(".")
        settings = named[0] == "evals" and named[1] in type(Settings().evals).model_fields
        assert settings or source(name).is_file(), name


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *DOCS.rglob("*.md")], ids=lambda p: p.name)
def test_every_link_leads_to_a_page_and_a_heading(page: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}
            assert heading in slugs, target


def test_the_floors_of_the_pictures_are_those_of_the_contracts():
    drawn = {}
    for picture in PICTURES:
        if package := re.search(r"subgraph ([\w.]+)", picture):
            labels = dict(re.findall(r'(f\d+)\["(.+?)"\]', picture))
            (order,) = re.findall(r"^ +(f0 --> .+)$", picture, re.MULTILINE)
            drawn[package[1]] = [labels[node].split(" · ") for node in order.split(" --> ")]
    assert drawn == {package: FLOORS[package] for package in drawn}
    assert {*PACKAGES, "assistant.knowledge", "assistant.arms", "guardrails.attack"} == set(drawn)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_and_folder_of_a_package_has_a_floor_in_the_picture(package):
    children = {
        path.stem
        for path in (ROOT / package).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"__init__"}
    assert {name for floor in FLOORS[package] for name in floor} == children


def test_every_folder_of_a_package_is_described():
    folders = {
        f"{path.relative_to(ROOT)}/"
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if (path / "__init__.py").exists()
    }
    described = {name for row in rows(ARCHITECTURE) for name in PATH.findall(row[0])}
    assert folders == described


def test_the_house_is_that_of_the_contracts():
    (house,) = (picture for picture in PICTURES if picture.startswith("flowchart LR"))
    (contract,) = (contract for contract in CONTRACTS if contract["id"] == "house")
    layers = contract["layers"]
    arrows = re.findall(r"^ +(\w+) --> (\w+)$", house, re.MULTILINE)
    assert arrows == list(pairwise(layers))
    assert re.findall(r"(\w+) -\. HTTP alone \.-> (\w+)", house) == [("ui", "assistant")]


def test_the_graph_in_the_picture_is_the_one_that_is_compiled():
    (picture,) = (picture for picture in PICTURES if "START --> triage" in picture)
    drawn = set()
    for left, right in re.findall(r"^ +([\w &]+?) --> ([\w &]+)$", picture, re.MULTILINE):
        drawn |= set(product(left.split(" & "), right.split(" & ")))
    names = {"__start__": "START", "__end__": "END"}
    edges = graph.build(None).get_graph().edges
    assert drawn == {(names.get(e.source, e.source), names.get(e.target, e.target)) for e in edges}


def test_who_walks_through_a_picture_has_the_functions_that_are_called():
    walks = [picture for picture in PICTURES if picture.startswith("sequenceDiagram")]
    assert len(walks) == 3
    for walk in walks:
        modules = dict(re.findall(r"participant (\w+) as ([\w.]+)", walk))
        calls = re.findall(r"(\w+)->>(\w+): (\w+)\(\)", walk)
        assert len(calls) == walk.count("->>")
        for caller, called, function in calls:
            assert source(modules[caller]).is_file(), modules[caller]
            assert function in defined(modules[called]), (modules[called], function)


def test_where_a_thing_is_changed_is_one_place_that_exists():
    table = ARCHITECTURE.partition("## Where do I change")[2]
    changes = rows(table)
    assert len(changes) >= 20
    for what, where, how in changes:
        assert PATH.fullmatch(where), what
        assert how, what


def test_a_word_is_said_once_and_lives_somewhere():
    page = (DOCS / "words.md").read_text()
    found = rows(page)
    words = [word for row in found for word in row[0].split(", ")]
    assert len(words) == len(set(words)) > 100
    for _, meaning, where in found:
        assert meaning
        assert MODULE.fullmatch(where), where


@pytest.mark.parametrize("name", PACKAGES)
def test_what_a_package_offers_is_there_and_described(name):
    package = PACKAGES[name]
    section = (DOCS / "library.md").read_text().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    described = {word for row in rows(section) for word in re.findall(r"`(\w+)`", row[0])}
    assert described == set(package.__all__)
    assert len(package.__all__) == len(set(package.__all__))
    for public in package.__all__:
        assert getattr(package, public) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = package.nonsense
    assert (ROOT / name / "py.typed").is_file()


def test_a_package_that_is_imported_loads_nothing_that_takes_time():
    script = f"import sys, {', '.join(PACKAGES)}; print(*sorted(sys.modules))"
    run = [sys.executable, "-c", script]
    loaded = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "sqlalchemy", "pydantic", "streamlit", "guardrails.types"} & {*loaded}


def leaves(model: type[BaseModel], before: str = "") -> set[str]:
    """Return the settings of a model, with dots; those with a variable of another name are none."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if field.validation_alias and not before:
            continue
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= leaves(kind, f"{before}{name}.")
        else:
            found.add(f"{before}{field.alias or name}")
    return found


def test_the_settings_page_names_every_setting_and_no_other():
    page, _, retired = (DOCS / "settings.md").read_text().partition("\n## No longer settings\n")
    named, gone = (
        {name for row in rows(text) for name in re.findall(r"`([\w.]+)`", row[0])}
        for text in (page, retired)
    )
    assert named == leaves(Settings)
    assert gone == set(RETIRED)
    for name in ("openai_base_url", "openai_api_key", "openai_model"):
        assert f"`{name.upper()}`" in page


def test_the_settings_of_arms_and_gates_are_described():
    page = (DOCS / "settings.md").read_text()
    (block,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for name in ArmSettings.model_fields:
        assert re.search(rf"\b{name} =", block) or f"`{name}`" in page, name
    for name in EvalGate.model_fields:
        assert f"`{name}`" in page, name


def test_the_workflow_calls_what_a_person_calls():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is not None
    (job,) = workflow["jobs"].values()
    assert job["timeout-minutes"] == 30
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands == [".ci/run"]
    for step in job["steps"]:
        assert "run" in step or re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])


@pytest.mark.parametrize("form", ["bug.yml", "feature.yml"])
def test_a_form_for_issues_has_what_github_asks_for(form):
    read = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE" / form).read_text())
    assert read["name"]
    assert read["description"]
    fields = [field for field in read["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids)) >= 3
    assert any(field["validations"]["required"] for field in fields)


def test_the_choice_of_forms_leads_reports_of_holes_elsewhere():
    read = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/config.yml").read_text())
    assert read == {"blank_issues_enabled": False}
    bug = (ROOT / ".github/ISSUE_TEMPLATE/bug.yml").read_text()
    assert "SECURITY.md" in bug
    assert "make check" in (ROOT / ".github/pull_request_template.md").read_text()
