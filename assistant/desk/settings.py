"""How the team that takes over works: office hours, targets, and when what is over is closed."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assistant.desk.hours import OfficeHours

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALWAYS: Final = "always"
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_FORM: Final = "written as 'Mon-Fri 09:00-12:30 13:30-17:00, Sat 10:00-14:00' or 'always'"
_MIDNIGHT: Final = 24
_PAGE: Final = re.compile(r"https?://[\x21-\x7e]+")

Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 365)]
ChannelName = Literal["webhook", "slack", "email"]
PriorityName = Literal["low", "normal", "high", "urgent"]
Week = dict[int, tuple[tuple[time, time], ...]]


PilotMetric = Literal[
    "durable_resolution",
    "pleased",
    "reopened",
    "first_reply_minutes",
    "solution_minutes",
]


class PilotTarget(BaseModel):
    """What a team wants to reach. metric: as docs/numbers.md has them. segment: empty: all.

    at_least, at_most: one of them; shares in [0, 1], minutes of business hours (the median).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: PilotMetric
    segment: str = ""
    at_least: Annotated[float | None, Field(ge=0)] = None
    at_most: Annotated[float | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a target has at_least or at_most, one of them")
        wanted = self.at_least if self.at_least is not None else self.at_most
        if not self.metric.endswith("_minutes") and wanted is not None and wanted > 1:
            raise ValueError(f"{self.metric} is a share in [0, 1], got {wanted}")
        return self


class TokenPrice(BaseModel):
    """What a million tokens of an arm cost, in whatever money the team counts in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Annotated[float, Field(ge=0)]
    completion: Annotated[float, Field(ge=0)]


class DeskSettings(BaseModel):
    """The desk.

    hours: when the team answers. time_zone: IANA name; empty: this machine's. holidays: country,
    and a part of it, whose public holidays are none of its days, as ``DE-BY``; empty: none. closed:
    more such days. first_reply_minutes, solve_minutes: targets in business minutes, by priority.
    grace_days: after which what is solved is closed. idle_hours: after which a conversation that
    the bot holds is over. people_only: segments that the bot never answers; those below count, too.
    notify: channels of ``alarms`` that are told of new tickets. chat_url: where people chat, for
    the mail to who has left; ``{conversation}`` in it is the id. attachment_bytes: of one file;
    attachments: of one conversation.
    targets: of a pilot. prices: of tokens by arm; none: no money is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: str = "Mon-Fri 09:00-17:00"
    time_zone: str = ""
    holidays: str = ""
    closed: tuple[date, ...] = ()
    first_reply_minutes: dict[PriorityName, Minutes] = {
        "low": 960,
        "normal": 240,
        "high": 60,
        "urgent": 15,
    }
    solve_minutes: dict[PriorityName, Minutes] = {
        "low": 4800,
        "normal": 1440,
        "high": 480,
        "urgent": 240,
    }
    grace_days: Annotated[float, Field(ge=0, le=365)] = 3.0
    idle_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 24.0
    people_only: tuple[str, ...] = ()
    notify: tuple[ChannelName, ...] = ()
    chat_url: str = ""
    attachment_bytes: Annotated[int, Field(ge=1_000, le=50_000_000)] = 5_000_000
    attachments: Annotated[int, Field(ge=0, le=1_000)] = 20
    targets: tuple[PilotTarget, ...] = ()
    prices: dict[str, TokenPrice] = {}

    @model_validator(mode="after")
    def _readable(self) -> Self:
        week_of(self.hours)
        if self.chat_url and not _PAGE.fullmatch(self.chat_url):
            raise ValueError("chat_url begins with http:// or https:// and has no spaces")
        try:
            ZoneInfo(self.time_zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"time_zone {self.time_zone!r} is no IANA name") from error
        if self.holidays:
            _public_holidays(self.holidays, [date.today().year])  # noqa: DTZ011
        return self

    def office(self, now: datetime) -> OfficeHours:
        """Return the office hours, with the public holidays of this year and the next."""
        from tzlocal import get_localzone_name

        zone = self.time_zone or get_localzone_name() or "UTC"
        years = [now.year - 1, now.year, now.year + 1]
        off = _public_holidays(self.holidays, years) if self.holidays else ()
        return OfficeHours(week_of(self.hours), zone, frozenset((*self.closed, *off)))

    def for_people_alone(self, segment: str) -> bool:
        """Return whether questions of a segment are answered by people alone."""
        return any(segment == name or segment.startswith(f"{name}.") for name in self.people_only)


def week_of(text: str) -> Week:
    """Return the hours by weekday.

    Raises:
        ValueError: the text is not of the form.
    """
    if text.strip().lower() == _ALWAYS:
        return dict.fromkeys(range(7), ((time(0), time(0)),))
    week: Week = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        days, *spans = part.split()
        if not spans:
            raise ValueError(f"hours has {part!r} without times; it is {_FORM}")
        hours = tuple(_span(span) for span in spans)
        for day in _days(days):
            week[day] = (*week.get(day, ()), *hours)
    return {day: tuple(sorted(hours)) for day, hours in week.items()}


def _days(text: str) -> range:
    first, _, last = text.lower().partition("-")
    if first not in _DAYS or (last and last not in _DAYS):
        raise ValueError(f"hours has the days {text!r}; it is {_FORM}")
    start = _DAYS.index(first)
    end = _DAYS.index(last) if last else start
    if end < start:
        raise ValueError(f"hours has the days {text!r}, which end before they begin")
    return range(start, end + 1)


def _span(text: str) -> tuple[time, time]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"hours has the times {text!r}; it is {_FORM}")
    start_h, start_m, end_h, end_m = map(int, match.groups())
    try:
        start = time(start_h, start_m)
        end = time(0) if (end_h, end_m) == (_MIDNIGHT, 0) else time(end_h, end_m)
    except ValueError as error:
        raise ValueError(f"hours has the times {text!r}; it is {_FORM}") from error
    if end != time(0) and end <= start:
        raise ValueError(f"hours has the times {text!r}, which end before they begin")
    return start, end


def _public_holidays(place: str, years: list[int]) -> Mapping[date, Any]:
    """Return public holidays; ``holidays`` takes a while to import, and few need it."""
    import holidays

    country, _, part = place.partition("-")
    try:
        found: Mapping[date, Any] = holidays.country_holidays(
            country, subdiv=part or None, years=years
        )
    except NotImplementedError as error:
        raise ValueError(
            f"holidays {place!r} is not known: a country and a part of it, as DE-BY or GB-SCT"
        ) from error
    return found
