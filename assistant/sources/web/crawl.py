"""Reads a web address: a sitemap's pages, or a page and those that it leads to.

What cannot be fetched this time keeps what it had. What the server says is not there any more, and
what a whole look found neither linked nor listed, goes.
"""

import tempfile
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Final

from ada_url import URL

from assistant.errors import LoadError, SourceError
from assistant.knowledge.hosts import host_of, matches
from assistant.knowledge.isolation import ReadingProcess
from assistant.knowledge.load import FileReading
from assistant.knowledge.readers.formats import READERS
from assistant.knowledge.readers.options import Note, ReadingOptions
from assistant.progress import Progress
from assistant.records.sources import SourceOptions, SourcePage
from assistant.sources.batch import Loaded, Stopped
from assistant.sources.web import sitemap
from assistant.sources.web.fetch import Fetched, Fetcher, NotFetched
from assistant.sources.web.robots import Robots

_GONE: Final = frozenset({404, 410})
_REMEMBERED: Final = timedelta(days=30)
"""How long it is known of a page that it is gone."""
_SITEMAPS: Final = 200
_SUFFIXES: Final[Mapping[str, str]] = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/markdown": ".md",
    "text/x-rst": ".rst",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
_BY_NAME: Final = frozenset(
    {"text/plain", "application/json", "application/octet-stream", "application/xml", ""}
)
"""Media types that say less than the name of a file."""
_NO_PAGES: Final = frozenset(
    ".png .jpg .jpeg .gif .svg .webp .ico .css .js .mp3 .mp4 .webm .mov .zip .gz .woff2".split()
)


@dataclass(frozen=True, slots=True)
class WebLimits:
    """What a refresh of a web address may take.

    page_bytes, page_seconds: one page. seconds: all of it. delay_s: between two pages.
    """

    page_bytes: int
    page_seconds: float
    seconds: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class LastTime:
    """What there was before. pages: by address. held: sources in the index. version: now."""

    pages: Mapping[str, SourcePage]
    held: Collection[str]
    version: str

    def headers(self, url: str) -> dict[str, str]:
        """Return what lets a server say that a page is as it was; nothing if it must be read."""
        page = self.pages.get(url)
        if page is None or url not in self.held or page.version != self.version:
            return {}
        fields = {"If-None-Match": page.etag, "If-Modified-Since": page.modified}
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which addresses belong to a source. start: its address. hosts: patterns, beside its own."""

    start: str
    hosts: Collection[str]

    def allows(self, url: str) -> bool:
        """Return whether an address may be fetched, and a passage lie there."""
        try:
            here, there = URL(self.start), URL(url)
        except ValueError:
            return False
        if there.host == here.host:
            return True
        return there.port in {"", here.port} and matches(host_of(url), self.hosts)

    def follows(self, url: str) -> bool:
        """Return whether a link is followed: on the start's own host, only below its folder."""
        here, there = URL(self.start), URL(url)
        folder = here.pathname.rpartition("/")[0] + "/"
        if PurePosixPath(there.pathname).suffix.lower() in _NO_PAGES:
            return False
        return self.allows(url) and (there.host != here.host or there.pathname.startswith(folder))


