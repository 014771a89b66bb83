"""When a source is read again. Pure.

In words: ``off``, ``hourly``, ``daily 02:00``, ``weekly mon 02:00``; times are of a time zone.
"""

import re
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from assistant.errors import SourceError

OFF: Final = "off"
HOURLY: Final = "hourly"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST: Final = timedelta(days=8)
"""No schedule is further ahead."""
AGAIN: Final = timedelta(hours=1)
"""After a refresh that failed it is tried again that soon, if it has a schedule."""
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"
_DAILY: Final = re.compile(rf"daily({_CLOCK})?")
_WEEKLY: Final = re.compile(rf"weekly({'|'.join(DAYS)})?({_CLOCK})?")
_TIME: Final = "02:00"


def parsed(said: str) -> str:
    """Return a schedule as it is stored.

    ``daily`` and ``weekly`` without a time mean 02:00, without a day Monday.

    Raises:
        SourceError: it is none.
    """
    text = re.sub(r"\s+(?:at\s+)?", "", said.strip().lower())
    if text in {OFF, HOURLY}:
        return text
    if daily := _DAILY.fullmatch(text):
        return f"daily {daily.group(1) or _TIME}"
    if weekly := _WEEKLY.fullmatch(text):
        return f"weekly {weekly.group(1) or DAYS[0]} {weekly.group(2) or _TIME}"
    raise SourceError(
        f"{said!r} is no schedule.",
        hint="Write off, hourly, daily 02:00 or weekly mon 02:00.",
    )


def following(schedule: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the first time after ``now``; None: it is off. schedule: as ``parsed`` returns it."""
    kind, *rest = schedule.split()
    if kind == OFF:
        return None
    if kind == HOURLY:
        return now + timedelta(hours=1)
    at = time.fromisoformat(rest[-1])
    today = now.astimezone(zone).date()
    for ahead in range(9):
        day = today + timedelta(days=ahead)
        if kind == "weekly" and DAYS[day.weekday()] != rest[0]:
            continue
        moment = datetime.combine(day, at, zone).astimezone(now.tzinfo)
        if moment > now:
            return moment
    raise AssertionError(schedule)  # pragma: no cover  (each weekday comes within eight days)


def after_failure(schedule: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Return when a refresh that failed is tried again; None: it is off."""
    regular = following(schedule, now, zone)
    return None if regular is None else min(regular, now + AGAIN)
