"""People who have signed in: a session each, kept as a hash, that ends when they are idle."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    String,
    Table,
    and_,
    delete,
    false,
    func,
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
_SEEN_EVERY: Final = timedelta(minutes=1)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("person", String(128), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("token", String(64), nullable=False, index=True),
    Column("began", Moment(), nullable=False),
    Column("latest", Moment(), nullable=False),
    Column("ended", Boolean, nullable=False, server_default=false()),
)


@dataclass(frozen=True, slots=True)
class OpenSession:
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

    def begin(self, person: Identity, token: str) -> str:
        """Begin a session of somebody who has shown who they are; return its secret.

        token: what they showed, the same however it is spelt. One by which a session has ended, by
        itself or because somebody signed out, begins no other: who has left does not come back by
        reloading a page.

        Raises:
            NotSignedIn: it is such a one.
        """
        now, shown = clock.now(), digests.of(token)
        by_token = sessions.c.token == shown
        with self._engine.begin() as connection:
            oldest = now - 2 * max(self._idle, self._longest)  # no token holds for so long
            connection.execute(delete(sessions).where(sessions.c.latest < oldest))
            used = connection.scalar(select(func.min(sessions.c.began)).where(by_token))
            alive = connection.scalar(select(func.count()).where(by_token, self._alive()))
            if used is not None and not alive:
                raise NotSignedIn("This sign-in has ended.", hint="Sign in again.")
            return _begun(connection, person, shown, used or now, now)

    def offer_admin(self) -> str:
        """Return a secret that makes one visitor an administrator, once; an older one ends."""
        text, now = LINK_PREFIX + secrets.token_urlsafe(32), clock.now()
        row = {"digest": digests.of(text), "person": _LINK, "name": "", "roles": [], "groups": []}
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.person == _LINK))
            connection.execute(insert(sessions).values(**row, token="", began=now, latest=now))
        return text

    def redeem(self, text: str) -> tuple[str, Identity]:
        """Begin the session of an administrator for who has the secret of a link; it ends with it.

        Raises:
            NotSignedIn: it is none, has been used, or has ended.
        """
        shown, now = digests.of(text), clock.now()
        link = (sessions.c.digest == shown) & (sessions.c.person == _LINK)
        lasts = sessions.c.began > now - LINK_LASTS
        with self._engine.begin() as connection:
            if connection.execute(delete(sessions).where(link & lasts)).rowcount != 1:
                raise NotSignedIn(
                    "The link has been used or has ended.", hint="Start the server again for one."
                )
            admin = Identity(f"link:{shown[:32]}", "admin", "person", EVERY)
            return _begun(connection, admin, shown, now, now), admin

    def all(self) -> list[OpenSession]:
        """Return the sessions that have not ended, by person, newest first."""
        order = (sessions.c.person, sessions.c.began.desc())
        query = select(sessions).where(sessions.c.person != _LINK, self._alive()).order_by(*order)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return [OpenSession(_person(row), row["began"], row["latest"]) for row in rows]

    def find(self, text: str) -> Identity | None:
        """Return whose session it is, if it is one and has not ended; note its use."""
        if not text.startswith(PREFIX):
            return None
        mine = sessions.c.digest == digests.of(text)
        with self._engine.connect() as connection:
            row = connection.execute(select(sessions).where(mine, self._alive())).mappings().first()
        if row is None:
            return None
        if (now := clock.now()) - row["latest"] > _SEEN_EVERY:
            with self._engine.begin() as connection:
                connection.execute(update(sessions).where(mine).values(latest=now))
        return _person(row)

    def end(self, text: str) -> int:
        """End a session, and those that began by the same token; return how many."""
        mine = select(sessions.c.token).where(sessions.c.digest == digests.of(text))
        return self._end(sessions.c.token.in_(mine.scalar_subquery()))

    def end_all(self, person: str) -> int:
        """End all sessions of a person; return how many."""
        return self._end(sessions.c.person == person)

    def _end(self, which: ColumnElement[bool]) -> int:
        with self._engine.begin() as connection:
            ended = update(sessions).where(which, self._alive()).values(ended=True)
            return connection.execute(ended).rowcount

    def _alive(self) -> ColumnElement[bool]:
        now = clock.now()
        return and_(
            sessions.c.ended.is_(False),
            sessions.c.latest > now - self._idle,
            sessions.c.began > now - self._longest,
        )


def _begun(
    connection: Connection, person: Identity, shown: str, began: datetime, now: datetime
) -> str:
    text = PREFIX + secrets.token_urlsafe(32)
    row = {
        "digest": digests.of(text),
        "person": person.id,
        "name": person.name,
        "roles": sorted(person.roles),
        "groups": sorted(person.groups),
        "token": shown,
        "began": began,
        "latest": now,
    }
    connection.execute(insert(sessions).values(**row))
    return text


def _person(row: RowMapping) -> Identity:
    roles, groups = frozenset(map(Role, row["roles"])), frozenset(row["groups"])
    return Identity(row["person"], row["name"], "person", roles, groups)