@dataclass(slots=True)
class Crawl:
    """One refresh of a web address. process: begins what reads pages."""

    scope: Scope
    options: SourceOptions
    reading: ReadingOptions
    limits: WebLimits
    process: Callable[[], ReadingProcess]
    last: LastTime
    fetcher: Fetcher
    now: datetime
    progress: Progress
    stop: Event
    _robots: Robots = field(init=False)
    _batch: Loaded = field(default_factory=Loaded)
    _pages: dict[str, SourcePage] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _refused: dict[str, str] = field(default_factory=dict)
    _whole: bool = True
    _until: float = 0.0
    _fetched: int = 0

    def __post_init__(self) -> None:
        self._robots = Robots(self.fetcher, self.scope.allows, self.limits.page_seconds)

    def run(self) -> Loaded:
        """Read all that belongs to the source.

        Raises:
            SourceError: its address cannot be had or read.
            Stopped: ``stop`` was set.
        """
        self._until = time.monotonic() + self.limits.seconds
        start = self.scope.start
        try:
            first = self._get(start)
        except NotFetched as error:
            raise SourceError(f"{start} cannot be read: {error.why}.") from error
        listed = None
        if first.status != _UNCHANGED and sitemap.is_sitemap(first.url, first.kind, first.body):
            listed = self._listed(first)
        with (
            tempfile.TemporaryDirectory() as folder,
            self.process() as process,
        ):

            def read(data: bytes, suffix: str, url: str) -> FileReading:
                path = Path(folder, f"page{suffix}")
                path.write_bytes(data)
                return process.reading(path, replace(self.reading, address=url), source=url)

            if listed is None:
                self._follow(start, first, read)
                if why := self._refused.get(first.url):
                    raise SourceError(f"{start} cannot be read: {why}.")
            else:
                self._visit_all(listed, read)
        self._settle()
        return self._batch

    def _visit_all(self, listed: Collection[str], read: "_Read") -> None:
        """Visit what a sitemap lists; what it leads to is not followed."""
        for number, url in enumerate(listed, start=1):
            if self._full():
                break
            self._visit(url, read)
            self.progress("fetching", number, min(len(listed), self.options.pages))

    def _follow(self, start: str, first: Fetched, read: "_Read") -> None:
        """Visit a page and, level by level, those that it leads to."""
        queue = deque([(start, 0)])
        seen = {start}
        while queue and not self._full():
            url, depth = queue.popleft()
            links = self._visit(url, read, first if url == start else None)
            if depth < self.options.depth:
                new = [link for link in links if link not in seen and self.scope.follows(link)]
                seen.update(new)
                queue.extend((link, depth + 1) for link in new)
            done = len(self._done)
            self.progress("fetching", done, min(done + len(queue), self.options.pages))

    def _full(self) -> bool:
        """Return whether no more pages may be read; then those that were not are kept."""
        if len(self._done) >= self.options.pages:
            what = "more pages than the source may have"
        elif time.monotonic() > self._until:
            what = "more pages than there is time for"
        else:
            return False
        self._whole = False
        self._batch.notes.append(Note.warning(self.scope.start, what, str(self.options.pages)))
        return True

    def _visit(self, url: str, read: "_Read", got: Fetched | None = None) -> tuple[str, ...]:
        """Fetch and read one page; return where it leads to."""
        known = self.last.pages.get(url, SourcePage(url))
        if url in self._done:
            return ()
        try:
            got = (got or self._get(url)) if self._robots.may(url) else None
            if got is None or not self._robots.may(got.url):
                self._done.update({url, got.url if got else url})
                self._batch.notes.append(Note.left_out(url, "what robots.txt leaves out"))
                return ()
        except NotFetched as error:
            self._done.add(url)
            self._missed(known, error)
            return ()
        self._done.add(url)
        if got.url != url:
            if got.url in self._done:
                return ()
            self._done.add(got.url)
            known = self.last.pages.get(got.url, SourcePage(got.url))
        if got.status == _UNCHANGED:
            return self._unchanged(known)
        return self._read(known, got, read)

    def _get(self, url: str) -> Fetched:
        """Fetch one address as its site wants it.

        Raises:
            NotFetched: it is not there, or may not be had.
        """
        if not self.scope.allows(url):
            raise NotFetched("its host is not one of the source's")
        if not self._robots.may(url):
            raise NotFetched("robots.txt leaves it out")
        wait = max(self.limits.delay_s, self._robots.delay_s(url)) if self._fetched else 0.0
        if self.stop.wait(wait) or self.stop.is_set():
            raise Stopped
        self._fetched += 1
        return self.fetcher.get(
            url,
            self.scope.allows,
            most_bytes=self.limits.page_bytes,
            within_s=self.limits.page_seconds,
            headers=self.last.headers(url),
        )

    def _unchanged(self, known: SourcePage) -> tuple[str, ...]:
        """Keep a page that is as it was."""
        if known.page not in self.last.held:
            self._missed(known, NotFetched("it says that it is unchanged, and it was never read"))
            return ()
        self._batch.keep.add(known.page)
        self._pages[known.page] = replace(known, seen=self.now, failing=None, gone=None, why="")
        return known.links

    def _missed(self, known: SourcePage, error: NotFetched) -> None:
        """Note that a page could not be had, and why; keep it unless it is said to be gone."""
        held, page = known.page in self.last.held, known.page
        self._refused[page] = error.why.rstrip(".")
        if error.status in _GONE:
            if held or known.gone:
                since = known.gone or self.now
                self._pages[page] = replace(known, gone=since, failing=None, why=error.why)
            self._batch.notes.append(Note.left_out(page, "a page that is not there", error.why))
            return
        self._whole = False
        self._batch.notes.append(Note.warning(page, "a page that cannot be fetched", error.why))
        self._pages[page] = replace(known, failing=known.failing or self.now, why=error.why)
        if held:
            self._batch.keep.add(page)

    def _read(self, known: SourcePage, got: Fetched, read: "_Read") -> tuple[str, ...]:
        """Read a page that came."""
        page, suffix = known.page, _suffix(got)
        if not suffix:
            why = f"it is of a kind that is not read ({got.kind or 'none is said'})"
            if page in self.last.held:  # it was a page, and may be one again
                self._missed(known, NotFetched(why))
            else:
                self._refused[page] = why
                what = "a file of a kind that is not read"
                self._batch.notes.append(Note.left_out(page, what, got.kind))
            return ()
        try:
            result = read(got.body, suffix, page)
        except LoadError as error:
            self._missed(known, NotFetched(error.message))
            return ()
        self._batch.notes += result.notes
        if result.items:
            self._batch.read[page] = tuple(
                replace(item, url=item.url if item.url and self.scope.allows(item.url) else page)
                for item in result.items
            )
            self._batch.passages[page] = result.passages
        links = tuple(link for link in result.links if self.scope.allows(link))
        headers = got.headers
        self._pages[page] = SourcePage(
            page,
            etag=headers.get("etag", "")[:500],
            modified=headers.get("last-modified", "")[:100],
            version=self.last.version,
            links=links,
            seen=self.now,
        )
        return links

    def _listed(self, first: Fetched) -> list[str]:
        """Return the pages that a sitemap lists, itself or by others.

        Raises:
            SourceError: the first one cannot be read.
        """
        pages: dict[str, None] = {}
        queue, seen = deque([first.url]), {first.url}
        while queue:
            url = queue.popleft()
            try:
                got = first if url == first.url else self._get(url)
                listed = sitemap.read(got.url, got.body)
            except NotFetched as error:
                if url == first.url:
                    raise SourceError(f"{url} cannot be read: {error.why}.") from error
                self._whole = False
                what = "a sitemap that cannot be read"
                self._batch.notes.append(Note.warning(url, what, error.why))
                continue
            if not listed.index:
                pages.update(dict.fromkeys(listed.links))
                continue
            new = [link for link in listed.links if link not in seen]
            if len(seen) + len(new) > _SITEMAPS:
                self._whole = False
            new = new[: _SITEMAPS - len(seen)]
            seen.update(new)
            queue.extend(new)
        foreign = [url for url in pages if not self.scope.allows(url)]
        self._batch.notes += [Note.left_out(url, "a page of another host") for url in foreign]
        return [url for url in pages if self.scope.allows(url)]

    def _settle(self) -> None:
        """Keep what was not come to, if not all was looked at; remember what has gone."""
        for page in set(self.last.held) - self._done:
            if self._whole:
                what = "a page that is linked and listed no more"
                self._batch.notes.append(Note.left_out(page, what))
            else:
                self._batch.keep.add(page)
                if page in self.last.pages:
                    self._pages[page] = self.last.pages[page]
        for page, known in self.last.pages.items():
            if known.gone and self.now - known.gone < _REMEMBERED:
                self._pages.setdefault(page, known)
        self._batch.pages = list(self._pages.values())


_Read = Callable[[bytes, str, str], FileReading]
"""From a body, the suffix of its format and its address to what it says."""
_UNCHANGED: Final = 304


def _suffix(got: Fetched) -> str:
    """Return the suffix of the format that a page has; empty if it is not read."""
    if got.kind in _SUFFIXES:
        return _SUFFIXES[got.kind]
    named = PurePosixPath(URL(got.url).pathname).suffix.lower()
    if got.kind in _BY_NAME and named in READERS and named not in {".html", ".htm", ".xhtml"}:
        return named
    return ".txt" if got.kind == "text/plain" else ""
