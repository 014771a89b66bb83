"""The log of a conversation: everything that was said in it and that moved it, in one order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from assistant.desk.states import Holder
from assistant.errors import DeskConflict
from assistant.records.conversations import conversations
from assistant.records.desk.tables import messages, threads
from guardrails.types import LONG_AGO

Kind = Literal["question", "piece", "answer", "cut", "failed", "user", "team", "note", "moved"]
"""question: to the bot. piece: of its answer, until all of that is recorded as a turn: answer. cut:
no more of it comes, and its pieces stay where they were said. failed: there was none. user, team:
what people said to each other. note: of the team, to the team. moved: the conversation passed on.
"""

INTERNAL: Final[frozenset[Kind]] = frozenset({"note"})
"""What who asks never sees."""
ATTACHMENT: Final = "attachment"
"""In the details of an entry: the file that it is."""
ENDS: Final[tuple[Kind, ...]] = ("answer", "cut", "failed")
"""How the answer to a question ends."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a log.

    number: from 1, in the order of the conversation; some are missing. by: id of who said it, empty
    for the product. name: as others are told. detail: plain values. client_id: given by who sent
    it, so that sending again adds nothing; None: not given.
    """

    conversation_id: str
    kind: Kind
    text: str = ""
    by: str = ""
    name: str = ""
    ticket_id: str | None = None
    turn_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    client_id: str | None = None
    number: int = 0
    at: datetime = LONG_AGO
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class Thread:
    """Who holds a conversation; see ``assistant.records.desk.tables.threads``."""

    conversation_id: str
    holder: Holder
    since: datetime
    latest: datetime
    ticket_id: str | None = None
    continues: str | None = None
    goes_on_in: str | None = None
    count: int = 0
    seen: datetime | None = None


class Log:
    """The logs on one connection, whose transaction is the only one that writes."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        """Use a connection. now: when what is written happens."""
        self.connection = connection
        self.now = now

    def thread(self, conversation_id: str, *, last: bool = True) -> Thread:
        """Return the state of a conversation; the bot holds one that has none.

        last: of the one in which it goes on, if it does.
        """
        query = select(threads).where(threads.c.conversation_id == conversation_id)
        row = self.connection.execute(query).mappings().first()
        if row is None:
            return Thread(conversation_id, Holder.BOT, self.now, self.now)
        thread = Thread(**{**row, "holder": Holder(row["holder"])})
        if last and thread.goes_on_in:
            return self.thread(thread.goes_on_in)
        return thread

    def put(self, thread: Thread) -> None:
        """Store the state of a conversation."""
        mine = threads.c.conversation_id == thread.conversation_id
        values = {
            "holder": thread.holder.value,
            "ticket_id": thread.ticket_id,
            "continues": thread.continues,
            "goes_on_in": thread.goes_on_in,
            "since": thread.since,
            "latest": self.now,
            "count": thread.count,
        }
        if not self.connection.execute(update(threads).where(mine).values(values)).rowcount:
            row = {"conversation_id": thread.conversation_id, **values}
            self.connection.execute(insert(threads), row)

    def add(self, thread: Thread, entry: LogEntry) -> tuple[Thread, LogEntry]:
        """Add an entry; return the state and the entry as they are stored."""
        after = replace(thread, count=thread.count + 1, latest=self.now)
        kept = replace(
            entry, conversation_id=thread.conversation_id, number=after.count, at=self.now
        )
        row = {column.name: getattr(kept, column.name) for column in messages.c}
        self.connection.execute(insert(messages), {**row, "detail": dict(kept.detail)})
        self.put(after)
        return after, kept

    def sent(
        self, conversation_id: str, client_id: str | None, *kinds: Kind, file: bool = False
    ) -> LogEntry | None:
        """Return what was sent with an id of the client before, also where it went on since.

        kinds: of what is sent now. file: whether that is a file.

        Raises:
            DeskConflict: something else was sent with it.
        """
        if client_id is None:
            return None
        thread = self.thread(conversation_id, last=False)
        names = [thread.conversation_id]
        while thread.goes_on_in:
            thread = self.thread(thread.goes_on_in, last=False)
            names.append(thread.conversation_id)
        query = select(messages).where(
            messages.c.conversation_id.in_(names), messages.c.client_id == client_id
        )
        row = self.connection.execute(query).mappings().first()
        if row is None:
            return None
        entry = entry_of(row)
        if entry.kind not in kinds or (ATTACHMENT in entry.detail) != file:
            raise DeskConflict(
                f"Something else was sent with the client_id {client_id!r:.80}; nothing was sent.",
                hint="Take another one for each message.",
            )
        return entry

    def entries(
        self, conversation_id: str, after: int = 0, without: Collection[Kind] = ()
    ) -> list[LogEntry]:
        """Return the entries behind a number, in their order."""
        query = select(messages).where(
            messages.c.conversation_id == conversation_id,
            messages.c.number > after,
            messages.c.kind.not_in(list(without)),
        )
        rows = self.connection.execute(query.order_by(messages.c.number)).mappings()
        return [entry_of(row) for row in rows]

    def pieces(self, turn_id: str) -> str:
        """Return what was shown of an answer that has not ended."""
        query = select(messages.c.text).where(
            messages.c.turn_id == turn_id, messages.c.kind == "piece"
        )
        return "".join(self.connection.scalars(query.order_by(messages.c.number)))

    def claimed_since(self, conversation_id: str, turn_id: str) -> bool:
        """Return whether a person took a conversation over after the question of a turn."""
        asked = (messages.c.turn_id == turn_id) & (messages.c.kind == "question")
        number = select(messages.c.number).where(asked).scalar_subquery()
        passed = select(messages.c.detail).where(
            messages.c.conversation_id == conversation_id,
            messages.c.kind == "moved",
            messages.c.number > number,
        )
        return any(detail.get("move") == "claim" for detail in self.connection.scalars(passed))

    def forget_pieces(self, turn_id: str) -> None:
        """Delete the pieces of an answer: its turn has them."""
        mine = (messages.c.turn_id == turn_id) & (messages.c.kind == "piece")
        self.connection.execute(delete(messages).where(mine))

    def forget_turn(self, turn_id: str) -> None:
        """Delete all of a turn."""
        self.connection.execute(delete(messages).where(messages.c.turn_id == turn_id))

    def unended(self, conversation_id: str | None = None) -> list[LogEntry]:
        """Return the questions whose answers have not ended, oldest first."""
        ends = messages.alias("ends")
        ended = (
            select(ends.c.id)
            .where(ends.c.turn_id == messages.c.turn_id, ends.c.kind.in_(ENDS))
            .exists()
        )
        query = select(messages).where(messages.c.kind == "question", ~ended)
        if conversation_id is not None:
            query = query.where(messages.c.conversation_id == conversation_id)
        rows = self.connection.execute(query.order_by(messages.c.at, messages.c.number)).mappings()
        return [entry_of(row) for row in rows]

    def owner(self, conversation_id: str) -> str:
        """Return whose a conversation is; empty if nobody knows."""
        query = select(conversations.c.owner).where(conversations.c.id == conversation_id)
        return self.connection.scalar(query) or ""

    def next_conversation(self, thread: Thread) -> Thread:
        """Begin a conversation of the same owner that continues a closed one, without its texts."""
        name = str(uuid4())
        row = {
            "id": name,
            "owner": self.owner(thread.conversation_id),
            "began": self.now,
            "latest": self.now,
        }
        self.connection.execute(insert(conversations).values(row))
        self.put(replace(thread, goes_on_in=name))
        fresh = Thread(name, Holder.BOT, self.now, self.now, continues=thread.conversation_id)
        self.put(fresh)
        return fresh

    def count(self, conversation_id: str) -> int:
        """Return how many entries a log has now."""
        query = select(func.count()).where(messages.c.conversation_id == conversation_id)
        return self.connection.scalar(query) or 0


def entry_of(row: RowMapping) -> LogEntry:
    """Return an entry as it is stored."""
    return LogEntry(**row)
