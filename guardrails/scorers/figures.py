"""Figures: the numbers of a text with their units, whatever way they are written.

``1,000``, ``1.000`` and ``1 000`` are one number, ``14 days``, ``14 Tage`` and ``two weeks`` one
duration. A number whose separator can be read in two ways has both readings.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_SPACES: Final = " \u00a0\u202f"
_NUMBER: Final = re.compile(
    rf"(?P<before>[€$£]\s?)?(?<![\w.,])(?P<number>\d{{1,3}}(?:[{_SPACES}’']\d{{3}})+(?:[.,]\d+)?(?!\d)"
    r"|\d+(?:[.,]\d+)*)(?:[-\u2010-\u2012\s]{0,2}(?P<unit>[^\W\d_]+\.?|[%€$£°]))?"
)
_WORD: Final = re.compile(r"(?<![\w-])(?P<number>[^\W\d_]+)(?:[-\s]+(?P<unit>[^\W\d_]+))?")
_DATE: Final = re.compile(
    r"(?<![\d.,/-])(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{1,2})([-/.])(\d{1,2})\6(\d{4}))(?!\d)"
)
_GROUP: Final = 3
_LETTERS: Final = frozenset("DGHKMS")

_UNITS: Final = {
    "s": (1.0, "s sec secs second seconds sek sekunde sekunden"),
    "min": (60.0, "min mins minute minutes minuten minütig minütige"),
    "h": (3600.0, "h hr hrs hour hours std stunde stunden stündig stündige"),
    "d": (86400.0, "d day days tag tage tagen tägig tägige tägigen"),
    "week": (604800.0, "week weeks woche wochen wöchig wöchige"),
    "month": (1.0, "month months monat monate monaten monatig monatige"),
    "year": (12.0, "year years yr yrs jahr jahre jahren jährig jährige"),
    "%": (1.0, "% percent prozent pct"),
    "EUR": (1.0, "€ eur euro euros"),
    "USD": (1.0, "$ usd dollar dollars us-dollar"),
    "GBP": (1.0, "£ gbp pound pounds pfund"),
    "cent": (1.0, "cent cents ct"),
    "byte": (1.0, "byte bytes"),
    "kB": (1e3, "kb kib kilobyte kilobytes"),
    "MB": (1e6, "mb mib megabyte megabytes"),
    "GB": (1e9, "gb gib gigabyte gigabytes"),
    "TB": (1e12, "tb tib terabyte terabytes"),
    "mm": (1e-3, "mm millimeter millimetre millimeters millimetres"),
    "cm": (1e-2, "cm centimeter centimetre centimeters centimetres zentimeter"),
    "m": (1.0, "m meter metre meters metres"),
    "km": (1e3, "km kilometer kilometre kilometers kilometres"),
    "g": (1.0, "g gram grams gramm"),
    "kg": (1e3, "kg kilo kilogram kilograms kilogramm"),
    "deg": (1.0, "° grad degree degrees"),
}
_KINDS: Final = {
    "s": "time", "min": "time", "h": "time", "d": "time", "week": "time",
    "month": "months", "year": "months",
    "byte": "data", "kB": "data", "MB": "data", "GB": "data", "TB": "data",
    "mm": "length", "cm": "length", "m": "length", "km": "length", "g": "mass", "kg": "mass",
}  # fmt: skip
_UNIT_OF: Final = {
    word: (_KINDS.get(name, name), factor)
    for name, (factor, words) in _UNITS.items()
    for word in words.split()
}
_TIMES: Final = {
    word: factor
    for factor, words in {
        1e3: "k thousand tausend",
        1e6: "million millions million millionen mio mill",
        1e9: "bn billion billions milliarde milliarden mrd",
    }.items()
    for word in words.split()
}
_NUMERALS: Final = {
    word: float(value)
    for value, words in {
        2: "two zwei twice zweimal", 3: "three drei dreimal", 4: "four vier", 5: "five fünf",
        6: "six sechs", 7: "seven sieben", 8: "eight acht", 9: "nine neun", 10: "ten zehn",
        11: "eleven elf", 12: "twelve zwölf dozen dutzend", 14: "fourteen vierzehn",
        15: "fifteen fünfzehn", 20: "twenty zwanzig", 24: "twentyfour vierundzwanzig",
        30: "thirty dreißig", 40: "forty vierzig", 50: "fifty fünfzig", 60: "sixty sechzig",
        90: "ninety neunzig", 100: "hundred hundert",
    }.items()
    for word in words.split()
}  # fmt: skip
WORDS: Final = frozenset(_NUMERALS) | frozenset(_TIMES) | {w for w in _UNIT_OF if len(w) > 1}
"""Numerals and units: as words they say nothing that their figure does not."""
DATA: Final = repr((_UNITS, _KINDS, _TIMES, _NUMERALS))


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a text.

    readings: what it may be, in the base unit of its kind. kind: ``time`` (seconds),
    ``months``, ``data`` (bytes), a currency, …, or "" for a bare number. spelled: written as a
    word, which claims less: "the two options" counts what is listed.
    """

    written: str
    readings: frozenset[float | str]
    bare: frozenset[float | str]
    kind: str = ""
    spelled: bool = False

    def same(self, other: "Figure") -> bool:
        """Whether both may be the same; a number without a unit fits any unit."""
        if self.kind and other.kind:
            return self.kind == other.kind and not self.readings.isdisjoint(other.readings)
        return not self.bare.isdisjoint(other.bare)

    def among(self, others: Iterable["Figure"]) -> bool:
        """Whether one of ``others`` may be the same."""
        return any(self.same(other) for other in others)


