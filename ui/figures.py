"""Numbers and times as each language writes them. Pure functions."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from babel.units import format_unit

from ui.api.client import Language

MINUS: Final = "\u2212"
_LOCALES: Final[dict[Language, str]] = {"en": "en_GB", "de": "de"}
"""Of CLDR. English as it is read everywhere: 24 Nov 2026."""


def signed(value: float, language: Language, digits: int = 2) -> str:
    """Return a difference with its sign; what rounds to nothing has none."""
    number = f"0.{'0' * digits}" if digits else "0"
    return _decimal(value, f"+{number};{MINUS}{number}", language)


def plain(value: float, language: Language, digits: int = 2) -> str:
    """Return a number of at most ``digits`` digits behind the sign, without empty ones."""
    number = f"#,##0.{'#' * digits}" if digits else "#,##0"
    return _decimal(value, f"{number};{MINUS}{number}", language)


def count(value: float, language: Language) -> str:
    """Return a whole number, its thousands apart; huge ones as a power of ten."""
    if not math.isfinite(value):
        return "∞"
    if abs(value) >= 1e9:  # noqa: PLR2004  (a billion is where digits stop helping)
        return f"> 10^{math.floor(math.log10(value))}"
    return plain(value, language, 0)


def interval(lower: float, upper: float, language: Language, digits: int = 2) -> str:
    """Return both ends of an interval."""
    sign = ";" if language == "de" else ","
    return f"[{signed(lower, language, digits)}{sign} {signed(upper, language, digits)}]"


def share(evidence: float, threshold: float) -> float:
    """Return how much of the way to the threshold evidence has gone, in [0, 1].

    On a logarithmic scale, as evidence grows by multiplication.
    """
    if evidence >= threshold:
        return 1.0
    return min(1.0, max(0.0, math.log1p(max(evidence, 0.0)) / math.log1p(threshold)))


def zone(name: str | None) -> tzinfo:
    """Return the time zone of that name, UTC if there is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def day(at: datetime, language: Language, where: tzinfo) -> str:
    """Return the day of a moment."""
    there = at.astimezone(where).date()
    return format_skeleton("yMMMd", there, locale=_LOCALES[language]).replace(" ", "\u00a0", 1)


def moment(at: datetime, language: Language, where: tzinfo) -> str:
    """Return day, time and, where it is UTC, that it is."""
    there = at.astimezone(where)
    zulu = " UTC" if where is UTC else ""
    return f"{day(at, language, where)}, {there:%H:%M}{zulu}"


def duration(length: timedelta, language: Language) -> str:
    """Return a length of time: its minutes, at least one; with hours below a day; then its days."""
    minutes = max(1, round(length / timedelta(minutes=1)))
    hours, days = minutes // 60, minutes // (24 * 60)
    parts = [(minutes, "minute")]
    if days:
        parts = [(days, "day")]
    elif hours:
        parts = [(hours, "hour"), (minutes % 60, "minute")]
    units = (
        format_unit(n, f"duration-{unit}", "long" if days else "short", locale=_LOCALES[language])
        for n, unit in parts
        if n or len(parts) == 1
    )
    return "\u00a0".join(units).replace(" ", "\u00a0")


def working(minutes: float, language: Language) -> str:
    """Return business minutes: in minutes below two hours, then in hours."""
    short = minutes < 120  # noqa: PLR2004  (two hours)
    value, unit = (round(minutes), "minute") if short else (round(minutes / 60, 1), "hour")
    told = format_unit(value, f"duration-{unit}", "short", locale=_LOCALES[language])
    return str(told).replace(" ", "\u00a0")


def clock(at: datetime, now: datetime, language: Language, where: tzinfo) -> str:
    """Return the time of a moment, with the day if it is not today's."""
    same = at.astimezone(where).date() == now.astimezone(where).date()
    whole = moment(at, language, where)
    return whole.rpartition(", ")[2] if same else whole


def listed(parts: Sequence[str], last: str) -> str:
    """Return parts as a sentence lists them. last: the word before the last one."""
    return f" {last} ".join(p for p in (", ".join(parts[:-1]), parts[-1]) if p) if parts else ""


def _decimal(value: float, pattern: str, language: Language) -> str:
    shown = format_decimal(value, pattern, locale=_LOCALES[language])
    return shown if any(digit in shown for digit in "123456789") else shown.lstrip(f"+{MINUS}")
