"""Entries that a company writes here: each change is a version, and none is ever written over.

What is served of an entry is its newest version that is approved or retired. A draft on top of an
approved version changes nothing until it is approved itself.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Self

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from assistant.errors import EntryChanged, UnknownEntry
from assistant.knowledge.documents import Entry, Kind
from assistant.records.database import metadata
from assistant.records.gaps import gaps_of
from guardrails import clock
from guardrails.store.sql_tables import Moment

EntryState = Literal["draft", "approved", "retired"]
SOURCE: Final = "entries"
"""What is told as the source of an entry that comes from no file."""
_SETTLED: Final = ("approved", "retired")
_ERASED: Final = "erased"
_AT_ONCE: Final = 500

entries_versions = Table(
    "entries_versions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(128), nullable=False),
    Column("language", String(8), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("content", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Moment(), nullable=False),
    Column("reason", Text, nullable=False),
    Column("from_gap", String(36), index=True),
    Column("from_ticket", String(36), index=True),
    UniqueConstraint("key", "language", "version", name="uq_entries_versions"),
)


@dataclass(frozen=True, slots=True)
class EntryContent:
    """What an entry says.

    name: the term, or the question. aliases: other names, or other wordings of the question.
    replaces: root, key and name of the entry of a file whose place it takes; empty: of none.
    """

    name: str
    text: str
    aliases: tuple[str, ...] = ()
    url: str = ""
    audience: str = "public"
    replaces: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild what was stored; of an erased one nothing is left."""
        lists = {k: tuple(values.get(k, ())) for k in ("aliases", "replaces")}
        return cls(**{"name": "", "text": "", **values, **lists})


@dataclass(frozen=True, slots=True)
class EntryVersion:
    """One version of one entry in one language; version: from 1.

    from_gap, from_ticket: what it was made of, if it was.
    """

    key: str
    language: str
    version: int
    kind: Kind
    content: EntryContent
    state: EntryState
    by: str
    at: datetime
    reason: str = ""
    from_gap: str | None = None
    from_ticket: str | None = None

    @property
    def erased(self) -> bool:
        """Whether its text was erased with that of the person it was made of."""
        return not self.content.name

    def entry(self) -> Entry:
        """Return it as the index holds it."""
        content = self.content
        return Entry(
            source=SOURCE,
            kind=self.kind,
            name=content.name,
            text=content.text,
            language=self.language,
            aliases=content.aliases,
            key=self.key,
            audience=content.audience,
            url=content.url,
            date=f"{self.at:%Y-%m-%d}",
            replaces=content.replaces,
        )


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be written. based_on: the version that whoever wrote it has seen; 0: of none."""

    key: str
    language: str
    kind: Kind
    content: EntryContent
    by: str
    based_on: int
    state: EntryState = "draft"
    reason: str = ""
    from_gap: str | None = None
    from_ticket: str | None = None
    at: datetime = field(default_factory=clock.now)


class EntryVersions:
    """Stores versions. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, new: NewVersion) -> EntryVersion:
        """Store a version on top of the one that it is based on.

        Raises:
            EntryChanged: there is a newer one, so that somebody's change would be lost.
        """
        version = new.based_on + 1
        values = {k: v for k, v in asdict(new).items() if k != "based_on"}
        values |= {"kind": new.kind.value, "content": _plain(new.content), "version": version}
        try:
            with self._engine.begin() as connection:
                newest = _newest(connection, new.key, new.language)
                if newest != new.based_on:
                    raise _changed(new, newest)
                connection.execute(insert(entries_versions).values(**values))
        except IntegrityError as error:
            raise _changed(new, version) from error
        told = {k: v for k, v in asdict(new).items() if k not in {"based_on", "content", "kind"}}
        return EntryVersion(**told, kind=new.kind, content=new.content, version=version)

    def history(self, key: str, language: str) -> list[EntryVersion]:
        """Return all versions, oldest first.

        Raises:
            UnknownEntry: there is none.
        """
        mine = (entries_versions.c.key == key, entries_versions.c.language == language)
        query = select(entries_versions).where(*mine).order_by(entries_versions.c.version)
        with self._engine.connect() as connection:
            versions = [_version(row) for row in connection.execute(query).mappings()]
        if not versions:
            raise UnknownEntry(
                f"No entry {key!r} was written in {language!r}.",
                hint="The page Knowledge and GET /v1/entries name those there are.",
            )
        return versions

    def of_ticket(self, ticket_id: str) -> EntryVersion | None:
        """Return the newest version of the last entry that was made of a ticket and has its words.

        None: there is none.
        """
        mine = entries_versions.c.from_ticket == ticket_id
        query = select(entries_versions).where(mine).order_by(entries_versions.c.id.desc())
        with self._engine.connect() as connection:
            found = [_version(row) for row in connection.execute(query).mappings()]
        return next((version for version in found if not version.erased), None)

    def newest(self) -> list[EntryVersion]:
        """Return the newest version of each entry in each language, by key and language."""
        with self._engine.connect() as connection:
            return _tops(connection, ("draft", *_SETTLED))

    def serving(self) -> list[EntryVersion]:
        """Return what is to be served: the newest approved ones that are not retired."""
        with self._engine.connect() as connection:
            settled = _tops(connection, _SETTLED)
        return [version for version in settled if version.state == "approved"]


