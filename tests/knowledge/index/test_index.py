"""The contract of an index, on each adapter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import QdrantClient

from assistant.errors import KnowledgeError
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.index.fusion import LIST_LENGTH
from assistant.knowledge.index.index import BATCH, HybridQuery, Index
from assistant.knowledge.index.qdrant import QdrantIndex, connect
from tests.knowledge.index.points import (
    DIMENSIONS,
    fused_scores,
    id_of,
    point,
    query,
    random_points,
    random_query,
    unit,
)
from tests.support.qdrant_server.server import QdrantServer

# The in-memory client says that keyword indexes, which a server needs, do nothing in it.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")


@contextmanager
def edge(folder: Path) -> Iterator[Index]:
    yield EdgeIndex(folder, DIMENSIONS)


@contextmanager
def qdrant(_folder: Path) -> Iterator[Index]:
    yield QdrantIndex(QdrantClient(":memory:"), "knowledge", DIMENSIONS)


@contextmanager
def over_http(_folder: Path) -> Iterator[Index]:
    with QdrantServer() as server:
        yield QdrantIndex(connect(server.url), "knowledge", DIMENSIONS)


@pytest.fixture(params=[edge, qdrant, over_http])
def index(request: pytest.FixtureRequest, quick_path: Path) -> Iterator[Index]:
    with request.param(quick_path / "index") as opened:
        yield opened
        opened.close()


def fill(index: Index, *points, remove=()) -> None:
    index.replace(points, remove, lambda _: None)


def found(index: Index, asked: HybridQuery, limit: int = 10) -> list[str]:
    return [hit.id for hit in index.search(asked, limit)]


def held(index: Index) -> dict[str, str]:
    return {id_: chunk.text for id_, chunk in index.chunks()}


def test_an_empty_index_finds_nothing(index):
    assert index.generation() == 0
    assert index.search(query(), 5) == []
    assert index.named(["pod"], query()) == []
    assert list(index.chunks()) == []


def test_replace_adds_and_removes_and_counts_generations(index):
    fill(index, point(1), point(2))
    assert held(index) == {id_of(1): "text 1", id_of(2): "text 2"}
    assert index.generation() == 1
    fill(index, point(3), remove=[id_of(1)])
    assert held(index) == {id_of(2): "text 2", id_of(3): "text 3"}
    assert index.generation() == 2
    fill(index, remove=[id_of(2), id_of(3)])
    assert held(index) == {}
    assert index.generation() == 3
    assert index.search(query(), 5) == []


def test_a_point_that_is_added_again_replaces_its_like(index):
    fill(index, point(1, unit(1)), point(2, unit(0, 1)))
    fill(index, point(1, unit(0, 0, 1)))
    assert held(index) == {id_of(1): "text 1", id_of(2): "text 2"}
    by_id = {hit.id: hit.whole for hit in index.search(query(unit(0, 0, 1)), 5)}
    assert by_id == pytest.approx({id_of(1): 1.0, id_of(2): 0.0}, abs=1e-5)


def test_chunks_come_back_as_they_were_written(index):
    points = [
        point(1, names=("Pod", "Kubernetes pod"), language="de", audience="staff", root="über/a"),
        point(2),
    ]
    fill(index, *points)
    assert dict(index.chunks()) == {held.id: held.chunk for held in points}


def test_chunks_yields_each_of_several_batches_once(index):
    points = [point(number) for number in range(2 * BATCH + 1)]
    written: list[int] = []
    index.replace(points, [], written.append)
    assert written == [BATCH, 2 * BATCH, 2 * BATCH + 1]
    ids = [id_ for id_, _ in index.chunks()]
    assert len(ids) == len(set(ids)) == len(points)


def test_search_finds_by_meaning(index):
    near, far = unit(1, 0.1), unit(0, 0, 1)
    fill(index, point(1, far), point(2, near))
    assert found(index, query(unit(1)), 1) == [id_of(2)]


def test_search_finds_by_words(index):
    fill(index, *(point(n, unit(1, n), {n: 1.0}) for n in range(60)))
    far = query(unit(1), {59: 1.0})  # beyond the dense list, but the only one with the word
    assert id_of(59) in found(index, far, 3)
    assert id_of(59) not in found(index, query(unit(1)), 60)


def test_a_rare_word_counts_more_than_a_common_one(index):
    common, rare = 1, 2
    fill(
        index,
        *(point(n, unit(1, n / 100), {common: 0.1}) for n in range(LIST_LENGTH)),
        point(100, unit(-1), {common: 1.0}),
        point(200, unit(-1), {rare: 0.5}),
    )
    ids = found(index, query(unit(1), {common: 1.0, rare: 1.0}), 60)
    assert ids.index(id_of(200)) < ids.index(id_of(100))


def test_what_is_near_in_both_ways_comes_first(index):
    fill(
        index,
        point(1, unit(1, 0.1), {1: 1.0}),
        point(2, unit(1, 0.2), {7: 1.0}),
        point(3, unit(-1), {7: 2.0}),
        *(point(n, unit(0, 1, n), {n: 1.0}) for n in range(10, 20)),
    )
    assert found(index, query(unit(1), {7: 1.0}), 1) == [id_of(2)]


def test_a_hit_carries_the_similarity_of_the_whole_and_of_its_best_window(index):
    windows = [unit(0, 1), unit(3, 4), unit(0, 0, 1)]
    fill(index, point(1, unit(4, 3), windows=windows), point(2, unit(1, 0, 0)))
    hits = {hit.id: hit for hit in index.search(query(unit(1)), 5)}
    assert hits[id_of(1)].whole == pytest.approx(0.8, abs=1e-5)
    assert hits[id_of(1)].window == pytest.approx(0.6, abs=1e-5)
    assert hits[id_of(2)].whole == hits[id_of(2)].window == pytest.approx(1.0, abs=1e-5)
    assert hits[id_of(1)].chunk == point(1).chunk


def test_only_passages_for_the_audience_are_found(index):
    points = [point(1), point(2, audience="staff", names=("Pod",)), point(3, audience="partner")]
    fill(index, *points)
    assert set(found(index, query())) == {id_of(1)}
    staff = query(audiences=("public", "staff"))
    assert set(found(index, staff)) == {id_of(1), id_of(2)}
    assert index.named(["pod"], query()) == []
    assert [hit.id for hit in index.named(["pod"], staff)] == [id_of(2)]


def test_only_leaves_out_other_languages(index):
    word = {7: 1.0}
    fill(
        index,
        point(1, words=word, language="de", names=("Pod",)),
        point(2, words=word, language="en", names=("Pod",)),
    )
    assert set(found(index, query(words=word, language="de"))) == {id_of(1), id_of(2)}
    german = query(words=word, language="de", only="de")
    assert found(index, german) == [id_of(1)]
    assert [hit.id for hit in index.named(["pod"], german)] == [id_of(1)]


def test_entries_are_found_by_any_of_their_folded_names(index):
    fill(index, point(1, names=("Negative transfer", "Harmful transfers")), point(2), point(3))
    for names in (["negat transfer"], ["nothing", "harm transfer"]):
        [hit] = index.named(names, query(unit(3, 4)))
        assert hit.id == id_of(1)
        assert hit.whole == pytest.approx(0.6, abs=1e-5)
    assert index.named(["transfer"], query()) == []
    assert index.named([], query()) == []


def refuse(_written: int) -> None:
    raise RuntimeError("the terminal is gone")


@pytest.mark.parametrize(
    ("failing", "done", "why"),
    [
        (point(2), refuse, "the terminal is gone"),
        (point(2, np.ones(DIMENSIONS + 1, dtype=np.float32)), lambda _: None, "dimension"),
    ],
    ids=["callback", "wrong dimension"],
)
@pytest.mark.parametrize("before", [True, False], ids=["filled", "empty"])
def test_a_failing_replace_leaves_the_old_generation_serving(index, failing, done, why, before):
    if before:
        fill(index, point(1, words={7: 1.0}))
    asked = query(words={7: 1.0})
    was = index.generation(), held(index), index.search(asked, 5)
    with pytest.raises(KnowledgeError, match=why) as caught:
        index.replace([point(3), failing], [id_of(1)], done)
    assert "the one before it keeps serving" in caught.value.message
    assert (index.generation(), held(index), index.search(asked, 5)) == was
    fill(index, point(4), remove=[id_of(1)])
    assert held(index) == {id_of(4): "text 4"}
    assert index.generation() == was[0] + 1


LIMIT = 20
TIE = 1e-5


@pytest.mark.parametrize("seed", [11, 12])
def test_rankings_are_those_of_the_definition(index, seed):
    """Both adapters rank alike: by reciprocal rank fusion; only equals may change places."""
    points = random_points(150, seed)
    fill(index, *points[:100])
    fill(index, *points[100:])  # what is copied counts like what is new
    by_id = {held.id: held for held in points}
    rng = np.random.default_rng(seed)
    for _ in range(15):
        asked = random_query(rng)
        scores = fused_scores(points, asked)
        hits = index.search(asked, LIMIT)
        best = sorted(scores.values(), reverse=True)[:LIMIT]
        assert [scores[hit.id] for hit in hits] == pytest.approx(best, abs=TIE)
        for hit in hits:
            found = by_id[hit.id]
            assert hit.chunk == found.chunk
            assert hit.whole == pytest.approx(float(found.dense @ asked.dense), abs=TIE)
            assert hit.window == pytest.approx(float((found.windows @ asked.dense).max()), abs=TIE)
