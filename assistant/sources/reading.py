"""Reads a source of any kind."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event

from assistant.errors import SourceError
from assistant.knowledge.isolation import ReadingProcess
from assistant.knowledge.readers.options import ReadingLimits, ReadingOptions
from assistant.progress import Progress
from assistant.records.sources import KnowledgeSource, SourcePage
from assistant.settings import Settings
from assistant.sources import git
from assistant.sources.batch import Loaded, loaded
from assistant.sources.uploads import UploadFolder
from assistant.sources.web.crawl import Crawl, LastTime, Scope, WebLimits
from assistant.sources.web.fetch import Fetcher
from assistant.sources.web.reach import Reach, Resolver, resolve
from guardrails import digests

_DIGEST = 16


@dataclass(frozen=True, slots=True)
class Before:
    """What there was before a refresh. held: passages of each document; revision: of the index."""

    pages: list[SourcePage]
    held: dict[str, int]
    revision: str


@dataclass(frozen=True, slots=True)
class SourceReader:
    """Reads sources. resolver: looks hosts up. process: begins what reads files."""

    settings: Settings
    resolver: Resolver = resolve
    process: Callable[[ReadingLimits], ReadingProcess] = ReadingProcess

    @property
    def reach(self) -> Reach:
        """Which machines may be connected to."""
        return Reach(self.settings.sources.private_hosts, self.resolver)

    def read(
        self,
        source: KnowledgeSource,
        before: Before,
        now: datetime,
        progress: Progress,
        stop: Event,
    ) -> Loaded:
        """Read all that a source has.

        Raises:
            SourceError, LoadError: it cannot be read, or holds nothing to read.
            Stopped: ``stop`` was set.
        """
        options = self._options(source)
        limits = self.settings.knowledge.reading
        if source.kind == "web":
            return self._web(source, before, options, now, progress, stop)
        if source.kind == "git":
            return self._git(source, before, options, progress, stop)
        if source.kind == "upload":
            uploads = UploadFolder.of(self.settings.data_dir, source.id)
            if not uploads.files():
                return Loaded()
            return loaded(uploads.folder, options, limits, progress, stop, self.process)
        folder = Path(source.address)
        if not folder.is_dir():
            raise SourceError(f"{source.address} is no folder now.", hint="Is its disk there?")
        return loaded(folder, options, limits, progress, stop, self.process)

    def _options(self, source: KnowledgeSource) -> ReadingOptions:
        knowledge, options = self.settings.knowledge, source.options
        return ReadingOptions(
            options.columns,
            options.language or None,
            options.audience,
            (*knowledge.audiences, knowledge.audience),
            skip=True,
        )

    def _version(self, source: KnowledgeSource, before: Before) -> str:
        """Return a digest of all that says how a document becomes passages."""
        how = [before.revision, asdict(source.options), list(self.settings.knowledge.audiences)]
        how.append(self.settings.knowledge.audience)
        return digests.of(json.dumps(how, sort_keys=True))[:_DIGEST]

    def _web(
        self,
        source: KnowledgeSource,
        before: Before,
        options: ReadingOptions,
        now: datetime,
        progress: Progress,
        stop: Event,
    ) -> Loaded:
        mine = self.settings.sources
        pages = {page.page: page for page in before.pages}
        with Fetcher(self.reach) as fetcher:
            return Crawl(
                scope=Scope(source.address, source.options.hosts),
                options=source.options,
                reading=options,
                limits=WebLimits(
                    mine.page_bytes, mine.page_seconds, mine.minutes * 60, mine.delay_s
                ),
                process=partial(self.process, self.settings.knowledge.reading),
                last=LastTime(pages, before.held.keys(), self._version(source, before)),
                fetcher=fetcher,
                now=now,
                progress=progress,
                stop=stop,
            ).run()

    def _git(
        self,
        source: KnowledgeSource,
        before: Before,
        options: ReadingOptions,
        progress: Progress,
        stop: Event,
    ) -> Loaded:
        mine, branch = self.settings.sources, source.options.branch
        limits = git.GitLimits(mine.megabytes, mine.minutes * 60)
        # Whether it may be read was asked when it was named; a folder is taken as it was then.
        anywhere = [Path("/")]
        where = git.repository(source.address, anywhere)
        git.check_names(branch, source.options.folder)
        progress("asking", 0, 1)
        commit = git.newest(where, branch, self.reach, limits, stop)
        version = f"{commit} {self._version(source, before)}"
        if version == source.version and before.held:
            return Loaded(version=version, unchanged=True)
        cache = self.settings.cache_dir / "sources"
        with git.copied(where, branch, cache, self.reach, limits, stop) as folder:
            inside = (folder / source.options.folder).resolve()
            if not inside.is_relative_to(folder.resolve()) or not inside.is_dir():
                raise SourceError(f"{source.name} has no folder {source.options.folder!r}.")
            limit = self.settings.knowledge.reading
            batch = loaded(inside, options, limit, progress, stop, self.process)
        batch.version = version
        return batch
