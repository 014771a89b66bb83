"""Adding and removing, on the real embedded index with the real embedding model."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import KnowledgeError
from assistant.knowledge import chunk as chunking
from assistant.knowledge.documents import Document, Entry, Kind
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.library import Changes, Library, Root
from assistant.knowledge.search import Search
from assistant.local.embeddings import E5

KEYS = "A key opens a lock. Keep it in a safe place."
LOCKS = "A lock keeps a door shut until somebody opens it with a key."


@pytest.fixture
def index(quick_path: Path, embedder: E5) -> Iterator[EdgeIndex]:
    opened = EdgeIndex(quick_path / "index", embedder.dimensions)
    yield opened
    opened.close()


@pytest.fixture
def library(index: EdgeIndex, embedder: E5) -> Library:
    return Library(index, embedder)


def page(source: str, text: str, language: str = "en") -> Document:
    return Document(source, Path(source).stem.title(), text, language)


def term(name: str, definition: str, source: str = "glossary.csv") -> Entry:
    return Entry(source, Kind.GLOSSARY, name, definition, "en")


def add(library: Library, root: str, *items, keep=()) -> Changes:
    return library.add(root, items, lambda *_: None, keep=keep)


def texts(index: EdgeIndex) -> list[str]:
    return sorted(chunk.text for _, chunk in index.chunks())


def test_what_is_added_is_found(library, index, embedder):
    changes = add(library, "docs", page("keys.md", KEYS), term("Hinge", "It carries a door."))
    assert changes == Changes(added=2, kept=0, removed=0)
    search = Search(index, embedder)
    assert search.find("Where do I keep a key?", "en", 1)[0].chunk.text == KEYS
    [named, *_] = search.find("What is a hinge?", "en", 5)
    assert named.matched
    assert named.chunk.text == "It carries a door."


def test_adding_the_same_again_touches_nothing(library):
    items = [page("keys.md", KEYS), term("Hinge", "It carries a door.")]
    add(library, "docs", *items)
    told: list[tuple] = []
    assert library.generation() == 1
    changes = library.add("docs", items, lambda *step: told.append(step))
    assert changes == Changes(added=0, kept=2, removed=0)
    assert library.generation() == 1
    assert told == []


def test_only_what_changed_is_embedded_and_written(library, index):
    first = "## One\n\nfirst\n\n## Two\n\nsecond"
    add(library, "docs", page("a.md", first), page("b.md", "other"))
    before = {chunk.text: id_ for id_, chunk in index.chunks()}
    told: list[tuple] = []
    changes = library.add(
        "docs",
        [page("a.md", first.replace("second", "changed")), page("b.md", "other")],
        lambda *step: told.append(step),
    )
    assert changes == Changes(added=1, kept=2, removed=1)
    assert told == [("embedding", 1, 1), ("writing", 1, 1)]
    after = {chunk.text: id_ for id_, chunk in index.chunks()}
    assert set(after) == {"first", "changed", "other"}
    assert {after[text] == before[text] for text in ("first", "other")} == {True}
    assert library.generation() == 2


@pytest.mark.parametrize(
    "changed",
    [
        page("a.md", "text", "de"),
        Document("a.md", "A", "text", "en", audience="staff"),
        Document("a.md", "A", "text", "en", url="https://example.com"),
        Document("a.md", "Other title", "text", "en"),
    ],
    ids=["language", "audience", "url", "title"],
)
def test_a_change_beside_the_text_is_a_change(library, index, changed):
    add(library, "docs", page("a.md", "text"))
    assert add(library, "docs", changed) == Changes(added=1, kept=0, removed=1)
    [(_, held)] = index.chunks()
    assert held == next(chunking.chunks("docs", changed))


def test_what_a_file_had_goes_with_the_file(library, index):
    add(library, "docs", page("a.md", KEYS), page("b.md", LOCKS))
    assert add(library, "docs", page("b.md", LOCKS)) == Changes(added=0, kept=1, removed=1)
    assert texts(index) == [LOCKS]


def test_what_a_file_had_stays_while_it_cannot_be_read(library, index):
    add(library, "docs", page("a.md", KEYS), page("b.md", LOCKS), page("c.md", "gone"))
    changes = add(library, "docs", page("b.md", "new"), keep=["a.md"])
    assert changes == Changes(added=1, kept=1, removed=2)
    assert texts(index) == [KEYS, "new"]
    assert add(library, "docs", keep=["a.md", "b.md"]) == Changes(added=0, kept=2, removed=0)


def test_a_root_without_text_is_refused_and_nothing_is_removed(library, index):
    add(library, "docs", page("a.md", KEYS))
    for items in ([], [page("a.md", "# Only a heading")]):
        with pytest.raises(KnowledgeError, match="docs holds no text; nothing was changed"):
            add(library, "docs", *items)
    assert texts(index) == [KEYS]
    assert library.generation() == 1


def test_roots_do_not_touch_each_other(library, index):
    add(library, "one", page("a.md", KEYS), page("b.md", LOCKS))
    assert add(library, "two", page("a.md", KEYS, "de")) == Changes(added=1, kept=0, removed=0)
    assert library.roots() == [Root("one", 2, 2, ("en",)), Root("two", 1, 1, ("de",))]
    add(library, "two", page("a.md", "new"))
    assert texts(index) == [KEYS, LOCKS, "new"]
    assert library.remove("one") == Changes(added=0, kept=0, removed=2)
    assert texts(index) == ["new"]


def test_the_same_text_in_two_roots_is_held_twice(library, index):
    add(library, "one", page("a.md", KEYS))
    add(library, "two", page("a.md", KEYS))
    assert texts(index) == [KEYS, KEYS]
    library.remove("one")
    assert [chunk.root for _, chunk in index.chunks()] == ["two"]


def test_the_same_row_twice_is_held_once(library, index):
    row = term("Hinge", "It carries a door.")
    assert add(library, "docs", row, row) == Changes(added=1, kept=0, removed=0)
    assert texts(index) == ["It carries a door."]


def test_removing_an_unknown_root_lists_the_known_ones(library):
    with pytest.raises(KnowledgeError, match="Nothing was added as 'docs'") as caught:
        library.remove("docs")
    assert caught.value.hint == "There is: none."
    add(library, "one", page("a.md", KEYS))
    add(library, "two", page("a.md", KEYS))
    with pytest.raises(KnowledgeError, match="Nothing was added as 'docs'") as caught:
        library.remove("docs")
    assert caught.value.hint == "There is: one, two."
    assert library.generation() == 2


def test_a_long_passage_is_also_compared_by_its_parts(library, index, embedder):
    filler = " ".join(f"Sentence {i} is about the weather in spring." for i in range(20))
    add(library, "docs", page("long.md", f"{filler} The archive closes at noon."))
    add(library, "more", page("short.md", KEYS))
    hits = Search(index, embedder).find("When does the archive close?", "en", 5)
    by_source = {hit.chunk.source: hit for hit in hits}
    assert abs(by_source["long.md"].window - by_source["long.md"].similarity) > 1e-3
    short = by_source["short.md"]
    assert short.window == pytest.approx(short.similarity, abs=1e-5)


def test_another_revision_of_the_model_embeds_everything_anew(library, index):
    class Renamed(E5):
        revision = "another"  # type: ignore[misc]

    add(library, "docs", page("a.md", KEYS))
    again = Library(index, Renamed())
    assert add(again, "docs", page("a.md", KEYS)) == Changes(added=1, kept=0, removed=1)
    assert texts(index) == [KEYS]


def test_changes_from_several_threads_wait_for_each_other(library, index):
    failures: list[Exception] = []

    def work(name: str) -> None:
        try:
            add(library, name, page("a.md", f"text of {name}"))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"root {i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert texts(index) == [f"text of root {i}" for i in range(4)]
    assert library.generation() == 4
