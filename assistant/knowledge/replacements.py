"""Which entries have another in their place: what a company wrote stands for what a file says.

The file's entry stays in the index, so that it is there again when the other goes.
"""

import threading
from collections.abc import Iterable
from typing import Final

from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.index.index import Index

WRITTEN: Final = "@entries"
"""The root of the entries that are written here, and come from no file."""

Place = tuple[str, str, str, Kind, str]
"""Root, key, name where there is no key, kind and language."""


def place_of(chunk: Chunk) -> Place:
    """Return what tells an entry from all others."""
    name = "" if chunk.key else chunk.title
    return chunk.root, chunk.key, name, chunk.kind, chunk.language


def taken(chunk: Chunk) -> Place | None:
    """Return the place that an entry takes from another; None: it takes none."""
    if not chunk.replaces:
        return None
    root, key, name = chunk.replaces
    return root, key, name, chunk.kind, chunk.language


def family(chunk: Chunk) -> str:
    """Return what the languages of one entry have in common; empty: it has no key."""
    if chunk.replaces and chunk.replaces[1]:
        root, key, _ = chunk.replaces
        return f"{root}\0{chunk.kind}\0{key}"
    return f"{chunk.root}\0{chunk.kind}\0{chunk.key}" if chunk.key else ""


def serving(chunks: Iterable[Chunk]) -> list[Chunk]:
    """Return the chunks in whose place no other stands."""
    stock = list(chunks)
    places = frozenset(filter(None, map(taken, stock)))
    return [chunk for chunk in stock if not (chunk.kind.curated and place_of(chunk) in places)]


class Replacements:
    """The places of an index that are taken, read once for each generation. Thread-safe."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._held: tuple[int, frozenset[Place]] = (0, frozenset())

    def now(self) -> tuple[int, frozenset[Place]]:
        """Return a generation, and the places that are taken in it.

        Raises:
            KnowledgeError: the index failed.
        """
        with self._lock:
            while self._held[0] != (generation := self._index.generation()):
                written = (chunk for _, chunk in self._index.chunks(WRITTEN))
                places = frozenset(filter(None, map(taken, written)))
                if self._index.generation() == generation:
                    self._held = generation, places
            return self._held
