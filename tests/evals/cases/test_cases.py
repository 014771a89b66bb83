import json

import pytest

from assistant.errors import CaseError
from evals.cases.cases import Case, chosen, load

ROW = {
    "id": "g-1",
    "segment": "support.billing",
    "language": "en",
    "question": "Can I get a refund?",
    "reference": "Yes, the first payment within 14 days.",
    "facts": ["14 days", ["first payment", "first invoice"]],
    "sources": ["refund"],
    "behaviour": "answer",
    "tags": ["indirect"],
}


def written(folder, name="a.jsonl", rows=(ROW,)):
    path = folder / name
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_file_and_a_folder_are_read_in_order(tmp_path):
    path = written(tmp_path, "b.jsonl", [ROW, "", ROW | {"id": "g-2"}])
    written(tmp_path, "a.jsonl", [ROW | {"id": "g-3"}])
    assert [case.id for case in load(path)] == ["g-1", "g-2"]
    assert [case.id for case in load(tmp_path)] == ["g-3", "g-1", "g-2"]


def test_a_case_that_changes_is_a_new_case():
    case = Case(**ROW)
    assert Case(**dict(reversed(ROW.items()))).hash == case.hash
    for change in ({"question": "Refund?"}, {"reference": "No."}, {"tags": []}, {"facts": []}):
        assert Case(**ROW | change).hash != case.hash
    history = [{"role": "user", "content": "Hello"}]
    assert Case(**ROW | {"history": history}).hash != case.hash


def test_all_that_is_wrong_is_said_by_line(tmp_path):
    path = written(
        tmp_path,
        rows=[
            ROW | {"language": "fr"},
            "{not json",
            ROW | {"id": "x", "reference": " "},
            ROW | {"id": "y", "colour": "red"},
            ROW,
            ROW | {"question": "Again?"},
        ],
    )
    with pytest.raises(CaseError) as caught:
        load(path)
    message = caught.value.message
    assert "a.jsonl:1: language: Input should be 'en' or 'de' (got 'fr')" in message
    assert "a.jsonl:2: Invalid JSON" in message
    assert "a.jsonl:3: a case with behaviour answer needs a reference" in message
    assert "a.jsonl:4: colour: Extra inputs are not permitted" in message
    assert "a.jsonl:6: the id 'g-1' is that of a.jsonl:5" in message
    assert "docs/cases.md" in caught.value.hint


@pytest.mark.parametrize("make", [lambda p: p / "none.jsonl", lambda p: p])
def test_nothing_to_read_is_an_error(tmp_path, make):
    with pytest.raises(CaseError, match=r"cannot be read|holds no cases"):
        load(make(tmp_path))


def test_many_problems_are_counted(tmp_path):
    with pytest.raises(CaseError, match="and 10 more"):
        load(written(tmp_path, rows=["{"] * 30))


def test_cases_are_chosen_by_segment_language_and_behaviour():
    rows = [
        Case(**ROW),
        Case(**ROW | {"id": "2", "segment": "glossary", "language": "de"}),
        Case(**ROW | {"id": "3", "behaviour": "abstain", "reference": ""}),
    ]
    assert [c.id for c in chosen(rows, segment="support")] == ["g-1", "3"]
    assert [c.id for c in chosen(rows, segment="support.billing", language="de")] == []
    assert [c.id for c in chosen(rows, language="de")] == ["2"]
    assert [c.id for c in chosen(rows, behaviours=("abstain",))] == ["3"]
    assert chosen(rows, segment="supp") == ()
