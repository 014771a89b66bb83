"""The rows of the numbers, from a real database: who, which thread, what failed, what is erased."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from assistant.outcomes.demand import demands
from assistant.records.askings import STOPPED, askings, words
from assistant.records.conversations import Conversations, conversations
from assistant.records.database import RECORDS, open_database
from assistant.records.desk.desk import Desk
from assistant.records.desk.drafts import draft_labels
from assistant.records.desk.events import Worker
from assistant.records.desk.tables import messages, threads, tickets
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.outcomes import Outcomes
from assistant.records.turns import Records, Turn, feedback, turns
from assistant.retention import texts
from assistant.retention.selection import Selection
from guardrails import clock

ADA = Worker("a", "Ada")


@pytest.fixture
def engine(database):
    return database


@pytest.fixture
def now():
    return clock.now()


def told(engine, owner: str, **values) -> Turn:
    """Record a turn of a new conversation, unless one is named."""
    given = {
        "question": "How do I reset my password?",
        "language": "en",
        "segment": "support.account",
        "outcome": "answered",
        "answer": "So.",
        "prompt_hash": "p",
        "index_generation": "1",
        "arm": "base",
        "sources": [{"number": 1, "id": "i1", "key": "reset-password", "title": "t", "text": "x"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 50},
        "timings_s": {"generate": 1.5, "check": 0.5},
        **values,
    }
    given.setdefault("standalone", given["question"])
    given.setdefault("conversation_id", Conversations(engine).begin(owner))
    turn = Turn(**given)
    Records(engine).add(turn)
    return turn


def draft(entry, kind: str) -> dict:
    """Return the label of a draft that became a reply."""
    texts = ("arm", "arm_revision", "segment", "language", "prompt_hash", "text", "digest")
    return {
        **dict.fromkeys((*texts, "index_generation"), "x"),
        "id": f"draft-{kind}",
        "conversation_id": entry.conversation_id,
        "ticket_id": entry.ticket_id,
        "at": entry.at,
        "sources": [],
        "kind": kind,
        "message_id": entry.id,
    }


def read(engine, now):
    return Outcomes(engine).read(now - timedelta(days=1), now + timedelta(days=1))


def states(engine, now, later: float = 60.0) -> list[str]:
    rows, moment = read(engine, now), now + timedelta(days=later)
    found = demands(rows.askings, rows.handovers, now - timedelta(1), now + timedelta(1))
    return [d.cause or d.state(moment) for d in sorted(found.all, key=lambda d: d.at)]


def test_a_turn_is_read_as_it_was_recorded(engine, now):
    turn = told(engine, "person:eve")
    (row,) = read(engine, now).askings
    assert (row.person, row.thread, row.at) == ("person:eve", turn.conversation_id, turn.created_at)
    assert (row.end, row.arm, row.segment, row.leans) == ("answered", "base", turn.segment, False)
    (spent,) = read(engine, now).spent
    assert (spent.prompt_tokens, spent.completion_tokens, spent.seconds) == (900, 50, 2.0)


def test_one_person_is_known_across_threads_and_languages_and_a_key_is_nobody(engine, now):
    told(engine, "person:eve")
    told(engine, "person:eve", question="Wie setze ich mein Passwort zurück?", language="de")
    told(engine, "key:shop")
    told(engine, "key:shop")
    told(engine, "")
    assert states(engine, now) == ["asked_again"]
    excluded = demands(read(engine, now).askings, [], now - timedelta(1), now + timedelta(1))
    assert excluded.excluded == {"no_person": 3}


def test_the_same_words_in_another_form_are_the_same_and_others_are_not():
    assert words("How do I reset my password?") == words("how do I RESET my  password")
    assert words("How do I reset my password?") != words("How do I change my password?")
    assert words("  ") == ""
    assert words("???") != words("!!!")


def test_a_ticket_a_failure_and_a_thumb_down_are_found(engine, now):
    handed = told(engine, "person:a")
    ticket = Desk(engine).open(Ticket(handed.conversation_id, "en", "help"))
    down = told(engine, "person:b")
    assert Records(engine).rate(down.id, "down", "")
    failed = Conversations(engine).begin("person:c")
    log = Threads(engine)
    log.take(failed, "turn-failed", "What is broken?")
    log.fail(failed, "turn-failed", "no model")
    assert sorted(states(engine, now)) == ["failed", "person", "rated_down"]
    desk = Desk(engine)
    kinds = ("as_is", "edited", "rewritten", None)
    sent = [desk.reply(ticket.id, f"Like so {kind}", ADA) for kind in kinds]
    with engine.begin() as connection:
        for entry, kind in zip(sent, kinds, strict=True):
            if kind is not None:
                connection.execute(insert(draft_labels).values(draft(entry, kind)))
    desk.solve(ticket.id, ADA)
    rows = read(engine, now)
    used = sorted((reply.drafted, reply.same) for reply in rows.replies)
    assert used == [(False, False), (False, False), (True, False), (True, True)]
    (row,) = rows.tickets
    assert (row.rateable, row.gone, row.replied_at is None) == (True, False, False)


def test_an_answer_that_the_server_cut_is_a_failure_and_one_left_at_once_is_not_counted(
    engine, now
):
    told(engine, "person:a", outcome="left", answer="", language="unknown", reason=STOPPED)
    for owner, waited in (("person:b", 1.0), ("person:c", 9.0)):
        turn = told(engine, owner, outcome="left", answer="")
        log = Threads(engine)
        log.take(turn.conversation_id, turn.id, turn.question)
        asked = turn.created_at - timedelta(seconds=waited)
        with engine.begin() as connection:
            mine = (messages.c.turn_id == turn.id) & (messages.c.kind == "question")
            connection.execute(update(messages).where(mine).values(at=asked))
    assert sorted(states(engine, now)) == ["failed", "left"]


def test_a_conversation_that_goes_on_in_another_is_one_thread(engine, now):
    first = told(engine, "person:eve")
    second = Conversations(engine).begin("person:eve")
    with engine.begin() as connection:
        row = {"holder": "bot", "since": now, "latest": now, "count": 0}
        connection.execute(delete(threads))
        connection.execute(insert(threads).values(conversation_id=first.conversation_id, **row))
        before = first.conversation_id
        connection.execute(insert(threads).values(conversation_id=second, continues=before, **row))
    told(engine, "person:eve", conversation_id=second, question="Something else?", sources=[])
    assert {row.thread for row in read(engine, now).askings} == {first.conversation_id}


def test_what_was_erased_is_counted_and_says_nothing(engine, now):
    turn = told(engine, "person:eve")
    told(engine, "person:bo")
    with engine.begin() as connection:
        texts.erase(connection, Selection.of(connection, [turn.conversation_id]))
    with engine.connect() as connection:
        line = (
            connection.execute(select(askings).where(askings.c.turn_id == turn.id)).mappings().one()
        )
        home = connection.scalar(select(turns.c.conversation_id).where(turns.c.id == turn.id))
        assert connection.scalar(select(func.count()).select_from(conversations)) == 1
    assert (line["own"], line["whole"], line["entry"]) == ("", "", "")
    assert line["conversation_id"] == home
    assert home.startswith("erased-")
    found = demands(read(engine, now).askings, [], now - timedelta(1), now + timedelta(1))
    assert (found.excluded, len(found.all)) == ({"erased": 1}, 1)


def test_turns_from_before_get_their_lines(tmp_path):
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from assistant.records.migrations.versions import r0022_askings

    engine = open_database(tmp_path / RECORDS)
    now = clock.now()
    turn = told(engine, "person:eve", created_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    with engine.begin() as connection:
        before = connection.execute(select(askings)).mappings().one()
        connection.execute(delete(askings))
        connection.exec_driver_sql("DROP TABLE askings")
        with Operations.context(MigrationContext.configure(connection)):
            r0022_askings.upgrade()
    with engine.connect() as connection:
        after = connection.execute(select(askings)).mappings().one()
        assert after == before
    assert after["at"] == turn.created_at < now
    assert read(engine, turn.created_at).askings
    engine.dispose()


def test_a_rating_that_was_taken_back_is_none(engine, now):
    turn = told(engine, "person:eve")
    for thumb, minutes in (("down", 1), ("up", 2)):
        at = turn.created_at + timedelta(minutes=minutes)
        row = {"id": f"{thumb}{minutes}", "turn_id": turn.id, "created_at": at}
        with engine.begin() as connection:
            connection.execute(insert(feedback).values(**row, thumb=thumb, comment=""))
    assert states(engine, now) == ["resolved"]


def test_leaving_the_hard_ones_makes_nothing_faster(engine, now):
    desk = Desk(engine)

    def asked():
        conversation = Conversations(engine).begin("person:eve")
        return desk.open(Ticket(conversation, "en", "help", owner="person:eve"))

    def waiting():
        handovers = [row for row in read(engine, now).tickets if not row.gone]
        return sum(row.replied_at is None for row in handovers)

    unanswered = [asked() for _ in range(3)]
    assert waiting() == 3
    desk.give_back(unanswered[0].id, ADA)
    desk.solve(unanswered[1].id, ADA, "duplicate")
    assert waiting() == 3
    desk.merge(unanswered[2].id, asked().id, ADA)
    assert waiting() == 3, "what is merged is answered in the other"
    answered = asked()
    desk.reply(answered.id, "So it is.", ADA)
    desk.give_back(answered.id, ADA)
    (row,) = [row for row in read(engine, now).tickets if row.id == answered.id]
    assert row.solved_at is not None


def test_a_ticket_by_hand_is_nobodys_demand(engine, now):
    conversation = Conversations(engine).begin("desk:a")
    Desk(engine).open(Ticket(conversation, "en", "call", reason="by_hand"), ADA)
    rows = read(engine, now)
    assert demands([], rows.handovers, now - timedelta(1), now + timedelta(1)).straight == 0
    assert [replace(row, id="").by_hand for row in rows.tickets] == [True]
    with engine.connect() as connection:
        assert connection.scalar(select(tickets.c.owner)) == "desk:a"
