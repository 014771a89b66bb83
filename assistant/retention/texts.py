"""Takes the texts of people out of the tables of records, guardrail and nights."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    case,
    column,
    delete,
    select,
    table,
    update,
)

from assistant.records import entry_cases, gaps
from assistant.records.askings import BLANK, askings
from assistant.records.bridge import tables as bridge
from assistant.records.conversations import conversations
from assistant.records.desk.drafts import draft_labels
from assistant.records.desk.tables import messages, threads, tickets
from assistant.records.entries import blank
from assistant.records.nights import answers, frozen, nights, scores
from assistant.records.queue.mailing import thread_of
from assistant.records.queue.tables import attachments, looking, news
from assistant.records.turns import feedback, turns
from assistant.retention import blanks
from assistant.retention.selection import Selection, parts
from guardrails.store.outbox import Outbox
from guardrails.store.sql_tables import jobs, pairs

_ENDED: Final = "void"
_SESSIONS: Final = table("sessions", column("person"))
"""As ``assistant.access.sessions`` has it, which stands above."""


def erase(connection: Connection, chosen: Selection) -> None:
    """Erase what was selected from the records; what is left are numbers.

    A job that waits is void. The connection must be the only one that writes.
    """
    _change(connection, turns, chosen.turns, blanks.turn)
    for part in parts(chosen.turns):
        _forget_words(connection, part)
    _change(connection, pairs, chosen.pairs, blanks.pair)
    for part in parts(chosen.comments):
        connection.execute(update(feedback).where(feedback.c.id.in_(part)).values(comment=""))
    blank(connection, chosen.entry_drafts)
    gaps.forget(connection, chosen.turns)
    entry_cases.forget(connection, chosen.turns)
    for part in parts(chosen.tickets):
        connection.execute(delete(tickets).where(tickets.c.id.in_(part)))
        connection.execute(delete(news).where(news.c.ticket_id.in_(part)))
        connection.execute(delete(looking).where(looking.c.ticket_id.in_(part)))
        bridge.forget(connection, part)
        Outbox(connection).forget([thread_of(name) for name in part])
        held = update(threads).where(threads.c.ticket_id.in_(part))
        connection.execute(held.values(ticket_id=None, holder="closed"))
    for part in parts(chosen.messages):
        connection.execute(delete(messages).where(messages.c.id.in_(part)))
    _change(connection, draft_labels, chosen.drafts, blanks.draft)
    for part in parts(chosen.attachments):
        connection.execute(delete(attachments).where(attachments.c.id.in_(part)))
    for part in parts(chosen.conversations):
        connection.execute(delete(threads).where(threads.c.conversation_id.in_(part), *_silent()))
        over = conversations.c.id.in_(part)
        connection.execute(delete(conversations).where(over, *_no_longer_kept()))
    void(connection, chosen.jobs)
    for part in parts(chosen.jobs):
        change = update(jobs).where(jobs.c.id.in_(part))
        connection.execute(change.values(payload={}, error=blanks.ERASED))


def _forget_words(connection: Connection, turn_ids: Sequence[str]) -> None:
    """Let lines of what was asked say nothing of it, and belong where their turn does."""
    where = select(turns.c.conversation_id).where(turns.c.id == askings.c.turn_id).scalar_subquery()
    lines = update(askings).where(askings.c.turn_id.in_(turn_ids))
    connection.execute(lines.values(**BLANK, conversation_id=where))


def _silent() -> tuple[ColumnElement[bool], ...]:
    """Of conversations in which nothing is logged any more."""
    logged = select(messages.c.id).where(messages.c.conversation_id == threads.c.conversation_id)
    return (~logged.exists(),)


def forget_sessions(connection: Connection, chosen: Selection) -> None:
    """Forget that the owners of conversations had signed in: with what name, and in what groups."""
    for part in parts(chosen.conversations):
        owners = select(conversations.c.owner).where(conversations.c.id.in_(part))
        connection.execute(delete(_SESSIONS).where(_SESSIONS.c.person.in_(owners)))


def forget_owners(connection: Connection, before: datetime) -> None:
    """Forget whose conversations were of which nothing is kept and that did not go on since."""
    over = conversations.c.latest < before
    connection.execute(delete(conversations).where(over, *_no_longer_kept()))


def void(connection: Connection, job_ids: Sequence[str]) -> None:
    """End the jobs that wait."""
    for part in parts(job_ids):
        waits = update(jobs).where(jobs.c.id.in_(part), jobs.c.state == "waiting")
        connection.execute(waits.values(state=_ENDED, error=blanks.ERASED))


def erase_cases(connection: Connection, cases: Collection[str]) -> list[str]:
    """Erase the words of eval cases from all nights; return the nights that had some.

    Their scores stay. What was frozen of them is gone: the next night freezes anew.
    """
    names, changed = sorted(cases), set[str]()
    for part in parts(names):
        mine = answers.c.case.in_(part)
        for row in connection.execute(select(answers).where(mine)).mappings().all():
            changed.add(row["night"])
            values = {
                "measured": blanks.answer(row["measured"]),
                "error": row["error"] and blanks.ERASED,
            }
            connection.execute(_of(answers, row).values(values))
        reason = case((scores.c.reason == "", ""), else_=blanks.ERASED)
        connection.execute(update(scores).where(scores.c.case.in_(part)).values(reason=reason))
        connection.execute(delete(frozen).where(frozen.c.case.in_(part)))
    with_gaps = nights.c.result["closed_gaps"].as_string()
    told_of = select(nights.c.id, nights.c.result).where(with_gaps.not_in(["[]", "null"]))
    for name, found in connection.execute(told_of).all():
        asked = {question["case"] for gap in found["closed_gaps"] for question in gap["questions"]}
        if not asked.isdisjoint(cases):
            changed.add(name)
    for night in sorted(changed):
        result = connection.scalar(select(nights.c.result).where(nights.c.id == night))
        told = update(nights).where(nights.c.id == night)
        connection.execute(told.values(result=blanks.night(result, cases)))
    return sorted(changed)


def held(connection: Connection, cases: Collection[str]) -> int:
    """Return how many answers and frozen answers of nights have words of eval cases."""
    count = 0
    for part in parts(sorted(cases)):
        rows = connection.execute(select(answers.c.measured).where(answers.c.case.in_(part)))
        count += sum(row.measured.get("answer", blanks.ERASED) != blanks.ERASED for row in rows)
        count += len(connection.execute(select(frozen.c.case).where(frozen.c.case.in_(part))).all())
    return count


def _no_longer_kept() -> tuple[ColumnElement[bool], ...]:
    """Whether a conversation has neither turns nor tickets; one that goes on has its owner yet."""
    return tuple(
        ~select(table.c.id).where(table.c.conversation_id == conversations.c.id).exists()
        for table in (turns, tickets)
    )


def _change(
    connection: Connection,
    table: Table,
    ids: Sequence[str],
    change: Callable[[RowMapping], dict[str, Any]],
) -> None:
    for part in parts(ids):
        rows = connection.execute(select(table).where(table.c.id.in_(part))).mappings().all()
        for row in rows:
            told = update(table).where(table.c.id == row["id"])
            connection.execute(told.values(change(row)))


def _of(table: Table, row: RowMapping) -> Any:
    same = [column == row[column.name] for column in table.primary_key]
    return update(table).where(*same)
