"""Links, pictures and footnotes of Markdown: what a passage cut out of its page can still show.

A link by reference loses its target when the passage is cut; a path leads nowhere from an answer; a
picture cannot be read. The words stay.
"""

import re
from collections.abc import Mapping
from typing import Final

from assistant.knowledge.readers.raised import raised

_DEFINITION: Final = re.compile(
    r"^ {0,3}\[([^\]^\n][^\]\n]*)\]:[ \t]*<?(\S+?)>?(?:[ \t]+[\"'(].*)?$\n?", re.MULTILINE
)
_FOOTNOTE: Final = re.compile(r"^ {0,3}\[\^([^\]\n]+)\]:[ \t]*", re.MULTILINE)
_MENTION: Final = re.compile(r"[ \t]?\[\^([^\]\s]+)\]")
_PICTURE: Final = re.compile(
    r"!\[([^\[\]]*+)\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+[\"'][^\"'\n]*[\"'])?\)|\[[^\]]*\])?"
)
_INLINE: Final = re.compile(
    r"(?<!!)\[((?:[^\[\]\n]|\n(?!\s*\n)|\[[^\[\]\n]*\])*+)\]\(<?([^()\s<>]*(?:\([^()\s]*\)[^()\s]*)*)>?(?:\s+[\"'][^\n]*?[\"'])?\)"
)
_BY_NAME: Final = re.compile(r"(?<!!)\[((?:[^\[\]\n]|\n(?!\s*\n))*)\]\[([^\[\]\n]*)\]")
_WIKI: Final = re.compile(r"!?\[\[([^\[\]|#\n]*+)(?:#([^\[\]|\n]*+))?(?:\|([^\[\]\n]*+))?\]\]")
_TERMS: Final = re.compile(
    r"^(?!\s|[-*+>#|:]|\d+[.)]\s)(\S[^\n]{0,80})\n(?:\n)?:[ \t]+(?=\S)", re.MULTILINE
)
_LEADS: Final = ("http://", "https://", "mailto:", "tel:")
_FILE: Final = re.compile(r"(?i)\.(?:png|jpe?g|gif|svg|webp)$|^(?:image|img|bild|screenshot|alt)\b")


def resolved(text: str) -> str:
    """Return Markdown whose passages stand for themselves."""
    targets = {name.casefold(): target for name, target in _DEFINITION.findall(text)}
    text = _DEFINITION.sub("", text)
    text = _PICTURE.sub(lambda m: _picture(m, text), text)
    text = _WIKI.sub(
        lambda m: "" if m.group().startswith("!") else (m[3] or m[1] or m[2] or ""), text
    )
    text = _INLINE.sub(lambda m: _link(m.group(), m[1], m[2]), text)
    text = _BY_NAME.sub(lambda m: _named(m, targets), text)
    text = _footnotes(text)
    return _TERMS.sub(lambda m: f"**{m[1].strip('*')}:** ", text)


def _picture(found: "re.Match[str]", text: str) -> str:
    """Return what a small picture in a sentence shows."""
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    beside = text[start : found.start()] + text[found.end() : end if end >= 0 else len(text)]
    label = found[1].strip()
    alone = not re.sub(r"[\s|>*-]", "", _PICTURE.sub("", beside))
    return "" if alone or _FILE.search(label) or len(label) > 40 else label  # noqa: PLR2004


def _link(whole: str, words: str, target: str) -> str:
    return whole if target.startswith(_LEADS) and words.strip() else words


def _named(found: "re.Match[str]", targets: Mapping[str, str]) -> str:
    target = targets.get(" ".join((found[2] or found[1]).split()).casefold())
    if target is None:
        return found.group() if found[1] else ""
    return f"[{found[1]}]({target})" if target.startswith(_LEADS) else found[1]


def _footnotes(text: str) -> str:
    """Number footnotes; raised, they are no part of the figure before them, nor a citation."""
    numbers: dict[str, str] = {}

    def number(name: str) -> str:
        return numbers.setdefault(name, raised(str(len(numbers) + 1)))

    text = _FOOTNOTE.sub(lambda m: f"\ue002{m[1]}\ue003", text)
    text = _MENTION.sub(lambda m: number(m[1]), text)
    return re.sub("\ue002([^\ue003]+)\ue003", lambda m: f"{number(m[1])} ", text)