def figures(text: str, language: str) -> tuple[Figure, ...]:
    """Return the numbers of ``text``, which has neither citation markers nor list numbers."""
    dates = [part for m in _DATE.finditer(text) for part in m.groups() if part and part.isdigit()]
    rest = _DATE.sub(" ", text)
    found = [_figure(part, "", language) for part in dates]
    for match in _NUMBER.finditer(rest):
        unit, end = match["unit"] or "", match.end("number")
        if rest[end : end + 1].isalpha() and (_unit(unit) is None or unit in _LETTERS):
            continue  # 3D, 4K: a word
        unit = unit if _unit(unit) else match["before"] or ""
        found.append(_figure(match["number"], unit, language))
    for match in _WORD.finditer(rest.casefold()):
        value = _NUMERALS.get(match["number"])
        if value is not None:
            found.append(_of([value], match["unit"] or "", match[0], spelled=True))
    return tuple(found)


def _figure(number: str, unit: str, language: str) -> Figure:
    return _of(_readings(number, language), unit, f"{number} {unit}".strip(" ."))


def _of(values: "list[float] | str", unit: str, written: str, *, spelled: bool = False) -> Figure:
    if isinstance(values, str):
        whole = frozenset[float | str]([values])
        return Figure(written, whole, whole)
    kind, factor = _unit(unit) or ("", 1.0)
    bare = frozenset[float | str](round(v * (factor if kind == "×" else 1.0), 9) for v in values)
    readings = frozenset[float | str](round(v * factor, 9) for v in values)
    known = "" if kind == "×" else kind
    return Figure(
        written if known else written.split(maxsplit=1)[0], readings, bare, known, spelled
    )


def _unit(word: str) -> tuple[str, float] | None:
    low = word.casefold().strip(" .")
    if low in _TIMES:
        return "×", _TIMES[low]
    if low in {"st", "nd", "rd", "th"}:
        return "", 1.0
    return _UNIT_OF.get(low)


def _readings(number: str, language: str) -> "list[float] | str":
    plain = re.sub(rf"[{_SPACES}’']", "", number)
    marks = [character for character in plain if character in ".,"]
    if not marks:
        return [float(plain)]
    if len(set(marks)) == len(marks) == 2:  # noqa: PLR2004
        decimal = marks[1]
        return [float(plain.replace(marks[0], "").replace(decimal, "."))]
    parts = re.split(r"[.,]", plain)
    grouped = all(len(part) == _GROUP for part in parts[1:]) and len(parts[0]) <= _GROUP
    thousands = float("".join(parts))
    if len(marks) > 1:
        return [thousands] if grouped else plain  # 1.000.000, or a version such as 3.11.2
    decimals = float(".".join(parts))
    if not grouped or parts[0] == "0":
        return [decimals]
    own = "." if language == "de" else ","
    return [thousands] if marks[0] == own else [decimals, thousands]