def undone(history: Iterable[EntryVersion]) -> EntryVersion | None:
    """Return what was served before what is served now; None: nothing was. An undo can be undone.

    history: oldest first.
    """
    settled = [version for version in history if version.state in _SETTLED]
    return settled[-2] if len(settled) > 1 else None


def drafts_of(
    connection: Connection, turn_ids: Collection[str], ticket_ids: Collection[str]
) -> tuple[str, ...]:
    """Return the drafts that were made of these turns or tickets and have their words yet."""
    columns, found = entries_versions.c, set[str]()
    sources = ((columns.from_gap, gaps_of(connection, turn_ids)), (columns.from_ticket, ticket_ids))
    for column, names in sources:
        ids = sorted(names)
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            drafts = select(columns.id).where(
                column.in_(part), columns.state == "draft", columns.reason != _ERASED
            )
            found.update(map(str, connection.scalars(drafts)))
    return tuple(sorted(found))


def blank(connection: Connection, drafts: Collection[str]) -> None:
    """Erase the words of drafts. What an editor approved is the company's own, and stays."""
    ids = sorted(map(int, drafts))
    for start in range(0, len(ids), _AT_ONCE):
        mine = entries_versions.c.id.in_(ids[start : start + _AT_ONCE])
        erased = update(entries_versions).where(mine).values(content={}, reason=_ERASED)
        connection.execute(erased)


def _plain(content: EntryContent) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(content).items()}


def _version(row: RowMapping) -> EntryVersion:
    values = {name: value for name, value in row.items() if name != "id"}
    content, kind = EntryContent.of(values.pop("content")), Kind(values.pop("kind"))
    return EntryVersion(**values, content=content, kind=kind)


def _newest(connection: Connection, key: str, language: str) -> int:
    mine = (entries_versions.c.key == key, entries_versions.c.language == language)
    return connection.scalar(select(func.max(entries_versions.c.version)).where(*mine)) or 0


def _tops(connection: Connection, states: Iterable[str]) -> list[EntryVersion]:
    columns = entries_versions.c
    top = (
        select(columns.key, columns.language, func.max(columns.version).label("version"))
        .where(columns.state.in_(tuple(states)))
        .group_by(columns.key, columns.language)
        .subquery()
    )
    same = (columns.key == top.c.key) & (columns.language == top.c.language)
    query = select(entries_versions).join(top, same & (columns.version == top.c.version))
    rows = connection.execute(query.order_by(columns.key, columns.language)).mappings()
    return [_version(row) for row in rows]


def _changed(new: NewVersion, newest: int) -> EntryChanged:
    return EntryChanged(
        f"The entry {new.key!r} ({new.language}) has version {newest} by now, "
        f"and this change is based on {new.based_on}.",
        hint="Open it again and make your change there; nothing was written.",
    )
