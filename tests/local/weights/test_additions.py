"""Weights of one's own: from a file, from a hub on loopback, pinned to what came first."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import WeightsError
from assistant.local import additions, catalogue, hub, pins
from assistant.local.catalogue import CATALOGUE, GEMMA_E2B, GEMMA_E4B, QWEN_SMALL, Weights
from assistant.local.hub import HubPlace
from assistant.local.weights import WeightsStore
from tests.local.weights.gguf_files import write_lora, write_model
from tests.local.weights.hub import Hub

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PLACE = HubPlace("maker/Model-GGUF", "sub/Model Q4.gguf")


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    path = write_model(
        tmp_path / "made.gguf", width=256, general_name="A model", general_license="mit"
    )
    return path.read_bytes()


@pytest.fixture
def store(tmp_path: Path, hub: Hub, content: bytes) -> WeightsStore:
    hub.content = content
    return WeightsStore(tmp_path / "models", hub=hub.url)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def listing(content: bytes, *names: str, stated: str = "") -> dict[str, object]:
    large = {"size": len(content), "sha256": stated or digest(content)}
    files = [{"rfilename": name, "size": 134, "lfs": large} for name in names]
    return {"sha": COMMIT, "siblings": [*files, {"rfilename": "README.md", "size": 5}]}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a/b", HubPlace("a/b", "")),
        ("a/b/c.gguf", HubPlace("a/b", "c.gguf")),
        ("a/b/c/d.gguf", HubPlace("a/b", "c/d.gguf")),
        ("https://huggingface.co/a/b", HubPlace("a/b", "")),
        ("https://huggingface.co/a/b/resolve/v2/c.gguf", HubPlace("a/b", "c.gguf", "v2")),
        ("https://huggingface.co/a/b/blob/v2/c/d.gguf?x=1", HubPlace("a/b", "c/d.gguf", "v2")),
        ("https://huggingface.co/a/b/tree/v2", HubPlace("a/b", "", "v2")),
        ("http://mirror.example:8/a/b/resolve/main/c%20d.gguf", HubPlace("a/b", "c d.gguf")),
    ],
)
def test_a_place_may_be_written_in_several_ways(text: str, place: HubPlace) -> None:
    assert hub.parsed(text, "http://mirror.example:8") == place


@pytest.mark.parametrize(
    "text", ["a", "", "a/b/../c.gguf", "../b/c", "a b/c", "https://other.example/a/b"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(WeightsError):
        hub.parsed(text, "https://huggingface.co")


def test_what_the_hub_states_is_held_and_the_commit_is_pinned(
    store: WeightsStore, hub: Hub, content: bytes
) -> None:
    hub.listing = listing(content, PLACE.file)
    store.token = "hf_secret"
    added = additions.from_hub(store, HubPlace("maker/Model-GGUF", ""), "", lambda *_: None)
    weights = added.weights
    assert (added.stated, added.news) == (True, True)
    assert (weights.name, weights.title, weights.licence) == ("model-q4", "A model", "mit")
    assert (weights.sha256, weights.revision) == (digest(content), COMMIT)
    assert added.path.name == f"model-q4-{digest(content)[:12]}.gguf"
    assert added.path.read_bytes() == content
    assert hub.paths == [f"/maker/Model-GGUF/resolve/{COMMIT}/sub/Model%20Q4.gguf"]
    assert hub.tokens == ["Bearer hf_secret"] * 2
    assert store.find("model-q4") == weights
    assert WeightsStore(store.folder, offline=True).ready(weights) == added.path


def test_another_file_under_the_same_name_is_refused_ever_after(
    store: WeightsStore, hub: Hub, content: bytes, tmp_path: Path
) -> None:
    hub.listing = listing(content, PLACE.file)
    added = additions.from_hub(store, PLACE)
    other = write_model(tmp_path / "other.gguf", seed=9).read_bytes()
    hub.content, hub.listing = other, listing(other, PLACE.file)
    said = f"pinned to .* SHA-256 {digest(content)[:16]}…; this one has {digest(other)[:16]}…"
    with pytest.raises(WeightsError, match=said):
        additions.from_hub(store, PLACE)
    with pytest.raises(WeightsError, match=said):
        additions.from_file(store, tmp_path / "other.gguf", "model-q4")
    added.path.unlink()
    with pytest.raises(WeightsError, match="is not the published file .* it was deleted"):
        store.pull(added.weights)
    hub.listing = None  # a hub that states nothing, and serves another file
    with pytest.raises(WeightsError, match=said):
        additions.from_hub(store, PLACE)
    assert not list(store.folder.glob("*.gguf"))
    hub.content = content
    assert store.pull(added.weights).read_bytes() == content


def test_what_does_not_have_the_sum_that_the_hub_states_is_deleted(
    store: WeightsStore, hub: Hub, content: bytes
) -> None:
    hub.listing = listing(content, PLACE.file, stated="1" * 64)
    with pytest.raises(WeightsError, match="is not what the hub states"):
        additions.from_hub(store, PLACE)
    assert {path.suffix for path in store.folder.iterdir()} <= {".lock"}


def test_where_nothing_is_stated_what_came_is_pinned_and_that_is_said(
    store: WeightsStore, content: bytes
) -> None:
    added = additions.from_hub(store, PLACE)
    assert (added.stated, added.weights.sha256) == (False, digest(content))
    again = additions.from_hub(store, PLACE)
    assert again.weights == added.weights


def test_an_interrupted_fetch_is_taken_up_by_the_next_command(
    store: WeightsStore, hub: Hub, content: bytes
) -> None:
    hub.listing = listing(content, PLACE.file)

    def interrupt(what: str, done: int, total: int) -> None:
        if what == "downloading" and done > total // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        additions.from_hub(store, PLACE, "", interrupt)
    (partial,) = store.folder.glob("*.partial")
    kept = partial.stat().st_size
    assert 0 < kept < len(content)
    assert additions.from_hub(store, PLACE).path.read_bytes() == content
    assert hub.ranges == [None, f"bytes={kept}-"]


def test_halves_of_two_files_are_never_put_together(
    store: WeightsStore, hub: Hub, content: bytes, tmp_path: Path
) -> None:
    """Where the hub states no sum, nobody could tell them from one file."""

    def interrupt(what: str, done: int, total: int) -> None:
        if what == "downloading" and done > total // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        additions.from_hub(store, PLACE, "", interrupt)
    hub.content = write_model(
        tmp_path / "other.gguf", seed=9, width=256, general_name="A model"
    ).read_bytes()
    added = additions.from_hub(store, PLACE)
    assert added.path.read_bytes() == hub.content


def test_a_repository_of_several_files_asks_which(
    store: WeightsStore, hub: Hub, content: bytes
) -> None:
    hub.listing = listing(content, "a.gguf", "b.gguf")
    with pytest.raises(WeightsError, match="holds 2 weights files") as error:
        additions.from_hub(store, HubPlace("maker/m", ""))
    assert "a.gguf, b.gguf" in error.value.hint
    with pytest.raises(WeightsError, match=r"has no c\.gguf at main"):
        additions.from_hub(store, HubPlace("maker/m", "c.gguf"))
    hub.listing = None
    with pytest.raises(WeightsError, match="does not list") as error:
        additions.from_hub(store, HubPlace("maker/m", ""))
    assert error.value.hint == "Name the file: maker/m/FILE.gguf"


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "HF_TOKEN"), (403, "HF_TOKEN"), (404, "Check owner"), (503, "later")]
)
def test_a_hub_that_refuses_is_explained(
    store: WeightsStore, hub: Hub, status: int, hint: str
) -> None:
    hub.status = status
    with pytest.raises(
        WeightsError, match=f"does not serve maker/Model-GGUF: HTTP {status}"
    ) as error:
        additions.from_hub(store, PLACE)
    assert hint in error.value.hint


def test_a_hub_that_is_down_is_explained(tmp_path: Path) -> None:
    store = WeightsStore(tmp_path / "models", hub="http://127.0.0.1:1")
    with pytest.raises(WeightsError, match=r"http://127\.0\.0\.1:1 cannot be reached"):
        additions.from_hub(store, PLACE)


def test_the_password_of_a_hub_is_not_told(tmp_path: Path) -> None:
    store = WeightsStore(tmp_path / "models", hub="http://user:secret@127.0.0.1:1")
    with pytest.raises(WeightsError, match=r"http://127\.0\.0\.1:1 cannot be reached") as caught:
        additions.from_hub(store, PLACE)
    assert "secret" not in f"{caught.value} {caught.value.hint}"


def test_offline_asks_nobody(tmp_path: Path, hub: Hub) -> None:
    store = WeightsStore(tmp_path / "models", offline=True, hub=hub.url)
    with pytest.raises(WeightsError, match="ROUTEBACK_OFFLINE is set"):
        additions.from_hub(store, PLACE)
    assert hub.tokens == []


def test_too_little_space_is_said_before_anything_is_fetched(
    store: WeightsStore, hub: Hub, content: bytes
) -> None:
    huge = listing(content, PLACE.file)
    huge["siblings"][0]["lfs"]["size"] = 10**15  # type: ignore[index]
    hub.listing = huge
    with pytest.raises(WeightsError, match=r"needs 1000000\.0 GB in .* GB are free"):
        additions.from_hub(store, PLACE)
    assert hub.paths == []


def test_a_file_is_linked_pinned_and_outlives_the_original(
    store: WeightsStore, tmp_path: Path, content: bytes
) -> None:
    added = additions.from_file(store, tmp_path / "made.gguf", "mine")
    assert added.path.samefile(tmp_path / "made.gguf")
    assert added.weights.sha256 == digest(content)
    (tmp_path / "made.gguf").unlink()
    assert store.ready(store.find("mine")) == added.path
    added.path.unlink()
    with pytest.raises(WeightsError, match="was added as a file of this machine, and is gone"):
        store.pull(store.find("mine"))
    with pytest.raises(WeightsError, match="not on this machine") as error:
        store.ready(store.find("mine"))
    assert "models add FILE --name mine" in error.value.hint


def test_a_file_that_is_changed_in_place_is_refused(
    store: WeightsStore, tmp_path: Path, content: bytes
) -> None:
    added = additions.from_file(store, tmp_path / "made.gguf", "mine")
    with (tmp_path / "made.gguf").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    with pytest.raises(WeightsError, match="is damaged: its SHA-256 is"):
        store.ready(added.weights)


def test_another_disk_gets_a_copy(
    store: WeightsStore, tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_link)
    added = additions.from_file(store, tmp_path / "made.gguf", "mine")
    assert not added.path.samefile(tmp_path / "made.gguf")
    assert added.path.read_bytes() == content


def test_a_file_of_the_catalogue_keeps_its_name_there(
    store: WeightsStore, tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How weights get onto a machine without a network."""
    known = Weights(
        "known", "K", "mit", "k.gguf", len(content), digest(content), "a/b", "main", None
    )
    monkeypatch.setattr(catalogue, "CATALOGUE", (*CATALOGUE, known))
    monkeypatch.setattr(additions, "CATALOGUE", (*CATALOGUE, known))
    added = additions.from_file(store, tmp_path / "made.gguf")
    assert (added.weights, added.stated) == (known, True)
    assert added.path == store.path(known)
    assert pins.read(store.folder) == ()
    assert not additions.from_file(store, tmp_path / "made.gguf").news
    with pytest.raises(WeightsError, match="is called known here"):
        additions.from_file(store, tmp_path / "made.gguf", "other")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (write_lora, "a LoRA adapter: routeback arms add"),
        (lambda path: write_model(path, kind="mmproj"), "a projector"),
        (lambda path: path.write_bytes(b"PK\x03\x04" * 20), "not a whole GGUF file"),
    ],
)
def test_what_no_engine_answers_with_is_refused(
    store: WeightsStore, tmp_path: Path, make, said: str
) -> None:
    path = tmp_path / "it.gguf"
    make(path)
    with pytest.raises(WeightsError, match=said):
        additions.from_file(store, path)
    assert not store.folder.exists()


