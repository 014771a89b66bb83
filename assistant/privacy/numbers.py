"""Numbers by which a bank account or a person is known, in a text; a check digit decides.

IBANs of every country, and of Germany: the tax identification number (11 digits), the tax number
(it has no check digit of one kind: its form decides, or the word before it) and the social security
number. A candidate has a bounded length, so the work grows with the length of a text.
"""

import re
from collections.abc import Callable
from typing import Final

Take = Callable[[str, str], str]
"""Returns what stands in place of a kind and a value: ``iban``, ``tax-number``,
``insurance-number``."""

_GAP: Final = "[ \u00a0\u202f-]"
_IBAN: Final = re.compile(rf"\b[A-Za-z]{{2}}\d{{2}}(?:{_GAP}?[A-Za-z0-9]){{11,30}}")
_LENGTHS: Final = {
    part[:2]: int(part[2:])
    for part in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 "
        "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 "
        "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
        "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
        "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
    ).split()
}
"""Characters of an IBAN by country: the IBAN registry of SWIFT."""
_REPEATS: Final = frozenset({2, 3})
_TEN: Final = 10
_TAX_ID: Final = re.compile(
    rf"(?<![\w.,/-])(?<!\d{_GAP})\d{{2}}({_GAP}|[/.]|)\d{{3}}\1\d{{3}}\1\d{{3}}(?![\w/-]|{_GAP}\d)"
)
_TAX_PARTS: Final = re.compile(
    r"(?<![\w/.-])(?:\d{2,3}/\d{3}/\d{5}|\d{3}/\d{4}/\d{4})(?![\w/-]|\.\d)"
)
"""A tax number as notices of assessment have it; other forms are known by the word before them."""
_TAX_WORD: Final = re.compile(
    r"\b(?:steuer-?(?: ?nummer|nr)|st\.? ?-?nr|tax (?:number|no))\b\.?"
    r"\W{0,3}(?:(?:ist|lautet|is|von|of)\W{1,3})?(\d(?:[ /-]?\d){9,12})(?![\w/])",
    re.IGNORECASE,
)
_TAX_DIGITS: Final = frozenset({10, 11, 13})
"""Of a tax number in a state's form, and in the form of all states."""
_INSURANCE: Final = re.compile(
    rf"(?<![\w/.-])(?<!\d{_GAP})\d{{2}}{_GAP}?(\d{{2}})(\d{{2}})\d{{2}}{_GAP}?[A-Za-z]"
    rf"{_GAP}?\d{{2}}{_GAP}?\d(?![\w/-])"
)
_DAYS: Final = 31
_MORE_PEOPLE: Final = 50
"""Is added to the day where the serial numbers of a day have run out."""
_MONTHS: Final = 12
_WEIGHTS: Final = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_NOT_ITS_OWN: Final = re.compile(r"[^A-Za-z0-9]")


def replaced(text: str, take: Take) -> str:
    """Return a text with each of these numbers as ``take`` says."""
    text = _without_ibans(text, take)
    text = _INSURANCE.sub(
        lambda m: take("insurance-number", m[0]) if _is_insured(m) else m[0], text
    )
    text = _TAX_ID.sub(lambda m: take("tax-number", m[0]) if _is_tax_id(m[0]) else m[0], text)
    text = _TAX_PARTS.sub(lambda m: take("tax-number", m[0]), text)
    return _TAX_WORD.sub(lambda m: _named(m, take), text)


def _without_ibans(text: str, take: Take) -> str:
    """Replace IBANs; what follows one may look like more of it, so its country says its length."""
    parts: list[str] = []
    at = 0
    while match := _IBAN.search(text, at):
        end = _end_of_iban(match)
        parts += (text[at : match.start()], take("iban", text[match.start() : end]) if end else "")
        at = end or match.start() + 1
        if not end:
            parts.append(text[match.start() : at])
    return "".join((*parts, text[at:]))


def _end_of_iban(match: re.Match[str]) -> int:
    """Return where the IBAN ends that begins with a candidate; 0 if it is none (ISO 13616)."""
    characters = [place for place, letter in enumerate(match[0]) if letter.isalnum()]
    length = _LENGTHS.get(match[0][:2].upper(), len(characters) + 1)
    if len(characters) < length:
        return 0
    end = characters[length - 1] + 1
    after = match.string[match.start() + end : match.start() + end + 1]
    compact = _NOT_ITS_OWN.sub("", match[0][:end]).upper()
    number = "".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])
    return match.start() + end if not after.isalnum() and int(number) % 97 == 1 else 0


def _is_tax_id(text: str) -> bool:
    """Check a tax identification number: one digit repeats, and ISO 7064, MOD 11,10."""
    digits = [int(letter) for letter in text if letter.isdigit()]
    repeats = sorted(digits[:-1].count(digit) for digit in {*digits[:-1]} if digits)
    if digits[0] == 0 or repeats[-1] not in _REPEATS or repeats[:-1] != [1] * (len(repeats) - 1):
        return False
    check = _TEN
    for digit in digits[:-1]:
        check = (((check + digit) % _TEN or _TEN) * 2) % (_TEN + 1)
    return (check + digits[-1]) % _TEN == 1


def _named(match: re.Match[str], take: Take) -> str:
    if sum(map(str.isdigit, match[1])) not in _TAX_DIGITS:
        return match[0]
    return match[0].removesuffix(match[1]) + take("tax-number", match[1])


def _is_insured(match: re.Match[str]) -> bool:
    """Check the birth date and the check digit of a social security number (VKVV, § 2 and § 4)."""
    day, month = int(match[1]), int(match[2])
    number = _NOT_ITS_OWN.sub("", match[0]).upper()
    letter = ord(number[8]) - ord("A") + 1
    digits = f"{number[:8]}{letter:02}{number[9:11]}"
    products = (weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    check = sum(sum(divmod(product, 10)) for product in products) % 10
    return day % _MORE_PEOPLE <= _DAYS and month <= _MONTHS and check == int(number[11])
