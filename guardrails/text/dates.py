"""Dates and times of day, in whatever way they are written.

A date is ``YYYY-MM-DD`` with ``*`` for what is not said. Where day and month may be exchanged it
has both readings.
"""

import re
from collections.abc import Iterator
from typing import Final

from guardrails.text.number_words import SPELLED

_MONTHS: Final = {
    name: number
    for number, names in {
        1: "January Januar Jänner Jan", 2: "February Februar Feber Feb",
        3: "March März Maerz Mar Mär Mrz", 4: "April Apr", 5: "May Mai", 6: "June Juni Jun",
        7: "July Juli Jul", 8: "August Aug", 9: "September Sept Sep", 10: "October Oktober Oct Okt",
        11: "November Nov", 12: "December Dezember Dec Dez",
    }.items()
    for name in names.split()
}  # fmt: skip
_ALONE: Final = tuple(
    """
    Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
    January February June July October December
    """.split()
)
"""Names of months that are months wherever they stand with a capital letter."""
MONTHS: Final = frozenset(name.casefold() for name in (*_ALONE, "March"))
"""As words they say nothing that the date does not."""
_NAMES: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_MONTH: Final = rf"(?P<month>{_NAMES})\b\.?"
_DAY: Final = rf"(?<![\w.,/-]){SPELLED}?(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?"
_YEAR: Final = r"(?:\s*,?\s*(?P<year>(?:19|20)\d\d)\b)?"
_FREE: Final = r"(?<![\w.,/-])"
_AFTER: Final = {
    "de": "|".join(rf"(?<=\b{word} )" for word in "am bis vom zum ab der dem".split()),
    "en": "|".join(rf"(?<=\b{word} )" for word in "in by until since from of before after".split()),
}
_ISO: Final = (
    rf"{_FREE}(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)"
    r"(?P<day>\d{1,2})(?![\d/-])"
)
_FIGURES: Final = (
    rf"{_FREE}(?P<day>\d{{1,2}})(?P<mark>[-/.])\s?(?P<month>\d{{1,2}})(?P=mark)\s?"
    r"(?P<year>\d{4})(?![\d/-])"
)
_MONTH_FIRST: Final = (
    rf"\b{_MONTH}\s+(?:the\s+)?{SPELLED}?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"(?![\d:]|[.,]\d){_YEAR}"
)
_FORMS: Final = (
    _ISO,
    _FIGURES,
    rf"{_FREE}(?P<day>\d\d)(?P<mark>\.)(?P<month>\d\d)\.(?P<year>\d\d)(?![\d/-])",
    rf"(?i:{_AFTER['de']})(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.(?!\d)",
    rf"{_DAY}\s*(?:of\s+)?{_MONTH}{_YEAR}",
    _MONTH_FIRST,
    rf"\b{_MONTH}\s+(?P<year>(?:19|20)\d\d)\b",
    rf"(?:{_AFTER['en']})(?P<month>{_NAMES})\b",
    rf"\b(?P<month>{'|'.join(_ALONE)})\b",
)
"""From the fullest to the barest: what one has taken is no other's."""
_PATTERNS: Final = tuple(map(re.compile, _FORMS))
_CLOCK: Final = re.compile(
    r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-4])(?:[:.](?P<minute>[0-5]\d))?"
    r"\s?(?P<half>(?i:a\.?\s?m|p\.?\s?m)\b\.?|(?i:uhr)\b)"
    r"|(?<![\d:.,])(?P<hours>[01]?\d|2[0-4]):(?P<minutes>[0-5]\d)(?![\d:])"
)
_NOON: Final = 12
_CENTURY: Final = "20"
DATA: Final = repr((_FORMS, _CLOCK.pattern, sorted(_MONTHS.items())))


def dates(text: str) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Yield where each date stands, and what it may be."""
    mask = [False] * len(text)
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(mask[start:end]):
                continue
            if read := _dates(match):
                mask[start:end] = [True] * (end - start)
                yield start, end, read


def times(text: str) -> Iterator[tuple[int, int, frozenset[str], int | None]]:
    """Yield where each time of day stands, its minutes of the day, and a full hour's number."""
    for match in _CLOCK.finditer(text):
        half = (match["half"] or "").casefold()
        hour, minute = int(match["hour"] or match["hours"]), int(match["minute"] or 0)
        minute = int(match["minutes"]) if match["minutes"] else minute
        if half[:1] in {"a", "p"} and hour > _NOON:
            half = ""
        hours = {hour}
        if half[:1] == "p":
            hours = {hour % _NOON + _NOON}
        elif half[:1] == "a":
            hours = {hour % _NOON}
        elif not half and 0 < hour <= _NOON:
            hours = {hour, hour % _NOON + _NOON}
        readings = frozenset(f"{(h % 24) * 60 + minute}" for h in hours)
        yield match.start(), match.end(), readings, None if minute else hour


def within(claimed: str, held: str) -> bool:
    """Whether a date says nothing that another one does not."""
    pairs = zip(claimed.split("-"), held.split("-"), strict=True)
    return all(mine in {"*", theirs} for mine, theirs in pairs)


def _dates(match: re.Match[str]) -> frozenset[str]:
    parts = match.groupdict()
    year, day = parts.get("year") or "*", parts.get("day")
    if len(year) == len(_CENTURY):
        year = _CENTURY + year
    named = not parts["month"].isdigit()
    month = _MONTHS[parts["month"]] if named else int(parts["month"])
    if day is None:
        return frozenset([f"{year}-{month:02}-*"])
    orders = [(int(day), month)]
    if parts.get("mark") == "/" and len(match[0].split("/")[0]) <= 2:  # noqa: PLR2004
        orders.append((month, int(day)))
    return frozenset(
        f"{year}-{m:02}-{d:02}"
        for d, m in orders
        if 1 <= d <= 31 and 1 <= m <= 12  # noqa: PLR2004
    )
