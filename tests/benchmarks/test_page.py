import pytest
from pydantic import ValidationError

from benchmarks import page, results
from benchmarks.__main__ import commands
from benchmarks.results import Column, Count, Interval, Quantity, Table, table

PUBLISHED = sorted(path.stem for path in results.FOLDER.glob("*.json"))


def test_the_page_says_what_the_results_say():
    texts = [path.read_text("utf-8") for path in page.PAGES]
    for text in texts:
        assert page.rendered(text) == text, "run: python -m benchmarks render"
    assert page.unplaced("".join(texts)) == []


def test_a_page_that_differs_is_seen_and_filled():
    text = page.PAGE.read_text("utf-8")
    changed = text.replace(
        "| binary, at the edge | 2,000 | 56 |", "| binary, at the edge | 2,000 | 5 |"
    )
    assert changed != text
    assert page.rendered(changed) == text
    assert page.unplaced("no places") != []


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_published_can_be_measured_again_and_is_written_the_same(name):
    result = results.read(name)
    assert result.name == name
    assert commands()[name].kind == "measure"
    assert result.text() == result.path.read_text("utf-8")


def test_every_benchmark_is_published():
    assert sorted(c.name for c in commands().values() if c.kind == "measure") == PUBLISHED


def test_no_two_benchmarks_share_a_name_and_each_says_what_it_measures():
    paths = [path.stem for path in results.HERE.glob("*/*.py") if path.stem != "__init__"]
    assert len(paths) == len(set(paths))
    assert all(command.line.endswith(".") for command in commands().values())


def test_cells_are_shown_as_their_column_says():
    columns = (
        "what",
        Column(name="share", unit="%", digits=1),
        Column(name="change", digits=2, signed=True),
        Column(name="wait", unit="s", digits=0),
        "all",
    )
    rows = [
        ["a", 0.0314, Interval(value=0.1, low=-0.2, high=0.4), 12345.6, Count(hits=3, of=4)],
        [None, float("nan"), [0.5, None, "> 9"], 12345, Quantity(value=0.5, unit="%", digits=0)],
        ["b", 1, -1, 7.0, 0.12345],
    ]
    assert table("t", columns, rows).markdown().splitlines() == [
        "| what | share | change | wait, s | all |",
        "| --- | --- | --- | --- | --- |",
        "| a | 3.1% | +0.10 [-0.20, +0.40] | 12,346 | 3 of 4 |",
        "| – | – | +0.50 / – / > 9 | 12,345 | 50% |",
        "| b | 100.0% | -1 | 7 | 0.123 |",
    ]


def test_a_row_is_as_wide_as_the_columns():
    with pytest.raises(ValidationError, match="1 cells, 2 columns"):
        table("t", ("a", "b"), [[1]])


def test_a_stored_cell_keeps_its_kind():
    cells = [
        Interval(value=1, low=0, high=2),
        Count(hits=1, of=2),
        [1, "x", None],
        3,
        0.5,
        "y",
        None,
    ]
    made = table("t", [str(i) for i in range(len(cells))], [cells])
    assert Table.model_validate_json(made.model_dump_json()) == made
    assert list(made.rows[0]) == cells
