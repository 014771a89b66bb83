"""Files that are sent in conversations: kept in the database, each with an entry of the log."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, func, insert, select

from assistant.desk.media import Medium
from assistant.errors import DeskConflict, UnknownTicket
from assistant.records.desk.log import ATTACHMENT, INTERNAL, LogEntry
from assistant.records.desk.tables import messages
from assistant.records.queue.tables import attachments
from guardrails import digests


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with its bytes."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sending:
    """A file that is about to be kept. most: files of a conversation."""

    medium: Medium
    content: bytes
    id: str
    most: int

    @classmethod
    def of(cls, medium: Medium, content: bytes, most: int) -> "Sending":
        """Return a file under an id of its own."""
        return cls(medium, content, str(uuid4()), most)

    @property
    def detail(self) -> dict[str, Any]:
        """What its entry says beside its name."""
        told = {"id": self.id, "name": self.medium.name, "type": self.medium.type}
        return {ATTACHMENT: {**told, "bytes": len(self.content)}}

    @property
    def keep(self) -> Callable[[Connection, LogEntry], None]:
        """What keeps it in the transaction that logs its entry.

        Raises:
            DeskConflict: the conversation has as many as it may.
        """
        return self._keep

    def _keep(self, connection: Connection, entry: LogEntry) -> None:
        mine = select(func.count()).where(attachments.c.conversation_id == entry.conversation_id)
        if (connection.scalar(mine) or 0) >= self.most:
            raise DeskConflict(
                f"There are {self.most} files in this conversation, which is all that it takes.",
                hint="Nothing was sent.",
            )
        row = {
            "id": self.id,
            "conversation_id": entry.conversation_id,
            "message_id": entry.id,
            "at": entry.at,
            "name": self.medium.name,
            "type": self.medium.type,
            "bytes": len(self.content),
            "sha256": digests.of(self.content),
            "content": self.content,
        }
        connection.execute(insert(attachments).values(row))


@dataclass(frozen=True, slots=True)
class Attachments:
    """The files. Blocking; call it from a thread."""

    engine: Engine

    def get(self, conversation_id: str, attachment_id: str, *, team: bool) -> Attachment:
        """Return a file of a conversation. team: also what is in notes.

        Raises:
            UnknownTicket: there is none.
        """
        c = attachments.c
        query = (
            select(c.name, c.type, c.content, messages.c.kind)
            .join(messages, messages.c.id == c.message_id)
            .where(c.id == attachment_id, c.conversation_id == conversation_id)
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or (row.kind in INTERNAL and not team):
            raise UnknownTicket(f"There is no file {attachment_id!r} in this conversation.")
        return Attachment(row.name, row.type, row.content)
