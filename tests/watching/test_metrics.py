"""``/metrics`` of a real assistant after real turns, pairs, decisions, tickets and nights."""

import asyncio
import logging
import urllib.request
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, text, update

from assistant.access.callers import Callers
from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.api.server import create
from assistant.assistant import Assistant, ShownPiece
from assistant.errors import ServerError
from assistant.guarding.gauges import KeptGauges
from assistant.local.admission import Admission
from assistant.records.desk.tables import tickets
from assistant.records.desk.tickets import Ticket
from assistant.records.nights import nights
from assistant.turn.permissions import Writing
from assistant.watching.exporter import exporter, exposition
from assistant.watching.metrics import Metrics
from assistant.watching.watch import TurnWatch, Watch
from guardrails import clock
from guardrails.store.outbox import OutboxMessage
from guardrails.types import Pin, Stage, Unscored
from tests.support.server import free_port
from tests.watching.conftest import Watched, asked, paired
from tests.watching.scraped import Scrape


@pytest.fixture
async def assistant(watched: Watched):
    async with watched.opened() as opened:
        yield opened


def scraped(assistant: Assistant) -> Scrape:
    """Read the metrics, however young the last reading is."""
    for collector in list(assistant.watch.registry._collector_to_names):
        if isinstance(collector, KeptGauges):
            collector._until = 0.0
    return Scrape(exposition(assistant.watch.registry, "")[0].decode())


async def test_a_turn_is_counted_by_mode_arm_segment_and_outcome_with_its_times(assistant):
    before = scraped(assistant)
    assert before.value("routeback_answers_total") is None
    turn = await asked(assistant, "What is a token?")
    await asked(assistant, "Hello!")
    after = scraped(assistant)
    labels = {
        "mode": "write",
        "arm": "base",
        "segment": "glossary",
        "language": "en",
        "outcome": "answered",
    }
    assert after.value("routeback_answers_total", **labels) == 1
    assert after.value("routeback_answers_total", outcome="replied", mode="none") == 1
    assert after.value("routeback_answers_total") == 2
    assert after.value("routeback_answer_seconds_count", mode="write") == 1
    first = after.value("routeback_first_text_seconds_sum", mode="write")
    whole = after.value("routeback_answer_seconds_sum", mode="write")
    assert 0 < first <= whole
    assert after.value("routeback_step_seconds_sum", step="retrieve") >= 0
    assert after.value("routeback_step_seconds_count", step="generate") == 1
    assert after.value("routeback_check_seconds_count", what="sentence", outcome="passed") == 1
    assert after.value("routeback_check_seconds_count", what="answer", outcome="passed") == 1
    scored = after.value("routeback_scores_total", what="answer", outcome="scored")
    assert scored == sum(kept["value"] is not None for kept in turn.scores.values())
    assert after.value("routeback_turns_underway") == 0


async def test_turns_that_fail_fall_back_or_are_left_are_counted_once_each(assistant, watched):
    watched.base.status = 500
    with pytest.raises(Exception, match="refused"):
        await asked(replace(assistant, writing=Writing("never")), "What is a token?")
    quoted = await asked(assistant, "What is a token?")
    assert quoted.mode == "quote"
    watched.base.status, watched.base.pause_s = 200, 0.05
    writes = replace(assistant, writing=Writing("never"))
    watched.base.script = lambda _: "A token is the smallest piece of text. " * 20
    async with aclosing(writes.answer("What is a token?")) as events:
        async for event in events:
            assert isinstance(event, ShownPiece)
            break
    found = scraped(assistant)
    assert found.value("routeback_answers_total", outcome="failed") == 1
    assert found.value("routeback_answer_failures_total", error="ArmError") == 1
    assert found.value("routeback_answers_total", mode="quote", arm="quote") == 1
    assert found.value("routeback_answers_fell_back_total") == 1
    assert found.value("routeback_answers_total", outcome="left") == 1
    assert found.value("routeback_answers_total") == 3
    assert found.value("routeback_turns_underway") == 0


async def test_pairs_their_scores_and_the_evidence_of_their_cell_are_told(assistant, watched):
    turn = await asked(assistant, "What is a token?")
    waiting = scraped(assistant)
    # The quotation and the candidate are each compared.
    assert waiting.value("routeback_pairs_waiting") == 2
    assert waiting.value("routeback_pairs_waiting_oldest_seconds") > 0
    assert waiting.value("routeback_evidence_pairs", arm="tuned") is None
    assert waiting.value("routeback_pairs_unscored_share", arm="tuned") is None
    assert await paired(assistant, turn) == "done"
    found = scraped(assistant)
    assert found.value("routeback_pairs_waiting") == 1
    assert found.value("routeback_pairs_total", arm="tuned", ended="done") == 1
    cell = {"arm": "tuned", "segment": "glossary/en"}
    assert found.value("routeback_evidence_pairs", **cell) == 1
    assert found.value("routeback_cell_stage", **cell, stage="shadow") == 1
    assert found.value("routeback_cell_stage", **cell, stage="routed_back") == 0
    assert found.value("routeback_pairs_unscored_share", arm="tuned") == 0
    assert found.value("routeback_scores_total", what="pair", scorer="fast", outcome="scored") >= 2


