"""People who have signed in: a session each, kept as a hash, that ends when they are idle."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    RowMapping,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from assistant.access.identity import EVERY, Identity, Role
from assistant.errors import NotSignedIn
from assistant.records.database import metadata
from guardrails import clock, digests
from guardrails.store.sql_tables import Moment

PREFIX: Final = "rbs_"
"""What a session's secret begins with."""
LINK_PREFIX: Final = "rba_"
"""What the secret of an administrator's link begins with."""
LINK_LASTS: Final = timedelta(hours=24)
_LINK: Final = "link"
_ADMIN: Final = Identity("person:admin", "admin", "person", EVERY)
_SEEN_EVERY: Final = timedelta(minutes=1)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", String(128), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("began", Moment(), nullable=False),
    Column("latest", Moment(), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in, without the secret."""

    person: Identity
    began: datetime
    latest: datetime


class Sessions:
    """Stores sessions. Blocking; call it from a thread.

    idle: after which a session ends that nobody uses; longest: after which it ends anyhow.
    """

    def __init__(self, engine: Engine, idle: timedelta, longest: timedelta) -> None:
        self._engine = engine
        self._idle = idle
        self._longest = longest

    def begin(self, person: Identity) -> str:
        """Begin a session of somebody who has shown who they are; return its secret."""
        text, now = PREFIX + secrets.token_urlsafe(32), clock.now()
        row = {
            "digest": digests.of(text),
            "person": person.id,
            "name": person.name,
            "roles": sorted(person.roles),
            "groups": sorted(person.groups),
            "began": now,
            "latest": now,
        }
        with self._engine.begin() as connection:
            ended = sessions.c.latest < now - max(self._idle, self._longest)
            connection.execute(delete(sessions).where(ended))
            connection.execute(insert(sessions).values(**row))
        return text

    def offer_admin(self) -> str:
        """Return a secret that makes one visitor an administrator, once; an older one ends."""
        text, now = LINK_PREFIX + secrets.token_urlsafe(32), clock.now()
        row = {"digest": digests.of(text), "person": _LINK, "name": "", "roles": [], "groups": []}
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.person == _LINK))
            connection.execute(insert(sessions).values(**row, began=now, latest=now))
        return text

    def redeem(self, text: str) -> tuple[str, Identity]:
        """Begin the session of an administrator for who has the secret of a link; it ends with it.

        Raises:
            NotSignedIn: it is none, has been used, or has ended.
        """
        link = (sessions.c.digest == digests.of(text)) & (sessions.c.person == _LINK)
        lasts = sessions.c.began > clock.now() - LINK_LASTS
        with self._engine.begin() as connection:
            if connection.execute(delete(sessions).where(link & lasts)).rowcount != 1:
                raise NotSignedIn(
                    "The link has been used or has ended.", hint="Start the server again for one."
                )
        return self.begin(_ADMIN), _ADMIN

    def all(self) -> list[Session]:
        """Return the sessions that have not ended, by person, newest first."""
        now = clock.now()
        query = select(sessions).where(
            sessions.c.person != _LINK,
            sessions.c.latest > now - self._idle,
            sessions.c.began > now - self._longest,
        )
        with self._engine.connect() as connection:
            rows = connection.execute(
                query.order_by(sessions.c.person, sessions.c.began.desc())
            ).mappings()
            return [Session(_person(row), row["began"], row["latest"]) for row in rows]

    def find(self, text: str) -> Identity | None:
        """Return whose session it is, if it is one and has not ended; note its use."""
        if not text.startswith(PREFIX):
            return None
        mine = sessions.c.digest == digests.of(text)
        with self._engine.connect() as connection:
            row = connection.execute(select(sessions).where(mine)).mappings().first()
        now = clock.now()
        if row is None or now - row["latest"] > self._idle or now - row["began"] > self._longest:
            return None
        if now - row["latest"] > _SEEN_EVERY:
            with self._engine.begin() as connection:
                connection.execute(update(sessions).where(mine).values(latest=now))
        return _person(row)

    def end(self, text: str) -> int:
        """End a session; it is none from now on. Return how many ended: one or none."""
        mine = sessions.c.digest == digests.of(text)
        with self._engine.begin() as connection:
            return connection.execute(delete(sessions).where(mine)).rowcount

    def end_all(self, person: str) -> int:
        """End all sessions of a person; return how many."""
        with self._engine.begin() as connection:
            return connection.execute(delete(sessions).where(sessions.c.person == person)).rowcount


def _person(row: RowMapping) -> Identity:
    roles, groups = frozenset(map(Role, row["roles"])), frozenset(row["groups"])
    return Identity(row["person"], row["name"], "person", roles, groups)
