"""HTML and components inside of Markdown.

Only names that are known as HTML, and components that are closed, are tags: ``<YOUR_KEY>`` and
``List<String>`` are what the author wrote. Works on text whose code is set aside.
"""

import re
from typing import Final

from assistant.knowledge.readers import html
from assistant.knowledge.readers.markdown import dialects

_TAG: Final = re.compile(
    r"<(/?)([A-Za-z][\w.:-]*+)((?:[^<>\"'{}]|\"[^\"]*+\"|'[^']*+'|\{(?:[^{}]|\{[^{}]*+\})*+\})*+)(/?)>"
)
_WHOLE: Final = ("table", "dl")
_GONE: Final = "script|style|svg|iframe|template|noscript|video|audio|object|nav|head"
_REMOVED: Final = re.compile(rf"<({_GONE})\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_HIDDEN: Final = re.compile(
    r"<(\w+)\b(?=[^<>]*(?:\shidden(?=[\s>=/])|display\s*:\s*none|visibility\s*:\s*hidden))[^<>]*+>"
    r"(?:(?!<\1\b).)*?</\1\s*>",
    re.DOTALL | re.IGNORECASE,
)
_HTML: Final = frozenset(
    """
    a abbr address article aside b big blockquote body br button caption center cite code col
    colgroup dd del details dfn div dl dt em embed fieldset figcaption figure font footer form h1
    h2 h3 h4 h5 h6 header hr html i img input ins kbd label legend li link main mark meta ol p
    picture pre q s samp section select small source span strike strong sub summary sup table tbody
    td tfoot th thead time title tr tt u ul var wbr
    """.split()
)
_AROUND: Final = {
    "b": "**", "strong": "**", "em": "*", "i": "*", "code": "`", "tt": "`", "samp": "`",
}  # fmt: skip
_ITEM: Final = re.compile(r"<li\b[^>]*>[ \t]*(?:\n[ \t]*(?=\S))?", re.IGNORECASE)
_LINK: Final = re.compile(r"<a\b([^<>]*+)>(.{0,1000}?)</a\s*>", re.DOTALL | re.IGNORECASE)
_HREF: Final = re.compile(r"href\s*=\s*[\"']?((?:https?://|mailto:|tel:)[^\"'\s>]+)", re.IGNORECASE)
_SUMMARY: Final = re.compile(
    r"<summary\b[^<>]*+>(.{0,1000}?)</summary\s*>", re.DOTALL | re.IGNORECASE
)
_TITLE: Final = re.compile(r"<h([1-6])\b[^<>]*+>(.{0,1000}?)</h\1\s*>", re.DOTALL | re.IGNORECASE)
_SMALL: Final = re.compile(r"<(sup|sub)\b[^<>]*+>(.{0,200}?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_BREAK: Final = re.compile(r"[ \t]*<br\s*/?>[ \t]*", re.IGNORECASE)
_ROW: Final = re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)


def plain(text: str) -> str:
    """Return Markdown without HTML: what it means stays, what it looks like goes."""
    if "<" not in text:
        return text
    text = _REMOVED.sub("", text)
    text = _HIDDEN.sub("", text)
    for name in _WHOLE:
        text = _converted(text, name)
    text = _ROW.sub(
        lambda m: re.sub(r"[ \t]*<br\s*/?>[ \t]*", "; ", m.group(), flags=re.IGNORECASE), text
    )
    text = _SUMMARY.sub(lambda m: f"\n\n**{_line(m[1])}**\n\n", text)
    text = _TITLE.sub(lambda m: f"\n\n{'#' * int(m[1])} {_line(m[2])}\n\n", text)
    text = _SMALL.sub(lambda m: html.fragment(m.group()), text)
    text = _LINK.sub(_link, text)
    text = _ITEM.sub("\n- ", text)
    closed = {match[1] for match in re.finditer(r"</([A-Za-z][\w.:-]*)\s*>", text)}
    return _TAG.sub(lambda m: _shown(m, closed), text)


def _converted(text: str, name: str) -> str:
    """Return the text with each element of this name, and all in it, as Markdown."""
    opened = re.compile(rf"<(/?){name}\b[^>]*>", re.IGNORECASE)
    out, start, depth, last = [], 0, 0, 0
    for tag in opened.finditer(text):
        if not tag[1]:
            depth += 1
            if depth == 1:
                start = tag.start()
        elif depth:
            depth -= 1
            if not depth:
                out += [text[last:start], "\n\n", html.fragment(text[start : tag.end()]), "\n\n"]
                last = tag.end()
    return "".join([*out, text[last:]])


def _link(found: "re.Match[str]") -> str:
    if "\n\n" in found[2]:  # a card: all of it can be pressed
        return f"\n\n{found[2]}\n\n"
    target, words = _HREF.search(found[1]), _line(found[2])
    return f"[{words}]({target[1]})" if target and words else words


def _line(text: str) -> str:
    return " ".join(_TAG.sub("", text).split())


def _shown(found: "re.Match[str]", closed: set[str]) -> str:
    """Return what a tag shows; what is none stays."""
    end, name, rest, alone = found.groups()
    low = name.lower()
    if low in _HTML and name not in closed - {low}:
        if low == "br":
            return "\n"
        if low == "img":
            alt = re.search(r"\balt\s*=\s*[\"']([^\"']{1,40})[\"']", rest)
            return alt[1] if alt and not re.search(r"\.\w{3,4}$", alt[1]) else ""
        if low in _AROUND:
            return _AROUND[low]
        return "\n\n" if low in {"p", "div", "details", "blockquote", "section"} else ""
    component = name[0].isupper() or "-" in name or "." in name
    if component and (alone or rest.endswith("/") or end or name in closed):
        text = "" if end else " ".join(dialects.attributes(rest)) or dialects.label(name)
        return f"\n\n{text}\n\n" if text else "\n"
    return found.group()
