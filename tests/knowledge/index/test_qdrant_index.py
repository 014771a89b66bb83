"""The index on a Qdrant server, over HTTP: what it asks for, and what goes wrong on the way."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from assistant.errors import KnowledgeError
from assistant.knowledge.index import drafts
from assistant.knowledge.index.drafts import Placement
from assistant.knowledge.index.index import BATCH
from assistant.knowledge.index.qdrant import QdrantIndex, connect
from assistant.knowledge.index.turns import Mark, Patience
from assistant.retries import SEARCH, RetryBudget
from tests.knowledge.index.points import DIMENSIONS, id_of, point, query, random_points
from tests.knowledge.index.test_index import fill, found, held, refuse
from tests.support.qdrant_server.answers import Refused
from tests.support.qdrant_server.server import LARGEST, Asked, QdrantServer
from tests.support.server import free_port

KEY = "a-key-that-nobody-may-see"
QUICK = Patience(beat_s=0.1, dead_s=1.0, grace_s=0.3)


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    with QdrantServer() as server:
        yield server


@pytest.fixture
def index(server: QdrantServer) -> Iterator[QdrantIndex]:
    with closing(opened(server)) as index:
        yield index


def opened(server: QdrantServer, patience: Patience = QUICK, **more) -> QdrantIndex:
    return QdrantIndex(connect(server.url), "knowledge", DIMENSIONS, patience=patience, **more)


def collections(server: QdrantServer) -> list[str]:
    with closing(connect(server.url)) as client:
        return sorted(one.name for one in client.get_collections().collections)


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def searches(asked: Asked) -> bool:
    return asked.path.endswith("/points/query")


def swaps(asked: Asked) -> bool:
    return asked.path == "/collections/aliases" and len(asked.body["actions"]) > 1


# What is asked for.


def test_what_is_filtered_by_is_indexed_before_anything_is_written(server, index):
    fill(index, point(1))
    draft = [a for a in server.asked if a.path.startswith("/collections/knowledge-000001-")]
    steps = [(a.method, a.path.removeprefix(draft[0].path)) for a in draft]
    assert steps[:6] == [("PUT", ""), *[("PUT", "/index")] * 4, ("PUT", "/points")]
    indexed = {a.body["field_name"]: a.body["field_schema"] for a in draft[1:5]}
    assert indexed == dict.fromkeys(("language", "audience", "lookup", "root"), "keyword")
    assert all("wait=true" in a.query for a in draft[1:6])


def test_every_field_that_a_search_filters_by_is_indexed(server, index):
    fill(index, point(1, names=("Pod",)))
    asked = query(audiences=("public", "staff"), only="en")
    index.search(asked, 5)
    index.named(["pod"], asked)
    list(index.chunks("docs"))
    filters = [a.body for a in server.asked if a.path.endswith(("/query", "/scroll"))]
    fields = {found["key"] for body in filters for found in _conditions(body)}
    indexed = {a.body["field_name"] for a in server.asked if a.path.endswith("/index")}
    assert fields == indexed


def _conditions(node) -> Iterator[dict]:
    if isinstance(node, dict):
        if "key" in node and "match" in node:
            yield node
        for value in node.values():
            yield from _conditions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _conditions(value)


@pytest.mark.parametrize(
    ("placement", "wanted"),
    [
        (Placement(), (None, None, None, None)),
        (Placement(replicas=1), (1, 1, None, None)),
        (Placement(replicas=3, shards=6, on_disk=True), (3, 2, 6, True)),
    ],
)
def test_a_collection_lies_as_the_settings_say(server, placement, wanted):
    with closing(opened(server, placement=placement)) as index:
        fill(index, point(1))
    [made] = [a.body for a in server.asked if a.method == "PUT" and "vectors" in (a.body or {})][1:]
    names = ("replication_factor", "write_consistency_factor", "shard_number")
    dense, windows = made["vectors"]["dense"], made["vectors"]["windows"]
    assert (*(made.get(name) for name in names), dense.get("on_disk")) == wanted
    assert dense.get("on_disk") == windows.get("on_disk")


class Made(Sequence):
    """Points that are made as they are read."""

    def __init__(self, count: int) -> None:
        self.made: Counter[int] = Counter()
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at):
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(self._count))]
        self.made[at] += 1
        return point(at)


def test_each_point_is_made_once(index):
    points = Made(BATCH + 3)
    index.replace(points, [], lambda _: None)
    assert points.made == Counter(range(BATCH + 3))


def test_no_request_is_larger_than_a_server_takes(server):
    size = 384
    rng = np.random.default_rng(3)
    wide = [
        point(n, rng.normal(size=size), windows=list(rng.normal(size=(60, size))))
        for n in range(75)
    ]
    with closing(QdrantIndex(connect(server.url), "knowledge", size)) as index:
        fill(index, *wide)
        assert len(held(index)) == 75
    sizes = [a.size for a in server.asked if a.path.endswith("/points")]
    assert LARGEST / 8 < max(sizes) < LARGEST / 2
    assert sum(sizes) > LARGEST, "it would not have gone at once"


def test_a_search_asks_once(server, index):
    fill(index, point(1))
    index.search(query(), 5)
    server.asked.clear()
    index.search(query(), 5)
    assert [a.path for a in server.asked] == ["/collections/knowledge/points/query"]


# What does not belong to it.


def test_what_others_have_on_the_server_is_left_alone(server, index):
    theirs = ["knowledge-2024", "knowledge-archive", "other-000009-0123abcd", "knowledge-1-aa"]
    with closing(connect(server.url)) as client:
        for name in theirs:
            client.create_collection(name, vectors_config={})
    for number in range(4):
        fill(index, point(number))
    eventually(lambda: len(collections(server)) == len(theirs) + 2)
    assert set(theirs) < set(collections(server))


def test_a_collection_of_that_name_is_in_the_way(server, index):
    with closing(connect(server.url)) as client:
        client.create_collection("knowledge", vectors_config={})
    with pytest.raises(KnowledgeError, match="has a collection knowledge") as caught:
        fill(index, point(1))
    assert "knowledge.collection" in caught.value.hint


def test_an_alias_of_somebody_else_is_not_taken(server, index):
    with closing(connect(server.url)) as client:
        client.create_collection("theirs", vectors_config={})
        client.update_collection_aliases([named("knowledge", "theirs")])
    for use in (index.generation, lambda: fill(index, point(1))):
        with pytest.raises(KnowledgeError, match="names theirs, which Routeback did not make"):
            use()


def named(alias: str, collection: str) -> models.CreateAliasOperation:
    return models.CreateAliasOperation(
        create_alias=models.CreateAlias(collection_name=collection, alias_name=alias)
    )


def test_an_index_of_an_older_version_is_gone_on_from(server, index):
    fill(index, point(1))
    with closing(connect(server.url)) as client:  # as it was before collections had two parts
        points, _ = client.scroll("knowledge", with_vectors=True)
        config = client.get_collection("knowledge").config.params
        for name in collections(server):
            client.delete_collection(name)
        client.create_collection(
            "knowledge-000007",
            vectors_config=config.vectors,
            sparse_vectors_config=config.sparse_vectors,
        )
        again = [models.PointStruct(id=p.id, vector=p.vector, payload=p.payload) for p in points]
        client.upsert("knowledge-000007", again)
        client.update_collection_aliases([named("knowledge", "knowledge-000007")])
    with closing(opened(server)) as newer:
        assert newer.generation() == 7
        fill(newer, point(2))
        assert newer.generation() == 8
        assert set(held(newer)) == {id_of(1), id_of(2)}


# What is left behind, and what clears it up.


def test_a_failing_replace_leaves_no_collection_behind(server, index):
    fill(index, point(1))
    before = collections(server)
    with pytest.raises(KnowledgeError):
        index.replace([point(2)], [], refuse)
    assert collections(server) == before


def test_drafts_of_killed_processes_are_cleared_up(server, index):
    fill(index, point(1))
    left = ["knowledge-000002-0123abcd", "knowledge-000002-4567abcd", "knowledge-000001-89abcdef"]
    with closing(connect(server.url)) as client:
        for name in left:
            client.create_collection(name, vectors_config={})
    fill(index, point(2))
    assert held(index) == {id_of(1): "text 1", id_of(2): "text 2"}
    assert not set(left) & set(collections(server))


def test_what_served_before_goes_after_a_while_and_whoever_looks_sees_to_it(server):
    patient = Patience(beat_s=0.1, dead_s=1, grace_s=600)
    with closing(opened(server, patient)) as writer:
        for number in range(3):
            fill(writer, point(number))
        *before, serving, turn = collections(server)
        assert (len(before), turn) == (2, "knowledge-turn")
    with closing(opened(server)) as reader:
        assert reader.generation() == 3
        eventually(lambda: collections(server) == [serving, turn])
        assert len(held(reader)) == 3


def test_a_search_on_what_was_removed_under_it_is_made_once_more(server, index):
    fill(index, point(1))
    failing = iter([True, True])

    def gone(asked: Asked) -> None:
        if searches(asked) and next(failing, False):
            raise Refused(404, "Not found: Collection `knowledge-000000` doesn't exist!")

    server.instead = gone
    assert found(index, query()) == [id_of(1)]
    assert sum(map(searches, server.asked)) == 3


def test_an_index_that_was_deleted_is_empty(server, index):
    fill(index, point(1))
    assert found(index, query()) == [id_of(1)]
    with closing(connect(server.url)) as client:
        for name in collections(server):
            client.delete_collection(name)
    assert found(index, query()) == []
    assert held(index) == {}
    assert index.generation() == 0
    fill(index, point(2))
    assert found(index, query()) == [id_of(2)]


def test_a_page_that_is_gone_begins_the_reading_anew(server, index):
    fill(index, *(point(number) for number in range(3 * BATCH)))
    pages = iter(range(10))

    def gone(asked: Asked) -> None:
        if asked.path.endswith("/scroll") and next(pages) == 1:
            raise Refused(404, "Not found: Collection doesn't exist!")

    server.instead = gone
    ids = [id_ for id_, _ in index.chunks()]
    assert len(ids) == len(set(ids)) == 3 * BATCH


# Nodes that lag behind, and answers that are lost.


def test_what_an_older_state_of_the_aliases_says_is_not_built_on(server, index):
    """Another node of a cluster may answer with what was true a moment before."""
    fill(index, point(1))
    [older] = [a for a in _aliases(server) if a["alias_name"] == "knowledge"]
    fill(index, point(2))
    lagging = iter(range(3))

    def changed(asked: Asked, body: bytes) -> bytes:
        if asked.path != "/aliases" or next(lagging, None) is None:
            return body
        said = json.loads(body)
        for alias in said["result"]["aliases"]:
            if alias["alias_name"] == "knowledge":
                alias.update(older)
        return json.dumps(said).encode()

    server.changed = changed
    with closing(opened(server)) as other:
        fill(other, point(3))
        assert set(held(other)) == {id_of(1), id_of(2), id_of(3)}
        assert other.generation() == 3


def _aliases(server: QdrantServer) -> list[dict]:
    return json.loads(server.answer(Asked("GET", "/aliases")))["result"]["aliases"]


def test_whoever_has_lost_the_turn_does_not_swap(server, index):
    fill(index, point(1))
    before = index.generation()
    thief = opened(server)

    def stolen(_written: int) -> None:
        mark = thief._turns.mark()
        assert thief._turns.move(mark, Mark(mark.after, thief._turns.me, 0))

    with pytest.raises(KnowledgeError, match="Another process has changed the index"):
        index.replace([point(2)], [], stolen)
    assert index.generation() == before
    assert held(index) == {id_of(1): "text 1"}
    with closing(thief):
        fill(thief, point(3))
        assert set(held(thief)) == {id_of(1), id_of(3)}
    assert len([name for name in collections(server) if "-000002-" in name]) == 1


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("status", [500, 503])
def test_a_swap_whose_answer_is_lost_was_done(server, index, times, status):
    fill(index, point(1))
    losing = iter(range(times))

    def lost(asked: Asked, body: bytes) -> bytes:
        if swaps(asked) and next(losing, None) is not None:
            raise Refused(status, "the answer is lost")
        return body

    server.changed = lost
    fill(index, point(2))
    assert index.generation() == 2
    assert set(held(index)) == {id_of(1), id_of(2)}
    fill(index, point(3))
    assert index.generation() == 3


def test_writes_that_fail_in_passing_are_made_again(server, index):
    failing = Counter()

    def now_and_then(asked: Asked) -> None:
        failing[asked.method, asked.path] += 1
        if asked.method == "PUT" and failing[asked.method, asked.path] == 1:
            raise Refused(503, "Shard temporarily unavailable")

    fill(index, point(1))
    server.instead = now_and_then
    fill(index, *random_points(40, seed=5))
    assert len(held(index)) == 40


def test_a_collection_whose_answer_was_lost_is_used(server, index):
    losing = iter([True])

    def lost(asked: Asked, body: bytes) -> bytes:
        if asked.method == "PUT" and "000001" in asked.path and next(losing, False):
            raise Refused(500, "the answer is lost")
        return body

    server.changed = lost
    fill(index, point(1))
    assert held(index) == {id_of(1): "text 1"}


def test_a_collection_is_used_although_a_node_that_is_away_never_takes_its_copy(
    server, index, monkeypatch
):
    """The server waits for all copies until the time is over, and goes on without the others."""
    monkeypatch.setattr(drafts, "_WRITE_S", 1)
    monkeypatch.setattr(drafts, "CHANGE", RetryBudget(0.5))
    waiting = iter([1.5])

    def waited(asked: Asked, body: bytes) -> bytes:
        if asked.method == "PUT" and "vectors" in asked.body and "000001" in asked.path:
            time.sleep(next(waiting, 0))
        return body

    server.changed = waited
    fill(index, point(1))
    assert held(index) == {id_of(1): "text 1"}


def test_a_generation_that_lacks_passages_does_not_serve(server, index):
    fill(index, point(1))

    def dropped(asked: Asked) -> bytes | None:
        if asked.path.endswith("/points") and "000002" in asked.path:
            return json.dumps(
                {"result": {"operation_id": 1, "status": "completed"}, "status": "ok", "time": 0}
            ).encode()
        return None

    server.instead = dropped
    with pytest.raises(KnowledgeError, match="has 0 passages and should have 2"):
        fill(index, point(2))
    server.instead = lambda _: None
    assert held(index) == {id_of(1): "text 1"}
    assert not any("000002" in name for name in collections(server))


def test_a_write_that_is_only_acknowledged_is_made_again(server, index):
    saying = iter(["acknowledged", "wait_timeout"])

    def not_yet(asked: Asked) -> bytes | None:
        if asked.path.endswith("/points") and (status := next(saying, None)):
            said = {"result": {"operation_id": 1, "status": status}, "status": "ok", "time": 0}
            return json.dumps(said).encode()
        return None

    server.instead = not_yet
    fill(index, point(1))
    assert held(index) == {id_of(1): "text 1"}


# Errors a person sees, and what becomes of the index.


def uses(index: QdrantIndex) -> list[Callable[[], object]]:
    return [
        lambda: index.search(query(), 5),
        lambda: index.named(["pod"], query()),
        lambda: list(index.chunks()),
        lambda: fill(index, point(1)),
        index.generation,
    ]


def check_said(index: QdrantIndex, message: str, hint: str) -> None:
    for use in uses(index):
        with pytest.raises(KnowledgeError, match=message) as caught:
            use()
        assert hint in caught.value.hint
        assert "refused" not in caught.value.message, "what the library says is for the log"
        assert KEY not in caught.value.message + caught.value.hint


def test_a_server_that_is_away_is_said():
    url = f"http://127.0.0.1:{free_port()}"
    with closing(QdrantIndex(connect(url), "knowledge", DIMENSIONS)) as index:
        check_said(index, "The Qdrant server failed: it cannot be reached", "knowledge.qdrant_url")


@pytest.mark.parametrize("key", [None, "another"])
def test_a_wrong_key_is_said(key):
    with (
        QdrantServer(key=KEY) as server,
        closing(QdrantIndex(connect(server.url, key), "knowledge", DIMENSIONS)) as index,
    ):
        check_said(index, "it refuses the key", "knowledge.qdrant_api_key")


def test_the_right_key_is_taken():
    with (
        QdrantServer(key=KEY) as server,
        closing(QdrantIndex(connect(server.url, KEY), "knowledge", DIMENSIONS)) as index,
    ):
        fill(index, point(1))
        assert found(index, query()) == [id_of(1)]


def test_a_slow_server_is_said(server):
    server.instead = lambda _: time.sleep(1.5)
    client = connect(server.url, timeout_s=1)
    with closing(QdrantIndex(client, "knowledge", DIMENSIONS)) as index:
        for use in (lambda: index.search(query(), 5), index.generation):
            with pytest.raises(KnowledgeError, match="did not answer in time") as caught:
                use()
            assert "knowledge.qdrant_timeout_s" in caught.value.hint
        server.instead = lambda _: None
        fill(index, point(1))
        assert found(index, query()) == [id_of(1)]


@pytest.mark.parametrize(
    "garbage", [b"<html>It works!</html>", b"{}", b'{"result": 3}', b'{"result": null}', b"\xff"]
)
def test_what_is_no_qdrant_is_said(server, index, garbage):
    server.instead = lambda _: garbage
    check_said(index, "is no answer of Qdrant's", "leads to a Qdrant server")


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (413, "no request of that size", "max_request_size_mb"),
        (507, "no room left", "disk"),
        (400, "status 400", "log"),
        (500, "status 500", "log"),
        (429, "status 429", "log"),
    ],
)
def test_what_the_server_answers_is_said(server, index, status, message, hint):
    def refused(_asked: Asked) -> None:
        raise Refused(status, "Wrong input: refused")

    server.instead = refused
    check_said(index, message, hint)


def test_what_was_there_is_there_when_the_server_is_back(server, index):
    fill(index, point(1))

    def away(_asked: Asked) -> None:
        raise Refused(507, "no space left on device")

    def full(asked: Asked) -> None:
        if asked.path.endswith("/points"):
            away(asked)

    server.instead = away
    with pytest.raises(KnowledgeError):
        found(index, query())
    server.instead = full
    with pytest.raises(KnowledgeError, match="the one before it keeps serving") as caught:
        fill(index, point(2))
    assert "disk" in caught.value.hint
    assert found(index, query()) == [id_of(1)]
    server.instead = lambda _: None
    assert found(index, query()) == [id_of(1)]
    fill(index, point(2))
    assert set(held(index)) == {id_of(1), id_of(2)}


def test_no_connection_stays_open_after_close(server):
    index = opened(server)
    fill(index, point(1))
    index.close()
    assert isinstance(index._client, QdrantClient)
    with pytest.raises(KnowledgeError):
        index.generation()


def test_a_search_that_meets_a_swap_is_made_again_however_long_it_took(server, index):
    fill(index, point(1))
    slow = iter([True])

    def swapped(asked: Asked) -> bytes | None:
        if asked.path.endswith("/points/query") and next(slow, False):
            time.sleep(SEARCH.within_s + 0.2)
            raise Refused(404, "Collection is gone")
        return None

    server.instead = swapped
    assert found(index, query()) == [id_of(1)]
