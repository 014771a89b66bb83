"""Which sources there are: to name a new one, to change how it is read, to take it out."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from ada_url import URL

from assistant.errors import SourceError
from assistant.knowledge.hosts import pattern
from assistant.knowledge.library import Changes, Library
from assistant.knowledge.readers.html.links import joined
from assistant.knowledge.readers.options import ReadingOptions, language_code
from assistant.records.sources import KnowledgeSource, SourceKind, SourceOptions, Sources
from assistant.settings import Settings
from assistant.sources import git
from assistant.sources.batch import below, printable
from assistant.sources.schedule import OFF, following, parsed
from assistant.sources.uploads import UploadFolder
from guardrails import clock

LONGEST: Final = 100
DEEPEST: Final = 20
_ANYWHERE: Final = (Path("/"),)


@dataclass(frozen=True, slots=True)
class SourceRegister:
    """The sources of a running assistant. zone: of the times in schedules. Blocking."""

    store: Sources
    library: Library
    settings: Settings
    zone: tzinfo = UTC
    now: Callable[[], datetime] = clock.now

    def add(
        self,
        name: str,
        kind: SourceKind,
        address: str,
        options: SourceOptions,
        schedule: str,
        *,
        here: bool = False,
    ) -> KnowledgeSource:
        """Name a new source; it is read at once where sources are refreshed by themselves.

        here: whether the user of this machine names it, who may name any of its folders.

        Raises:
            SourceError: it cannot be one; the message says why.
        """
        folders = _ANYWHERE if here else self.settings.sources.folders
        name = named(name)
        if any(root.name == name for root in self.library.roots()):
            raise SourceError(
                f"{name!r} is the name of documents that were added.",
                hint="Choose another one, or take those out first.",
            )
        source = KnowledgeSource(
            name=name,
            kind=kind,
            address=_address(kind, address.strip(), folders),
            options=self._options(kind, options),
            schedule=_schedule(kind, schedule),
            next=None if kind == "upload" else self.now(),
        )
        self.store.add(source)
        return source

    def change(
        self, name: str, options: SourceOptions | None, schedule: str | None
    ) -> KnowledgeSource:
        """Change how or when a source is read; None: as it was.

        Raises:
            UnknownSource: there is none of that name.
            SourceBusy: it is being refreshed.
            SourceError: it cannot be so.
        """
        source = self.store.get(name)
        wanted = source.options if options is None else self._options(source.kind, options)
        when = source.schedule if schedule is None else _schedule(source.kind, schedule)
        due = source.next if when == source.schedule else following(when, self.now(), self.zone)
        if wanted != source.options:
            due = self.now()
        self.store.change(source, self.now(), options=wanted, schedule=when, due=due)
        return self.store.get(name)

    def remove(self, name: str) -> Changes:
        """Take a source out, with its passages and the files that were sent for it.

        Raises:
            UnknownSource: there is none of that name.
            SourceBusy: it is being refreshed.
        """
        source = self.store.get(name)
        self.store.remove(name, self.now())
        UploadFolder.of(self.settings.data_dir, source.id).remove()
        if self.library.passages_of(name):
            return self.library.remove(name)
        return Changes(0, 0, 0)

    def uploads(self, name: str, options: SourceOptions) -> KnowledgeSource:
        """Return the source of uploads of that name; makes it if there is no source of that name.

        Raises:
            SourceError: the name is that of something else.
        """
        found = self.store.find(name) or self.add(name, "upload", "", options, OFF)
        if found.kind != "upload":
            raise SourceError(f"{name} takes no files: it is read from elsewhere.")
        return found

    def _options(self, kind: SourceKind, options: SourceOptions) -> SourceOptions:
        """Return options as they are stored."""
        git.check_names(options.branch, options.folder)
        if options.language and not language_code(options.language):
            raise SourceError(f"{options.language!r} is no language.", hint="For example: en, de.")
        if not 0 <= options.depth <= DEEPEST:
            raise SourceError(f"depth is 0 to {DEEPEST}, got {options.depth}.")
        most = self.settings.sources.pages
        if not 1 <= options.pages <= most:
            raise SourceError(
                f"pages is 1 to {most:,}, got {options.pages}.", hint="sources.pages is the most."
            )
        if not options.audience.strip() or printable(options.audience) != options.audience:
            raise SourceError("The audience has no name that can be shown.")
        ReadingOptions(columns=options.columns)  # says which columns there are
        if kind != "web" and options.hosts:
            raise SourceError("Only a web address has hosts.")
        try:
            hosts = tuple(pattern(host) for host in options.hosts)
        except ValueError as error:
            raise SourceError(f"hosts: {error}.") from error
        return replace(options, hosts=hosts, language=language_code(options.language))


def named(name: str) -> str:
    """Return the name of a source.

    Raises:
        SourceError: it is empty, too long, or has signs that cannot be shown or asked for.
    """
    text = name.strip()
    if not text or len(text) > LONGEST:
        raise SourceError(f"The name of a source has 1 to {LONGEST} signs, got {len(text)}.")
    if printable(text) != text or {"/", "\\"} & set(text) or text in {".", ".."}:
        raise SourceError(
            f"{printable(text)!r} cannot be the name of a source.",
            hint="Use letters, digits, spaces and signs other than / and \\.",
        )
    return text


def guessed(address: str) -> tuple[str, SourceKind]:
    """Return what a source at an address could be called, and of which kind it is."""
    plain = address.strip().rstrip("/")
    last = plain.rpartition("/")[2].removesuffix(".git") or "root"
    if plain.endswith(".git") or plain.startswith("ssh://") or "@" in plain.partition("/")[0]:
        return last[:LONGEST], "git"
    if "://" in plain:
        link = joined(plain)
        return (URL(link).hostname if link else last)[:LONGEST], "web"
    return last[:LONGEST], "folder"


def _address(kind: SourceKind, address: str, folders: Collection[Path]) -> str:
    if kind == "upload":
        return ""
    if kind == "folder":
        return str(below(address, folders))
    if kind == "git":
        where = git.repository(address, folders)
        return where.url or str(below(address, folders))
    link = joined(address)
    if not link:
        raise SourceError(
            f"{printable(address)[:200]!r} is no web address that is read.",
            hint="Write one that begins with https:// or http://, without a password.",
        )
    return link


def _schedule(kind: SourceKind, schedule: str) -> str:
    when = parsed(schedule)
    if kind == "upload" and when != OFF:
        raise SourceError("Uploads have no schedule: they are read when they are sent.")
    return when
