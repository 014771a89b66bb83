"""Adds documents to the index and takes them out again."""

import contextlib
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, overload

from assistant.errors import KnowledgeError, LoadError, UnknownSource
from assistant.knowledge import chunk as chunking
from assistant.knowledge.documents import Chunk, Entry, Kind
from assistant.knowledge.hosts import host_of
from assistant.knowledge.index import bm25
from assistant.knowledge.index.index import Index, IndexPoint
from assistant.knowledge.names import title_key
from assistant.knowledge.readers.options import Item
from assistant.knowledge.replacements import serving
from assistant.local.embeddings import TextEmbedder
from assistant.progress import Progress

_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class Changes:
    """What one ``add`` or ``remove`` did, in passages."""

    added: int
    kept: int
    removed: int


@dataclass(frozen=True, slots=True)
class Version:
    """One of several texts of one name. date: ISO 8601, or empty: not known."""

    root: str
    source: str
    date: str
    text: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A name under which different things are said. versions: the newest first."""

    name: str
    language: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Root:
    """What was added under one name."""

    name: str
    sources: int
    passages: int
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is. generation: of the index, raised with every change."""

    generation: int
    roots: tuple[Root, ...]
    contradictions: tuple[Contradiction, ...] = ()


class Library:
    """The knowledge as a whole: roots made of documents, documents made of passages.

    Safe to use from several threads; changes wait for each other, those of other processes too.
    """

    def __init__(self, index: Index, embedder: TextEmbedder) -> None:
        self._index = index
        self._embedder = embedder
        self._bm25 = bm25.Bm25()
        self._changing_here = threading.RLock()
        self._looking = threading.Lock()
        self._hosts: tuple[int, frozenset[str]] = (0, frozenset())
        self._revision = f"{chunking.REVISION} {bm25.REVISION} {embedder.revision}"

    @property
    def revision(self) -> str:
        """Of how documents are cut and embedded: another one makes other passages."""
        return self._revision

    def add(
        self,
        root: str,
        items: Sequence[Item],
        progress: Progress,
        *,
        keep: Collection[str] = (),
        check: Callable[[Changes, int], None] = lambda *_: None,
    ) -> Changes:
        """Make ``root`` hold exactly these documents; passages that did not change are kept.

        keep: sources that could not be read this time; what they had stays. check: is told what
        would change, and how many texts would be nowhere in ``root`` any more, before it does; what
        it raises leaves all as it was.

        Raises:
            LoadError: there is no text in them.
            KnowledgeError: the index could not be written; the one before it keeps serving.
        """
        chunks: dict[str, Chunk] = {}
        for item in items:
            chunks.update((c.id(self._revision), c) for c in chunking.chunks(root, item))
        if not chunks and not keep:
            raise LoadError(f"{root} holds no text; nothing was changed.", source=root)
        with self.changing():
            stock = dict(self._index.chunks(root))
            gone = [id_ for id_, c in stock.items() if id_ not in chunks and c.source not in keep]
            new = [(id_, c) for id_, c in chunks.items() if id_ not in stock]
            changes = Changes(len(new), len(stock) - len(gone), len(gone))
            texts = {c.text for c in chunks.values()}
            check(changes, sum(1 for id_ in gone if stock[id_].text not in texts))
            if new or gone:
                points = _Points(new, self._point, progress)
                self._index.replace(points, gone, lambda n: progress("writing", n, len(points)))
        return changes

    def remove(self, root: str) -> Changes:
        """Take a root out.

        Raises:
            UnknownSource: there is no such root; the message lists those there are.
        """
        with self.changing():
            gone = [id_ for id_, _ in self._index.chunks(root)]
            if not gone:
                names = ", ".join(r.name for r in self.roots()) or "none"
                raise UnknownSource(f"Nothing was added as {root!r}.", hint=f"There is: {names}.")
            self._index.replace([], gone, lambda _: None)
        return Changes(added=0, kept=0, removed=len(gone))

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Let nobody else change it; for who reads elsewhere what is to be added."""
        with self._changing_here, self._index.changing():
            yield

    def restore(self, chunks: Sequence[Chunk], progress: Progress) -> None:
        """Hold exactly these passages, as another installation did; they are embedded anew.

        Raises:
            KnowledgeError: the index could not be written, or does not hold them then.
        """
        with self.changing():
            wanted = {chunk.id(self._revision): chunk for chunk in chunks}
            stock = {id_ for id_, _ in self._index.chunks()}
            new = [(id_, chunk) for id_, chunk in wanted.items() if id_ not in stock]
            gone = sorted(stock - wanted.keys())
            if new or gone:
                points = _Points(new, self._point, progress)
                self._index.replace(points, gone, lambda n: progress("writing", n, len(points)))
            if {id_ for id_, _ in self._index.chunks()} != wanted.keys():
                raise KnowledgeError("The index does not hold what was written into it.")

    def roots(self) -> list[Root]:
        """Return what was added, by name."""
        passages: Counter[str] = Counter()
        sources: dict[str, set[str]] = defaultdict(set)
        languages: dict[str, set[str]] = defaultdict(set)
        for _, chunk in self._index.chunks():
            passages[chunk.root] += 1
            sources[chunk.root].add(chunk.source)
            languages[chunk.root].add(chunk.language)
        return [
            Root(name, len(sources[name]), count, tuple(sorted(languages[name])))
            for name, count in sorted(passages.items())
        ]

    def passages_of(self, root: str) -> Mapping[str, int]:
        """Return how many passages each source of a root has."""
        return Counter(chunk.source for _, chunk in self._index.chunks() if chunk.root == root)

    def stock(self) -> list[Chunk]:
        """Return all passages, in no particular order."""
        return [chunk for _, chunk in self._index.chunks()]

    def inventory(self) -> Inventory:
        """Return what there is."""
        return Inventory(self.generation(), tuple(self.roots()), tuple(self.contradictions()))

    def curated(self) -> list[Chunk]:
        """Return the glossary and FAQ entries that serve, in no particular order."""
        return [c for c in serving(c for _, c in self._index.chunks()) if c.kind.curated]

    def entry(self, root: str, name: str, language: str, kind: Kind) -> Chunk:
        """Return an entry of a root.

        Raises:
            UnknownSource: there is none of that name.
        """
        for _, chunk in self._index.chunks(root):
            if (chunk.title_path[-1], chunk.language, chunk.kind) == (name, language, kind):
                return chunk
        raise UnknownSource(f"{root} has no entry {name!r} ({language}).")

    def held(self, root: str) -> list[Chunk]:
        """Return the passages of a root, in no particular order."""
        return [chunk for _, chunk in self._index.chunks(root)]

    def point(self, root: str, entry: Entry) -> IndexPoint:
        """Return an entry as the index would hold it, without adding it."""
        (chunk,) = chunking.chunks(root, entry)
        return self._point(chunk.id(self._revision), chunk)

    def passages(self, source: str) -> list[Chunk]:
        """Return the passages of a source, in reading order; by its path, the end of it, or a root.

        Raises:
            UnknownSource: there is none of that name; the message lists some that there are.
        """
        stock = [chunk for _, chunk in self._index.chunks()]
        ways: tuple[Callable[[Chunk], bool], ...] = (
            lambda chunk: chunk.source == source,
            lambda chunk: f"/{chunk.source}".endswith(f"/{source}"),
            lambda chunk: chunk.root == source,
        )
        chunks = next((some for way in ways if (some := [c for c in stock if way(c)])), [])
        if not chunks:
            names = sorted({chunk.source for chunk in stock})
            near = get_close_matches(source, names, _LISTED, cutoff=0.4) or names[:_LISTED]
            listing = ", ".join(near) or "nothing"
            raise UnknownSource(f"No source is called {source!r}.", hint=f"There is: {listing}.")
        return sorted(chunks, key=lambda c: (c.root, c.source, c.number, c.title_path, c.text))

    def contradictions(self) -> list[Contradiction]:
        """Return the names under which different things are said, in one language, by name."""
        named: dict[tuple[bool, str, str], list[Chunk]] = defaultdict(list)
        for chunk in serving(chunk for _, chunk in self._index.chunks()):
            named[chunk.kind.curated, *title_key(chunk)].append(chunk)
        clashes = []
        for (curated, *_), chunks in named.items():
            sources = {(chunk.root, chunk.source) for chunk in chunks}
            if len({" ".join(c.text.split()) for c in chunks}) > 1 and (
                curated or len(sources) > 1
            ):
                newest = sorted(chunks, key=lambda c: (c.date, c.root, c.source), reverse=True)
                versions = (Version(c.root, c.source, c.date, c.text) for c in newest)
                clashes.append(Contradiction(chunks[0].title, chunks[0].language, tuple(versions)))
        return sorted(clashes, key=lambda one: (one.name, one.language))

    def hosts(self) -> frozenset[str]:
        """Return the hosts of the addresses that sources have; read once for each generation."""
        with self._looking:
            now = self.generation()
            if self._hosts[0] != now:
                urls = {chunk.url for _, chunk in self._index.chunks() if chunk.url}
                self._hosts = now, frozenset(filter(None, map(host_of, urls)))
            return self._hosts[1]

    def generation(self) -> int:
        """Return the number of the serving index generation; 0 when nothing was ever added."""
        return self._index.generation()

    def _point(self, id_: str, chunk: Chunk) -> IndexPoint:
        vectors = self._embedder.passages(chunking.embedded(chunk))
        return IndexPoint(
            id=id_,
            chunk=chunk,
            dense=vectors[0],
            windows=vectors[1:] if len(vectors) > 1 else vectors,
            sparse=self._bm25.document(chunk.searchable, chunk.language),
            names=self._embedder.queries(chunking.names(chunk)),
        )


class _Points(Sequence[IndexPoint]):
    """Points that are embedded as they are asked for, so that a part of them is held at a time."""

    def __init__(
        self,
        new: Sequence[tuple[str, Chunk]],
        point: Callable[[str, Chunk], IndexPoint],
        progress: Progress,
    ) -> None:
        self._new = new
        self._point = point
        self._progress = progress

    def __len__(self) -> int:
        return len(self._new)

    @overload
    def __getitem__(self, at: int) -> IndexPoint: ...
    @overload
    def __getitem__(self, at: slice) -> list[IndexPoint]: ...
    def __getitem__(self, at: int | slice) -> IndexPoint | list[IndexPoint]:
        if isinstance(at, int):
            return self._point(*self._new[at])
        return [self._made(number) for number in range(*at.indices(len(self)))]

    def _made(self, number: int) -> IndexPoint:
        point = self._point(*self._new[number])
        self._progress("embedding", number + 1, len(self))
        return point