async def test_a_pair_without_a_score_is_missing_and_no_zero(assistant):
    class Blind:
        name, version = "fast", "1"

        async def score(self, _sample):
            return Unscored("nobody knows")

    blind = replace(assistant, scorers=(Blind(),))
    turn = await asked(blind, "What is a token?")
    assert await paired(blind, turn) == "done"
    found = scraped(assistant)
    assert found.value("routeback_pairs_unscored_share", arm="tuned") == 1
    assert (
        found.value("routeback_scores_total", what="pair", scorer="fast", outcome="scored") is None
    )
    assert (
        found.value("routeback_scores_total", what="pair", scorer="fast", outcome="unscored") == 3
    )  # base's side, the candidate's and the quotation's


async def test_changes_of_stage_are_counted_from_what_is_kept_by_every_replica(assistant):
    pin, now = Pin("Ana", "to see"), clock.now()
    moves = [Stage.CANARY, Stage.ROUTED_BACK, Stage.CANARY]
    for stage in moves[:2]:
        assistant.guard.monitor.pin("tuned", "glossary/en", stage, pin, now)
    replica = Watch(Metrics())
    replica.registry.register(KeptGauges(assistant.guard, assistant.nights.engine))
    for _ in range(2):  # reading again counts nothing twice
        found = scraped(assistant)
        assert found.value("routeback_stage_changes_total") == 2
    change = {"arm": "tuned", "from": "shadow", "to": "canary"}
    assert found.value("routeback_stage_changes_total", **change) == 1
    assistant.guard.monitor.pin("tuned", "glossary/en", moves[2], pin, now)
    found = scraped(assistant)
    assert found.value("routeback_stage_changes_total", **{"from": "routed_back"}) == 1
    assert found.value("routeback_stage_changes_total") == 3
    assert found.value("routeback_cell_stage", arm="tuned", stage="canary") == 1
    again = scraped(replace(assistant, watch=replica))
    assert again.value("routeback_stage_changes_total") == 3


async def test_a_breaker_that_is_open_and_the_alarm_of_it_are_told(assistant):
    assert scraped(assistant).value("routeback_breaker_open", arm="tuned") == 0
    for _ in range(assistant.guard.policy.breaker_failures):
        assistant.guard.failed("tuned", "HTTP 500", clock.now())
    found = scraped(assistant)
    assert found.value("routeback_breaker_open", arm="tuned") == 1
    assert found.value("routeback_alarms_raised", kind="breaker") == 1


async def test_tickets_outbox_and_nights_are_told_as_they_are_kept(assistant):
    bare = scraped(assistant)
    assert bare.value("routeback_tickets", status="waiting") == 0
    assert bare.value("routeback_tickets_opened_total") == 0
    assert bare.value("routeback_night_age_seconds") is None
    assert bare.value("routeback_night_exit_code") is None

    conversation = assistant.records.begin("somebody")
    words = {"language": "en", "message": "Help me", "reason": "asked", "channel": "chat"}
    assistant.desk.open(Ticket(conversation_id=conversation, segment="support", **words))
    now = clock.now()
    with assistant.records.engine.begin() as connection:
        late = {"created_at": now - timedelta(hours=2), "first_reply_due": now - timedelta(hours=1)}
        connection.execute(update(tickets).values(late))
    with assistant.guard.store.transaction() as ledger:
        body = {"subject": "s", "text": "t"}
        ledger.outbox.put(OutboxMessage("test", body, now - timedelta(minutes=5), "thread"))
    night = {
        "id": "n1",
        "at": now - timedelta(hours=3),
        "ended": now - timedelta(hours=2),
        "kind": "nightly",
        "state": "done",
        "fingerprint": "",
        "plan": {},
        "result": {},
        "exit_code": 1,
        "words": "",
    }
    with assistant.nights.engine.begin() as connection:
        connection.execute(insert(nights).values(night))
        later = {"id": "n2", "at": now, "ended": None, "exit_code": None, "state": "running"}
        connection.execute(insert(nights).values(night | later))
    found = scraped(assistant)
    assert found.value("routeback_tickets", status="waiting") == 1
    assert found.value("routeback_tickets_opened_total") == 1
    assert found.value("routeback_tickets_overdue", target="first_reply") == 1
    assert found.value("routeback_tickets_overdue", target="solution") == 0
    assert 7200 <= found.value("routeback_tickets_waiting_oldest_seconds") < 7300
    assert found.value("routeback_outbox_waiting") >= 1
    assert found.value("routeback_outbox_waiting_oldest_seconds") >= 300
    assert found.value("routeback_outbox_given_up") == 0
    assert 7200 <= found.value("routeback_night_age_seconds") < 7300
    assert found.value("routeback_night_exit_code") == 1


