"""Bytes of a file into text.

A byte order mark and UTF-8 are certain. What is neither is most often what a spreadsheet or an old
program saved: a file of two lines is too short for statistics, so the three encodings that Western
European programs write are weighed by whether their letters stand where letters do. Only what these
cannot be is left to ``charset_normalizer``.
"""

import codecs
import re
from typing import Final

from assistant.errors import LoadError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN: Final = ("cp1252", "mac_roman", "cp850")
"""Windows, old Macs, DOS; of two that fit as well, the first."""
_GERMAN: Final = frozenset("äöüÄÖÜß")
_LETTERS: Final = frozenset("éèêëàâáçîïíôóûúñÉÈÀÇ")
_SIGNS: Final = frozenset("€–—„“”‚‘’…«»·•°§©®™²³½×\u00a0")
_MULTIBYTE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_OTHER_SCRIPT: Final = 0.25
"""Share of bytes above 127 from which a text is in no Latin script."""
_DAMAGED: Final = 0.8
"""Share of bytes above 127 that are characters of UTF-8, from which a text is meant as such."""
_SAMPLE: Final = 200_000


def text_of(data: bytes, source: str, declared: str = "") -> str:
    """Decode a file; its lines end with a single line feed.

    declared: the encoding that the file itself names, for what is not UTF-8.

    Raises:
        LoadError: it is binary, or in no known encoding.
    """
    return _decoded(data, source, declared).replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes, source: str, declared: str) -> str:
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    unmarked = marked or _utf16(data)
    if unmarked:
        try:
            return data.decode(unmarked).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise LoadError(
                f"{source} begins like text in {unmarked.upper()} and goes on otherwise.",
                source=source,
                hint="It may be cut off; save it again, as UTF-8.",
            ) from error
    if b"\0" in data:
        raise LoadError(
            f"{source} is binary, not text.", source=source, hint="Save it as text in UTF-8."
        )
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _guessed(data, source, declared)


def _utf16(data: bytes) -> str:
    """Return which UTF-16 a text without a mark is in: every other byte of Latin text is zero."""
    sample = data[: _SAMPLE // 2 * 2]
    if len(sample) < 4 or b"\0" not in sample:  # noqa: PLR2004  (two characters)
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    most, few = len(sample) * 0.4, len(sample) * 0.02  # of half the bytes: 80 %, 4 %
    if odd >= most and even <= few:
        return "utf-16-le"
    return "utf-16-be" if even >= most and odd <= few else ""


def _guessed(data: bytes, source: str, declared: str) -> str:
    sample = data[:_SAMPLE]
    high, whole = len(_HIGH.findall(sample)), _MULTIBYTE.findall(sample)
    if sum(map(len, whole)) >= _DAMAGED * high:
        return data.decode(errors="replace")  # UTF-8 with a damaged byte
    if declared:
        try:
            return data.decode("cp1252" if declared.lower() in _LATIN_1 else declared)
        except (LookupError, UnicodeDecodeError):
            pass  # a page that is wrong about itself
    if high <= _OTHER_SCRIPT * len(sample):
        readings = {name: text for name in _WESTERN if (text := _strict(data, name)) is not None}
        if readings:
            return max(readings.values(), key=lambda text: _plausible(text[:_SAMPLE]))
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise LoadError(
            f"{source} is in no known text encoding.", source=source, hint="Save it as UTF-8."
        )
    return str(best)


_LATIN_1: Final = frozenset({"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"})
"""Names under which people save Windows' own encoding, as browsers read them."""


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _plausible(text: str) -> int:
    """Return how well the characters beyond ASCII stand where they do."""
    score = 0
    for place, character in enumerate(text):
        if character.isascii():
            continue
        around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        inside = len(around) == 2 and around.isalpha()  # noqa: PLR2004
        if character in _GERMAN or character in _LETTERS:
            score += (3 if character in _GERMAN else 1) if around.strip() else 0
        elif character in _SIGNS:
            score += -2 if inside and character not in "’\u00a0" else 1
        else:
            score -= 1
    return score
