"""Telephone numbers in a text, in time linear in its length."""

import re
from collections.abc import Callable
from typing import Final

import phonenumbers

REGIONS: Final = ("DE", "US", "GB", "AT", "CH")
_LONGEST: Final = 250
"""Characters in which phonenumbers looks for one number."""
_WINDOW: Final = 1000
_STEP: Final = _WINDOW - _LONGEST
_FEWEST: Final = 4
"""Digits of the shortest number of any region."""
_BETWEEN: Final = re.compile(r"[^\W\dxX_]|[\n,;:]")
"""What is not within a phone number: a text may be cut here."""


def replaced(text: str, region: str, take: Callable[[str], str]) -> str:
    """Return a text with each phone number, as they are written in a region, as ``take`` says.

    phonenumbers alone takes the square of the length for some texts, and gives up after 65,535
    candidates that are none; so it sees one window after the other, each from where no number can
    be on.
    """
    parts: list[str] = []
    refused: set[str] = set()
    start = at = 0
    while at < len(text):
        window = text[at : at + _WINDOW]
        last = at + _WINDOW >= len(text)
        match = next(iter(_Matcher(window, region, refused)), None)
        if match is not None and (last or match.start < _STEP):
            parts += (text[start : at + match.start], take(match.raw_string))
            start = at = at + match.end
        elif last:
            break
        else:
            places = _BETWEEN.finditer(window, _STEP - _LONGEST, _STEP)
            at += max((place.start() for place in places), default=_STEP)
    return "".join((*parts, text[start:]))


class _Matcher(phonenumbers.PhoneNumberMatcher):
    """The library's, but no candidate is parsed twice, and none that has too few digits.

    It tries each part of what might be a number: in a table the same parts, again and again.
    refused: those of this text that are no numbers, wherever they stand.
    """

    def __init__(self, text: str, region: str, refused: set[str]) -> None:
        super().__init__(text, region)
        self._refused = refused

    def _parse_and_verify(
        self, candidate: str, offset: int
    ) -> phonenumbers.PhoneNumberMatch | None:
        if candidate in self._refused:
            return None
        if not _is_number(candidate, self.preferred_region):
            self._refused.add(candidate)
            return None
        match: phonenumbers.PhoneNumberMatch | None = super()._parse_and_verify(candidate, offset)
        return match


def _is_number(candidate: str, region: str | None) -> bool:
    if sum(map(str.isdigit, candidate)) < _FEWEST:
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(candidate, region))
    except phonenumbers.NumberParseException:
        return False