def test_names_are_those_that_a_folder_and_an_arm_can_have(
    store: WeightsStore, tmp_path: Path, content: bytes
) -> None:
    for name in (QWEN_SMALL.name, "..", "/"):
        with pytest.raises(WeightsError, match="name"):
            additions.from_file(store, tmp_path / "made.gguf", name)
    added = additions.from_file(store, tmp_path / "made.gguf", "../../My Model")
    assert added.weights.name == "my-model"
    assert added.path.parent == store.folder


def test_removed_weights_leave_nothing(store: WeightsStore, tmp_path: Path, content: bytes) -> None:
    additions.from_file(store, tmp_path / "made.gguf", "mine")
    additions.remove(store, "mine")
    assert list(store.folder.iterdir()) == []
    with pytest.raises(WeightsError, match="No weights 'mine' were added"):
        additions.remove(store, "mine")
    with pytest.raises(WeightsError, match="No weights"):
        additions.remove(store, QWEN_SMALL.name)


@pytest.mark.parametrize(
    "note", ["", "[]", '{"name": 1}', '{"name": "x", "filename": "../x.gguf"}', "\udcff"]
)
def test_a_broken_note_is_left_out(store: WeightsStore, tmp_path: Path, content, note: str) -> None:
    added = additions.from_file(store, tmp_path / "made.gguf", "mine")
    (store.folder / "bad.pin.json").write_bytes(note.encode(errors="surrogateescape"))
    assert pins.read(store.folder) == (added.weights,)


def test_the_catalogue_says_which_files_nobody_here_has_had() -> None:
    assert [weights.name for weights in CATALOGUE if not weights.seen] == [
        GEMMA_E2B.name,
        GEMMA_E4B.name,
    ]
    for weights in (GEMMA_E2B, GEMMA_E4B):
        assert len(weights.sha256) == 64
        assert len(weights.revision) == 40


def test_a_wrong_sum_of_the_catalogue_is_refused_and_said_to_be_unverified(
    store: WeightsStore, hub: Hub
) -> None:
    small = replace(GEMMA_E2B, size=len(hub.content))
    with pytest.raises(WeightsError, match="is not the published file") as error:
        store.pull(small)
    assert "nobody here has had the file" in error.value.hint
    assert hub.paths == [f"/{small.repo}/resolve/{small.revision}/{small.filename}"]
