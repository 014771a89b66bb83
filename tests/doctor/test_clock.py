"""A clock beside others, by what was seen."""

from datetime import UTC, datetime, timedelta

import pytest

from assistant.doctor.clocks import ClockReadings, clock_state

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("readings", "status", "says"),
    [
        (ClockReadings(NOW, {}), "ok", "no other clock"),
        (ClockReadings(NOW, {"a": timedelta(seconds=-3)}), "ok", "compared with a"),
        (ClockReadings(NOW, {"a": timedelta(seconds=40)}), "warning", "40 s ahead of that of a"),
        (
            ClockReadings(NOW, {"a": timedelta(0), "b": timedelta(hours=-1)}),
            "failed",
            "3600 s behind that of b",
        ),
        (ClockReadings(NOW, {}, timedelta(seconds=60)), "failed", "jumped by 60 s"),
        (ClockReadings(NOW, {}, stored=NOW + timedelta(days=9)), "warning", "lies ahead"),
        (ClockReadings(NOW, {}, stored=NOW + timedelta(minutes=1)), "ok", ""),
        (ClockReadings(NOW, {}, installed=NOW + timedelta(days=1)), "failed", "installed"),
    ],
)
def test_what_is_told_of_a_clock(readings: ClockReadings, status: str, says: str):
    state = clock_state(readings)
    assert state.status == status
    assert says in state.got
    assert bool(state.todo) is (status != "ok")
