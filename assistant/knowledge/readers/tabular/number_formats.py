"""How a spreadsheet shows a number: ``0.19`` under the format ``0 %`` is 19 %."""

import re
from typing import Final

BUILT_IN: Final = {2: "0.00", 4: "#,##0.00", 9: "0%", 10: "0.00%", 39: "#,##0.00", 40: "#,##0.00"}
"""Formats that files name by a number alone, as far as they are the same in every country."""

_LITERAL: Final = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|([€$£¥%])')
_PATTERN: Final = re.compile(r"[#0?](?:[#0?,. ]*[#0?])?")
_OTHER: Final = re.compile(r"\[[^\]]*\]|_.|\*.")
_LONGEST: Final = 200


def formatted(value: float, code: str) -> str:
    """Return a number under a format, or nothing if the format says no more than the number.

    Digits are not grouped, and a point stands before decimals: what a country uses is not told.
    """
    code = code.split(";", maxsplit=1)[0][:_LONGEST]
    literals: list[str] = []

    def literal(match: re.Match[str]) -> str:
        literals.append(next(filter(None, match.groups()), ""))
        return f"\x00{len(literals) - 1}\x01"

    bare = _OTHER.sub("", _LITERAL.sub(literal, code))
    pattern = _PATTERN.search(re.sub(r"\x00\d+\x01", lambda m: "\x00" * len(m[0]), bare))
    if not pattern:
        return ""
    before, after = bare[: pattern.start()], bare[pattern.end() :]
    if re.search(r"[#0?a-zA-Z/@]", re.sub(r"\x00\d+\x01", "", before + after)):
        return ""  # a date, a fraction, a power
    whole, _, decimals = pattern[0].partition(".")
    percent = any(mark == "%" for mark in literals)
    number = f"{value * (100 if percent else 1):.{len(decimals.strip())}f}"
    optional = len(decimals) - len(decimals.rstrip("#"))
    for _ in range(optional):
        number = number.removesuffix("0")
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    number = f"{sign}{digits.removesuffix('.').zfill(whole.count('0') if '.' not in digits else 0)}"

    def said(part: str) -> str:
        return re.sub(r"\x00(\d+)\x01", lambda m: literals[int(m[1])], part)

    return f"{said(before)}{number}{said(after)}".strip()
