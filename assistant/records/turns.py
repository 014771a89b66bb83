"""What was asked and answered, and what people thought of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Engine,
    Float,
    ForeignKey,
    String,
    Table,
    Text,
    func,
    insert,
    select,
)

from assistant.desk.states import LastAnswer
from assistant.records.askings import askings, line_of
from assistant.records.conversations import Conversations, FirstSaid, conversations
from assistant.records.database import metadata
from assistant.records.desk.log import ENDS, Log
from assistant.records.desk.tables import messages, threads, tickets
from assistant.records.desk.threads import Threads, ended
from assistant.wire.author import PRODUCT, Author, AuthorKind, authored
from assistant.wire.turn import TurnView
from guardrails import clock
from guardrails.store.store import Ledger, Store
from guardrails.types import QUOTE

Outcome = Literal["answered", "asked", "abstained", "replied", "handed_off", "left", "taken_over"]
Thumb = Literal["up", "down"]
_OWN: Final = frozenset({"asked", "replied", "handed_off"})
"""Outcomes where all that is said is the product's own."""

turns = Table(
    "turns",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("conversation_id", String(64), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("standalone", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("segment", String(64), nullable=False, index=True),
    Column("outcome", String(16), nullable=False),
    Column("answer", Text, nullable=False),
    Column("arm", String(64)),
    Column("arm_revision", String(128)),
    Column("reason", Text),
    Column("evidence", Float),
    Column("prompt_hash", String(12), nullable=False),
    Column("index_generation", String(32), nullable=False),
    Column("sources", JSON, nullable=False),
    Column("sentences", JSON, nullable=False),
    Column("usage", JSON, nullable=False),
    Column("timings_s", JSON, nullable=False),
    Column("checked", Boolean, nullable=False),
    Column("fell_back", Text),
    Column("scores", JSON, nullable=False),
    Column("mode", String(8)),
    Column("selection", JSON, nullable=False, server_default="{}"),
)
feedback = Table(
    "feedback",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("turn_id", ForeignKey("turns.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("thumb", String(4), nullable=False),
    Column("comment", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and what became of it.

    outcome: ``left``: who asked did not wait for the end; ``taken_over``: a person began to speak.

    sources: the numbered passages, those that answer first. evidence: how likely these answer, in
    [0, 1], None if nothing was searched. mode: ``quote``, ``write``, ``ask`` or ``abstain``; None
    where nothing was asked. selection: how that was chosen, what was quoted, and what there is to
    choose from. timings_s: seconds by step. checked: whether the check ran on all that was shown.
    fell_back: why base answered in place of the candidate that was routed to. scores: of the
    fast scorers, by name: ``value`` (None if there is none) and ``reason``.
    """

    conversation_id: str
    question: str
    standalone: str
    language: str
    segment: str
    outcome: Outcome
    answer: str
    prompt_hash: str
    index_generation: str
    arm: str | None = None
    arm_revision: str | None = None
    reason: str | None = None
    evidence: float | None = None
    sources: Sequence[Mapping[str, Any]] = ()
    sentences: Sequence[Mapping[str, Any]] = ()
    usage: Mapping[str, int] = field(default_factory=dict)
    timings_s: Mapping[str, float] = field(default_factory=dict)
    checked: bool = True
    fell_back: str | None = None
    scores: Mapping[str, Any] = field(default_factory=dict)
    mode: str | None = None
    selection: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid4()))
    created_at: datetime = field(default_factory=clock.now)

    @property
    def author(self) -> Author:
        """Who wrote what was shown; where a part of it is a model's, the model.

        An abstention that is the product's own keeps what it said apart from its choices; one
        without follows on what an arm had said.
        """
        own = self.outcome in _OWN or (self.outcome == "abstained" and self.selection.get("lead"))
        if own or not self.arm:
            return authored("product", PRODUCT, self.language)
        kind: AuthorKind = "document" if self.arm == QUOTE else "model"
        return authored(kind, self.arm, self.language, self.arm_revision)

    def view(self) -> TurnView:
        """Return the field ``routeback`` of an answer."""
        route = {"arm": self.arm, "revision": self.arm_revision, "reason": self.reason}
        told = ("lead", "choices", "quotations")
        return TurnView.model_validate(
            {
                **asdict(self),
                **{name: self.selection[name] for name in told if name in self.selection},
                "turn_id": self.id,
                "route": route if self.arm else None,
                "mode_reason": self.selection.get("reason", ""),
                "author": self.author,
            }
        )


class Records:
    """Stores turns and feedback. Blocking; call it from a thread."""

    def __init__(self, engine: Engine, threads: Threads | None = None) -> None:
        self._engine = engine
        self._store = Store(engine)
        self.threads = threads or Threads(engine)

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._engine

    @property
    def conversations(self) -> Conversations:
        """Whose each conversation is."""
        return Conversations(self._engine)

    def begin(
        self, owner: str, conversation_id: str | None = None, first: FirstSaid | None = None
    ) -> str:
        """Begin a conversation; see ``Conversations.begin``."""
        return self.conversations.begin(owner, conversation_id, first)

    def add(
        self, turn: Turn, also: Callable[[Ledger], None] = lambda _: None, *, shown: bool = True
    ) -> int:
        """Store a turn and, in the same transaction, what ``also`` writes about it.

        Return the number of its end in the log of its conversation. shown: all of the answer is
        shown, which needs the bot to hold the conversation.

        Raises:
            TakenOver: it does not any more; nothing is stored.
        """
        with self._store.transaction() as ledger:
            log = Log(ledger.connection, clock.now())
            number = ended(log, turn.conversation_id, turn.id, shown=shown)
            row = asdict(turn)
            ledger.connection.execute(insert(turns), row)
            ledger.connection.execute(insert(askings), line_of(row))
            also(ledger)
        self.threads.bell.ring(turn.conversation_id)
        return number

    def find(self, turn_id: str) -> Turn | None:
        """Return the turn of that id."""
        with self._engine.connect() as connection:
            row = connection.execute(select(turns).where(turns.c.id == turn_id)).mappings().first()
        return Turn(**row) if row else None

    def some(self, turn_ids: Sequence[str]) -> list[Turn]:
        """Return the turns of those ids, in no order."""
        query = select(turns).where(turns.c.id.in_(turn_ids))
        with self._engine.connect() as connection:
            return [Turn(**row) for row in connection.execute(query).mappings()]

    def outcomes(self, turn_ids: Sequence[str]) -> dict[str, str]:
        """Return how turns ended, by their ids."""
        query = select(turns.c.id, turns.c.outcome).where(turns.c.id.in_(turn_ids))
        with self._engine.connect() as connection:
            return {row.id: row.outcome for row in connection.execute(query)}

    def conversation(self, conversation_id: str) -> list[Turn]:
        """Return the turns of a conversation, oldest first."""
        query = select(turns).where(turns.c.conversation_id == conversation_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(turns.c.created_at)).mappings().all()
        return [Turn(**row) for row in rows]

    def histories(self, owner: str, most: int) -> list[dict[str, Any]]:
        """Return somebody's conversations, the latest first, as ``ConversationLine`` has them."""
        title = (
            select(messages.c.text)
            .where(
                messages.c.conversation_id == conversations.c.id,
                messages.c.kind.in_(["question", "user"]),
            )
            .order_by(messages.c.number)
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(
                conversations.c.id.label("conversation_id"),
                conversations.c.began,
                func.coalesce(threads.c.latest, conversations.c.latest).label("latest"),
                func.coalesce(title, "").label("title"),
                func.coalesce(threads.c.holder, "bot").label("holder"),
                tickets.c.number.label("ticket"),
            )
            .outerjoin(threads, threads.c.conversation_id == conversations.c.id)
            .outerjoin(tickets, tickets.c.id == threads.c.ticket_id)
            .where(conversations.c.owner == owner)
            .order_by(conversations.c.latest.desc())
            .limit(most)
        )
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def last_answer(self, conversation_id: str) -> LastAnswer:
        """Return what somebody was told last in a conversation, as far as it says why they ask."""
        entries = self.threads.entries(conversation_id)
        ends = [entry for entry in entries if entry.kind in ENDS]
        if not ends:
            return LastAnswer()
        if ends[-1].kind == "failed" or ends[-1].turn_id is None:
            return LastAnswer(failed=True)
        turn = self.find(ends[-1].turn_id)
        if turn is None:
            return LastAnswer()
        ratings = self.ratings(turn.id)
        return LastAnswer(
            turn.outcome,
            turn.evidence,
            withheld=turn.selection.get("finish") == "content_filter",
            foreign=turn.language == "unknown",
            rated_down=bool(ratings) and ratings[-1][0] == "down",
        )

    def rate(self, turn_id: str, thumb: Thumb, comment: str, owner: str | None = None) -> bool:
        """Store what a person thought of an answer; return whether there is such a turn.

        owner: whose it must be; None: anybody's.
        """
        turn = self.find(turn_id)
        if turn is None:
            return False
        if owner is not None and not self.conversations.owns(owner, turn.conversation_id):
            return False
        row = {"id": str(uuid4()), "turn_id": turn_id, "created_at": clock.now()}
        with self._engine.begin() as connection:
            connection.execute(insert(feedback).values(**row, thumb=thumb, comment=comment))
        return True

    def ratings(self, turn_id: str) -> list[tuple[str, str]]:
        """Return (thumb, comment) of every rating of a turn, oldest first."""
        query = select(feedback.c.thumb, feedback.c.comment).where(feedback.c.turn_id == turn_id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(feedback.c.created_at)).all()
        return [(row.thumb, row.comment) for row in rows]
