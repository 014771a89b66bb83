"""A machine that starts under a wrong date erases nothing."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from assistant.background.custody import Custody
from assistant.records.database import open_database
from assistant.records.desk.tables import tickets
from assistant.records.desk.tickets import Ticket, TicketRows
from assistant.retention.holdings import Holdings
from assistant.retention.steadiness import FILE, looked
from assistant.settings import RetentionSettings, Settings

START = datetime(2026, 12, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_clock_is_believed_after_an_hour_without_a_jump(tmp_path):
    assert not looked(tmp_path, START)
    assert not looked(tmp_path, START + timedelta(minutes=30))
    assert looked(tmp_path, START + HOUR)
    assert looked(tmp_path, START + timedelta(days=20)), "a fortnight off is no jump"
    wrong = START + timedelta(days=4000)
    assert not looked(tmp_path, wrong)
    assert not looked(tmp_path, wrong + timedelta(seconds=20)), "and a second start proves nothing"
    assert not looked(tmp_path, START + timedelta(days=20, hours=1)), "it has been set right"
    assert looked(tmp_path, START + timedelta(days=20, hours=2))
    (tmp_path / FILE).write_text("{")
    assert not looked(tmp_path, START + timedelta(days=20, hours=3))
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


async def test_a_day_is_made_up_for_and_none_is_run_twice(tmp_path):
    engine = open_database(tmp_path / "routeback.sqlite")
    with engine.begin() as connection:
        for day in (0, 1, 2):
            came = START + timedelta(days=day)
            TicketRows(connection).add(Ticket("one", "en", "help", created_at=came))
    settings = Settings(data_dir=tmp_path, cache_dir=tmp_path / "cache")
    custody = Custody(Holdings.of(settings, engine, engine), RetentionSettings(tickets=10))
    late = START + timedelta(days=10, hours=12)

    def left() -> int:
        with engine.connect() as connection:
            return len(connection.execute(select(tickets.c.id)).all())

    assert await custody.look(None, late) is None
    assert left() == 3
    done = await custody.look(None, late + HOUR)
    assert (done, left()) == (late + HOUR, 2)
    assert await custody.look(done, late + 23 * HOUR) == done
    assert left() == 2
    assert await custody.look(done, late + 26 * HOUR) == late + 26 * HOUR
    assert left() == 1
    engine.dispose()
