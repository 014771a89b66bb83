"""Office hours: when people of the team answer, and by when at the latest.

Times are counted in business minutes: those that lie within the hours of a working day, in the time
zone of the team. A day that the clocks change is counted by real time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

_DAYS_AHEAD: Final = 400
"""Days that are looked through for office hours; who has none for a year has none."""
_MIDNIGHT: Final = time(0)

Span = tuple[datetime, datetime]
"""From and until, both in UTC."""


@dataclass(frozen=True)
class OfficeHours:
    """When a team answers.

    week: from and until by weekday, 0 for Monday; a time of 00:00 as the end is midnight. zone:
    IANA name. closed: days on which nobody answers, as public holidays.
    """

    week: Mapping[int, tuple[tuple[time, time], ...]]
    zone: str = "UTC"
    closed: frozenset[date] = field(default_factory=frozenset)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def open_at(self, moment: datetime) -> bool:
        """Return whether somebody answers at a moment."""
        return any(start <= moment < end for start, end in self._spans(moment, days=1))

    def next_open(self, moment: datetime) -> datetime | None:
        """Return when somebody answers next: now if it is open; None if never."""
        for start, end in self._spans(moment, _DAYS_AHEAD):
            if end > moment:
                return max(start, moment)
        return None

    def due(self, since: datetime, minutes: int) -> datetime | None:
        """Return when so many business minutes have gone by; None if there are no office hours."""
        left = timedelta(minutes=minutes)
        for start, end in self._spans(since, _DAYS_AHEAD):
            begin = max(start, since)
            if end <= begin:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
        return None

    def minutes(self, since: datetime, until: datetime) -> float:
        """Return the business minutes between two moments; 0 if they are in the other order."""
        total = timedelta()
        for start, end in self._spans(since, max(1, (until - since).days + 2)):
            if start >= until:
                break
            total += max(timedelta(), min(end, until) - max(start, since))
        return total / timedelta(minutes=1)

    def _spans(self, since: datetime, days: int) -> Iterator[Span]:
        """Yield the hours from the day before a moment on, so many days ahead."""
        first = since.astimezone(self._zone).date() - timedelta(days=1)
        for day in (first + timedelta(days=n) for n in range(days + 2)):
            if day in self.closed:
                continue
            for start, end in self.week.get(day.weekday(), ()):
                last = day + timedelta(days=1) if end == _MIDNIGHT else day
                yield self._moment(day, start), self._moment(last, end)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self._zone).astimezone(UTC)
