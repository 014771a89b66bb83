"""What is kept, as metrics, on either database."""

from datetime import timedelta

from sqlalchemy import Engine, insert

from assistant.guarding.gauges import KeptGauges
from assistant.records.nights import nights
from guardrails import clock
from guardrails.guard import Guard
from guardrails.store.outbox import OutboxMessage
from guardrails.store.store import Store
from guardrails.types import Pin, Stage


def read(gauges: KeptGauges) -> dict[str, list[tuple[dict[str, str], float]]]:
    return {
        metric.name: [(sample.labels, sample.value) for sample in metric.samples]
        for metric in gauges.collect()
    }


def test_an_empty_database_has_values_for_what_can_be_counted_and_none_for_the_rest(
    database: Engine,
):
    guard = Guard(Store(database), versions={"tuned": "1"})
    found = read(KeptGauges(guard, database))
    assert found["routeback_database_readable"] == [({}, 1)]
    assert found["routeback_pairs_waiting"] == [({}, 0)]
    assert found["routeback_tickets_opened"] == [({}, 0)]
    assert found["routeback_breaker_open"] == [({"arm": "tuned"}, 0)]
    for name in ("pairs_unscored_share", "evidence_pairs", "night_age_seconds", "night_exit_code"):
        assert found[f"routeback_{name}"] == []


def test_what_is_written_is_told(database: Engine):
    guard, now = Guard(Store(database), versions={"tuned": "1"}), clock.now()
    gauges = KeptGauges(guard, database, cache_s=0)
    read(gauges)
    guard.monitor.pin("tuned", "glossary/en", Stage.CANARY, Pin("Ana", "to see"), now)
    with guard.store.transaction() as ledger:
        ledger.outbox.put(OutboxMessage("test", {}, now - timedelta(minutes=5), "thread"))
    row = {"id": "n", "at": now - timedelta(hours=3), "ended": now - timedelta(hours=2)}
    row |= {"kind": "nightly", "state": "done", "fingerprint": "", "plan": {}, "result": {}}
    with database.begin() as connection:
        connection.execute(insert(nights).values({**row, "exit_code": 2, "words": ""}))
    found = read(gauges)
    change = {"arm": "tuned", "from": "shadow", "to": "canary"}
    assert found["routeback_stage_changes"] == [(change, 1)]
    stages = {labels["stage"]: value for labels, value in found["routeback_cell_stage"]}
    assert stages == {"shadow": 0, "canary": 1, "serving": 0, "routed_back": 0}
    (age,) = found["routeback_outbox_waiting_oldest_seconds"]
    assert 300 <= age[1] < 400
    (age,) = found["routeback_night_age_seconds"]
    assert 7200 <= age[1] < 7300
    assert found["routeback_night_exit_code"] == [({}, 2)]
