"""From texts of models and documents to what Streamlit may show. Pure functions.

Streamlit's markdown knows more than markdown: ``$`` starts a formula, ``:red[`` colours,
``:cat:`` is an emoji, ``![](…)`` makes the browser fetch an image. Texts that were not written
for it must not trigger that.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from ui.turn import Source

_CODE: Final = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?^[ \t]*(?P=fence)[ \t]*$|.*\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)",
    re.MULTILINE | re.DOTALL,
)
_MARKER: Final = re.compile(r"(?<![\\\w])\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\](?![(\[:])")
_MARKERS: Final = re.compile(rf"\s*{_MARKER.pattern}")
_OPEN_MARKER: Final = re.compile(r"\s*\[[\d\s,]*$")
_SHORTCODE: Final = re.compile(r":(?=[a-z_+\-][\w+\-/]*:)", re.IGNORECASE)
_DIRECTIVE: Final = re.compile(r":(?=[a-z][\w-]*\[)", re.IGNORECASE)
_TAG: Final = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)
_PUNCTUATION: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$])")
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_WORD_JOINER: Final = "\u2060"
"""Takes no space; the only thing that keeps ``:cat:`` a word, as escapes come too early."""


def safe(text: str) -> str:
    """Return markdown that means what it meant to its author: formatting, code, links."""
    return _outside_code(text, _defused)


def literal(text: str) -> str:
    """Return markdown that shows ``text`` as it is, in one line."""
    escaped = _PUNCTUATION.sub(r"\\\1", _SPACE.sub(" ", text).strip())
    return _SHORTCODE.sub(f":{_WORD_JOINER}", escaped)


def answer(text: str, anchors: str, sources: Mapping[int, Source] | None = None) -> str:
    """Return an answer whose markers lead to its sources.

    anchors: what the ids of this answer's sources begin with. sources: by number; a marker that
    names none of them stays text. Before they are known, while the answer streams, every marker
    is made a link, and one that has only begun is held back.
    """

    def link(number: int) -> str:
        if sources is not None and number not in sources:
            return rf" \[{number}\]"
        title = f' "{_title(sources[number].title)}"' if sources else ""
        return f" [{number}](#{anchors}-{number}{title})"

    def shown(piece: str) -> str:
        ready: list[str] = []
        end = 0
        for marker in _MARKERS.finditer(piece):
            ready.append(_defused(piece[end : marker.start()]))
            ready.extend(link(int(number)) for number in marker[1].split(","))
            end = marker.end()
        return "".join((*ready, _defused(piece[end:])))

    return _outside_code(_OPEN_MARKER.sub("", text) if sources is None else text, shown)


def without_markers(text: str) -> str:
    """Return a sentence without its markers."""
    return _MARKERS.sub("", text)


def source_label(source: Source) -> str:
    """Return the line that stands for a source: its number and title."""
    return f"**{source.number}**\u2002{literal(source.title)}"


def source_link(url: str | None) -> str:
    """Return a markdown link that shows where it leads, or nothing if it is no web address."""
    try:
        parts = urlsplit(url or "")
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    target = quote(parts.geturl(), safe="%/:?#@!&'*+,;=~-._")
    return f"[{literal(host + parts.path.rstrip('/'))}]({target})"


def seconds(value: float, decimal: str) -> str:
    """Return a duration with two digits or more. decimal: the language's decimal sign."""
    return f"{value:.{1 if value >= 1 else 2}f}\u202fs".replace(".", decimal)


def by_number(sources: Collection[Source]) -> dict[int, Source]:
    """Return the sources by the number that markers use."""
    return {source.number: source for source in sources}


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    ready: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        ready += (change(text[end : code.start()]), code[0])
        end = code.end()
    return "".join((*ready, change(text[end:])))


def _defused(text: str) -> str:
    text = text.replace("\\$", "$").replace("$", "\\$").replace("![", "\\![")
    text = _DIRECTIVE.sub("\\:", _TAG.sub("\\<", text))
    return _SHORTCODE.sub(f":{_WORD_JOINER}", text)


def _title(text: str) -> str:
    """Return ``text`` for the title of a link, between double quotes."""
    return _SPACE.sub(" ", text).replace("\\", "").replace('"', "”").replace("$", "\\$")
