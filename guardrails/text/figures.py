"""Figures: the numbers of a text with their units, whatever way they are written.

``1,000``, ``1.000`` and ``1 000`` are one number, ``21 days``, ``21 Tage`` and ``three weeks`` one
duration. A number whose separator can be read in two ways has both readings.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final

from guardrails.text import dates
from guardrails.text.number_words import SPELLED, digits, numeral
from guardrails.text.words import stem

_SPACES: Final = " \u00a0\u202f\u2009"
_CURRENCIES: Final = r"US\$|[€$£]|EUR|USD|GBP|CHF"
_TIMES: Final = {
    word: factor
    for factor, words in {
        1e3: "k thousand tausend tsd",
        1e6: "million millions million millionen mio mill",
        1e9: "bn billion billions milliarde milliarden mrd",
    }.items()
    for word in words.split()
}
_MULTIPLES: Final = "|".join(word for word in _TIMES if word != "k")
_BEFORE_UNIT: Final = (
    "working|business|calendar|consecutive|full|whole|more|additional|volle[nr]?|ganze[nr]?"
    "|weitere[nr]?|zusätzliche[nr]?|aufeinanderfolgende[nr]?"
)
_NUMBER: Final = re.compile(
    rf"(?:\b|(?<=\W)|^)(?P<before>(?:{_CURRENCIES})\s?)?(?<![\w.,])"
    rf"(?P<number>{SPELLED}\d+(?:\.\d+)?"
    rf"|\d{{1,3}}(?:[{_SPACES}’']\d{{3}})+(?:[.,]\d+)?(?![\d])"
    r"|\d+(?:[.,]\d+)*)(?:,[-–]+)?"
    r"(?:(?:st|nd|rd|th)\b|\.(?=\s+[^\W\d_]))?"
    rf"(?:(?P<times>k\b|[-{_SPACES}]?(?i:{_MULTIPLES})\b)\.?)?"
    rf"(?:[-\u2010-\u2012\s]{{0,2}}(?:(?:{_BEFORE_UNIT})\s+)?"
    r"(?P<unit>(?i:per\s+cent|us-dollars?)\b|[^\W\d_]+\.?|°\s?[CF]\b|US\$|[%€$£°]))?"
)
_BETWEEN: Final = re.compile(
    r"\s*(?:[-–—]|to|bis|through|or|oder|(?P<pair>and|und))\s*", re.IGNORECASE
)
_PAIR: Final = re.compile(r"\b(?:between|zwischen|from|von)\s*(?:[€$£]\s?)?$", re.IGNORECASE)
_LASTING: Final = re.compile(r"(tägig|wöchig|monatig|jährig|stündig|minütig)e?[mnrs]?")
_ARTICLE: Final = re.compile(
    r"\b(?P<one>one|an?|each|every|eine?[mnrs]?)\s+(?P<unit>[^\W\d_]+)", re.IGNORECASE
)
_EACH: Final = re.compile(
    r"(?:\d\S*|[€$£%]|\b(?:times?|mal|once|einmal|euros?|eur|dollars?|cents?|gb|mb|users?))\s*$",
    re.IGNORECASE,
)
"""Before "a month": what there is of it in each month."""
_GROUP: Final = 3
_LETTERS: Final = frozenset("DGHKMS")

_UNITS: Final = {
    "s": (1.0, "s sec secs second seconds sek sekunde sekunden"),
    "min": (60.0, "min mins minute minutes minuten minütig"),
    "h": (3600.0, "h hr hrs hour hours std stunde stunden stündig"),
    "d": (86400.0, "d day days tag tage tagen tägig werktag werktage werktagen arbeitstage"),
    "week": (604800.0, "week weeks woche wochen wöchig wk wks"),
    "month": (1.0, "month months monat monate monaten monats monatig"),
    "year": (12.0, "year years yr yrs jahr jahre jahren jahres jährig"),
    "%": (1.0, "% percent prozent pct per-cent"),
    "EUR": (1.0, "€ eur euro euros"),
    "USD": (1.0, "$ us$ usd dollar dollars us-dollar us-dollars"),
    "GBP": (1.0, "£ gbp pound pounds pfund"),
    "CHF": (1.0, "chf franken francs"),
    "cent": (0.01, "cent cents ct"),
    "byte": (1.0, "byte bytes"),
    "kB": (1e3, "kb kib kilobyte kilobytes"),
    "MB": (1e6, "mb mib megabyte megabytes"),
    "GB": (1e9, "gb gib gigabyte gigabytes"),
    "TB": (1e12, "tb tib terabyte terabytes"),
    "kbit": (1e3, "kbit kbits kbps kilobit"),
    "Mbit": (1e6, "mbit mbits mbps megabit megabits"),
    "Gbit": (1e9, "gbit gbits gbps gigabit gigabits"),
    "mm": (1e-3, "mm millimeter millimetre millimeters millimetres"),
    "cm": (1e-2, "cm centimeter centimetre centimeters centimetres zentimeter"),
    "m": (1.0, "m meter metre meters metres metern"),
    "km": (1e3, "km kilometer kilometre kilometers kilometres kilometern"),
    "g": (1.0, "g gram grams gramm"),
    "kg": (1e3, "kg kilo kilogram kilograms kilogramm"),
    "deg": (1.0, "° °c grad degree degrees celsius"),
    "degF": (1.0, "°f fahrenheit"),
}
_KINDS: Final = {
    "s": "time", "min": "time", "h": "time", "d": "time", "week": "time",
    "month": "months", "year": "months",
    "byte": "data", "kB": "data", "MB": "data", "GB": "data", "TB": "data",
    "kbit": "bits", "Mbit": "bits", "Gbit": "bits",
    "mm": "length", "cm": "length", "m": "length", "km": "length", "g": "mass", "kg": "mass",
}  # fmt: skip
_UNIT_OF: Final = {
    word: (_KINDS.get(name, name), factor)
    for name, (factor, words) in _UNITS.items()
    for word in words.split()
}
_CENTS: Final = frozenset({"cent", "EUR", "USD", "CHF"})
_WORDS: Final = frozenset(_TIMES) | {w for w in _UNIT_OF if len(w) > 1} | dates.MONTHS
DATA: Final = repr((_UNITS, _KINDS, _TIMES, _NUMBER.pattern, dates.DATA, version("text2num")))


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a text.

    readings: what it may be, in the base unit of its kind. bare: without it. kind: ``time``
    (seconds), ``months``, ``data`` (bytes), ``date``, ``clock``, a currency, …, or "" for a bare
    number. spelled: written as a word, which claims less: "the two options" counts what is listed.
    counted: the stem of the word after it, if it has no unit.
    """

    written: str
    readings: frozenset[float | str]
    bare: frozenset[float | str]
    kind: str = ""
    spelled: bool = False
    counted: str = ""

    @property
    def told(self) -> bool:
        """Whether it has to stand in the passages: a bare word such as "two" need not."""
        return not self.spelled or bool(self.kind)

    def same(self, other: "Figure") -> bool:
        """Whether ``other`` has this value; a number without a unit fits any unit.

        A date may say less than the other one, and not more.
        """
        if self.kind == "date":
            return other.kind == "date" and any(
                dates.within(str(mine), str(theirs))
                for mine in self.readings
                for theirs in other.readings
            )
        if self.kind and other.kind:
            alike = self.kind == other.kind or (
                "cent" in {self.kind, other.kind} and {self.kind, other.kind} <= _CENTS
            )
            return alike and not self.readings.isdisjoint(other.readings)
        return not self.bare.isdisjoint(other.bare)

    def among(self, others: Iterable["Figure"]) -> bool:
        """Whether one of ``others`` has this value."""
        return any(self.same(other) for other in others)

    def rivals(self, others: Iterable["Figure"]) -> bool:
        """Whether one of ``others`` gives the same thing another number."""
        return any(
            other.kind == self.kind
            and other.counted == self.counted
            and bool(self.kind or self.counted)
            and not self.same(other)
            for other in others
        )


