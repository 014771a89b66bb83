"""Drafts of replies, and what became of them. Blocking; call it from a thread.

A draft's text is kept so that what is sent can be held against it, and is blanked with its
conversation; what stays then are numbers. Who asked for a draft, or sent one, is not kept: these
labels are about arms and not about people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from assistant.desk.likeness import REWRITTEN, DraftKind, DraftOutcome, Nearness, compared
from assistant.desk.states import OPEN
from assistant.errors import DeskConflict
from assistant.records.database import metadata
from assistant.records.desk.log import Log, LogEntry
from assistant.records.desk.tables import tickets
from assistant.records.desk.tickets import TicketRows
from guardrails import clock, digests
from guardrails.store.sql_tables import Moment
from guardrails.store.store import Store
from guardrails.types import QUOTE

draft_labels = Table(
    "draft_labels",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("conversation_id", String(64), nullable=False, index=True),
    Column("ticket_id", String(36), nullable=False, index=True),
    Column("at", Moment(), nullable=False, index=True),
    Column("arm", String(64), nullable=False),
    Column("arm_revision", String(128), nullable=False),
    Column("segment", String(80), nullable=False),
    Column("language", String(8), nullable=False),
    Column("prompt_hash", String(12), nullable=False),
    Column("index_generation", String(32), nullable=False),
    Column("score", Float),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("sources", JSON, nullable=False),
    Column("kind", String(10)),
    Column("similarity", Float),
    Column("overlap", Float),
    Column("figures", Integer),
    Column("addresses", Integer),
    Column("denials", Integer),
    Column("sent_at", Moment()),
    Column("message_id", String(36)),
)
"""A draft and how it was sent: kind and what follows it are empty until then."""

_GONE: Final = "It was sent before, or erased. Nothing was sent."


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """A draft of a reply; see ``Nearness`` for what is known once it was sent.

    segment: with its language. score: of the measure, in [0, 1]; None where there is none, as of a
    quotation. text: without markers; empty once it was erased. digest: of it. sources: number,
    title and address of what it was made from. message_id: of the log, once it was sent.
    """

    conversation_id: str
    ticket_id: str
    arm: str
    arm_revision: str
    segment: str
    language: str
    prompt_hash: str
    index_generation: str
    text: str
    digest: str
    score: float | None = None
    sources: Sequence[Mapping[str, Any]] = ()
    kind: DraftKind | None = None
    similarity: float | None = None
    overlap: float | None = None
    figures: int | None = None
    addresses: int | None = None
    denials: int | None = None
    sent_at: datetime | None = None
    message_id: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))
    at: datetime = field(default_factory=clock.now)


@dataclass(frozen=True, slots=True)
class DraftUse:
    """How a reply uses a draft. detail: plain values that are kept beside the reply.

    label: writes it down, in the transaction that stores the reply.
    """

    detail: Mapping[str, Any] = field(default_factory=dict)
    label: Callable[[Connection, LogEntry], None] = lambda _connection, _entry: None


@dataclass(frozen=True, slots=True)
class Drafts:
    """The drafts of all tickets."""

    engine: Engine

    def keep(self, draft: ReplyDraft) -> ReplyDraft:
        """Store a draft, if its ticket is still open.

        Raises:
            UnknownTicket: it was erased meanwhile.
            DeskConflict: it was solved or closed meanwhile; nothing is stored.
        """
        with Store(self.engine).transaction() as ledger:
            ticket = TicketRows(ledger.connection).get(draft.ticket_id)
            thread = Log(ledger.connection, clock.now()).thread(ticket.conversation_id, last=False)
            if not ticket.open or thread.ticket_id != ticket.id:
                raise DeskConflict(
                    f"Ticket #{ticket.number} is {ticket.status.value} by now; there is no draft.",
                    hint="Open it again first.",
                )
            ledger.connection.execute(insert(draft_labels).values(**asdict(draft)))
        return draft

    def use(self, ticket_id: str, draft_id: str, text: str) -> DraftUse:
        """Return how a reply uses a draft of its ticket; its label is written with the reply.

        Raises:
            UnknownTicket: there is no such ticket.
            DeskConflict: the ticket has no such draft.
        """
        mine = draft_labels.c.id == draft_id
        with self.engine.connect() as connection:
            ticket = TicketRows(connection).get(ticket_id)
            row = connection.execute(select(draft_labels).where(mine)).mappings().first()
        if row is None or row["ticket_id"] != ticket.id:
            raise DeskConflict(
                f"Ticket #{ticket.number} has no draft {draft_id!r}; nothing was sent.",
                hint="Send it without, or ask for a draft.",
            )
        draft = draft_of(row)
        near = compared(draft.text, text, draft.language)

        def label(connection: Connection, entry: LogEntry) -> None:
            unused = draft_labels.c.kind.is_(None) & (draft_labels.c.text != "")
            values = {**asdict(near), "kind": near.kind, "sent_at": entry.at}
            told = update(draft_labels).where(mine, unused)
            if not connection.execute(told.values(**values, message_id=entry.id)).rowcount:
                raise DeskConflict("The draft cannot be used any more.", hint=_GONE)

        return DraftUse(_beside(draft, near), label)

    def sent_as(self, ticket_id: str, text: str) -> str | None:
        """Return the id of an unused draft of a ticket that a text is word for word; None: none.

        Raises:
            UnknownTicket: there is no such ticket.
        """
        with self.engine.connect() as connection:
            ticket = TicketRows(connection).get(ticket_id)
            mine = (draft_labels.c.ticket_id == ticket.id) & draft_labels.c.kind.is_(None)
            rows = connection.execute(select(draft_labels.c.id, draft_labels.c.text).where(mine))
            same = [row.id for row in rows if row.text.split() == text.split()]
        return same[-1] if same else None

    def find(self, draft_id: str) -> ReplyDraft | None:
        """Return the draft of that id."""
        query = select(draft_labels).where(draft_labels.c.id == draft_id)
        with self.engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return draft_of(row) if row else None

    def outcomes(self) -> list[tuple[ReplyDraft, DraftOutcome]]:
        """Return all drafts with what became of them, oldest first.

        One that was not sent may be used as long as its ticket is open.
        """
        query = select(draft_labels, tickets.c.status).outerjoin(
            tickets, tickets.c.id == draft_labels.c.ticket_id
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(draft_labels.c.at)).mappings().all()
        return [(draft_of(row), _outcome(row)) for row in rows]


def draft_of(row: RowMapping) -> ReplyDraft:
    """Return a draft as it is stored."""
    return ReplyDraft(**{column.name: row[column.name] for column in draft_labels.c})


def digest_of(text: str) -> str:
    """Return the digest by which a draft's text is known."""
    return digests.of(text)


def _outcome(row: RowMapping) -> DraftOutcome:
    kind: DraftKind | None = row["kind"]
    if kind is not None:
        return kind
    usable = row["text"] and row["status"] in {holder.value for holder in OPEN}
    return "open" if usable else "discarded"


def _beside(draft: ReplyDraft, near: Nearness) -> dict[str, Any]:
    """Return what is kept beside a reply: whose words it has, and from where; as who asks sees."""
    told: dict[str, Any] = {"draft_id": draft.id}
    if near.similarity < REWRITTEN:
        return told
    words = {"quoted": True} if draft.arm == QUOTE else {"drafted": True}
    return {**told, **words, "sources": [dict(source) for source in draft.sources]}
