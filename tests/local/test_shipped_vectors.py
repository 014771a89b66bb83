from pathlib import Path

import numpy as np
import pytest

from assistant import sample
from assistant.knowledge.chunk import chunks, embedded, names
from assistant.local import shipped_vectors
from assistant.local.embeddings import E5
from assistant.local.shipped_vectors import ShippedVectors


class Counting:
    """Computes vectors for real, and says of which texts."""

    dimensions = E5.dimensions

    def __init__(self, embedder: E5, revision: str = "counting") -> None:
        self.revision = revision
        self.computed: list[str] = []
        self._embedder = embedder

    def queries(self, texts):
        self.computed += texts
        return self._embedder.queries(texts)

    def passages(self, texts):
        self.computed += texts
        return self._embedder.passages(texts)


@pytest.fixture
def path(tmp_path: Path, embedder: E5) -> Path:
    shipped_vectors.write(
        tmp_path / "v.npz", Counting(embedder), ["what is a pod"], ["A pod is small."]
    )
    return tmp_path / "v.npz"


def test_only_unknown_texts_are_computed_and_order_is_kept(path, embedder):
    counting = Counting(embedder)
    texts = ["A token.", "A pod is small.", "An epoch."]
    vectors = ShippedVectors(counting, path).passages(texts)
    assert counting.computed == ["A token.", "An epoch."]
    assert (vectors * embedder.passages(texts)).sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_a_query_is_not_a_passage(path, embedder):
    counting = Counting(embedder)
    ShippedVectors(counting, path).passages(["what is a pod"])
    assert counting.computed == ["what is a pod"]


def test_vectors_of_another_embedder_are_not_used(path, embedder):
    counting = Counting(embedder, revision="newer")
    vectors = ShippedVectors(counting, path).queries(["what is a pod"])
    assert counting.computed == ["what is a pod"]
    assert vectors.shape == (1, E5.dimensions)


def test_what_ships_is_complete_and_right(embedder):
    """Fails after a change of the sample's texts: run ``make sample`` then."""
    shipped = sample.embedder()
    held = [chunk for item in sample.knowledge() for chunk in chunks("", item)]
    passages = [text for chunk in held for text in embedded(chunk)]
    queries = [example.text for example in sample.examples()]
    queries += [name for chunk in held for name in names(chunk)]
    assert all(shipped.knows("passage", text) for text in passages)
    assert all(shipped.knows("query", text) for text in queries)
    chosen = [passages[i] for i in np.random.default_rng(0).integers(len(passages), size=5)]
    cosines = (shipped.passages(chosen) * embedder.passages(chosen)).sum(axis=1)
    assert cosines == pytest.approx(1, abs=1e-4)
