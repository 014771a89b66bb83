"""Takes personal data and secrets out of texts: one engine for what is stored and what is audited.

In time linear in the length of a text. Names, postal addresses and dates of birth are not
recognised: to tell them from other words takes a model, which would miss some of them as well.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from assistant.privacy import keys, numbers, phones

_MAIL: Final = re.compile(r"[\w.+-]++(@[\w-]++(?:\.[\w-]++)+)?")
"""A run of characters that an address may begin with, and the rest of the address, if it is one.

All of the run is taken either way: were it looked at again from each of its characters, a long
one would take its length squared.
"""
_CARD: Final = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_SEPARATORS: Final = re.compile(r"[ -]")
_MARGIN: Final = 640
"""Twice the longest item (an e-mail address: 320): redacted, a text may grow, but not to twice."""


@dataclass(frozen=True, slots=True)
class Datum:
    """What was taken out.

    kind: ``secret``, ``e-mail``, ``iban``, ``tax-number``, ``insurance-number``, ``card`` or
    ``phone``.
    """

    kind: str
    value: str


def redact(text: str) -> str:
    """Return ``text`` without e-mail addresses, keys, and numbers of accounts, people and phones.

    Numbers are replaced only if their checksum or numbering plan says that they are real, so
    that "4000 events" and error codes stay.
    """
    return parted(text)[0]


def parted(text: str) -> tuple[str, tuple[Datum, ...]]:
    """Return the redacted text, and what was taken out of it."""
    data: list[Datum] = []

    def take(kind: str, value: str) -> str:
        data.append(Datum(kind, value))
        return f"[{kind}]"

    text = _without_keys(text, partial(take, "secret"))
    text = _MAIL.sub(lambda m: take("e-mail", m[0]) if m[1] else m[0], text)
    text = numbers.replaced(text, take)
    text = _CARD.sub(lambda m: take("card", m[0]) if _is_card(m[0]) else m[0], text)
    for region in phones.REGIONS:
        text = phones.replaced(text, region, partial(take, "phone"))
    return text, tuple(data)


def beginning(text: str, most: int) -> str:
    """Return the first ``most`` characters of the redacted text; less, where much is taken out.

    Not all of a long text is looked at, and nothing is returned that this may have cut in half.
    """
    part = text[: most + _MARGIN]
    clean = redact(part)
    whole = len(part) == len(text)
    return clean[: most if whole else max(0, min(most, len(clean) - _MARGIN))]


def _without_keys(text: str, take: Callable[[str], str]) -> str:
    parts: list[str] = []
    end = 0
    for first, last in keys.keys(text):
        parts += (text[end:first], take(text[first:last]))
        end = last
    return "".join((*parts, text[end:]))


def _is_card(text: str) -> bool:
    """Check the Luhn digit (ISO/IEC 7812)."""
    digits = [int(digit) for digit in reversed(_SEPARATORS.sub("", text))]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
