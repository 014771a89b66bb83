"""The entries that serve, as one root of the library: what the table says, and nothing else.

A change is written to the table first and to the index then. Where a process ended between the
two, the next start or the next change finds the index behind the table, and makes it equal; to do
so twice changes nothing.
"""

from collections.abc import Callable

from sqlalchemy import Engine

from assistant.knowledge.documents import Chunk, Entry
from assistant.knowledge.library import Changes, Library
from assistant.knowledge.replacements import WRITTEN
from assistant.progress import Progress
from assistant.records.entries import EntryVersions


class EntryShelf:
    """Keeps the index equal to the table of entries. Blocking; safe to use from several threads."""

    def __init__(self, engine: Engine, library: Library) -> None:
        self._versions = EntryVersions(engine)
        self._library = library

    @property
    def versions(self) -> EntryVersions:
        """The table."""
        return self._versions

    def publish(self, progress: Progress = lambda *_: None) -> Changes:
        """Make the index hold what is to be served; the old generation serves until it does.

        Raises:
            KnowledgeError: the index could not be written. What serves is as it was, and what is in
                the table is served from the next change or start on.
        """
        with self._library.changing():
            entries = [version.entry() for version in self._versions.serving()]
            if entries:
                return self._library.add(WRITTEN, entries, progress)
            if self._library.held(WRITTEN):
                return self._library.remove(WRITTEN)
            return Changes(added=0, kept=0, removed=0)

    def behind(self) -> bool:
        """Return whether the index does not serve what the table says."""
        wanted = {_mark(version.entry()) for version in self._versions.serving()}
        return wanted != {_mark(chunk) for chunk in self._library.held(WRITTEN)}


def instead_of(key: str, language: str) -> Callable[[Chunk], bool]:
    """Return whether a chunk is the one that a new version of an entry takes the place of."""

    def same(chunk: Chunk) -> bool:
        return (chunk.root, chunk.key, chunk.language) == (WRITTEN, key, language)

    return same


def _mark(entry: Entry | Chunk) -> tuple[str, ...]:
    name = entry.name if isinstance(entry, Entry) else entry.title_path[-1]
    more = entry.aliases if isinstance(entry, Entry) else entry.names[1:]
    return (entry.key, entry.language, name, entry.text, entry.audience, entry.url, *more)