async def test_a_database_that_cannot_be_read_is_told_and_nothing_is_made_up(assistant):
    assert scraped(assistant).value("routeback_database_readable") == 1
    with assistant.records.engine.begin() as connection:
        connection.execute(text("ALTER TABLE guard_jobs RENAME TO gone"))
    try:
        found = scraped(assistant)
    finally:
        with assistant.records.engine.begin() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO guard_jobs"))
    assert found.value("routeback_database_readable") == 0
    assert found.value("routeback_pairs_waiting") is None
    assert found.value("routeback_queue_length", queue="engine") == 0


async def test_readers_who_come_together_cost_one_look(assistant):
    gauges = KeptGauges(assistant.guard, assistant.nights.engine, cache_s=600)
    assert gauges.collect() is gauges.collect()
    gauges.cache_s = 0
    gauges._until = 0.0
    assert gauges.collect() is not gauges.collect()


async def test_a_label_is_a_name_of_the_settings_or_of_the_code(assistant):
    for question in ("What is a token zyzzyva?", "Wie setze ich mein Passwort zurück?", "¿Qué?"):
        turn = await asked(assistant, question)
        await paired(assistant, turn)
    found = scraped(assistant)
    names = {
        *assistant.segmenter.segments,
        *assistant.arms,
        *assistant.guard.versions,
        *("other", "none", "quote", "en", "de", "unknown"),
        *("write", "ask", "abstain", "answered", "asked", "abstained", "replied", "handed_off"),
    }
    assert found.labels("routeback_answers_total") <= names


async def test_waiting_for_a_slot_is_timed_and_counted():
    watch = Watch(Metrics())
    admission = Admission("base", slots=1, limit=8)
    admission.told = watch.waited
    watch.follow("engine", admission)
    inside, out = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with admission.enter():
            inside.set()
            await out.wait()

    async def second() -> None:
        async with admission.enter():
            pass

    one = asyncio.create_task(first())
    await inside.wait()
    two = asyncio.create_task(second())
    await asyncio.sleep(0)
    waiting = Scrape(exposition(watch.registry, "")[0].decode())
    assert waiting.value("routeback_queue_length", queue="engine") == 1
    out.set()
    await asyncio.gather(one, two)
    over = Scrape(exposition(watch.registry, "")[0].decode())
    assert over.value("routeback_queue_length", queue="engine") == 0
    assert over.value("routeback_queue_wait_seconds_count") == 2


def test_what_loops_in_the_background_say_of_failures_is_counted():
    watch = Watch(Metrics())
    with watch.telling("127.0.0.1", None):
        logging.getLogger("assistant.background.worker").error("trying again")
        logging.getLogger("assistant.background.looking").warning("not now")
        logging.getLogger("somebody.else").error("what")
        logging.getLogger("assistant.background.worker").info("fine")
    logging.getLogger("assistant.background.worker").error("after the end")
    found = Scrape(exposition(watch.registry, "")[0].decode())
    worker = {"part": "assistant.background.worker"}
    assert found.value("routeback_log_lines_total", **worker, level="error") == 1
    assert found.value("routeback_log_lines_total", **worker) == 1
    looking = {"part": "assistant.background.looking", "level": "warning"}
    assert found.value("routeback_log_lines_total", **looking) == 1
    assert found.value("routeback_log_lines_total", part="other") == 1


def test_the_api_tells_metrics_to_who_works_here_and_to_nobody_else(assistant):
    keys = Keys(assistant.records.engine)
    client = TestClient(
        create(assistant, Callers("owner", (), keys, open=True)), "http://localhost"
    )
    for role in Role:
        key = keys.add(f"of {role}", [role], "test", None)
        reply = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
        let_in = role in {Role.OWNER, Role.AGENT, Role.ADMIN}
        assert reply.status_code == (200 if let_in else 403), role
        if let_in:
            assert reply.headers["content-type"].startswith("text/plain")
            assert Scrape(reply.text).value("routeback_database_readable") == 1
    assert client.get("/metrics").status_code in {401, 403}


def test_a_port_of_its_own_needs_no_key_and_says_when_it_is_taken():
    watch, port = Watch(Metrics()), free_port()
    with watch.telling("127.0.0.1", port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
            assert b"routeback_turns_underway" in reply.read()
        again = exporter(watch.registry, "127.0.0.1", port)
        with pytest.raises(ServerError, match=f"Port {port} on 127.0.0.1"), again:
            pass
    with exporter(watch.registry, "127.0.0.1", port) as again:
        assert again == port


async def test_what_is_not_watched_passes_as_it_is():
    async def events():
        yield "a"
        yield "b"

    silent = TurnWatch()
    with silent.step("x"):
        pass
    assert [event async for event in silent.over(events())] == ["a", "b"]
    assert Watch().turn("t", "c", "").__class__ is TurnWatch


async def test_a_turn_that_is_recorded_twice_is_counted_once(assistant):
    turn = await asked(assistant, "What is a token?")
    watch = Watch(Metrics())
    watched = watch.turn(turn.id, turn.conversation_id, turn.question)
    watched.ended(turn)
    watched.ended(turn)
    found = Scrape(exposition(watch.registry, "")[0].decode())
    assert found.value("routeback_answers_total") == 1
