"""Takes personal data out of texts before they are stored, logged or sent to a model."""

import re
from typing import Final

import phonenumbers

_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_CARD: Final = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_SECRET: Final = re.compile(r"\b(?:sk|pk|ghp|xox[abp]|AKIA)[-_A-Za-z0-9]{16,}\b")
_SEPARATORS: Final = re.compile(r"[ -]")
_REGIONS: Final = ("DE", "US", "GB", "AT", "CH")


def redact(text: str) -> str:
    """Return ``text`` with e-mail addresses, IBANs, card and phone numbers and keys replaced.

    Numbers are replaced only if their checksum or numbering plan says that they are real, so
    that "4000 events" and error codes stay. Names and postal addresses are not recognised.
    """
    text = _SECRET.sub("[secret]", text)
    text = _MAIL.sub("[e-mail]", text)
    text = _IBAN.sub(lambda m: "[iban]" if _is_iban(m[0]) else m[0], text)
    text = _CARD.sub(lambda m: "[card]" if _is_card(m[0]) else m[0], text)
    for region in _REGIONS:
        matches = list(phonenumbers.PhoneNumberMatcher(text, region))
        for match in reversed(matches):
            text = f"{text[: match.start]}[phone]{text[match.end :]}"
    return text


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
