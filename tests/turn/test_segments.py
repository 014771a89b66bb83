import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import SettingsError
from assistant.local.embeddings import remembered_queries
from assistant.segments import UNKNOWN, LabelledQuestion, Segmenter, is_talk, read_examples
from tests.support.disk import ballast, small_disk


@pytest.fixture(scope="module")
def segmenter(embedder, cache_dir):
    sample = Path(str(files("assistant") / "sample"))
    examples = read_examples(sample / "segments.jsonl") + read_examples(sample / "smalltalk.jsonl")
    vectors = remembered_queries([e.text for e in examples], embedder, cache_dir / "embeddings")
    return Segmenter(examples, vectors)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is overfitting?", "glossary"),
        ("Was bedeutet Churn Rate?", "glossary"),
        ("My invoice shows the wrong address", "support.billing"),
        ("Ich möchte mein Abo kündigen", "support.billing"),
        ("I cannot log in any more", "support.account"),
        ("Wie lösche ich die Daten eines Besuchers nach DSGVO?", "support.privacy"),
        ("The tracking snippet sends no events", "support.technical"),
        ("hello", "smalltalk.greeting"),
        ("vielen Dank", "smalltalk.thanks"),
        ("I want to speak to a human", "person"),
    ],
)
def test_questions_land_in_their_segment(segmenter, embedder, question, expected):
    assert segmenter.segment(question, embedder.queries([question])[0]) == expected


@pytest.mark.parametrize(
    "question",
    ["Which goalkeeper has the most caps?", "Wie backe ich ein Sauerteigbrot?"],
)
def test_what_is_like_no_example_is_other(segmenter, embedder, question):
    assert segmenter.segment(question, embedder.queries([question])[0]) == UNKNOWN


@pytest.mark.parametrize(
    "question",
    ["hello how do i reset my password", "Thanks, and how long is the link valid?", "how long?"],
)
def test_politeness_does_not_hide_a_question(segmenter, embedder, question):
    assert not is_talk(segmenter.segment(question, embedder.queries([question])[0]))


def test_a_single_example_per_segment_is_enough_to_start(embedder):
    texts = ["reset my password", "send me the invoice"]
    examples = [LabelledQuestion(text, name) for text, name in zip(texts, ("a", "b"), strict=True)]
    tiny = Segmenter(examples, embedder.queries(texts), threshold=-1.0)
    question = "I forgot my password"
    assert tiny.segment(question, embedder.queries([question])[0]) == "a"


def test_remembered_vectors_are_the_same_and_follow_the_texts(embedder, tmp_path):
    texts = ["one question", "another question"]
    first = remembered_queries(texts, embedder, tmp_path)
    assert (remembered_queries(texts, embedder, tmp_path) == first).all()
    assert len(list(tmp_path.iterdir())) == 1
    remembered_queries([*texts, "a third"], embedder, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "holds no examples"),
        ('{"text": "x"}\n', ":1 is not an object with text and segment"),
        ('{"text": "x", "segment": "s"}\nnonsense\n', ":2 is not"),
    ],
)
def test_a_bad_examples_file_is_explained(tmp_path, content, expected):
    path = tmp_path / "segments.jsonl"
    path.write_text(content)
    with pytest.raises(SettingsError, match=expected):
        read_examples(path)


def test_the_sample_covers_both_languages_evenly():
    sample = Path(str(files("assistant") / "sample/segments.jsonl"))
    rows = [json.loads(line) for line in sample.read_text("utf-8").splitlines()]
    for segment in {row["segment"] for row in rows}:
        counts = [
            sum(r["segment"] == segment and r["language"] == x for r in rows) for x in ("en", "de")
        ]
        assert min(counts) >= 30
        assert len({row["text"] for row in rows}) == len(rows)


@pytest.mark.parametrize("kept", ["damaged", "not numbers"])
def test_vectors_that_cannot_be_read_are_computed(embedder, tmp_path, kept):
    first = remembered_queries(["what is a pod"], embedder, tmp_path)
    (file,) = tmp_path.iterdir()
    if kept == "damaged":
        file.write_bytes(file.read_bytes()[:60])
    else:
        np.save(file, np.full_like(first, np.nan))
    assert (remembered_queries(["what is a pod"], embedder, tmp_path) == first).all()


def test_vectors_that_cannot_be_kept_are_used(embedder, tmp_path):
    with small_disk(tmp_path / "disk", 1) as disk:
        ballast(disk)
        vectors = remembered_queries(["what is a pod"], embedder, disk)
        assert np.isfinite(vectors).all()
        assert [path.name for path in disk.iterdir()] == ["ballast"]
