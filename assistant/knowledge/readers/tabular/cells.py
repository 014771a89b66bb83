"""What stands in one cell, as people see it."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from assistant.knowledge.readers.html import fragment
from assistant.knowledge.readers.raised import lowered, raised

_UNSEEN: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_WHOLE: Final = 1e15
"""Beyond it a float has no digits after the point."""

_BLOCKS: Final = (
    *("address", "article", "aside", "blockquote", "body", "br", "center", "dd", "details", "div"),
    *("dl", "dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("head", "header", "hr", "html", "iframe", "li", "main", "nav", "noscript", "ol", "p", "pre"),
    *("script", "section", "style", "summary", "table", "tbody", "td", "tfoot", "th", "thead"),
    *("title", "tr", "ul", "video"),
)
_INLINE: Final = (
    *("a", "abbr", "audio", "b", "big", "button", "caption", "cite", "code", "col", "colgroup"),
    *(
        "del",
        "em",
        "font",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "link",
        "mark",
        "meta",
        "o:p",
    ),
    *("path", "q", "s", "samp", "small", "source", "span", "strike", "strong", "sub", "sup", "svg"),
    *("tt", "u", "var", "wbr"),
)
_TAGS: Final = "|".join(map(re.escape, (*_BLOCKS, *_INLINE)))
_TAG: Final = re.compile(
    rf"</(?:{_TAGS})\s{{0,9}}>"  # what is closed was opened: List<T> is not
    r"|<(?:br|hr)\s{0,9}/?>"
    rf"|<(?:{_TAGS})\s[^<>=]{{0,99}}="
    r"|<(?:p|li|tr|td|div|ul|ol)>",
    re.IGNORECASE,
)
_BLOCK: Final = re.compile(rf"<(?:{'|'.join(_BLOCKS)})\b", re.IGNORECASE)
_BARE: Final = re.compile(rf"<(?!/?(?:{_TAGS})(?:[\s/>])|!--)", re.IGNORECASE)
"""An angle that opens no tag: ``a < b``, ``<YOUR_NAME>``."""
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_PICTURE: Final = re.compile(r"!?\[([^\[\]]{0,999})\]\(\s{0,9}<?data:[^\s()<>]*[^()]{0,99}\)")
_DATA: Final = re.compile(r"data:\w{1,40}/[\w.+-]{1,80}(?:;[\w=.-]{1,80}){0,4},[^\s\"'<>()]*")
_ENDS: Final = tuple(".,:;!?–")


def shown(value: Any) -> str:
    """Return a value as a spreadsheet shows it; nothing for what is no single value."""
    match value:
        case str():
            text = value.replace("_x000D_", "").replace("\v", "\n").translate(_UNSEEN).strip()
        case bool():
            text = "TRUE" if value else "FALSE"
        case int():
            text = str(value)
        case float():
            whole = value.is_integer() and abs(value) < _WHOLE
            text = str(int(value)) if whole else f"{value:.15g}"
        case date() | time() | timedelta():
            text = _moment(value)
        case _:
            text = ""
    return text


def _moment(value: date | time | timedelta) -> str:
    match value:
        case datetime():
            return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case time():
            return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    minutes = round(value.total_seconds() / 60)
    return f"{'-' if minutes < 0 else ''}{abs(minutes) // 60}:{abs(minutes) % 60:02}"


def plain(value: Any) -> str:
    """Return the text of a value: of a list its lines, of a JSON object the text in it."""
    if isinstance(value, Mapping):
        return next((text for name in _HOLDS if (text := plain(value.get(name)))), "")
    if isinstance(value, list | tuple):
        return "\n".join(text for item in value if (text := plain(item)))
    return shown(value)


_HOLDS: Final = ("rendered", "html", "markdown", "text", "plain", "value", "@value", "content")
"""Names under which exports keep the text of a field that has several forms."""


def text_of_cell(value: Any) -> str:
    """Return the text of a value as Markdown: of HTML what it shows, and no data of pictures."""
    text = plain(value)
    if not _SIGNS.search(text):
        return text
    if not is_html(text):
        return "".join(_outside_code(text)).strip()
    text = _RAISED.sub(_raised, text)
    if _MARKDOWN.search(text):
        text = "".join(_outside_code(text, _untagged))
    else:
        if not _BLOCK.search(text):
            text = text.replace("\n", "<br>\n")
        text = fragment(_BARE.sub("&lt;", text))
    return _without_data(text).strip()


def _raised(match: re.Match[str]) -> str:
    """Keep 2<sup>16</sup> from becoming 216."""
    return raised(match[2]) if match[1].lower() == "p" else lowered(match[2])


_RAISED: Final = re.compile(r"<su([pb])\b[^<>]{0,99}>([^<>]{1,40})</su\1>", re.IGNORECASE)
_SIGNS: Final = re.compile(r"[<&]|data:")
_MARKDOWN: Final = re.compile(r"\*\*\S|\]\(|`|(?:^|\n)(?:#{1,6}|[-*]|\d{1,3}\.) ")
"""What HTML has no need of: tags beside it are there in a text of Markdown."""
_CODE: Final = re.compile(r"(```[\s\S]*?(?:```|\Z)|`[^`\n]{1,999}`)")
_LOOSE: Final = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!--", re.IGNORECASE)
_BREAK: Final = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]{0,99}>\n?", re.IGNORECASE)


def _outside_code(text: str, change: Callable[[str], str] = str) -> Iterator[str]:
    """Give the pieces of Markdown, those that are no code without entities and data."""
    for place, piece in enumerate(_CODE.split(text)):
        if place % 2:
            yield piece
        else:
            changed = _without_data(change(piece))
            yield html.unescape(changed) if _ENTITY.search(changed) else changed


def _without_data(text: str) -> str:
    return _DATA.sub("", _PICTURE.sub(r"\1", text)) if "data:" in text else text


def _untagged(text: str) -> str:
    return _LOOSE.sub("", _BREAK.sub("\n", text))


def is_html(text: str) -> bool:
    """Whether there are tags in it that are no code, rather than angles only."""
    return "<" in text and any(map(_TAG.search, _CODE.split(text)[::2]))


def line(value: Any) -> str:
    """Return the text of a value as one line without marks of any kind, as names are."""
    text = plain(value)
    if "<" in text and is_html(text):
        from bs4 import BeautifulSoup

        text = _BLOCK.sub(r" \g<0>", _BARE.sub("&lt;", text))
        text = BeautifulSoup(text, "lxml").get_text()
        return " ".join(text.split())
    return " ".join(text_of_cell(text).split())


def in_table(value: Any) -> str:
    """Return the text of a value as a cell of a Markdown table."""
    lines = [part for row in text_of_cell(value).split("\n") if (part := " ".join(row.split()))]
    joined = "".join(
        part if place == len(lines) else part + (" " if part.endswith(_ENDS) else ", ")
        for place, part in enumerate(lines, start=1)
    )
    return joined.replace("\\|", "|").replace("|", "\\|")
