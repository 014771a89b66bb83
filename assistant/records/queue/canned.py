"""Texts for replies that the team keeps. Blocking; call it from a thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, RowMapping, column, delete, insert, or_, select, table, update

from assistant.desk.canned import filled
from assistant.errors import UnknownTicket
from assistant.records.desk.events import Worker
from assistant.records.desk.tickets import Ticket
from assistant.records.queue.mailing import CONVERSATION
from assistant.records.queue.tables import replies
from assistant.wire.queue import CannedReply, NewCannedReply
from guardrails import clock
from guardrails.store.store import Store

_SESSIONS = table("sessions", column("person"), column("name"), column("latest"))
"""As ``assistant.access.sessions`` has it, which stands above."""


@dataclass(frozen=True, slots=True)
class Canned:
    """The kept texts. link: the address of the chat page; empty: none is told."""

    engine: Engine
    link: str = ""

    def all(self, language: str | None = None) -> list[CannedReply]:
        """Return the texts by title. language: those of it, and those of any."""
        query = select(replies).order_by(replies.c.title, replies.c.id)
        if language is not None:
            query = query.where(or_(replies.c.language == language, replies.c.language == ""))
        with self.engine.connect() as connection:
            return [_reply(row) for row in connection.execute(query).mappings()]

    def get(self, reply_id: str) -> CannedReply:
        """Return a text.

        Raises:
            UnknownTicket: there is none.
        """
        with self.engine.connect() as connection:
            query = select(replies).where(replies.c.id == reply_id)
            row = connection.execute(query).mappings().first()
        if row is None:
            raise _none(reply_id)
        return _reply(row)

    def add(self, new: NewCannedReply, by: Worker) -> CannedReply:
        """Keep a text."""
        name = str(uuid4())
        with Store(self.engine).transaction() as ledger:
            ledger.connection.execute(insert(replies).values(id=name, **_values(new, by)))
        return self.get(name)

    def change(self, reply_id: str, new: NewCannedReply, by: Worker) -> CannedReply:
        """Put another in place of a text.

        Raises:
            UnknownTicket: there is none.
        """
        with Store(self.engine).transaction() as ledger:
            change = update(replies).where(replies.c.id == reply_id).values(_values(new, by))
            if not ledger.connection.execute(change).rowcount:
                raise _none(reply_id)
        return self.get(reply_id)

    def remove(self, reply_id: str) -> None:
        """Keep a text no more.

        Raises:
            UnknownTicket: there is none.
        """
        with Store(self.engine).transaction() as ledger:
            mine = delete(replies).where(replies.c.id == reply_id)
            if not ledger.connection.execute(mine).rowcount:
                raise _none(reply_id)

    def filled(self, reply_id: str, ticket: Ticket, by: Worker) -> str:
        """Return a text with its gaps filled for a ticket.

        Raises:
            UnknownTicket: there is none.
        """
        values: Mapping[str, str] = {
            "agent": by.name,
            "contact": ticket.contact,
            "link": self.link.replace(CONVERSATION, ticket.conversation_id),
            "name": self._name(ticket.owner),
            "subject": ticket.subject,
            "ticket": f"#{ticket.number}",
        }
        return filled(self.get(reply_id).text, values)

    def _name(self, owner: str) -> str:
        """Return what somebody is called who signed in; empty: nobody knows."""
        query = select(_SESSIONS.c.name).where(_SESSIONS.c.person == owner)
        with self.engine.connect() as connection:
            newest = query.order_by(_SESSIONS.c.latest.desc()).limit(1)
            return connection.scalar(newest) or "" if owner.startswith("person:") else ""


def _values(new: NewCannedReply, by: Worker) -> dict[str, Any]:
    values = {"title": new.title, "text": new.text, "language": new.language or ""}
    return {**values, "by": by.name, "at": clock.now()}


def _reply(row: RowMapping) -> CannedReply:
    return CannedReply.model_validate({**row, "language": row["language"] or None})


def _none(reply_id: str) -> UnknownTicket:
    return UnknownTicket(f"There is no kept reply {reply_id!r}.", hint="List them.")
