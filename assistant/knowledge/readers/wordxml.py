"""What a Word file means, before it becomes HTML: what is hidden, deleted, or a heading."""

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from assistant.knowledge.readers.archive import Archive

if TYPE_CHECKING:
    from lxml.etree import _Element

HEADING: Final = "RoutebackHeading"
"""Name of our style for headings, to which the level is added."""
_MAIN: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT: Final = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_W: Final = f"{{{_MAIN}}}"
_MATH: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_COMPATIBLE: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_NAMED: Final = re.compile(
    r"(?i)(?:heading|überschrift|berschrift|titre|título|titolo|nagłówek|kop)\s*([1-9])"
)
_CONTENTS: Final = re.compile(
    r"(?i)(?:toc|verzeichnis|inhaltsverzeichnis)\s*(?:\d|heading|überschrift)"
)
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_OFF: Final = {"0", "false", "off", "none"}
_BOLD_HEADING: Final = 90
"""Characters of a bold paragraph that stands for a heading where no style does."""


@dataclass(slots=True)
class _Style:
    name: str
    level: int | None
    hidden: bool
    bold: bool
    based_on: str


@dataclass(slots=True)
class Word:
    """The document's XML, ready to be converted. left_out: what and where or how often."""

    root: "_Element"
    title: str = ""
    left_out: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, archive: Archive, main: str) -> "Word":
        """Read a document and take out what a reader of it does not see."""
        folder = main.rpartition("/")[0]
        root = archive.xml(main)
        if root.tag.startswith(f"{{{_STRICT}}}"):
            raise archive.broken(
                "it is in the strict variant of the format; save it as plain .docx"
            )
        styles = _styles(archive, f"{folder}/styles.xml")
        word = cls(root)
        counts: Counter[str] = Counter()
        _settle_changes(root)
        _open_boxes(root)
        _drop(root, counts, styles)
        for kind in ("footnote", "endnote"):
            _put_notes(root, archive, f"{folder}/{kind}s.xml", kind, styles)
        _formulas(root)
        _tables(root)
        _headings(root, styles, word)
        _count(archive, folder, root, counts)
        word.left_out += [(what, str(count)) for what, count in counts.items()]
        return word


def _styles(archive: Archive, name: str) -> dict[str, _Style]:
    if name not in archive:
        return {}
    found: dict[str, _Style] = {}
    for style in archive.xml(name).iter(f"{_W}style"):
        named = style.find(f"{_W}name")
        based = style.find(f"{_W}basedOn")
        told = str(named.get(f"{_W}val") if named is not None else "")
        level = _level(told)
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        if level is None and outline is not None:
            number = int(outline.get(f"{_W}val") or 9)
            level = number + 1 if number < 9 else None  # noqa: PLR2004  (9 is body text)
        found[str(style.get(f"{_W}styleId"))] = _Style(
            name=told,
            level=level,
            hidden=_on(style, f"{_W}rPr/{_W}vanish"),
            bold=_on(style, f"{_W}rPr/{_W}b"),
            based_on=str(based.get(f"{_W}val")) if based is not None else "",
        )
    return found


def _level(name: str) -> int | None:
    found = _NAMED.fullmatch(name.strip())
    if found:
        return int(found[1])
    return 1 if name.strip().lower() in {"title", "titel"} else None


def _inherited(styles: dict[str, _Style], name: str) -> Iterator[_Style]:
    """Yield a style and those it is based on."""
    seen: set[str] = set()
    while name in styles and name not in seen:
        seen.add(name)
        yield styles[name]
        name = styles[name].based_on


def _on(element: "_Element", path: str) -> bool:
    found = element.find(path)
    return found is not None and str(found.get(f"{_W}val", "1")).lower() not in _OFF


def text_of(element: "_Element") -> str:
    """Return the words below an element."""
    return "".join(part.text or "" for part in element.iter(f"{_W}t"))


def _remove(element: "_Element") -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _unwrap(element: "_Element") -> None:
    parent = element.getparent()
    if parent is not None:
        at = parent.index(element)
        parent[at : at + 1] = list(element)


def _settle_changes(root: "_Element") -> None:
    """Take tracked changes as made."""
    for tag in ("del", "moveFrom"):
        for element in list(root.iter(f"{_W}{tag}")):
            if element.getparent() is not None and element.getparent().tag != f"{_W}rPr":
                _remove(element)
    for row in list(root.iter(f"{_W}tr")):
        if row.find(f"{_W}trPr/{_W}del") is not None:
            _remove(row)
    for tag in ("ins", "moveTo"):
        for element in list(root.iter(f"{_W}{tag}")):
            if len(element):
                _unwrap(element)


