"""The page of faults leaves nothing out, and each test that it names is there."""

import ast
import re
from itertools import product
from pathlib import Path

import pytest

from assistant import retries
from assistant.retries import RetryBudget

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text()
PARTS = (
    *("arm at an endpoint", "embedded engine", "judge", "checker", "embedder"),
    *("index in a folder", "Qdrant server", "SQLite", "PostgreSQL", "worker", "API", "page"),
    "receiver of messages",
)
FAULTS = ("killed", "hung", "slow", "garbage", "full disk", "clock")
STEPS = ("a turn", "a pair", "a night", "an index swap", "a ticket", "a message of the outbox")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(head: str) -> list[list[str]]:
    """Return the rows of the table that begins with a column."""
    (body,) = re.findall(
        rf"^\| {re.escape(head)} \|.*\n\| ---.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE
    )
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]


def defined(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_each_part_has_each_fault_once():
    named = [(part, fault) for part, faults, *_ in rows("part") for fault in faults.split(", ")]
    assert sorted(named) == sorted(product(PARTS, FAULTS))


def test_a_fault_is_shown_by_a_test_or_impossible_for_a_reason():
    for part, fault, people, *_, shown in rows("part"):
        impossible = people.startswith("impossible: ")
        assert impossible != bool(TEST.findall(shown)), (part, fault)
        assert len(people) > len("impossible: ") or not impossible, (part, fault)


def test_each_step_is_there():
    steps = rows("step | what becomes of it")
    assert {step for step, *_ in steps} >= set(STEPS)
    assert all(TEST.findall(shown) for *_, shown in steps)


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(PAGE))))
def test_each_test_that_is_named_is_there(path: str, name: str):
    assert name in defined(path)


def test_the_budgets_are_those_of_the_module():
    named = {n: value for n, value in vars(retries).items() if isinstance(value, RetryBudget)}
    told = {name.strip("`"): numbers for name, _, *numbers in rows("budget") if name.isupper()}
    assert told == {
        name: [f"{value.within_s:g} s", f"{value.first_s:g} s, {value.longest_s:g} s"]
        for name, value in named.items()
    }
