"""Takes personal data out of texts before they are stored, logged or sent to a model."""

import re
from typing import Final

import phonenumbers

_MAIL: Final = re.compile(r"[\w.+-]++(@[\w-]++(?:\.[\w-]++)+)?")
"""A run of characters that an address may begin with, and the rest of the address, if it is one.

All of the run is taken either way: were it looked at again from each of its characters, a long
one would take its length squared.
"""
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_CARD: Final = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_SECRET: Final = re.compile(r"\b(?:sk|pk|ghp|xox[abp]|AKIA)[-_A-Za-z0-9]{16,}\b")
_SEPARATORS: Final = re.compile(r"[ -]")
_REGIONS: Final = ("DE", "US", "GB", "AT", "CH")
_LONGEST_PHONE: Final = 250
"""Characters in which phonenumbers looks for one number."""
_WINDOW: Final = 1000
_STEP: Final = _WINDOW - _LONGEST_PHONE
_BETWEEN_NUMBERS: Final = re.compile(r"[^\W\dxX_]|[\n,;:]")
"""What is not within a phone number: a text may be cut here."""
_MARGIN: Final = 640
"""Twice the longest item (an e-mail address: 320): redacted, a text may grow, but not to twice."""


def redact(text: str) -> str:
    """Return ``text`` with e-mail addresses, IBANs, card and phone numbers and keys replaced.

    Numbers are replaced only if their checksum or numbering plan says that they are real, so
    that "4000 events" and error codes stay. Names and postal addresses are not recognised.
    """
    text = _SECRET.sub("[secret]", text)
    text = _MAIL.sub(lambda m: "[e-mail]" if m[1] else m[0], text)
    text = _IBAN.sub(lambda m: "[iban]" if _is_iban(m[0]) else m[0], text)
    text = _CARD.sub(lambda m: "[card]" if _is_card(m[0]) else m[0], text)
    for region in _REGIONS:
        text = _without_phones(text, region)
    return text


def beginning(text: str, most: int) -> str:
    """Return the first ``most`` characters of the redacted text; less, where much is taken out.

    Not all of a long text is looked at, and nothing is returned that this may have cut in half.
    """
    seen = text[: most + _MARGIN]
    clean = redact(seen)
    whole = len(seen) == len(text)
    return clean[: most if whole else max(0, min(most, len(clean) - _MARGIN))]


def _without_phones(text: str, region: str) -> str:
    """Replace phone numbers as they are written in a region, in time linear in the length.

    phonenumbers alone takes the square of it for some texts, and gives up after 65,535 candidates
    that are none; so it sees one window after the other, each from where no number can be on.
    """
    parts: list[str] = []
    kept = at = 0
    while at < len(text):
        window = text[at : at + _WINDOW]
        last = at + _WINDOW >= len(text)
        found = next(iter(phonenumbers.PhoneNumberMatcher(window, region)), None)
        if found is not None and (last or found.start < _STEP):
            parts += (text[kept : at + found.start], "[phone]")
            kept = at = at + found.end
        elif last:
            break
        else:
            places = _BETWEEN_NUMBERS.finditer(window, _STEP - _LONGEST_PHONE, _STEP)
            at += max((place.start() for place in places), default=_STEP)
    return "".join((*parts, text[kept:]))


def _is_iban(text: str) -> bool:
    """Check ISO 13616: modulo 97 of the rearranged number is 1."""
    compact = _SEPARATORS.sub("", text)
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def _is_card(text: str) -> bool:
    """Check the Luhn digit (ISO/IEC 7812)."""
    digits = [int(digit) for digit in reversed(_SEPARATORS.sub("", text))]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
