"""Which questions left something open, to which gap each belongs, and what became of the gap.

No text is kept here: a question's stands in its turn, and is gone with it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import numpy as np
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from assistant.language import LANGUAGES
from assistant.records.conversations import conversations
from assistant.records.database import metadata
from assistant.records.desk.tables import tickets
from assistant.records.turns import feedback, turns
from assistant.segments import is_talk
from guardrails import clock
from guardrails.arrays import Vectors
from guardrails.store.sql_tables import Moment

GapSign = Literal["nothing found", "unsure", "rated down", "handed over"]
GapState = Literal["dismissed", "drafted", "closed", "opened"]
SURE: Final = 0.5
"""Evidence below which an answer is as good as none: a passage is not taken to answer."""
_PORTION: Final = 500

gap_turns = Table(
    "gap_turns",
    metadata,
    Column("turn_id", String(36), primary_key=True),
    Column("gap", String(36), nullable=False, index=True),
    Column("vector", LargeBinary, nullable=False),
)
gap_events = Table(
    "gap_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("gap", String(36), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("key", String(128), nullable=False),
    Column("language", String(8), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Moment(), nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that was left open. sign: why it counts as that; of several the gravest.

    asker: whose the conversation is, which is told to nobody.
    """

    turn_id: str
    text: str
    language: str
    segment: str
    outcome: str
    mode: str
    at: datetime
    sign: GapSign
    asker: str


@dataclass(frozen=True, slots=True)
class GapEvent:
    """What became of a gap. key, language: of the entry that it is about; else empty."""

    gap: str
    state: GapState
    key: str
    language: str
    by: str
    at: datetime


