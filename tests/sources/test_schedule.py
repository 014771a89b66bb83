from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assistant.errors import SourceError
from assistant.sources.schedule import LONGEST, after_failure, following, parsed

NOW = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)  # a Wednesday
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("off", "off"),
        (" Hourly ", "hourly"),
        ("daily", "daily 02:00"),
        ("daily at 23:59", "daily 23:59"),
        ("weekly", "weekly mon 02:00"),
        ("weekly sun 07:30", "weekly sun 07:30"),
        ("weekly fri", "weekly fri 02:00"),
    ],
)
def test_a_schedule_is_read_and_stored_in_one_way(said, stored):
    assert parsed(said) == stored
    assert parsed(stored) == stored


@pytest.mark.parametrize("said", ["", "daily 24:00", "daily 2:00", "weekly may", "* * * * *", "on"])
def test_what_is_no_schedule_is_refused(said):
    with pytest.raises(SourceError, match="no schedule"):
        parsed(said)


def test_the_next_time_is_of_the_clock_on_the_wall():
    assert following("off", NOW, BERLIN) is None
    assert following("hourly", NOW, BERLIN) == NOW + timedelta(hours=1)
    assert following("daily 13:00", NOW, BERLIN) == NOW + timedelta(days=1)  # it is 13:00 there
    assert following("daily 13:01", NOW, BERLIN) == NOW + timedelta(minutes=1)
    assert following("weekly wed 13:00", NOW, BERLIN) == NOW + timedelta(days=7)
    assert following("weekly thu 00:00", NOW, BERLIN) == NOW + timedelta(hours=11)
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)  # the night before clocks are set back
    assert following("daily 12:00", before, BERLIN) == before + timedelta(hours=23)


def test_a_time_that_no_clock_shows_comes_all_the_same():
    before = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    due = following("daily 02:30", before, BERLIN)
    assert due is not None
    assert before < due < before + timedelta(days=1)


def test_the_next_time_lies_ahead_and_never_further_than_said():
    for hour in range(0, 24 * 8, 5):
        now = NOW + timedelta(hours=hour)
        for schedule in ("hourly", "daily 02:00", "weekly mon 02:00", "weekly sun 23:59"):
            due = following(schedule, now, BERLIN)
            assert due is not None
            assert now < due <= now + LONGEST
    assert after_failure("weekly mon 02:00", NOW, UTC) == NOW + timedelta(hours=1)
    assert after_failure("off", NOW, UTC) is None
