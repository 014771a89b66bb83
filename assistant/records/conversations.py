"""Whose a conversation is: its turns, ratings and tickets belong to who began it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Column, Engine, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from assistant.errors import UnknownConversation
from assistant.records.database import metadata
from guardrails import clock
from guardrails.store.sql_tables import Moment

LOCAL = "local"
"""The owner of what the user of this machine began."""
_FIRST_SAID = UUID("7b0a4c0e-6d0f-4b8e-9d57-2f3f1c8a5e61")
"""Makes ids of conversations that begin with something that has an id of its client."""

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(128), nullable=False, index=True),
    Column("began", Moment(), nullable=False),
    Column("latest", Moment(), nullable=False),
)


@dataclass(frozen=True, slots=True)
class FirstSaid:
    """What begins a conversation, and the id that its client gave it.

    Both count: a program may give the ids of one person's messages to another's.
    """

    text: str
    client_id: str | None


class Conversations:
    """Stores whose each conversation is. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self, owner: str, conversation_id: str | None = None, first: FirstSaid | None = None
    ) -> str:
        """Begin a conversation; return its id, which nobody can guess.

        conversation_id: of one that may have begun already, where a caller within this process
        makes the ids. first: what is said first; sent again by the same owner, it finds the
        conversation that it began.

        Raises:
            UnknownConversation: it is somebody else's.
        """
        name, now = conversation_id or _name(owner, first), clock.now()
        row = {"id": name, "owner": owner, "began": now, "latest": now}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(conversations).values(**row))
        except IntegrityError:
            self.go_on(owner, name)
        return name

    def go_on(self, owner: str, conversation_id: str, idle: timedelta | None = None) -> None:
        """Note that a conversation goes on. idle: after which it does not any more.

        Raises:
            UnknownConversation: there is none, it is somebody else's, or it has ended.
        """
        now = clock.now()
        with self._engine.begin() as connection:
            latest = self._latest(owner, conversation_id)
            if latest is None or (idle is not None and now - latest > idle):
                raise UnknownConversation(
                    f"There is no conversation {conversation_id!r} that could go on.",
                    hint="Leave conversation_id out: a new one begins.",
                )
            mine = conversations.c.id == conversation_id
            connection.execute(update(conversations).where(mine).values(latest=now))

    def check(self, conversation_id: str) -> None:
        """Check that there is such a conversation, whosever it is.

        Raises:
            UnknownConversation: there is none.
        """
        query = select(conversations.c.id).where(conversations.c.id == conversation_id)
        with self._engine.connect() as connection:
            if connection.scalar(query) is None:
                raise UnknownConversation(
                    f"There is no conversation {conversation_id!r}.",
                    hint="Leave conversation_id out: a new one begins.",
                )

    def owns(self, owner: str, conversation_id: str) -> bool:
        """Return whether a conversation is somebody's."""
        return self._latest(owner, conversation_id) is not None

    def of(self, owner: str) -> list[str]:
        """Return the ids of somebody's conversations, oldest first."""
        query = select(conversations.c.id).where(conversations.c.owner == owner)
        with self._engine.connect() as connection:
            return list(connection.scalars(query.order_by(conversations.c.began)))

    def of_person(self, name: str) -> list[str]:
        """Return the ids of a person's conversations.

        name: what the provider calls a person, or an owner, as ``person:…``, ``key:…``, ``local``.
        """
        return self.of(name if ":" in name or name == LOCAL else f"person:{name}")

    def _latest(self, owner: str, conversation_id: str) -> datetime | None:
        query = select(conversations.c.latest).where(
            conversations.c.id == conversation_id, conversations.c.owner == owner
        )
        with self._engine.connect() as connection:
            return connection.scalar(query)


def _name(owner: str, first: FirstSaid | None) -> str:
    if first is None or first.client_id is None:
        return str(uuid4())
    said = json.dumps([owner, first.client_id, first.text])
    return str(uuid5(_FIRST_SAID, said))