def _open_boxes(root: "_Element") -> None:
    """Put the words of text boxes below the paragraph that they hang on."""
    for old in list(root.iter(f"{_COMPATIBLE}Fallback")):
        _remove(old)  # says the same for older programs
    for box in list(root.iter(f"{_W}txbxContent")):
        above = list(box.iterancestors(f"{_W}p"))
        if above:
            for block in reversed(list(box)):
                above[-1].addnext(block)
        _remove(box)


def _drop(root: "_Element", counts: Counter[str], styles: dict[str, _Style]) -> None:
    """Take out hidden text, tables of contents, and what forms say where nothing was filled in."""
    for block in list(root.iter(f"{_W}sdt")):
        gallery = block.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
        if gallery is not None and gallery.get(f"{_W}val") == "Table of Contents":
            counts["tables of contents"] += 1
            _remove(block)
        elif _on(block, f"{_W}sdtPr/{_W}showingPlcHdr"):
            _remove(block)
    hidden = {name for name in styles if any(one.hidden for one in _inherited(styles, name))}
    listed = False
    for paragraph in list(root.iter(f"{_W}p")):
        style = paragraph_style(paragraph)
        if style in styles and _CONTENTS.match(styles[style].name):
            listed = listed or bool(text_of(paragraph))
            _remove(paragraph)
            continue
        for run in list(paragraph.iter(f"{_W}r")):
            named = run.find(f"{_W}rPr/{_W}rStyle")
            own = run.find(f"{_W}rPr/{_W}vanish")
            by_style = style in hidden or (named is not None and named.get(f"{_W}val") in hidden)
            if _on(run, f"{_W}rPr/{_W}vanish") or (own is None and by_style):
                counts["hidden text"] += bool(text_of(run).strip())
                _remove(run)
    counts["tables of contents"] += listed
    for what in [what for what, count in counts.items() if not count]:
        del counts[what]


def paragraph_style(paragraph: "_Element") -> str:
    """Return the name of a paragraph's style."""
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return str(style.get(f"{_W}val")) if style is not None else ""


def _put_notes(
    root: "_Element", archive: Archive, name: str, kind: str, styles: dict[str, _Style]
) -> None:
    """Put each foot- or endnote below the paragraph that names it."""
    references = list(root.iter(f"{_W}{kind}Reference"))
    if not references or name not in archive:
        return
    part = archive.xml(name)
    _settle_changes(part)
    _drop(part, Counter(), styles)
    notes = {note.get(f"{_W}id"): note for note in part.iter(f"{_W}{kind}")}
    below: dict[_Element, _Element] = {}
    for number, reference in enumerate(references, start=1):
        mark = str(number).translate(_RAISED)
        note = notes.get(reference.get(f"{_W}id"))
        run, paragraph = reference.getparent(), next(reference.iterancestors(f"{_W}p"), None)
        if note is None or run is None or paragraph is None:
            continue
        run.replace(reference, _text(mark))
        for position, told in enumerate(deepcopy(note).findall(f"{_W}p")):
            for link in list(told.iter(f"{_W}hyperlink")):
                _unwrap(link)  # its address stands in another part
            for own in list(told.iter(f"{_W}{kind}Ref")):
                _remove(own)
            if not text_of(told).strip():
                continue
            if position == 0:
                first = told.makeelement(f"{_W}r")
                first.append(_text(f"{mark} "))
                properties = told.find(f"{_W}pPr")
                told.insert(0 if properties is None else 1, first)
            below.get(paragraph, paragraph).addnext(told)
            below[paragraph] = told


def _text(words: str) -> "_Element":
    from lxml import etree

    element = etree.Element(f"{_W}t")
    element.text = words
    element.set(_SPACE, "preserve")
    return element


def _formulas(root: "_Element") -> None:
    """Write formulas in one line, as they would be read aloud."""
    for formula in list(root.iter(f"{_MATH}oMath")):
        if formula.getparent() is None:
            continue
        words = "".join(part.text or "" for part in formula.iter(f"{_MATH}t"))
        run = formula.makeelement(f"{_W}r")
        run.append(_text(words))
        formula.getparent().replace(formula, run)
    for formula in list(root.iter(f"{_MATH}oMathPara")):
        _unwrap(formula)