def says_number(word: str, language: str) -> bool:
    """Whether a case-folded word is a numeral, a unit or a month: its figure says as much."""
    return word in _WORDS or numeral(word, language) is not None


def figures(text: str, language: str) -> tuple[Figure, ...]:
    """Return the numbers of ``text``, which has neither citation markers nor list numbers."""
    rest = digits(text, language)
    numbers: list[Figure] = []
    for start, end, readings in list(dates.dates(rest)):
        written = rest[start:end].replace(SPELLED, "")
        years = {reading.split("-")[0] for reading in readings} - {"*"}
        bare = frozenset[float | str](float(year) for year in years)
        numbers.append(Figure(written, frozenset[float | str](readings), bare, "date"))
        rest = rest[:start] + ";" * (end - start) + rest[end:]
    for start, end, readings, hour in list(dates.times(rest)):
        bare = frozenset[float | str]() if hour is None else frozenset[float | str]([float(hour)])
        numbers.append(Figure(rest[start:end], frozenset[float | str](readings), bare, "clock"))
        rest = rest[:start] + ";" * (end - start) + rest[end:]
    matches = [m for m in _NUMBER.finditer(rest) if not _is_word(m, rest)]
    units = _units(matches, rest)
    return (*numbers, *(_figure(m, u, language) for m, u in zip(matches, units, strict=True)))


