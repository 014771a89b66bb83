"""Reads what the numbers are counted from. Blocking; call it from a thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, DateTime, Engine, select, type_coerce

from assistant.outcomes.demand import WINDOW
from assistant.outcomes.rows import Asking, Handover
from assistant.outcomes.service import AnswerSpending, Replied
from assistant.records.askings import askings, words
from assistant.records.conversations import conversations
from assistant.records.desk.drafts import draft_labels
from assistant.records.desk.tables import messages, threads, tickets
from assistant.records.turns import feedback
from assistant.segments import PERSON, SMALLTALK, UNKNOWN

BEFORE: Final = 4 * WINDOW
"""How long before the first day is read: what was asked then may be asked again."""
AFTER: Final = 2 * WINDOW
"""How long a demand may go on at most: until it is answered, and until it is over."""
_MACHINES: Final = ("key:", "desk:")
"""Owners that are no person: a key may ask for many, and the team opens tickets for others."""
_NO_WORK: Final = frozenset({"merged", "withdrawn", "timed_out"})
_NO_LANGUAGE: Final = "unknown"


@dataclass(frozen=True, slots=True)
class OutcomeRows:
    """What was asked and what became of it, with what lies around the days that are asked for.

    tickets: those of the handovers that were opened in these days; replies, spent: of these days.
    """

    askings: list[Asking]
    handovers: list[Handover]
    tickets: list[Handover]
    replies: list[Replied]
    spent: list[AnswerSpending]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The rows of the numbers."""

    engine: Engine

    def read(self, since: datetime, until: datetime) -> OutcomeRows:
        """Return the rows for what was asked from ``since`` on and before ``until``."""
        first, last = since - BEFORE, until + AFTER
        with self.engine.connect() as connection:
            people = _people(connection, first)
            families = _families(connection)
            said, spent = _said(connection, first, last, people, families, (since, until))
            said += _failed(connection, first, last, people, families)
            handovers = _handovers(connection, first, last, families)
            replies = _replies(connection, since, until)
        own = [handover for handover in handovers if since <= handover.at < until]
        return OutcomeRows(said, handovers, own, replies, spent)


def _between(column: ColumnElement[Any], first: datetime, last: datetime) -> ColumnElement[bool]:
    return (column >= first) & (column < last)


def _person(owner: str | None) -> str:
    return "" if owner is None or owner.startswith(_MACHINES) else owner


def _people(connection: Connection, first: datetime) -> dict[str, str]:
    """Return whose each conversation is that went on since."""
    query = select(conversations.c.id, conversations.c.owner).where(
        conversations.c.latest >= first - timedelta(days=1)
    )
    return {name: _person(owner) for name, owner in connection.execute(query).all()}


def _families(connection: Connection) -> Mapping[str, str]:
    """Return the first of the conversations that each one continues."""
    query = select(threads.c.conversation_id, threads.c.continues).where(
        threads.c.continues.is_not(None)
    )
    before: dict[str, str] = {name: old for name, old in connection.execute(query)}  # noqa: C416
    roots = {}
    for name in before:
        root, seen = name, {name}
        while (older := before.get(root)) is not None and older not in seen:
            seen.add(older)
            root = older
        roots[name] = root
    return roots


def _said(
    connection: Connection,
    first: datetime,
    last: datetime,
    people: Mapping[str, str],
    families: Mapping[str, str],
    days: tuple[datetime, datetime],
) -> tuple[list[Asking], list[AnswerSpending]]:
    ratings = _ratings(connection, first)
    asked_at = _asked_at(connection, first, last)
    query = select(
        askings.c.turn_id,
        askings.c.conversation_id,
        type_coerce(askings.c.at, DateTime()),
        askings.c.language,
        askings.c.segment,
        askings.c.outcome,
        askings.c.arm,
        askings.c.entry,
        askings.c.own,
        askings.c.whole,
        askings.c.shown,
        askings.c.stopped,
        askings.c.prompt_tokens,
        askings.c.completion_tokens,
        askings.c.seconds,
    ).where(_between(askings.c.at, first, last))
    found, spent = [], []
    for row in connection.execute(query).all():
        name, thread, when, language, segment, outcome, arm, entry, own, whole = row[:10]
        shown, stopped, prompt, completion, seconds = row[10:]
        at = when if when.tzinfo else when.replace(tzinfo=UTC)
        asked = asked_at.get(name)
        left = outcome == "left" and not stopped
        found.append(
            Asking(
                name,
                people.get(thread, ""),
                families.get(thread, thread),
                at,
                own,
                whole,
                language,
                segment,
                "failed" if stopped else outcome,
                arm,
                entry,
                talk=segment in SMALLTALK,
                for_person=segment == PERSON,
                foreign=language == _NO_LANGUAGE and outcome != "left",
                shown=shown,
                waited_s=(at - asked).total_seconds() if left and asked else float("inf"),
                ratings=ratings.get(name, ()),
            )
        )
        if outcome == "answered" and arm and days[0] <= at < days[1]:
            spent.append(AnswerSpending(arm, prompt, completion, seconds))
    return found, spent


