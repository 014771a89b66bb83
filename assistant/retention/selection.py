"""Which rows hold what people said: of some conversations, or from before some moments."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from assistant.records.conversations import conversations
from assistant.records.desk.drafts import draft_labels
from assistant.records.desk.tables import messages, tickets
from assistant.records.entries import drafts_of
from assistant.records.queue.tables import attachments as files
from assistant.records.turns import feedback, turns
from assistant.settings import RetentionSettings
from guardrails.store.sql_tables import jobs, pairs

_AT_ONCE: Final = 500
_DRAFTED: Final = select(draft_labels.c.id).where(draft_labels.c.text != "")


@dataclass(frozen=True, slots=True)
class Selection:
    """Ids of what holds texts of people. conversations: those that are forgotten as a whole.

    comments: of ratings. messages: of the logs of conversations. drafts: of replies. attachments:
    files. jobs, pairs: of the guardrail. entry_drafts: of entries, that were made of what people
    asked or were answered, and approved by nobody. What was erased is not among them.
    """

    conversations: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    entry_drafts: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many there are, by kind."""
        return {field.name: len(getattr(self, field.name)) for field in fields(self)}

    @property
    def cases(self) -> frozenset[str]:
        """What eval cases are called that were made of the turns: ``evals.cases.drafts``."""
        return frozenset(f"turn-{turn[:8]}" for turn in self.turns)

    @classmethod
    def of(cls, connection: Connection, conversations: Collection[str]) -> Self:
        """Return all of some conversations."""
        names = tuple(sorted(conversations))
        mine = _ids(connection, select(turns.c.id), turns.c.conversation_id, names)
        told = select(feedback.c.id).where(feedback.c.comment != "")
        asked = select(jobs.c.id).where(_has_texts(jobs.c.payload))
        job_ids = _ids(connection, asked, jobs.c.turn_id, mine)
        kept = select(pairs.c.id).join(jobs, jobs.c.id == pairs.c.id)
        requests = _ids(connection, select(tickets.c.id), tickets.c.conversation_id, names)
        return cls(
            conversations=names,
            turns=mine,
            comments=_ids(connection, told, feedback.c.turn_id, mine),
            tickets=requests,
            messages=_ids(connection, select(messages.c.id), messages.c.conversation_id, names),
            drafts=_ids(connection, _DRAFTED, draft_labels.c.conversation_id, names),
            attachments=_ids(connection, select(files.c.id), files.c.conversation_id, names),
            jobs=job_ids,
            pairs=_ids(connection, kept.where(_has_texts(pairs.c.answers)), jobs.c.turn_id, mine),
            entry_drafts=drafts_of(connection, mine, requests),
        )

    @classmethod
    def older(cls, connection: Connection, limits: RetentionSettings, now: datetime) -> Self:
        """Return what is older than its kind may be.

        A conversation of which a part is too old is forgotten; its later turns stay records.
        """

        def before(query: Select[Any], at: ColumnElement[Any], days: int) -> tuple[str, ...]:
            if not days:
                return ()
            return tuple(connection.scalars(query.where(at < now - timedelta(days=days))))

        old, whole = limits.conversations, turns.c.question != ""
        asked = messages.c.ticket_id.is_(None)
        questions = before(select(turns.c.id).where(whole), turns.c.created_at, old)
        requests = before(select(tickets.c.id), tickets.c.created_at, limits.tickets)
        conversations = before(
            select(turns.c.conversation_id).where(whole).distinct(), turns.c.created_at, old
        )
        return cls(
            conversations=conversations,
            turns=questions,
            comments=before(
                select(feedback.c.id).where(feedback.c.comment != ""),
                feedback.c.created_at,
                limits.comments,
            ),
            tickets=requests,
            messages=(
                *before(select(messages.c.id).where(asked), messages.c.at, old),
                *before(select(messages.c.id).where(~asked), messages.c.at, limits.tickets),
            ),
            drafts=before(_DRAFTED, draft_labels.c.at, limits.tickets),
            attachments=before(select(files.c.id), files.c.at, limits.tickets),
            jobs=before(select(jobs.c.id).where(_has_texts(jobs.c.payload)), jobs.c.at, old),
            pairs=before(select(pairs.c.id).where(_has_texts(pairs.c.answers)), pairs.c.at, old),
            entry_drafts=drafts_of(connection, questions, requests),
        )


def known(connection: Connection, names: Collection[str]) -> set[str]:
    """Return which of these are conversations: they have an owner, turns or tickets."""
    columns = (conversations.c.id, turns.c.conversation_id, tickets.c.conversation_id)
    return {
        name for c in columns for name in _ids(connection, select(c).distinct(), c, tuple(names))
    }


def parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ids in portions that a statement can name."""
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


def _ids(
    connection: Connection, query: Select[Any], of: ColumnElement[Any], names: Sequence[str]
) -> tuple[str, ...]:
    return tuple(i for part in parts(names) for i in connection.scalars(query.where(of.in_(part))))


def _has_texts(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a record of the guardrail still says what was asked."""
    return or_(
        column["question"].as_string().is_not(None), column["answers"].as_string().is_not(None)
    )
