from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.desk.hours import OfficeHours
from assistant.desk.settings import DeskSettings, week_of

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = OfficeHours(week_of("Mon-Fri 09:00-12:00 13:00-17:00"), "Europe/Berlin")


def berlin(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def test_an_hour_before_the_break_ends_after_it():
    assert OFFICE.due(berlin(1, 11, 30), 60) == berlin(1, 13, 30)


def test_what_comes_on_friday_evening_is_due_on_monday():
    assert OFFICE.due(berlin(4, 18), 30) == berlin(7, 9, 30)
    assert OFFICE.next_open(berlin(4, 18)) == berlin(7, 9)
    assert not OFFICE.open_at(berlin(5, 11))
    assert OFFICE.open_at(berlin(7, 9))
    assert not OFFICE.open_at(berlin(7, 12))


def test_a_public_holiday_is_none_of_its_days():
    closed = DeskSettings(hours="Mon-Fri 09:00-17:00", holidays="DE", time_zone="Europe/Berlin")
    office = closed.office(berlin(24, 12))
    assert date(2026, 12, 25) in office.closed
    assert office.due(berlin(24, 16, 30), 60) == berlin(28, 9, 30)


def test_the_day_that_the_clocks_change_is_counted_by_real_time():
    night = OfficeHours(week_of("always"), "Europe/Berlin")
    before = datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN)
    assert night.due(before, 25 * 60) == datetime(2026, 10, 26, 0, 0, tzinfo=BERLIN)
    assert night.minutes(before, datetime(2026, 10, 26, 0, 0, tzinfo=BERLIN)) == 25 * 60


def test_who_has_no_hours_promises_nothing():
    never = OfficeHours({}, "UTC")
    assert never.due(berlin(1, 9), 5) is None
    assert never.next_open(berlin(1, 9)) is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001  (hypothesis wants it)
    st.integers(1, 5000),
)
def test_between_a_moment_and_what_is_due_lie_that_many_minutes(moment, minutes):
    since = moment.replace(tzinfo=UTC)
    due = OFFICE.due(since, minutes)
    assert due is not None
    assert OFFICE.minutes(since, due) == pytest.approx(minutes, abs=1e-6)
    assert OFFICE.minutes(since, due - timedelta(seconds=1)) < minutes


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("Mon-Fri", "without times"),
        ("Mo-Fr 9:00-17:00", "days"),
        ("Fri-Mon 09:00-17:00", "end before they begin"),
        ("Mon 17:00-09:00", "end before they begin"),
        ("Mon 9-17", "times"),
        ("Mon 25:00-26:00", "times"),
    ],
)
def test_hours_that_cannot_be_read_say_what_they_are_to_be(hours, said):
    with pytest.raises(ValueError, match=said):
        DeskSettings(hours=hours)


def test_other_settings_say_what_is_wrong_with_them():
    with pytest.raises(ValueError, match="no IANA name"):
        DeskSettings(time_zone="Europe/Nowhere")
    with pytest.raises(ValueError, match="DE-BY"):
        DeskSettings(holidays="XX")
    assert week_of("Sat 22:00-24:00") == {5: ((time(22), time(0)),)}


def test_people_alone_answer_what_lies_below_too():
    desk = DeskSettings(people_only=("support.legal",))
    assert desk.for_people_alone("support.legal")
    assert desk.for_people_alone("support.legal.contracts")
    assert not desk.for_people_alone("support.legality")
