"""Numbers that are written as words, in English and German, made into digits."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from text_to_num import find_numbers

SPELLED: Final = "\ue000"
"""Stands before a number that was a word: it is read as it is, without marks of thousands."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_LANGUAGES: Final = ("en", "de")
_TRANSCRIBED: Final = re.compile(r"(?i)\b(f)ue(nf)|(?<=zw)oe(?=lf)|(?<=drei)ss(?=ig)")
_HALVES: Final = re.compile(
    r"(?i)\b(?:(?P<one>anderthalb|eineinhalb)|(?P<more>[^\W\d_]+)einhalb)(?:e[nrs]?)?\b"
)
_AND_A_HALF: Final = re.compile(
    rf"(?i)(?<![\d.,])(?P<whole>{SPELLED}?\d+)(?:\s+and\s+a\s+half|\s+einhalb|\s*½)"
)
_HALF: Final = re.compile(
    r"(?i)\bhalf\s+an?\s+(?=[^\W\d_])|\b(?:an?|eine?[mnrs]?)\s+(?:half|halbe[mnrs]?)\s+(?=[^\W\d_])"
    r"|½"
)
_TIMES: Final = re.compile(r"(?i)\b(?:(?P<twice>twice)|(?P<times>[^\W\d_]{3,})mal)\b")
_LASTING: Final = re.compile(
    r"(?i)\b(?P<number>[^\W\d_]{3,})(?P<unit>tägig|wöchig|monatig|jährig|stündig|minütig)"
    r"(?P<end>e[mnrs]?)?\b"
)
_AFTER_DIGITS: Final = re.compile(r"\d[\s\u00a0-]{0,2}$")
_DOZEN: Final = re.compile(r"(?i)\b(?:(?:a|ein)\s+)?(?:dozen|dutzend)\b")


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    apart: bool

    def text(self) -> str:
        return self.word

    def nt_separated(self, _: object) -> bool:
        return self.apart

    def not_a_number_part(self) -> bool:
        return False


@lru_cache(maxsize=4096)
def numeral(word: str, language: str) -> float | None:
    """Return the number that one word stands for, if it stands for any."""
    spans = _numbers(word, language)
    whole = len(spans) == 1 and spans[0][:2] == (0, len(word))
    return spans[0][2] if whole else None


def digits(text: str, language: str) -> str:
    """Return ``text`` with its spelled numbers as digits behind ``SPELLED``.

    A "one" stays: it is seldom a number. So does every word of a third language.
    """
    if language not in _LANGUAGES:
        return text
    text = _TRANSCRIBED.sub(_umlauts, text)
    text = _HALVES.sub(lambda m: _half(m, language), text)
    text = _LASTING.sub(lambda m: _lasting(m, language), text)
    text = _TIMES.sub(lambda m: _often(m, language), text)
    text = _DOZEN.sub(f"{SPELLED}12", text)
    parts, at = [], 0
    for start, end, value in _numbers(text, language):
        if value != 1 and not _AFTER_DIGITS.search(text[:start]):  # 1.5 million, 30 second
            parts += [text[at:start], f"{SPELLED}{value:.10g}"]
            at = end
    text = "".join(parts) + text[at:]
    text = _AND_A_HALF.sub(lambda m: f"{m['whole']}.5", text)
    return _HALF.sub(f"{SPELLED}0.5 ", text)


def _numbers(text: str, language: str) -> list[tuple[int, int, float]]:
    """Return where numbers stand as words, and which."""
    words = list(_WORD.finditer(text))
    tokens, last = [], 0
    for word in words:
        between = text[last : word.start()]
        tokens.append(_Token(word[0], apart=bool(between.strip(" -\u00a0"))))
        last = word.end()
    spans = find_numbers(tokens, language, 0.0)
    return [(words[n.start].start(), words[n.end - 1].end(), float(n.value)) for n in spans]


def _umlauts(match: re.Match[str]) -> str:
    return match[0].replace("ue", "ü").replace("oe", "ö").replace("ss", "ß")


def _half(match: re.Match[str], language: str) -> str:
    value = 1.0 if match["one"] else numeral(match["more"], language)
    return match[0] if value is None else f"{SPELLED}{value + 0.5:g}"


def _lasting(match: re.Match[str], language: str) -> str:
    value = numeral(match["number"], language)
    value = 1.0 if value is None and match["number"].casefold() == "ein" else value
    if value is None:
        return match[0]
    return f"{SPELLED}{value:g} {match['unit']}{match['end'] or ''}"


def _often(match: re.Match[str], language: str) -> str:
    value = 2.0 if match["twice"] else numeral(match["times"], language)
    return match[0] if value is None or value == 1 else f"{SPELLED}{value:g}"
