"""What only the embedded index does: it owns a folder, and the folder outlives crashes."""

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.errors import KnowledgeError
from assistant.knowledge.documents import Chunk
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.index.index import IndexPoint
from tests.knowledge.index.points import DIMENSIONS, id_of, point, query, unit
from tests.support.disk import ballast, small_disk

HERE = Path(__file__).parents[3]
MANY = 600
"""Points of several batches."""


def fill(index: EdgeIndex, *points, remove=()) -> None:
    index.replace(points, remove, lambda _: None)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[EdgeIndex]:
    index = EdgeIndex(folder, DIMENSIONS)
    try:
        yield index
    finally:
        index.close()


@pytest.fixture
def folder(quick_path: Path) -> Path:
    """A folder with an index of one generation."""
    with opened(quick_path / "index") as index:
        fill(index, point(1, words={7: 1.0}), point(2))
    return quick_path / "index"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"owner.lock"}


def assert_serves_what_it_had(folder: Path) -> None:
    with opened(folder) as index:
        assert index.generation() == 1
        assert {id_ for id_, _ in index.chunks()} == {id_of(1), id_of(2)}
        assert id_of(1) in {hit.id for hit in index.search(query(words={7: 1.0}), 2)}
        assert names(folder) == {"CURRENT", "generation-000001"}


def test_an_index_is_found_again_after_it_was_closed(folder):
    assert_serves_what_it_had(folder)
    with opened(folder) as index:
        fill(index, point(3), remove=[id_of(1)])
    with opened(folder) as index:
        assert index.generation() == 2
        assert {id_ for id_, _ in index.chunks()} == {id_of(2), id_of(3)}
        assert names(folder) == {"CURRENT", "generation-000002"}


def test_a_generation_takes_little_space(tmp_path):
    """Qdrant reserves 250 MB in files full of holes, which a plain copy would fill."""

    def used() -> int:
        return sum(path.stat().st_blocks * 512 for path in tmp_path.rglob("*"))

    with opened(tmp_path) as index:
        fill(index, point(1))
        fill(index, point(2))
    assert used() < 20 << 20


# One owner


def test_a_second_owner_is_refused_until_the_first_is_gone(folder):
    with opened(folder):
        with pytest.raises(KnowledgeError, match="Another Routeback process owns") as caught:
            EdgeIndex(folder, DIMENSIONS)
        assert str(folder) in caught.value.message
        assert "ROUTEBACK_DATA_DIR" in caught.value.hint
    assert_serves_what_it_had(folder)


def test_the_folder_is_free_when_another_thread_closed_the_index(folder):
    index = EdgeIndex(folder, DIMENSIONS)
    closing = threading.Thread(target=index.close)
    closing.start()
    closing.join()
    assert_serves_what_it_had(folder)


def test_a_path_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "index").write_text("a file")
    with pytest.raises(KnowledgeError, match="index cannot be used"):
        EdgeIndex(tmp_path / "index", DIMENSIONS)


# Damage


@pytest.mark.parametrize("content", [b"", b"one", b"\xff\xfe", b"7", b"-1"])
def test_a_damaged_note_of_the_generation_is_said_and_nothing_is_swept(folder, content):
    (folder / "CURRENT").write_bytes(content)
    with pytest.raises(KnowledgeError, match="CURRENT is damaged") as caught:
        EdgeIndex(folder, DIMENSIONS)
    assert "add the documents again" in caught.value.hint
    assert names(folder) == {"CURRENT", "generation-000001"}
    (folder / "CURRENT").write_text("1")
    assert_serves_what_it_had(folder)


@pytest.mark.parametrize("name", ["segment.json", "edge_config.json", "windows/offsets/status.dat"])
def test_a_damaged_generation_is_said(folder, name):
    file = next(file for file in folder.rglob("*") if file.as_posix().endswith(name))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(KnowledgeError, match="cannot be opened") as caught:
        EdgeIndex(folder, DIMENSIONS)
    assert "generation-000001" in caught.value.message
    assert "add the documents again" in caught.value.hint
    file.write_bytes(content)
    assert_serves_what_it_had(folder)


# Crashes

KILLED = """
import os, signal, sys
from pathlib import Path
from assistant.knowledge.index.edge import EdgeIndex
from tests.knowledge.index.points import DIMENSIONS, random_points

def die(written):
    print(written, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

EdgeIndex(Path(sys.argv[1]), DIMENSIONS).replace(random_points(int(sys.argv[2]), 1), [], die)
"""


def killed_while_writing(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(MANY)],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.strip() == "256"


def test_after_a_crash_while_writing_the_old_index_serves(folder):
    killed_while_writing(folder)
    assert "generation-000002" in names(folder)
    assert_serves_what_it_had(folder)


def test_after_a_crash_of_the_first_run_the_index_is_empty(quick_path):
    killed_while_writing(quick_path)
    assert names(quick_path) == {"generation-000001"}
    with opened(quick_path) as index:
        assert index.generation() == 0
        assert list(index.chunks()) == []
        assert names(quick_path) == set()
        fill(index, point(1))
        assert index.generation() == 1


