"""What stands in one cell, as people see it."""

import html
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from assistant.knowledge.readers.html import fragment

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
        return "\n".join(text for one in value if (text := plain(one)))
    return shown(value)


_HOLDS: Final = ("rendered", "html", "markdown", "text", "plain", "value", "@value", "content")
"""Names under which exports keep the text of a field that has several forms."""


def text_of_cell(value: Any) -> str:
    """Return the text of a value as Markdown: of HTML what it shows, and no data of pictures."""
    text = plain(value)
    if "data:" in text:
        text = _DATA.sub("", _PICTURE.sub(r"\1", text)) if not is_html(text) else text
    if "<" in text and is_html(text):
        if not _BLOCK.search(text):
            text = text.replace("\n", "<br>\n")
        text = fragment(_BARE.sub("&lt;", text))
        text = _DATA.sub("", _PICTURE.sub(r"\1", text)) if "data:" in text else text
    elif "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    return text.strip()


def is_html(text: str) -> bool:
    """Whether there are tags in it, rather than angles only."""
    return bool(_TAG.search(text))


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
    lines = [part for one in text_of_cell(value).split("\n") if (part := " ".join(one.split()))]
    joined = "".join(
        part if place == len(lines) else part + (" " if part.endswith(_ENDS) else ", ")
        for place, part in enumerate(lines, start=1)
    )
    return joined.replace("\\|", "|").replace("|", "\\|")
