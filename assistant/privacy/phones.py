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
_BETWEEN: Final = re.compile(r"[^\W\dxX_]|[\n,;:]")
"""What is not within a phone number: a text may be cut here."""


def replaced(text: str, region: str, take: Callable[[str], str]) -> str:
    """Return a text with each phone number, as they are written in a region, as ``take`` says.

    phonenumbers alone takes the square of the length for some texts, and gives up after 65,535
    candidates that are none; so it sees one window after the other, each from where no number can
    be on.
    """
    parts: list[str] = []
    start = at = 0
    while at < len(text):
        window = text[at : at + _WINDOW]
        last = at + _WINDOW >= len(text)
        match = next(iter(phonenumbers.PhoneNumberMatcher(window, region)), None)
        if match is not None and (last or match.start < _STEP):
            parts += (text[start : at + match.start], take(match.raw_string))
            start = at = at + match.end
        elif last:
            break
        else:
            places = _BETWEEN.finditer(window, _STEP - _LONGEST, _STEP)
            at += max((place.start() for place in places), default=_STEP)
    return "".join((*parts, text[start:]))