def test_what_a_crash_before_the_swap_left_is_swept(folder):
    shutil.copytree(folder / "generation-000001", folder / "generation-000002")
    (folder / "CURRENT.next").write_text("2")
    assert_serves_what_it_had(folder)


def test_an_interruption_while_writing_does_not_spoil_the_next_run(folder):
    def interrupt(_written: int) -> None:
        raise KeyboardInterrupt

    with opened(folder) as index:
        with pytest.raises(KeyboardInterrupt):
            index.replace([point(3)], [], interrupt)
        assert index.generation() == 1
        fill(index, point(4))
        assert {id_ for id_, _ in index.chunks()} == {id_of(1), id_of(2), id_of(4)}


# A full disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 640) as mounted:
        yield mounted


def test_indexing_does_not_start_when_the_space_cannot_suffice(disk):
    folder = disk / "index"
    with opened(folder) as index:
        fill(index, point(1, words={7: 1.0}), point(2))
        ballast(disk, 100 << 20)
        with pytest.raises(KnowledgeError, match="nothing was changed") as caught:
            fill(index, point(3))
        assert str(folder) in caught.value.message
        assert re.search(r"10\d MB are free", caught.value.message)
        assert "Free some space" in caught.value.hint
    (disk / "ballast").unlink()
    assert_serves_what_it_had(folder)


FILLED_UP = """
import sys
from pathlib import Path
from assistant.knowledge.index.edge import EdgeIndex
from tests.knowledge.index.points import DIMENSIONS, random_points
from tests.support.disk import ballast

disk = Path(sys.argv[1])
index = EdgeIndex(disk / "index", DIMENSIONS)
index.replace(random_points(int(sys.argv[2]), 1), [], lambda _: ballast(disk, 0))
"""


def test_a_disk_that_fills_up_while_indexing_leaves_the_old_index(disk):
    """Qdrant maps its files: the system would end the process rather than fail a write."""
    folder = disk / "index"
    with opened(folder) as index:
        fill(index, point(1, words={7: 1.0}), point(2))
    done = subprocess.run(
        [sys.executable, "-c", FILLED_UP, str(disk), str(MANY)],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "KnowledgeError: Indexing needs about" in done.stderr
    (disk / "ballast").unlink()
    assert_serves_what_it_had(folder)


def test_an_index_on_a_full_disk_is_opened_or_refused_with_the_reason(disk):
    """On tmpfs, the engine takes pages of the disk as it opens: the process would end."""
    folder = disk / "index"
    with opened(folder) as index:
        fill(index, point(1, words={7: 1.0}), point(2))
    for free in (1 << 20, 40 << 20):
        ballast(disk, free)
        with pytest.raises(KnowledgeError, match="cannot be opened: Bus error") as caught:
            EdgeIndex(folder, DIMENSIONS)
        assert re.search(r"\b\d+ MB of the disk are free", caught.value.message)
        assert caught.value.hint == "Free some space; nothing is lost."
        (disk / "ballast").unlink()
    ballast(disk, 200 << 20)  # less than all pages, and enough
    assert_serves_what_it_had(folder)


def test_an_index_that_is_open_is_searched_when_the_disk_is_full(disk):
    folder = disk / "index"
    with opened(folder) as index:
        fill(index, point(1, words={7: 1.0}), point(2))
        ballast(disk, 1 << 20)
        assert {hit.id for hit in index.search(query(words={7: 1.0}), 2)} == {id_of(1), id_of(2)}


# Readers


COUNT = 300
"""Points of a generation: more than a page of a scroll."""


def generation(number: int) -> list[IndexPoint]:
    """Return points whose source is the number: two sources in one reading are a mixture."""
    return [
        point(
            i + 10_000 * number,
            unit(1, i / COUNT),
            {7: 1.0},
            names=("Pod",) if i < 5 else (),
            source=str(number),
        )
        for i in range(COUNT)
    ]


READINGS: dict[str, tuple[Callable[[EdgeIndex], list[Chunk]], int]] = {
    "search": (lambda index: [h.chunk for h in index.search(query(words={7: 1.0}), 20)], 20),
    "named": (lambda index: [h.chunk for h in index.named(["pod"], query())], 5),
    "chunks": (lambda index: [chunk for _, chunk in index.chunks()], COUNT),
}


def test_readers_see_one_generation_whole_while_it_is_swapped(quick_path):
    stop = threading.Event()

    def watch(index: EdgeIndex, name: str) -> set[str]:
        look, expected = READINGS[name]
        seen: set[str] = set()
        while not stop.is_set():
            found = look(index)
            sources = {chunk.source for chunk in found}
            assert (len(sources), len(found)) == (1, expected), name
            seen |= sources
            time.sleep(0.005)  # or the writer waits for the lock for seconds
        return seen

    with opened(quick_path / "index") as index, ThreadPoolExecutor() as readers:
        fill(index, *generation(0))
        watching = [readers.submit(watch, index, name) for name in READINGS]
        try:
            for number in range(1, 5):
                fill(index, *generation(number), remove=[p.id for p in generation(number - 1)])
        finally:
            stop.set()
        assert len(set().union(*(watcher.result() for watcher in watching))) > 1