class GapStore:
    """Stores gaps. Blocking; call it from a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_questions(self, days: int) -> list[OpenQuestion]:
        """Return the questions of the last days that were left open, oldest first."""
        with self._engine.connect() as connection:
            return _open(connection, clock.now() - timedelta(days=days))

    def members(self, turn_ids: Collection[str]) -> dict[str, tuple[str, Vectors]]:
        """Return the gap and the vector of each of these turns that has one."""
        found: dict[str, tuple[str, Vectors]] = {}
        with self._engine.connect() as connection:
            for part in _parts(turn_ids):
                query = select(gap_turns).where(gap_turns.c.turn_id.in_(part))
                for row in connection.execute(query):
                    found[row.turn_id] = (row.gap, np.frombuffer(row.vector, np.float32))
        return found

    def turns_of(self, gap: str) -> list[str]:
        """Return the turns of a gap that are still kept, whatever their age."""
        query = select(gap_turns.c.turn_id).where(gap_turns.c.gap == gap)
        with self._engine.connect() as connection:
            return sorted(connection.scalars(query))

    def assign(self, gaps: Mapping[str, str], vectors: Mapping[str, Vectors]) -> None:
        """Store to which gap each turn belongs, for good. What another has stored stays."""
        for turn_id, gap in gaps.items():
            vector = np.asarray(vectors[turn_id], np.float32).tobytes()
            row = {"turn_id": turn_id, "gap": gap, "vector": vector}
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(gap_turns).values(**row))
            except IntegrityError:  # another process looked at it meanwhile
                continue

    def move(self, gap: str, into: str) -> int:
        """Put the turns of a gap into another; return how many."""
        change = update(gap_turns).where(gap_turns.c.gap == gap).values(gap=into)
        with self._engine.begin() as connection:
            return connection.execute(change).rowcount

    def note(self, gap: str, state: GapState, by: str, key: str = "", language: str = "") -> None:
        """Store what became of a gap."""
        row = {"gap": gap, "state": state, "by": by, "at": clock.now()}
        with self._engine.begin() as connection:
            connection.execute(insert(gap_events).values(**row, key=key, language=language))

    def latest(self) -> dict[str, GapEvent]:
        """Return the last event of each gap that has one."""
        newest = select(func.max(gap_events.c.id)).group_by(gap_events.c.gap)
        query = select(gap_events).where(gap_events.c.id.in_(newest))
        with self._engine.connect() as connection:
            return {row.gap: _event(row) for row in connection.execute(query)}

    def closed(self, since: datetime) -> list[GapEvent]:
        """Return the gaps that an entry closed since a moment and that are closed yet."""
        found = [e for e in self.latest().values() if e.state == "closed" and e.at >= since]
        return sorted(found, key=lambda event: (event.at, event.gap))

    def questions(self, turn_ids: Collection[str]) -> list[OpenQuestion]:
        """Return these turns as questions, oldest first; none that is erased."""
        found: list[OpenQuestion] = []
        with self._engine.connect() as connection:
            for part in _parts(turn_ids):
                chosen = _turns().where(turns.c.id.in_(part), turns.c.question != "")
                found += [_question(row, "nothing found") for row in connection.execute(chosen)]
        return sorted(found, key=lambda one: (one.at, one.turn_id))


def forget(connection: Connection, turn_ids: Collection[str]) -> None:
    """Forget what is known of turns that are erased: a vector tells much of its text."""
    for part in _parts(turn_ids):
        connection.execute(delete(gap_turns).where(gap_turns.c.turn_id.in_(part)))


def gaps_of(connection: Connection, turn_ids: Collection[str]) -> set[str]:
    """Return the gaps that some turns belong to."""
    query = select(gap_turns.c.gap).distinct()
    return {
        gap
        for part in _parts(turn_ids)
        for gap in connection.scalars(query.where(gap_turns.c.turn_id.in_(part)))
    }


def _turns() -> Select[Any]:
    columns = ("id", "conversation_id", "created_at", "standalone", "language", "segment")
    more = ("outcome", "mode", "evidence")
    asker = func.coalesce(conversations.c.owner, turns.c.conversation_id).label("asker")
    joined = turns.outerjoin(conversations, conversations.c.id == turns.c.conversation_id)
    return select(*(turns.c[name] for name in (*columns, *more)), asker).select_from(joined)


def _open(connection: Connection, since: datetime) -> list[OpenQuestion]:
    recent = and_(
        turns.c.created_at >= since, turns.c.question != "", turns.c.language.in_(LANGUAGES)
    )
    down = _rated_down(connection, since)
    handed = _handed(connection, since)
    weak = or_(
        turns.c.outcome.in_(("abstained", "asked")),
        and_(turns.c.outcome == "answered", turns.c.evidence < SURE),
    )
    rows = {row.id: row for row in connection.execute(_turns().where(recent, weak))}
    asked = {row.conversation_id for row in rows.values() if row.outcome == "asked"}
    threads: dict[str, list[Row[Any]]] = defaultdict(list)
    for part in _parts(asked | handed.keys()):
        for row in connection.execute(_turns().where(recent, turns.c.conversation_id.in_(part))):
            threads[row.conversation_id].append(row)
    for part in _parts(down - rows.keys()):
        rows |= {r.id: r for r in connection.execute(_turns().where(recent, turns.c.id.in_(part)))}
    signs: dict[str, GapSign] = {}
    for row in rows.values():
        if row.outcome == "asked" and _followed(row, threads[row.conversation_id]):
            continue
        signs[row.id] = "nothing found" if row.outcome == "abstained" else "unsure"
    signs |= dict.fromkeys(down & rows.keys(), "rated down")
    for conversation, moments in handed.items():
        for moment in moments:
            if last := _last_before(moment, threads[conversation]):
                rows[last.id] = last
                signs[last.id] = "handed over"
    found = [_question(rows[i], sign) for i, sign in signs.items() if not is_talk(rows[i].segment)]
    return sorted(found, key=lambda one: (one.at, one.turn_id))


def _rated_down(connection: Connection, since: datetime) -> set[str]:
    """Return the turns whose last rating is a thumb down."""
    query = (
        select(feedback.c.turn_id, feedback.c.thumb)
        .where(feedback.c.created_at >= since)
        .order_by(feedback.c.created_at)
    )
    last = {row.turn_id: row.thumb for row in connection.execute(query)}
    return {turn_id for turn_id, thumb in last.items() if thumb == "down"}


def _handed(connection: Connection, since: datetime) -> dict[str, list[datetime]]:
    """Return when each conversation was handed to a person."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    asked = select(turns.c.conversation_id, turns.c.created_at).where(
        turns.c.created_at >= since, turns.c.outcome == "handed_off"
    )
    opened = select(tickets.c.conversation_id, tickets.c.created_at).where(
        tickets.c.created_at >= since
    )
    for query in (asked, opened):
        for row in connection.execute(query):
            moments[row.conversation_id].append(_utc(row.created_at))
    return moments


def _last_before(moment: datetime, thread: Iterable[Row[Any]]) -> Row[Any] | None:
    """Return the last question of a conversation before a moment."""
    before = [r for r in thread if _utc(r.created_at) <= moment and not is_talk(r.segment)]
    before = [r for r in before if r.outcome not in {"handed_off", "replied"}]
    return max(before, key=lambda row: _utc(row.created_at), default=None)


def _followed(asked: Row[Any], thread: Sequence[Row[Any]]) -> bool:
    """Return whether somebody who was asked back said what they meant, and was answered."""
    after = [row for row in thread if _utc(row.created_at) > _utc(asked.created_at)]
    following = min(after, key=lambda row: _utc(row.created_at), default=None)
    return following is not None and following.outcome == "answered"


def _question(row: Row[Any], sign: GapSign) -> OpenQuestion:
    return OpenQuestion(
        turn_id=row.id,
        text=row.standalone,
        language=row.language,
        segment=row.segment,
        outcome=row.outcome,
        mode=row.mode or "",
        at=_utc(row.created_at),
        sign=sign,
        asker=row.asker,
    )


def _event(row: Row[Any]) -> GapEvent:
    return GapEvent(row.gap, row.state, row.key, row.language, row.by, row.at)


def _utc(moment: datetime) -> datetime:
    """Return a stored moment with its zone, which SQLite forgets."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parts(names: Collection[str]) -> Iterable[Sequence[str]]:
    ordered = sorted(names)
    return (ordered[at : at + _PORTION] for at in range(0, len(ordered), _PORTION))
