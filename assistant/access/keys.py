"""Keys of machines: kept as hashes, with a name, roles, an end, and when they were last used."""

import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    RowMapping,
    String,
    Table,
    delete,
    false,
    insert,
    select,
    update,
)

from assistant.access.identity import Identity, Role
from assistant.errors import AccessError, UnknownName
from assistant.records.changes import ChangeLog
from assistant.records.conversations import Conversations
from assistant.records.database import metadata
from guardrails import clock, digests
from guardrails.store.sql_tables import Moment

PREFIX: Final = "rbk_"
"""What a key begins with: those who look for leaked ones can find it."""
DAYS: Final = 90
"""After which a key ends, if nobody says when."""
NAME_LENGTH: Final = 48
_SEEN_EVERY: Final = timedelta(minutes=1)
"""A use is noted so often at most: a busy key does not write with each request."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", String(NAME_LENGTH), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("roles", JSON, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("made", Moment(), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("ends", Moment()),
    Column("last_used", Moment()),
    Column("front", Boolean, nullable=False, server_default=false()),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without the key itself. ends: None: never. groups, front: see ``Identity``."""

    name: str
    roles: frozenset[Role]
    made: datetime
    made_by: str
    ends: datetime | None = None
    last_used: datetime | None = None
    groups: frozenset[str] = frozenset()
    front: bool = False

    def valid(self, now: datetime) -> bool:
        """Return whether it has not ended."""
        return self.ends is None or now < self.ends

    @property
    def identity(self) -> Identity:
        """Who calls with it."""
        return Identity(f"key:{self.name}", self.name, "key", self.roles, self.groups, self.front)


class Keys:
    """Stores keys. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._log = ChangeLog(engine)

    def add(
        self,
        name: str,
        roles: Iterable[Role],
        by: str,
        ends: datetime | None,
        groups: Iterable[str] = (),
        *,
        front: bool = False,
    ) -> str:
        """Make a key; return it. This is the only time that it can be read.

        Raises:
            AccessError: the name is taken or not one, or no role is given.
        """
        if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
            raise AccessError(f"A key has a name of 1 to {NAME_LENGTH} characters, got {name!r}.")
        key = ApiKey(name, frozenset(roles), clock.now(), by, ends, groups=frozenset(groups))
        key = replace(key, front=front)
        if not key.roles:
            raise AccessError("A key has at least one role.", hint=f"Roles: {', '.join(Role)}.")
        there = any(other.name == name for other in self.all())
        if not there and Conversations(self._engine).of(key.identity.id):
            raise AccessError(
                f"A key {name!r} that was removed still owns conversations.",
                hint="Take another name: whoever holds it would inherit them.",
            )
        text = _new()
        with self._engine.begin() as connection:
            if _row(connection, name) is not None:
                raise AccessError(
                    f"There is a key {name!r} already.",
                    hint="Rotate it, or take another name.",
                )
            connection.execute(insert(api_keys).values(**_values(key), digest=digests.of(text)))
        end = ends.isoformat() if ends else "never"
        self._log.note(by, "key made", name, {"roles": sorted(key.roles), "ends": end})
        return text

    def rotate(self, name: str, by: str, ends: datetime | None) -> str:
        """Put a new key in place of one, with its roles; the old one ends at once. Return it.

        Raises:
            UnknownName: there is no such key.
        """
        text = _new()
        values = {"digest": digests.of(text), "made": clock.now(), "made_by": by, "ends": ends}
        with self._engine.begin() as connection:
            query = update(api_keys).where(api_keys.c.name == name)
            if not connection.execute(query.values(**values, last_used=None)).rowcount:
                raise self._unknown(connection, name)
        self._log.note(by, "key rotated", name)
        return text

    def remove(self, name: str, by: str) -> None:
        """Take a key away; it ends at once.

        Raises:
            UnknownName: there is no such key.
        """
        with self._engine.begin() as connection:
            if not connection.execute(delete(api_keys).where(api_keys.c.name == name)).rowcount:
                raise self._unknown(connection, name)
        self._log.note(by, "key removed", name)

    def all(self) -> list[ApiKey]:
        """Return all keys, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.name)).mappings()
            return [_key(row) for row in rows]

    def find(self, text: str) -> ApiKey | None:
        """Return the key that somebody shows, if it is one and has not ended; note its use.

        The text is looked up by its hash, so how long that takes says nothing of other keys.
        """
        if not text.startswith(PREFIX):
            return None
        query = select(api_keys).where(api_keys.c.digest == digests.of(text))
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        key = _key(row) if row else None
        now = clock.now()
        if key is None or not key.valid(now):
            return None
        if key.last_used is None or now - key.last_used > _SEEN_EVERY:
            key = replace(key, last_used=now)
            used = update(api_keys).where(api_keys.c.name == key.name).values(last_used=now)
            with self._engine.begin() as connection:
                connection.execute(used)
        return key

    @staticmethod
    def _unknown(connection: Connection, name: str) -> UnknownName:
        names = connection.scalars(select(api_keys.c.name).order_by(api_keys.c.name)).all()
        there = f"There is {', '.join(names)}." if names else "There is none yet."
        return UnknownName(f"There is no key {name!r}.", hint=there)


def _new() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _row(connection: Connection, name: str) -> object:
    return connection.execute(select(api_keys.c.name).where(api_keys.c.name == name)).first()


def _values(key: ApiKey) -> dict[str, Any]:
    return {**asdict(key), "roles": sorted(key.roles), "groups": sorted(key.groups)}


def _key(row: RowMapping) -> ApiKey:
    values = {name: value for name, value in row.items() if name != "digest"}
    roles, groups = frozenset(map(Role, row["roles"])), frozenset(row["groups"])
    return ApiKey(**{**values, "roles": roles, "groups": groups})
