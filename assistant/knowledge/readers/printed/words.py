"""Lines into running text: what a line's end cut is joined."""

import re
from collections.abc import Collection, Sequence
from typing import Final

_HYPHENS: Final = "-\u2010\u00ad"
_SOFT: Final = "\u00ad"
_SUSPENDED: Final = frozenset("und oder bzw sowie noch als bis wie and or to nor but vs".split())
"""Words before which a hyphen stands for a part that is left out: Vor- und Nachteile."""
_FIRST: Final = frozenset(
    "well self high low long short full half large small two three four five six seven eight nine "
    "cross multi non third ever decision single double".split()
)
"""First words of English compounds that keep their hyphen."""
_SECOND: Final = frozenset(
    "known defined based related specific driven oriented friendly aware only facing party "
    "effective level term quality ready sensitive dependent independent approved sized".split()
)
"""Last words of English compounds that keep it, whatever comes first."""
_PAIRS: Final = frozenset(
    "real-time real-world real-life up-to built-in plug-in opt-in opt-out log-in sign-in sign-up "
    "follow-up check-in day-to end-to face-to one-to how-to state-of out-of one-off one-time "
    "full-time part-time on-call on-site on-premises off-site in-house in-depth so-called "
    "up-front end-user open-source read-write year-end add-on co-worker pre-existing".split()
)
_ENDINGS: Final = frozenset(
    "ing ings er ers est ly ed ness ner ners ful ish en ened age ages ity ize izes ized ise ised "
    "ism ist ists ment ments fold less tion al ally able ance ence ous ure ty ship ward like ten "
    "light lights lighted way ways cut cuts list lists lived land hand hands fall stop out down "
    "come tary ter ters tenance men ar tiple ple plex teen teenth ty ties gle".split()
)
"""What follows those words without one: high-light, full-est."""
_LAST: Final = re.compile(r"[^\s(\[„“\"'/]+$")
_FIRST_WORD: Final = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S*$|\S+@\S*$")
_NO_LANGUAGE: Final[frozenset[str]] = frozenset()


def joined(lines: Sequence[str], *, known: Collection[str] = _NO_LANGUAGE) -> str:
    """Return lines as one text. known: words, in lower case, that occur unbroken elsewhere."""
    text = ""
    for line in lines:
        text = attached(text, line, known=known) if text else line
    return soft(text)


def soft(text: str) -> str:
    """Return text without hyphens that only show at a line's end."""
    return text.replace(_SOFT, "")


def attached(text: str, line: str, *, known: Collection[str] = _NO_LANGUAGE) -> str:
    """Return a text with the line that follows it."""
    text, line = text.rstrip(), line.lstrip()
    if not text or not line:
        return text or line
    if text.endswith(_SOFT):
        return text.rstrip(_SOFT) + line
    if _ADDRESS.search(text) and (text[-1] in "/?&=_-#" or line[0] in "/?&=#"):
        return text + ("" if line[0].islower() or not line[0].isalpha() else " ") + line
    if text[-1] not in _HYPHENS or len(text) < 2 or text[-2].isspace():  # noqa: PLR2004
        return f"{text} {line}"
    return _hyphenated(text, line, known)


def _hyphenated(text: str, line: str, known: Collection[str]) -> str:
    before, match = _LAST.search(text[:-1]), _FIRST_WORD.match(line)
    if not before or not match or not before[0][-1].isalnum():
        return text + ("" if match and before and before[0][-1] in ".)" else " ") + line
    first, second = before[0], match[0]
    last = re.split(r"[-\u2010]", first)[-1]
    if second.lower() in _SUSPENDED:
        return f"{text} {line}"
    if keeps(last, second, first, known):
        return text[:-1] + "-" + line
    return text[:-1] + line


def keeps(last: str, second: str, first: str, known: Collection[str]) -> bool:
    """Whether the hyphen between two parts of a word is its own, not that of a line's end."""
    if not second[0].isalpha() or not last[-1:].isalpha():
        return True
    if second[0].isupper():
        # EINGE-/SCHLOSSEN is a heading in capitals; IT-/ABTEILUNG is a compound.
        return not (last.isupper() and second.isupper() and len(last) > 3)  # noqa: PLR2004
    if f"{last}{second}".lower() in known or f"{first}{second}".lower() in known:
        return False
    elsewhere = f"{last}-{second}".lower() in known or f"{first}-{second}".lower() in known
    return elsewhere or _compound(last, second)


def _compound(last: str, second: str) -> bool:
    """Whether a hyphen of its own joins two parts of a word, the second in lower case."""
    if len(last) == 1 or (last.isupper() and len(last) <= 5):  # noqa: PLR2004
        return True  # e-/mail, IT-/gestützt
    if f"{last}-{second.partition('-')[0]}".lower() in _PAIRS:
        return True
    if second in _SECOND:
        return len(last) > len("un")
    return last.lower() in _FIRST and second not in _ENDINGS


def vocabulary(lines: Sequence[str]) -> frozenset[str]:
    """Return the words, in lower case, that stand unbroken in lines."""
    words: set[str] = set()
    for line in lines:
        tokens = _FIRST_WORD.findall(line)
        if line.rstrip().endswith(tuple(_HYPHENS)):
            tokens = tokens[:-1]
        # The first word may be the second half of one.
        words.update(word.lower() for word in tokens[1:])
    return frozenset(words)