def _ratings(
    connection: Connection, first: datetime
) -> dict[str, tuple[tuple[datetime, bool], ...]]:
    query = (
        select(feedback.c.turn_id, feedback.c.created_at, feedback.c.thumb)
        .where(feedback.c.created_at >= first)
        .order_by(feedback.c.created_at)
    )
    found: dict[str, tuple[tuple[datetime, bool], ...]] = {}
    for turn, at, thumb in connection.execute(query):
        moment = at if at.tzinfo else at.replace(tzinfo=UTC)
        found[turn] = (*found.get(turn, ()), (moment, thumb == "down"))
    return found


def _asked_at(connection: Connection, first: datetime, last: datetime) -> dict[str, datetime]:
    """Return when those questions were asked whose answers were left."""
    left = (
        select(askings.c.turn_id)
        .where(askings.c.outcome == "left", _between(askings.c.at, first, last))
        .scalar_subquery()
    )
    query = select(messages.c.turn_id, messages.c.at).where(
        messages.c.kind == "question", messages.c.turn_id.in_(left)
    )
    return {name: at for name, at in connection.execute(query)}  # noqa: C416


def _failed(
    connection: Connection,
    first: datetime,
    last: datetime,
    people: Mapping[str, str],
    families: Mapping[str, str],
) -> list[Asking]:
    """Return the questions that got no answer at all: there is no turn of them."""
    failed = messages.alias("failed")
    query = (
        select(failed.c.turn_id, failed.c.conversation_id, failed.c.at, messages.c.text)
        .outerjoin(
            messages, (messages.c.turn_id == failed.c.turn_id) & (messages.c.kind == "question")
        )
        .where(failed.c.kind == "failed", _between(failed.c.at, first, last))
    )
    found = []
    for turn, thread, at, text in connection.execute(query):
        own = words(text or "")
        found.append(
            Asking(
                str(turn),
                people.get(thread, ""),
                families.get(thread, thread),
                at,
                own,
                own,
                _NO_LANGUAGE,
                UNKNOWN,
                "failed",
            )
        )
    return found


def _handovers(
    connection: Connection, first: datetime, last: datetime, families: Mapping[str, str]
) -> list[Handover]:
    query = select(
        tickets.c.id,
        tickets.c.owner,
        tickets.c.conversation_id,
        tickets.c.created_at,
        tickets.c.segment,
        tickets.c.reason,
        tickets.c.first_reply_at,
        tickets.c.solved_at,
        tickets.c.reopened,
        tickets.c.rating,
        tickets.c.cause,
        tickets.c.closed_at,
        tickets.c.status,
    ).where(_between(tickets.c.created_at, first, last))
    found = []
    for row in connection.execute(query):
        gone = row.cause in _NO_WORK
        over = row.status in {"solved", "closed"}
        solved = row.solved_at
        if row.cause == "returned" and row.first_reply_at is not None:
            solved = solved or row.closed_at  # answered, and given back to the assistant
        found.append(
            Handover(
                row.id,
                _person(row.owner or None),
                families.get(row.conversation_id, row.conversation_id),
                row.created_at,
                row.segment,
                by_hand=row.reason == "by_hand",
                replied_at=row.first_reply_at,
                solved_at=solved,
                reopened=row.reopened,
                rating=row.rating,
                rateable=over and solved is not None and not gone,
                gone=gone,
            )
        )
    return found


def _replies(connection: Connection, since: datetime, until: datetime) -> list[Replied]:
    """Return the team's replies; one that was rewritten is made from no draft."""
    query = (
        select(messages.c.by, draft_labels.c.kind)
        .outerjoin(draft_labels, draft_labels.c.message_id == messages.c.id)
        .where(messages.c.kind == "team", _between(messages.c.at, since, until))
    )
    rows = connection.execute(query).all()
    return [Replied(by, kind in {"as_is", "edited"}, kind == "as_is") for by, kind in rows]
