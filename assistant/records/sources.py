"""Sources of knowledge: where each is, when it is read again, and what became of the last time.

A refresh belongs to one process: it takes the source by a claim in the row, renews the claim while
it runs, and gives it back with the outcome. A claim that nobody renews ends by itself, and as its
source is still due, another process takes it up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from assistant.errors import SourceBusy, SourceError, UnknownSource
from assistant.records.database import metadata
from guardrails import clock
from guardrails.store.sql_tables import Moment

SourceKind = Literal["folder", "upload", "web", "git"]
Outcome = Literal["never", "done", "failed", "held"]
"""Of the last refresh: there was none; it was applied; it failed; it waits for a person."""
LEASE: Final = timedelta(seconds=90)
"""How long a claim holds that is not renewed."""

sources = Table(
    "sources",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("schedule", String(24), nullable=False),
    Column("made", Moment(), nullable=False),
    Column("last", Moment(), nullable=True),
    Column("succeeded", Moment(), nullable=True),
    Column("changed", Moment(), nullable=True),
    Column("next", Moment(), nullable=True, index=True),
    Column("outcome", String(16), nullable=False),
    Column("added", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("version", String(200), nullable=False),
    Column("claim", String(36), nullable=False),
    Column("claimed", Moment(), nullable=True),
)
pages = Table(
    "source_pages",
    metadata,
    Column("source_id", String(36), ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("page", String(2048), primary_key=True),
    Column("etag", Text, nullable=False),
    Column("modified", Text, nullable=False),
    Column("version", String(200), nullable=False),
    Column("links", JSON, nullable=False),
    Column("seen", Moment(), nullable=True),
    Column("failing", Moment(), nullable=True),
    Column("gone", Moment(), nullable=True),
    Column("why", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How a source is read.

    audience, language, columns: as of ``knowledge add``; an empty language: it is detected.
    branch, folder: of a git folder; empty: its default branch, all of it. hosts: to which a web
    address may lead beside its own. depth: links that are followed from a web address, 0: that page
    alone. pages: of a web address, at most.
    """

    audience: str = "public"
    language: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    branch: str = ""
    folder: str = ""
    hosts: tuple[str, ...] = ()
    depth: int = 3
    pages: int = 500


@dataclass(frozen=True, slots=True)
class SourceNote:
    """What a person should know of the last refresh. count: of files; example: one of them."""

    what: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """One source, and how its last refresh went.

    name: of the root in the index, too. address: a folder, a web address or one of a git folder;
    empty for uploads. schedule: see ``assistant.sources.schedule``. last: when it was last tried;
    succeeded: when all went well; changed: when the index last changed by it. next: when it is due;
    None: never by itself. added, kept, removed: passages, of the last refresh; where that is
    ``held``, what it would do. version: of what was read last, where there is one.
    """

    name: str
    kind: SourceKind
    address: str = ""
    options: SourceOptions = SourceOptions()
    schedule: str = "off"
    id: str = field(default_factory=lambda: str(uuid4()))
    made: datetime = field(default_factory=clock.now)
    last: datetime | None = None
    succeeded: datetime | None = None
    changed: datetime | None = None
    next: datetime | None = None
    outcome: Outcome = "never"
    added: int = 0
    kept: int = 0
    removed: int = 0
    error: str = ""
    notes: tuple[SourceNote, ...] = ()
    version: str = ""
    claim: str = ""
    claimed: datetime | None = None

    def running(self, now: datetime) -> bool:
        """Return whether it is being refreshed."""
        began = self.claimed
        return bool(self.claim) and began is not None and clock.within(began, LEASE, now)


@dataclass(frozen=True, slots=True)
class SourcePage:
    """What is known of one page of a web source.

    etag, modified: by which its server can say that it is unchanged. version: of the reading that
    is in the index. links: that lead from it to others. seen: when it was last there. failing,
    gone: since when it could not be fetched, or is said not to exist; why: in words.
    """

    page: str
    etag: str = ""
    modified: str = ""
    version: str = ""
    links: tuple[str, ...] = ()
    seen: datetime | None = None
    failing: datetime | None = None
    gone: datetime | None = None
    why: str = ""


