import json

import pytest

from benchmarks import data


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHMARK_DATA", str(tmp_path))
    return tmp_path


def test_a_missing_file_says_what_it_is_whence_it_comes_and_where_to_put_it(folder):
    with pytest.raises(data.MissingDataError) as error:
        list(data.lines("mtrag/passages.jsonl"))
    for text in (
        "IBM/mt-rag-benchmark",
        "Apache-2.0",
        f"{folder}/mtrag",
        "passages.jsonl: id, text",
    ):
        assert text in str(error.value)


def test_what_cannot_be_fetched_says_so(folder):
    with pytest.raises(data.MissingDataError, match="cannot be fetched"):
        data.sets()["mtrag"].fetch()
    assert list(folder.iterdir()) == []


def test_every_set_that_has_sources_is_converted_and_the_others_are_not():
    sets = data.sets()
    assert {name for name, one in sets.items() if one.sources} == set(data.CONVERTED)
    for one in sets.values():
        assert all(len(digest) == 64 for s in one.sources for digest in s.files.values())
        assert all([one.what, one.licence, one.origin])


def test_paragraphs_and_questions_are_converted():
    def file(context, question):
        qas = [{"id": "q", "question": question, "answers": [{"text": "308", "answer_start": 0}]}]
        article = {"title": "Cup", "paragraphs": [{"context": context, "qas": qas}]}
        return json.dumps({"data": [article]}).encode()

    raw = {
        "xquad.en.json": file("308 points", "How many?"),
        "xquad.de.json": file("308", "Wie viele?"),
    }
    made = data.CONVERTED["xquad_ende"](raw)
    assert [row["id"] for row in made["paragraphs.jsonl"]] == ["00-0-en", "00-0-de"]
    assert made["questions.jsonl"][1] == {
        "id": "q-de",
        "qid": "q",
        "pid": "00-0",
        "lang": "de",
        "article": "Cup",
        "question": "Wie viele?",
        "answers": ["308"],
    }


def test_intents_are_converted():
    sets = {"train": [["hi  you", "greet"]], "oos_train": [["eh", "oos"]], "val": [], "oos_val": []}
    raw = {
        "data/data_full.json": json.dumps(sets).encode(),
        "data/domains.json": json.dumps({"talk": ["greet"]}).encode(),
        "banking_data/train.csv": b'text,category\n"where,  is it?",card\n',
    }
    made = data.CONVERTED["support_intents"](raw)
    assert made["clinc150_train.jsonl"] == [
        {"text": "hi  you", "intent": "greet", "domain": "talk", "in_scope": True},
        {"text": "eh", "intent": "oos", "domain": None, "in_scope": False},
    ]
    assert made["banking77_train.jsonl"] == [{"text": "where, is it?", "intent": "card"}]
