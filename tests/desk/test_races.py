"""Claims, replies, answers, time-outs and kills race for conversations; the rest is benchmarks."""

import pytest
from sqlalchemy import update

from assistant.records.database import RECORDS, open_database
from assistant.records.desk.tables import messages
from benchmarks.desk import races, takeovers


def test_whoever_wins_the_log_is_one_story(database):
    acknowledged: list[races.Acknowledged] = []
    for seed in range(10):
        races.Race(database, seed, acknowledged.append).run()
    assert races.faults(database, acknowledged) == []
    assert {one.kind for one in acknowledged} >= {"question", "user", "team", "asked"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path):
    kills = 2
    acknowledged = takeovers.killed(tmp_path, kills)
    engine = open_database(tmp_path / RECORDS)
    assert races.faults(engine, acknowledged) == []
    assert len(acknowledged) >= 40 * kills
    engine.dispose()


def test_what_is_broken_is_found(database):
    acknowledged: list[races.Acknowledged] = []
    seed = 0
    while not any(one.kind == "team" for one in acknowledged):
        races.Race(database, seed, acknowledged.append).run()
        seed += 1
    assert races.faults(database, acknowledged) == []
    lost = races.Acknowledged(acknowledged[0].conversation, "user", "lost-message")
    assert any("not there" in fault for fault in races.faults(database, [*acknowledged, lost]))
    with database.begin() as connection:
        held = "SELECT conversation_id, number, ticket_id FROM messages WHERE kind = 'team' LIMIT 1"
        conversation, number, _ = connection.exec_driver_sql(held).one()
        mine = (messages.c.conversation_id == conversation) & (messages.c.number == number)
        connection.execute(update(messages).where(mine).values(kind="piece", turn_id="x"))
    assert any("the bot said piece" in fault for fault in races.faults(database, acknowledged))