def single(text: str, language: str) -> tuple[Figure, ...]:
    """Return what is one of a unit: "a week", "einen Monat"; not "5 euros a month"."""
    numbers = []
    rest = digits(text, language)
    for match in _ARTICLE.finditer(rest):
        unit = _unit(match["unit"])
        if unit and not _EACH.search(rest[: match.start()]):
            readings = frozenset[float | str]([unit[1]])
            bare = frozenset[float | str]([1.0])
            numbers.append(Figure(match[0], readings, bare, unit[0], spelled=True))
    return tuple(numbers)


def _is_word(match: re.Match[str], text: str) -> bool:
    """Whether its digits are part of a name, as in 3D and 4K."""
    unit, end = match["unit"] or "", match.end("number")
    ordinal = text[end : end + 2] in {"st", "nd", "rd", "th"}
    letters = text[end : end + 1].isalpha() and not match["times"] and not ordinal
    return letters and (_unit(unit) is None or unit in _LETTERS)


def _units(matches: Sequence[re.Match[str]], text: str) -> list[str]:
    """Return the unit of each number; both ends of a range have that of one."""
    units = [
        (m["unit"] or "") if _unit(m["unit"] or "") else (m["before"] or "").strip()
        for m in matches
    ]
    for at in reversed(range(len(matches) - 1)):
        match, two = matches[at], matches[at + 1]
        end = match.end("unit") if units[at] == match["unit"] else match.end("times")
        end = max(end, match.end("number"))
        joint = _BETWEEN.fullmatch(text[end : two.start()])
        if not joint or (joint["pair"] and not _PAIR.search(text[: match.start()])):
            continue
        units[at] = units[at] or units[at + 1]
        units[at + 1] = units[at + 1] or units[at]
    return units


def _figure(match: re.Match[str], unit: str, language: str) -> Figure:
    number = match["number"]
    factor = _TIMES[match["times"].casefold().strip(f"-{_SPACES}")] if match["times"] else 1.0
    spelled = number.startswith(SPELLED)
    read = [float(number[1:])] if spelled else _readings(number, language)
    written = f"{number.lstrip(SPELLED)} {(match['times'] or '').strip()}".strip()
    if isinstance(read, str):
        whole = frozenset[float | str]([read])
        return Figure(written, whole, whole)
    kind, size = _unit(unit) or ("", 1.0)
    if kind == "deg" and re.search(r"(?:^|[\s(])(?:[-−]|minus\s)$", match.string[: match.start()]):
        factor = -factor
    bare = frozenset[float | str](round(value * factor, 9) for value in read)
    figure = Figure(written, bare, bare, kind, spelled)
    if kind:
        readings = frozenset[float | str](round(value * factor * size, 9) for value in read)
        return replace(figure, written=f"{written} {unit}".strip(" ."), readings=readings)
    word = (match["unit"] or "").strip(".").casefold()
    return replace(figure, counted=stem(word, language) if word.isalpha() else "")


def _unit(word: str) -> tuple[str, float] | None:
    low = re.sub(r"\s+", "" if word.startswith("°") else "-", word.casefold().strip(" ."))
    if lasting := _LASTING.fullmatch(low):
        low = lasting[1]
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
        if len(set(marks)) == 2 and marks[-1] not in marks[:-1]:  # noqa: PLR2004
            return [float("".join(parts[:-1]) + "." + parts[-1])]  # 1,234,567.50
        return [thousands] if grouped else plain  # 1.000.000, or a version such as 3.11.2
    decimals = float(".".join(parts))
    if not grouped or parts[0] == "0":
        return [decimals]
    own = "." if language == "de" else ","
    return [thousands] if marks[0] == own else [decimals, thousands]
