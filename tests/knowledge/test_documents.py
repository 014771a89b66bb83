from dataclasses import replace

import pytest

from assistant.knowledge.documents import Chunk, Kind

CHUNK = Chunk(
    root="docs",
    source="glossary.csv",
    title_path=("Pod",),
    text="A group of containers.",
    language="en",
    kind=Kind.GLOSSARY,
    audience="public",
    url="https://example.com",
    key="pod",
    names=("Pod", "pods"),
)


def test_a_chunk_is_rebuilt_from_its_payload_and_what_an_index_added_is_ignored():
    assert Chunk.from_payload({**CHUNK.payload(), "lookup": ["pod"]}) == CHUNK


def test_an_id_is_that_of_the_content_and_the_revision():
    assert CHUNK.id("a") == replace(CHUNK).id("a")
    assert CHUNK.id("a") != CHUNK.id("b")


@pytest.mark.parametrize("field", Chunk.__dataclass_fields__)
def test_every_field_counts_for_the_id(field):
    other = {"title_path": ("Node",), "names": (), "kind": Kind.FAQ}.get(field, "other")
    assert replace(CHUNK, **{field: other}).id("a") != CHUNK.id("a")


def test_titles_and_aliases_are_searched_once_each():
    assert CHUNK.searchable == "Pod / pods\nA group of containers."
    assert replace(CHUNK, title_path=("A", "B")).title == "A › B"


def test_entries_are_curated_and_pages_are_not():
    assert {kind for kind in Kind if kind.curated} == {Kind.GLOSSARY, Kind.FAQ}