def _tables(root: "_Element") -> None:
    """Open tables of a single cell, which are frames; the first row of others is the heading."""
    for table in list(root.iter(f"{_W}tbl")):
        rows = table.findall(f"{_W}tr")
        cells = table.findall(f"{_W}tr/{_W}tc")
        if len(cells) == 1 and table.getparent() is not None:
            parent, at = table.getparent(), table.getparent().index(table)
            parent[at : at + 1] = [one for one in cells[0] if one.tag != f"{_W}tcPr"]
        elif len(rows) > 1 and table.find(f"{_W}tr/{_W}trPr/{_W}tblHeader") is None:
            settings = rows[0].find(f"{_W}trPr")
            if settings is None:
                settings = rows[0].makeelement(f"{_W}trPr")
                rows[0].insert(0, settings)
            settings.append(settings.makeelement(f"{_W}tblHeader"))


def _headings(root: "_Element", styles: dict[str, _Style], word: Word) -> None:
    """Give headings our style: by their style's level, their own, or else by bold type alone."""
    found = False
    for paragraph in root.iter(f"{_W}p"):
        style = paragraph_style(paragraph)
        level = next(
            (one.level for one in _inherited(styles, style) if one.level is not None), _level(style)
        )
        outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
        if outline is not None:
            own = int(outline.get(f"{_W}val") or 9)
            level = own + 1 if own < 9 else None  # noqa: PLR2004
        if level is None or not text_of(paragraph).strip() or _in_table(paragraph):
            continue
        if not word.title and style in styles and styles[style].name.lower() in {"title", "titel"}:
            word.title = " ".join(text_of(paragraph).split())
        else:
            found = True
        _restyle(paragraph, level)
    if not found:
        for paragraph in list(root.iter(f"{_W}p")):
            if _bold(paragraph) and not _in_table(paragraph):
                _restyle(paragraph, 2)


def _in_table(paragraph: "_Element") -> bool:
    return next(paragraph.iterancestors(f"{_W}tc"), None) is not None


def _bold(paragraph: "_Element") -> bool:
    """Whether a paragraph is short, bold as a whole, and followed by one that is not."""
    runs = [run for run in paragraph.iter(f"{_W}r") if text_of(run).strip()]
    words = text_of(paragraph).strip()
    following = paragraph.getnext()
    if following is None or following.tag not in {f"{_W}p", f"{_W}tbl"}:
        return False
    return (
        bool(runs)
        and len(words) <= _BOLD_HEADING
        and not words.endswith((".", ",", ";", ":"))
        and paragraph.find(f"{_W}pPr/{_W}numPr") is None
        and all(_on(run, f"{_W}rPr/{_W}b") for run in runs)
    )


def _restyle(paragraph: "_Element", level: int) -> None:
    settings = paragraph.find(f"{_W}pPr")
    if settings is None:
        settings = paragraph.makeelement(f"{_W}pPr")
        paragraph.insert(0, settings)
    for old in ("pStyle", "numPr"):
        for element in settings.findall(f"{_W}{old}"):
            settings.remove(element)
    style = settings.makeelement(f"{_W}pStyle")
    style.set(f"{_W}val", f"{HEADING}{min(level, 6)}")
    settings.insert(0, style)
    for run in paragraph.iter(f"{_W}r"):
        properties = run.find(f"{_W}rPr")
        if properties is not None:
            run.remove(properties)  # a heading is bold as it is


def _count(archive: Archive, folder: str, root: "_Element", counts: Counter[str]) -> None:
    """Count what is in the file and will not be read."""
    comments = f"{folder}/comments.xml"
    if comments in archive:
        counts["comments"] += sum(1 for _ in archive.xml(comments).iter(f"{_W}comment"))
    framed = [
        name
        for name in archive.names
        if re.fullmatch(rf"{re.escape(folder)}/(?:header|footer)\d*\.xml", name)
    ]
    counts["headers and footers"] += sum(
        bool(text_of(archive.xml(name)).strip()) for name in framed
    )
    counts["pictures"] += sum(1 for one in root.iter() if _local(one) == "blip")
    counts["charts and embedded objects"] += sum(
        1 for one in root.iter() if _local(one) in {"chart", "OLEObject", "relIds", "altChunk"}
    )
    for what in [what for what, count in counts.items() if not count]:
        del counts[what]


def _local(element: "_Element") -> str:
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""
