"""Markdown of models and documents, read by a parser and written again. Pure functions.

Streamlit's markdown knows more than markdown: ``$`` starts a formula, ``:red[`` colours, ``:cat:``
is an emoji, ``![](…)`` makes the browser fetch an image. Only what is named here is written, and
every other character that could begin something is escaped; so nothing else comes through,
wherever it stands.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode as Node

from ui.addresses import NOWHERE, Hosts

Say = Callable[[str], str]
"""Writes plain text as markdown."""

_READER: Final = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 100})
    .enable(["table", "strikethrough"])
    .disable("reference")
)
_ADDRESS: Final = re.compile(
    r"((?:https?://|www\.)[\w\-./:%?#=&+@,;~]*[\w\-/%#=&+~])", re.IGNORECASE
)
_BARE: Final = re.compile(r"(?<=http:)(?=//)|(?<=https:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
"""Where an address is cut so that Streamlit makes no link of it: escapes come too early for that.
"""
_MAIL: Final = re.compile(r"(?<=[\w.+\-])(?=@[\w\-]+\.)")
_SHORTCODE: Final = re.compile(r":(?=[a-z_+\-][\w+\-/]*:)", re.IGNORECASE)
_NAME: Final = r"[^ \n!-,./:-@\[-^`{-~]+"
_SPECIAL: Final = re.compile(
    r"[\\`*\[\]~$]|(?<![^\W_])_|_(?![^\W_])|<(?=[a-z/!?]|\Z)|&(?=#?\w+;)|!\Z"
    rf"|:(?=[a-z]|//|{_NAME}(?:[\[{{]|\Z))|(?<=www)\.",
    re.IGNORECASE,
)
_BEGINS_A_BLOCK: Final = re.compile(r"^(\d{1,9}(?=[.)])|(?=[#+=>|-]|:[:-]|~~~))", re.MULTILINE)
_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)
_BREAK: Final = re.compile(r"\\?\n")
_BLANK: Final = re.compile(r"\n{2,}")
_TICKS: Final = re.compile(r"`+")
_LANGUAGE: Final = re.compile(r"[\w+#.-]*")
_SPACE: Final = re.compile(r"[ \t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_PUNCTUATION: Final = re.compile(r"[\\`*_{}\[\]()<>#+\-.|~$&!]|:(?=[a-z]|//)", re.IGNORECASE)
_WORD_JOINER: Final = "\u2060"
"""Takes no space; the only thing that keeps ``:cat:`` a word, as escapes come too early."""


@dataclass(frozen=True, slots=True)
class _Pen:
    """What a text is written with. say: for what is neither code nor within a link."""

    say: Say
    hosts: Hosts


def literal(text: str) -> str:
    """Return markdown that shows ``text`` as it is, in one line."""
    flat = _without_shortcodes(_SPACE.sub(" ", text).strip())
    return _PUNCTUATION.sub(r"\\\g<0>", _MAIL.sub(_WORD_JOINER, _BARE.sub(_WORD_JOINER, flat)))


def plain(text: str, hosts: Hosts = NOWHERE) -> str:
    """Return markdown that shows a part of a line as it is; web addresses at ``hosts`` are links.

    Streamlit makes links of all of them, and takes what follows an address for a part of it, be it
    the beginning of code; so none is left to it: an address that may be no link is code.
    """
    parts = _ADDRESS.split(_SPACE.sub(" ", text))
    parts[::2] = map(_words, parts[::2])
    parts[1::2] = [_bare(part, hosts) for part in parts[1::2]]
    return _joined(parts)


def title(text: str) -> str:
    """Return ``text`` for the title of a link, between double quotes."""
    return _escaped(_SPACE.sub(" ", text)).replace('"', "”")


def rewritten(text: str, say: Say | None = None, hosts: Hosts = NOWHERE) -> str:
    """Return markdown that means the same; an image is a link to it, HTML is text.

    say: writes the text that is neither code nor within a link. hosts: where links may lead; one
    that leads elsewhere is text, with its address beside it.
    """
    lines = text.splitlines()  # ends of lines that are none in markdown, too: callers may split
    pen = _Pen(say or (lambda piece: plain(piece, hosts)), hosts)
    return _blocks(Node(_READER.parse("\n".join(lines))), pen)


def _words(text: str) -> str:
    """Return text outside of links as it is."""
    return _escaped(_BARE.sub(_WORD_JOINER, text))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", _without_shortcodes(text))


def _bare(address: str, hosts: Hosts) -> str:
    """Return an address of a text: a link, or code, which is never one."""
    full = f"http://{address}" if address.lower().startswith("www.") else address
    target = hosts.target(full)
    return f"[{_escaped(address)}]({target})" if target else _code(address)


def _without_shortcodes(text: str) -> str:
    return _SHORTCODE.sub(f":{_WORD_JOINER}", text)


def _blocks(node: Node, pen: _Pen) -> str:
    tight = any(child.hidden for child in node.children)
    return ("\n" if tight else "\n\n").join(_block(child, pen) for child in node.children)


def _block(node: Node, pen: _Pen) -> str:  # noqa: PLR0911
    match node.type:
        case "fence" | "code_block":
            return _fence(node)
        case "blockquote":
            return _prefixed(_blocks(node, pen), "> ", "> ")
        case "bullet_list" | "ordered_list":
            return _list(node, pen)
        case "heading":
            return f"{'#' * int(node.tag[1])} {_line(node, pen)}"
        case "table":
            return _table(node, pen)
        case "hr":
            return "___"
        case _:  # a paragraph
            inline = _INDENT.sub("", _joined(_inline(child, pen) for child in node.children))
            return _BEGINS_A_BLOCK.sub(r"\1\\", _BLANK.sub("\n", inline))


def _fence(node: Node) -> str:
    marks = "`" * max(3, _longest_run(node.content) + 1)
    language = _LANGUAGE.match(node.info.strip())
    end = "" if node.content.endswith("\n") or not node.content else "\n"
    return f"{marks}{language[0] if language else ''}\n{node.content}{end}{marks}"


def _list(node: Node, pen: _Pen) -> str:
    items: list[str] = []
    first = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, first):
        mark = f"{number}{item.markup}" if node.type == "ordered_list" else item.markup
        items.append(_prefixed(_blocks(item, pen), f"{mark} ", " " * (len(mark) + 1)))
    tight = any(block.hidden for item in node.children for block in item.children)
    return ("\n" if tight else "\n\n").join(items)


def _table(node: Node, pen: _Pen) -> str:
    rows = [row.children for part in node.children for row in part.children]
    lines = [" | ".join(_cell(cell, pen) for cell in row) for row in rows]
    lines.insert(1, " | ".join(_alignment(cell) for cell in rows[0]))
    return "\n".join(f"| {line} |" for line in lines)


def _cell(node: Node, pen: _Pen) -> str:
    apart = _line(node, pen).replace("\\|", f"\\{_WORD_JOINER}|")
    return apart.replace("|", "\\|")


def _alignment(node: Node) -> str:
    style = str(node.attrs.get("style", ""))
    left = ":" if style.endswith(("left", "center")) else "-"
    right = ":" if style.endswith(("right", "center")) else "-"
    return f"{left}-{right}"


def _prefixed(text: str, first: str, others: str) -> str:
    """Return a block within another: what stands before its first line, and before the others."""
    head, *lines = text.split("\n")
    return "\n".join(
        (first + head, *(others + line if line else others.rstrip() for line in lines))
    )


def _line(node: Node, pen: _Pen) -> str:
    return _BREAK.sub(" ", _joined(_inline(child, pen) for child in node.children)).strip()


def _inline(node: Node, pen: _Pen) -> str:  # noqa: PLR0911
    match node.type:
        case "text":
            return pen.say(node.content)
        case "code_inline":
            return _code(node.content)
        case "softbreak":
            return "\n"
        case "hardbreak":
            return "\\\n"
        case "em" | "strong" | "s":
            return f"{node.markup}{_within(node, pen)}{node.markup}"
        case "link" | "image":
            return _link(node, pen)
        case _:  # all of a paragraph
            return _within(node, pen)


def _within(node: Node, pen: _Pen) -> str:
    return _joined(_inline(child, pen) for child in node.children)


def _joined(pieces: Iterable[str]) -> str:
    """Return pieces one after the other, so that no code runs into the next."""
    text = ""
    for piece in pieces:
        apart = _WORD_JOINER if text.endswith("`") and piece.startswith("`") else ""
        text += apart + piece
    return text


def _link(node: Node, pen: _Pen) -> str:
    """Return a link or an image: as a link, or where it may be none, with its address as code."""
    address = str(node.attrs.get("href") or node.attrs.get("src") or "")
    if _in_link(node):
        return _within(node, pen) or pen.say(address)
    target = pen.hosts.target(address)
    label = _within(node, _Pen(_escaped if target else _words, pen.hosts))
    if target.startswith("mailto:"):  # whoever writes a mail sees whom to
        receiver = target.removeprefix("mailto:")
        mailed = f"[{_escaped(receiver)}]({target})"
        same = _content(node).removeprefix("mailto:") in {"", receiver}
        return mailed if same else f"{_within(node, _Pen(_words, pen.hosts))} ({mailed})"
    if target:
        named = title(str(node.attrs.get("title", "")))
        more = f' "{named}"' if named else ""
        return f"[{label or _escaped(address)}]({target}{more})"
    if not address:
        return label
    same = _content(node) in {"", address}
    return _code(address) if same else f"{label} ({_code(address)})"


def _content(node: Node) -> str:
    """Return what a link says, without its formatting."""
    return node.content or "".join(_content(child) for child in node.children)


def _in_link(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type != "link":
        above = above.parent
    return above is not None


def _code(content: str) -> str:
    marks = "`" * (_longest_run(content) + 1)
    ends = content[:1] + content[-1:]
    pad = " " if "`" in ends or (ends == "  " and content.strip()) else ""
    return f"{marks}{pad}{content}{pad}{marks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