class Sources:
    """Stores sources. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[KnowledgeSource]:
        """Return all sources, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(sources).order_by(sources.c.name)).mappings()
            return [_source(row) for row in rows]

    def find(self, name: str) -> KnowledgeSource | None:
        """Return the source of a name; None if there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(select(sources).where(sources.c.name == name)).mappings()
            found = row.first()
        return _source(found) if found else None

    def get(self, name: str) -> KnowledgeSource:
        """Return the source of a name.

        Raises:
            UnknownSource: there is none; the message lists those there are.
        """
        found = self.find(name)
        if found is None:
            names = ", ".join(one.name for one in self.all()) or "none"
            raise UnknownSource(f"No source is called {name!r}.", hint=f"There is: {names}.")
        return found

    def add(self, source: KnowledgeSource) -> None:
        """Store a new source.

        Raises:
            SourceError: there is one of that name.
        """
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(sources).values(**_row(source)))
        except IntegrityError as error:
            raise SourceError(f"There is a source called {source.name!r} already.") from error

    def change(
        self,
        source: KnowledgeSource,
        now: datetime,
        *,
        options: SourceOptions,
        schedule: str,
        due: datetime | None,
    ) -> None:
        """Change how and when a source is read. due: when that is next.

        Raises:
            SourceBusy: it is being refreshed.
        """
        values = {"schedule": schedule, "next": due, "options": asdict(options)}
        with self._engine.begin() as connection:
            _free(connection, source.name, now)
            connection.execute(update(sources).where(sources.c.id == source.id).values(**values))

    def remove(self, name: str, now: datetime) -> None:
        """Forget a source.

        Raises:
            SourceBusy: it is being refreshed.
        """
        with self._engine.begin() as connection:
            source = _free(connection, name, now)
            connection.execute(delete(pages).where(pages.c.source_id == source.id))
            connection.execute(delete(sources).where(sources.c.id == source.id))

    def claim(self, name: str, now: datetime) -> KnowledgeSource:
        """Take a source for a refresh; it is due until that has ended. Returns it with the claim.

        Raises:
            UnknownSource: there is none of that name.
            SourceBusy: somebody has it.
        """
        claim = str(uuid4())
        self.get(name)
        with self._engine.begin() as connection:
            source = _free(connection, name, now)
            at = source.claimed
            was = sources.c.claimed.is_(None) if at is None else sources.c.claimed == at
            mine = update(sources).where(
                sources.c.id == source.id, sources.c.claim == source.claim, was
            )
            taken = connection.execute(mine.values(claim=claim, claimed=now, next=now))
            if taken.rowcount != 1:
                raise _busy(name)
        return self.get(name)

    def renew(self, source: KnowledgeSource, now: datetime) -> bool:
        """Hold a claim for longer; return whether it is still one's own."""
        mine = update(sources).where(sources.c.id == source.id, sources.c.claim == source.claim)
        with self._engine.begin() as connection:
            return connection.execute(mine.values(claimed=now)).rowcount == 1

    def finish(
        self,
        source: KnowledgeSource,
        known: Iterable[SourcePage] | None = None,
        **values: Any,
    ) -> bool:
        """Store the outcome of a refresh and give the claim back; return whether it was one's own.

        known: all pages from now on; None: as they were. values: columns of ``sources``.
        """
        values = {"claim": "", "claimed": None, **values}
        if "notes" in values:
            values["notes"] = [asdict(note) for note in values["notes"]]
        mine = update(sources).where(sources.c.id == source.id, sources.c.claim == source.claim)
        with self._engine.begin() as connection:
            if connection.execute(mine.values(**values)).rowcount != 1:
                return False
            if known is not None:
                connection.execute(delete(pages).where(pages.c.source_id == source.id))
                rows = [{**asdict(page), "source_id": source.id} for page in known]
                if rows:
                    connection.execute(insert(pages), rows)
        return True

    def due(self, now: datetime, longest: timedelta) -> list[str]:
        """Return the names of the sources whose time has come, the longest overdue first.

        longest: a time that lies further ahead was set by a wrong clock, and has come, too.
        """
        waits = sources.c.next.is_not(None)
        with self._engine.connect() as connection:
            rows = connection.execute(select(sources).where(waits).order_by(sources.c.next))
            found = [_source(row) for row in rows.mappings()]
        return [
            one.name
            for one in found
            if one.next is not None
            and (one.next <= now or one.next > now + longest)
            and not one.running(now)
        ]

    def pages(self, source: KnowledgeSource) -> list[SourcePage]:
        """Return what is known of a source's pages, by address."""
        query = select(pages).where(pages.c.source_id == source.id).order_by(pages.c.page)
        with self._engine.connect() as connection:
            return [_page(row) for row in connection.execute(query).mappings()]


def _free(connection: Connection, name: str, now: datetime) -> KnowledgeSource:
    query = select(sources).where(sources.c.name == name)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise UnknownSource(f"No source is called {name!r}.")
    source = _source(row)
    if source.running(now):
        raise _busy(name)
    return source


def _busy(name: str) -> SourceBusy:
    return SourceBusy(f"{name} is being refreshed.", hint="Try again when that has ended.")


def _row(source: KnowledgeSource) -> dict[str, Any]:
    return {name: value for name, value in asdict(source).items() if name in sources.c}


def _source(row: RowMapping) -> KnowledgeSource:
    options = {**row["options"], "hosts": tuple(row["options"].get("hosts", ()))}
    notes = tuple(SourceNote(**note) for note in row["notes"])
    return KnowledgeSource(**{**row, "options": SourceOptions(**options), "notes": notes})


def _page(row: RowMapping) -> SourcePage:
    fields = {name: value for name, value in row.items() if name != "source_id"}
    return SourcePage(**{**fields, "links": tuple(row["links"])})
