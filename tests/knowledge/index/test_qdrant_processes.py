"""Several real processes on one index of a Qdrant server: searches, changes, kills, restarts."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import KnowledgeError
from assistant.knowledge.index.qdrant import QdrantIndex, connect
from assistant.knowledge.library import Library
from assistant.knowledge.replacements import WRITTEN
from tests.knowledge.index.many import HELD, PATIENCE, Forks, entry, forks, generation
from tests.knowledge.index.points import DIMENSIONS
from tests.knowledge.index.test_index import fill
from tests.support.qdrant_server.process import qdrant_process
from tests.support.qdrant_server.server import QdrantServer
from tests.support.server import environment, free_port, routeback


@pytest.fixture(scope="module")
def processes() -> Iterator[Forks]:
    with forks() as started:
        yield started


@pytest.fixture
def server() -> Iterator[QdrantServer]:
    with QdrantServer() as server:
        yield server


def opened(url: str, dimensions: int = DIMENSIONS) -> QdrantIndex:
    return QdrantIndex(connect(url), "knowledge", dimensions, patience=PATIENCE)


def eventually(true: Callable[[], bool], wait_s: float = 60) -> None:
    end = time.monotonic() + wait_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else None


def numbers(index: QdrantIndex) -> set[int]:
    return {int(chunk.text.split()[1]) // 1000 for _, chunk in index.chunks()}


def check_whole(url: str, allowed: set[int]) -> int:
    """Check that one of these generations serves, and all of it; return which."""
    with closing(opened(url)) as index:
        chunks = list(index.chunks())
        [number] = numbers(index)
    assert number in allowed
    assert len(chunks) == HELD
    return number


def tidy(url: str) -> list[str]:
    with closing(connect(url)) as client:
        return sorted(one.name for one in client.get_collections().collections)


@pytest.mark.slow
def test_who_searches_while_another_swaps_sees_no_error_and_nothing_empty(
    server, processes, tmp_path
):
    with closing(opened(server.url)) as index:
        fill(index, *generation(0))
    until, results = tmp_path / "until", [tmp_path / "one", tmp_path / "two"]
    readers = [processes.start("searching", server.url, str(path), str(until)) for path in results]
    swapper = processes.start("swapping", server.url, 1, 20)
    assert processes.wait(swapper) == 0
    until.touch()
    assert [processes.wait(reader) for reader in readers] == [0, 0]
    for seen in map(read, results):
        assert seen["bad"] == []
        assert len(seen["generations"]) > 3, "it looked at too little"
    assert check_whole(server.url, {20}) == 20


@pytest.mark.slow
def test_changes_of_several_processes_are_all_there(server, processes, embedder):
    """They begin at once, on a server that has never been used."""
    names = ["a", "b", "c"]
    started = [processes.start("adding", server.url, name, 4) for name in names]
    assert [processes.wait(pid) for pid in started] == [0, 0, 0]
    with closing(opened(server.url, embedder.dimensions)) as index:
        roots = {root.name for root in Library(index, embedder).roots()}
        assert roots == {"shared", *(f"{name}-{number}" for name in names for number in (0, 2))}
        assert index.generation() == sum(1 for a in server.asked if _swaps(a)), "each counts once"
        assert len([c for _, c in index.chunks("shared")]) == 1


def test_nobody_changes_what_another_one_has_looked_at(server, processes, tmp_path, embedder):
    looked, go_on = (str(tmp_path / name) for name in ("looked", "go on"))
    now = tmp_path / "now"
    now.touch()
    with closing(opened(server.url, embedder.dimensions)) as index:
        first = processes.start("looking_first", server.url, "The first.", looked, go_on)
        eventually(Path(looked).exists)
        second = processes.start(
            "looking_first", server.url, "The second.", str(tmp_path / "other"), str(now)
        )
        time.sleep(1)
        assert not (tmp_path / "other").exists()
        Path(go_on).touch()
        assert [processes.wait(first), processes.wait(second)] == [0, 0]
        assert [chunk.text for _, chunk in index.chunks()] == ["The second."]


def _swaps(asked) -> bool:
    return asked.path == "/collections/aliases" and len(asked.body["actions"]) > 1


def _kills(count: int, requests: int, seed: int) -> list[tuple[int, str]]:
    everywhere = [(at, when) for at in range(1, requests + 1) for when in ("before", "after")]
    return random.Random(seed).sample(everywhere, count)


@pytest.mark.slow
@pytest.mark.parametrize("used", [False, True], ids=["never used", "used"])
def test_a_process_that_is_killed_leaves_the_one_before_or_the_next(server, processes, used):
    """Whatever it was about to ask for, and the next process goes on from there."""
    requests, before = 22, 0
    with closing(opened(server.url)) as index:
        if used:
            fill(index, *generation(0))
        for number, (at, when) in enumerate(_kills(12, requests, seed=20 + used), 1):
            killed = processes.start("dying", server.url, number, at, when)
            assert processes.wait(killed) in {0, -signal.SIGKILL}
            if index.generation():
                before = check_whole(server.url, {before, number})
    assert processes.wait(processes.start("swapping", server.url, 500, 2)) == 0
    assert check_whole(server.url, {501})
    with closing(opened(server.url)) as index:
        index.generation()
        eventually(lambda: len(tidy(server.url)) == 2)


def test_what_a_killed_process_had_written_is_removed_by_the_next(server, processes, tmp_path):
    with closing(opened(server.url)) as index:
        fill(index, *generation(0))
        files = [str(tmp_path / name) for name in ("written", "go on", "result")]
        writer = processes.start("writing", server.url, 1, *files)
        eventually(Path(files[0]).exists)
        [draft] = [name for name in tidy(server.url) if "-000002-" in name]
        os.kill(writer, signal.SIGKILL)
        assert processes.wait(writer) == -signal.SIGKILL
        assert numbers(index) == {0}
        fill(index, *generation(2))
        assert numbers(index) == {0, 2}
        assert draft not in tidy(server.url)


def test_a_process_that_stood_still_does_not_undo_what_others_did(server, processes, tmp_path):
    with closing(opened(server.url)) as index:
        fill(index, *generation(0))
        files = [str(tmp_path / name) for name in ("written", "go on", "result")]
        writer = processes.start("writing", server.url, 1, *files)
        eventually(Path(files[0]).exists)
        os.kill(writer, signal.SIGSTOP)
        fill(index, *generation(2))  # once the other one shows no sign of life
        Path(files[1]).touch()
        os.kill(writer, signal.SIGCONT)
        assert processes.wait(writer) == 0
        assert "Another process has changed the index" in read(tmp_path / "result")
        assert numbers(index) == {0, 2}
        fill(index, *generation(3))
        assert numbers(index) == {0, 2, 3}


def test_a_change_waits_for_one_that_takes_longer_than_a_dead_process_would(
    server, processes, tmp_path
):
    files = [str(tmp_path / name) for name in ("written", "go on", "result")]
    writer = processes.start("writing", server.url, 1, *files)
    eventually(Path(files[0]).exists)
    waiting = processes.start("swapping", server.url, 2, 1)
    time.sleep(2 * PATIENCE.dead_s)
    with closing(opened(server.url)) as index:
        assert index.generation() == 0
    Path(files[1]).touch()
    assert processes.wait(writer) == 0
    assert read(tmp_path / "result") == "served"
    assert processes.wait(waiting) == 0
    assert check_whole(server.url, {2})


def test_other_processes_see_a_change_at_once(server, processes, tmp_path, embedder):
    until, result = tmp_path / "until", tmp_path / "result"
    with closing(opened(server.url, embedder.dimensions)) as index:
        library = Library(index, embedder)
        library.add("docs", [entry("A pod holds peas.", "one.example")], lambda *_: None)
        watcher = processes.start("watching", server.url, str(result), str(until))

        def sees(at: int, text: str, *hosts: str) -> None:
            wanted = {"hosts": sorted(hosts), "texts": [text], "at": at}
            eventually(lambda: read(result) == wanted, wait_s=10)

        sees(1, "A pod holds peas.", "one.example")
        library.add("docs", [entry("A pod holds containers.", "two.example")], lambda *_: None)
        sees(2, "A pod holds containers.", "two.example")
        written = entry("A pod is the unit that runs.", "three.example", replaces=True)
        library.add(WRITTEN, [written], lambda *_: None)
        sees(3, "A pod is the unit that runs.", "three.example", "two.example")
        library.remove(WRITTEN)
        sees(4, "A pod holds containers.", "two.example")
        until.touch()
        assert processes.wait(watcher) == 0


@pytest.mark.slow
def test_a_server_that_is_started_anew_has_what_it_had_and_a_change_goes_on(
    processes, tmp_path, quick_path
):
    port = free_port()
    files = [str(tmp_path / name) for name in ("written", "go on", "result")]
    with qdrant_process(port, quick_path / "qdrant") as url:
        with closing(opened(url)) as index:
            fill(index, *generation(0))
        writer = processes.start("writing", url, 1, *files)
        eventually(Path(files[0]).exists)
    with closing(opened(url)) as index:
        with pytest.raises(KnowledgeError, match="cannot be reached"):
            index.generation()
        Path(files[1]).touch()  # it goes on while the server is away
        time.sleep(1)
        with qdrant_process(port, quick_path / "qdrant"):
            assert processes.wait(writer) == 0
            assert read(tmp_path / "result") == "served"
            assert index.generation() == 2
            assert numbers(index) == {1}


@pytest.mark.slow
def test_commands_that_begin_at_once_index_the_sample_once(tmp_path, cache_dir):
    """As two replicas and a worker do on their first day."""
    with QdrantServer(key="not-for-others") as server:
        more = {
            "ROUTEBACK_KNOWLEDGE__QDRANT_URL": server.url,
            "ROUTEBACK_KNOWLEDGE__QDRANT_API_KEY": "not-for-others",
        }
        environments = [environment(tmp_path / name, cache_dir, **more) for name in "ab"]
        with ThreadPoolExecutor() as threads:
            run = partial(routeback, "knowledge", "list")
            both = list(threads.map(lambda env: run(env=env), environments))
        assert [done.returncode for done in both] == [0, 0], both
        assert "Warning" not in both[0].stderr + both[1].stderr
        assert both[0].stdout == both[1].stdout != ""
        assert sum(map(_swaps, server.asked)) == 1
        server.key = "another"
        refused = routeback("knowledge", "list", env=environments[0])
        assert refused.returncode == 2
        assert "knowledge.qdrant_api_key" in refused.stderr
        assert "not-for-others" not in refused.stderr


def test_the_stand_in_is_a_process_of_its_own(tmp_path):
    with qdrant_process(free_port(), tmp_path / "qdrant", key="not-for-others") as url:
        with closing(QdrantIndex(connect(url, "not-for-others"), "knowledge", DIMENSIONS)) as index:
            fill(index, *generation(0))
            assert numbers(index) == {0}
        with closing(opened(url)) as index, pytest.raises(KnowledgeError, match="the key"):
            index.generation()
