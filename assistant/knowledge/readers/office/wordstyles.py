"""Styles of a Word file, and the headings that they make."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assistant.knowledge.readers.office.archive import Archive

if TYPE_CHECKING:
    from lxml.etree import _Element

HEADING: Final = "RoutebackHeading"
"""Name of our style for headings, to which the level is added."""
W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_NAMED: Final = re.compile(
    r"(?i)(?:heading|überschrift|berschrift|titre|título|titolo|nagłówek|kop)\s*([1-9])"
)
_OFF: Final = {"0", "false", "off", "none"}
_BOLD_HEADING: Final = 90
"""Characters of a bold paragraph that stands for a heading where no style does."""
_PLAIN: Final = 9
"""Outline level of body text; those of headings count from 0."""


@dataclass(slots=True)
class WordStyle:
    """level: of a heading. hidden: its text is not shown. based_on: another style's id."""

    name: str
    level: int | None
    hidden: bool
    bold: bool
    based_on: str


def styles_of(archive: Archive, name: str) -> dict[str, WordStyle]:
    """Return the styles of a file by id."""
    if name not in archive:
        return {}
    styles: dict[str, WordStyle] = {}
    for style in archive.xml(name).iter(f"{W}style"):
        named = style.find(f"{W}name")
        based = style.find(f"{W}basedOn")
        title = str(named.get(f"{W}val") if named is not None else "")
        level = _level(title)
        outline = style.find(f"{W}pPr/{W}outlineLvl")
        if level is None and outline is not None:
            level = _outlined(outline)
        styles[str(style.get(f"{W}styleId"))] = WordStyle(
            name=title,
            level=level,
            hidden=on(style, f"{W}rPr/{W}vanish"),
            bold=on(style, f"{W}rPr/{W}b"),
            based_on=str(based.get(f"{W}val")) if based is not None else "",
        )
    return styles


def _level(name: str) -> int | None:
    match = _NAMED.fullmatch(name.strip())
    if match:
        return int(match[1])
    return 1 if name.strip().lower() in {"title", "titel"} else None


def _outlined(outline: "_Element") -> int | None:
    number = str(outline.get(f"{W}val") or _PLAIN)
    return int(number) + 1 if number.isdigit() and int(number) < _PLAIN else None


def inherited(styles: dict[str, WordStyle], name: str) -> Iterator[WordStyle]:
    """Yield a style and those it is based on."""
    seen: set[str] = set()
    while name in styles and name not in seen:
        seen.add(name)
        yield styles[name]
        name = styles[name].based_on


def on(element: "_Element", path: str) -> bool:
    """Whether a switch below an element is set."""
    switch = element.find(path)
    return switch is not None and str(switch.get(f"{W}val", "1")).lower() not in _OFF


def text_of(element: "_Element") -> str:
    """Return the words below an element."""
    return "".join(part.text or "" for part in element.iter(f"{W}t"))


def remove(element: "_Element") -> None:
    """Take an element out."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def unwrap(element: "_Element") -> None:
    """Put what is inside of an element in its place."""
    parent = element.getparent()
    if parent is not None:
        at = parent.index(element)
        parent[at : at + 1] = list(element)


def paragraph_style(paragraph: "_Element") -> str:
    """Return the name of a paragraph's style."""
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    return str(style.get(f"{W}val")) if style is not None else ""


def set_headings(root: "_Element", styles: dict[str, WordStyle]) -> str:
    """Give headings our style: by their style's level, their own, or else by bold type alone.

    Returns the title, if a paragraph has the style of one.
    """
    title, heading = "", False
    for paragraph in root.iter(f"{W}p"):
        style = paragraph_style(paragraph)
        level = next(
            (kin.level for kin in inherited(styles, style) if kin.level is not None), _level(style)
        )
        outline = paragraph.find(f"{W}pPr/{W}outlineLvl")
        if outline is not None:
            level = _outlined(outline)
        if level is None or not text_of(paragraph).strip() or _in_table(paragraph):
            continue
        if not title and style in styles and styles[style].name.lower() in {"title", "titel"}:
            title = " ".join(text_of(paragraph).split())
        else:
            heading = True
        _restyle(paragraph, level)
    if not heading:
        for paragraph in list(root.iter(f"{W}p")):
            if _bold(paragraph) and not _in_table(paragraph):
                _restyle(paragraph, 2)
    return title


def _in_table(paragraph: "_Element") -> bool:
    return next(paragraph.iterancestors(f"{W}tc"), None) is not None


def _bold(paragraph: "_Element") -> bool:
    """Whether a paragraph is short, bold as a whole, and followed by one that is not."""
    runs = [run for run in paragraph.iter(f"{W}r") if text_of(run).strip()]
    words = text_of(paragraph).strip()
    following = paragraph.getnext()
    if following is None or following.tag not in {f"{W}p", f"{W}tbl"}:
        return False
    return (
        bool(runs)
        and len(words) <= _BOLD_HEADING
        and not words.endswith((".", ",", ";", ":"))
        and paragraph.find(f"{W}pPr/{W}numPr") is None
        and all(on(run, f"{W}rPr/{W}b") for run in runs)
    )


def _restyle(paragraph: "_Element", level: int) -> None:
    settings = paragraph.find(f"{W}pPr")
    if settings is None:
        settings = paragraph.makeelement(f"{W}pPr")
        paragraph.insert(0, settings)
    for old in ("pStyle", "numPr"):
        for element in settings.findall(f"{W}{old}"):
            settings.remove(element)
    style = settings.makeelement(f"{W}pStyle")
    style.set(f"{W}val", f"{HEADING}{min(level, 6)}")
    settings.insert(0, style)
    for run in paragraph.iter(f"{W}r"):
        properties = run.find(f"{W}rPr")
        if properties is not None:
            run.remove(properties)  # a heading is bold as it is
