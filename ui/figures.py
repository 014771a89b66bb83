"""Numbers and times as each language writes them. Pure functions."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from ui.api.client import Language

MINUS: Final = "\u2212"
_MONTHS: Final[dict[Language, Sequence[str]]] = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.".split(),
}


def signed(value: float, language: Language, digits: int = 2) -> str:
    """Return a difference with its sign; what rounds to nothing has none."""
    shown = f"{value:+.{digits}f}"
    if not float(shown):
        shown = shown[1:]
    return _written(shown.replace("-", MINUS), language)


def plain(value: float, language: Language, digits: int = 2) -> str:
    """Return a number of at most ``digits`` digits behind the sign, without empty ones."""
    shown = f"{value:,.{digits}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return _written(shown.replace("-", MINUS), language)


def count(value: float, language: Language) -> str:
    """Return a whole number, its thousands apart; huge ones as a power of ten."""
    if not math.isfinite(value):
        return "∞"
    if abs(value) >= 1e9:  # noqa: PLR2004  (a billion is where digits stop helping)
        return f"> 10^{math.floor(math.log10(value))}"
    return _written(f"{value:,.0f}", language)


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
    there = at.astimezone(where)
    month = _MONTHS[language][there.month - 1]
    dot = "." if language == "de" else ""
    return f"{there.day}{dot}\u00a0{month} {there.year}"


def moment(at: datetime, language: Language, where: tzinfo) -> str:
    """Return day, time and, where it is UTC, that it is."""
    there = at.astimezone(where)
    zulu = " UTC" if where is UTC else ""
    return f"{day(at, language, where)}, {there:%H:%M}{zulu}"


def listed(parts: Sequence[str], last: str) -> str:
    """Return parts as a sentence lists them. last: the word before the last one."""
    return f" {last} ".join(p for p in (", ".join(parts[:-1]), parts[-1]) if p) if parts else ""


def _written(shown: str, language: Language) -> str:
    if language == "de":
        return shown.translate({ord(","): ".", ord("."): ","})
    return shown
