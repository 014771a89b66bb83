"""What a Word file means, before it becomes HTML: what is hidden, deleted, or a heading."""

import re
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from assistant.knowledge.readers.office.archive import Archive
from assistant.knowledge.readers.office.wordstyles import (
    W,
    WordStyle,
    inherited,
    on,
    paragraph_style,
    remove,
    set_headings,
    styles_of,
    text_of,
    unwrap,
)
from assistant.knowledge.readers.raised import raised

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAIN: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT: Final = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_MATH: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_COMPATIBLE: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_CONTENTS: Final = re.compile(
    r"(?i)(?:toc|verzeichnis|inhaltsverzeichnis)\s*(?:\d|heading|überschrift)"
)


@dataclass(slots=True)
class WordDocument:
    """The document's XML, ready to be converted. left_out: what and where or how often."""

    root: "_Element"
    title: str = ""
    left_out: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, archive: Archive, main: str) -> "WordDocument":
        """Read a document and take out what a reader of it does not see."""
        folder = main.rpartition("/")[0]
        root = archive.xml(main)
        if root.tag.startswith(f"{{{_STRICT}}}"):
            raise archive.broken(
                "it is in the strict variant of the format; save it as plain .docx"
            )
        styles = styles_of(archive, f"{folder}/styles.xml")
        word = cls(root)
        counts: Counter[str] = Counter()
        _settle_changes(root)
        _open_boxes(root)
        _drop(root, counts, styles)
        for kind in ("footnote", "endnote"):
            _put_notes(root, archive, f"{folder}/{kind}s.xml", kind, styles)
        _formulas(root)
        _tables(root)
        word.title = set_headings(root, styles)
        _count(archive, folder, root, counts)
        word.left_out += [(what, str(count)) for what, count in counts.items()]
        return word


def _settle_changes(root: "_Element") -> None:
    """Take tracked changes as made."""
    for tag in ("del", "moveFrom"):
        for element in list(root.iter(f"{W}{tag}")):
            parent = element.getparent()
            if parent is not None and parent.tag != f"{W}rPr":
                parent.remove(element)
    for row in list(root.iter(f"{W}tr")):
        if row.find(f"{W}trPr/{W}del") is not None:
            remove(row)
    for tag in ("ins", "moveTo"):
        for element in list(root.iter(f"{W}{tag}")):
            if len(element):
                unwrap(element)


def _open_boxes(root: "_Element") -> None:
    """Put the words of text boxes below the paragraph that they hang on."""
    for old in list(root.iter(f"{_COMPATIBLE}Fallback")):
        remove(old)  # says the same for older programs
    for box in list(root.iter(f"{W}txbxContent")):
        above = list(box.iterancestors(f"{W}p"))
        if above:
            for block in reversed(list(box)):
                above[-1].addnext(block)
        remove(box)


def _drop(root: "_Element", counts: Counter[str], styles: dict[str, WordStyle]) -> None:
    """Take out hidden text, tables of contents, and what forms say where nothing was filled in."""
    for block in list(root.iter(f"{W}sdt")):
        gallery = block.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
        if gallery is not None and gallery.get(f"{W}val") == "Table of Contents":
            counts["tables of contents"] += 1
            remove(block)
        elif on(block, f"{W}sdtPr/{W}showingPlcHdr"):
            remove(block)
    hidden = {name for name in styles if any(base.hidden for base in inherited(styles, name))}
    listed = False
    for paragraph in list(root.iter(f"{W}p")):
        style = paragraph_style(paragraph)
        if style in styles and _CONTENTS.match(styles[style].name):
            listed = listed or bool(text_of(paragraph))
            remove(paragraph)
            continue
        for run in list(paragraph.iter(f"{W}r")):
            named = run.find(f"{W}rPr/{W}rStyle")
            own = run.find(f"{W}rPr/{W}vanish")
            by_style = style in hidden or (named is not None and named.get(f"{W}val") in hidden)
            if on(run, f"{W}rPr/{W}vanish") or (own is None and by_style):
                counts["hidden text"] += bool(text_of(run).strip())
                remove(run)
    counts["tables of contents"] += listed
    for what in [what for what, count in counts.items() if not count]:
        del counts[what]


def _put_notes(
    root: "_Element", archive: Archive, name: str, kind: str, styles: dict[str, WordStyle]
) -> None:
    """Put each foot- or endnote below the paragraph that names it."""
    references = list(root.iter(f"{W}{kind}Reference"))
    if not references or name not in archive:
        return
    part = archive.xml(name)
    _settle_changes(part)
    _drop(part, Counter(), styles)
    notes = {note.get(f"{W}id"): note for note in part.iter(f"{W}{kind}")}
    below: dict[_Element, _Element] = {}
    for number, reference in enumerate(references, start=1):
        mark = raised(str(number))
        note = notes.get(reference.get(f"{W}id"))
        run, paragraph = reference.getparent(), next(reference.iterancestors(f"{W}p"), None)
        if note is None or run is None or paragraph is None:
            continue
        run.replace(reference, _text(mark))
        for position, element in enumerate(deepcopy(note).findall(f"{W}p")):
            for link in list(element.iter(f"{W}hyperlink")):
                unwrap(link)  # its address stands in another part
            for own in list(element.iter(f"{W}{kind}Ref")):
                remove(own)
            if not text_of(element).strip():
                continue
            if position == 0:
                first = element.makeelement(f"{W}r")
                first.append(_text(f"{mark} "))
                properties = element.find(f"{W}pPr")
                element.insert(0 if properties is None else 1, first)
            below.get(paragraph, paragraph).addnext(element)
            below[paragraph] = element


def _text(words: str) -> "_Element":
    from lxml import etree

    element = etree.Element(f"{W}t")
    element.text = words
    element.set(_SPACE, "preserve")
    return element


def _formulas(root: "_Element") -> None:
    """Write formulas in one line, as they would be read aloud."""
    for formula in list(root.iter(f"{_MATH}oMath")):
        parent = formula.getparent()
        if parent is None:
            continue
        words = "".join(part.text or "" for part in formula.iter(f"{_MATH}t"))
        run = formula.makeelement(f"{W}r")
        run.append(_text(words))
        parent.replace(formula, run)
    for formula in list(root.iter(f"{_MATH}oMathPara")):
        unwrap(formula)


def _tables(root: "_Element") -> None:
    """Open tables of a single cell, which are frames; the first row of others is the heading."""
    for table in list(root.iter(f"{W}tbl")):
        rows = table.findall(f"{W}tr")
        cells = table.findall(f"{W}tr/{W}tc")
        parent = table.getparent()
        if len(cells) == 1 and parent is not None:
            at = parent.index(table)
            parent[at : at + 1] = [element for element in cells[0] if element.tag != f"{W}tcPr"]
        elif len(rows) > 1 and table.find(f"{W}tr/{W}trPr/{W}tblHeader") is None:
            settings = rows[0].find(f"{W}trPr")
            if settings is None:
                settings = rows[0].makeelement(f"{W}trPr")
                rows[0].insert(0, settings)
            settings.append(settings.makeelement(f"{W}tblHeader"))


def _count(archive: Archive, folder: str, root: "_Element", counts: Counter[str]) -> None:
    """Count what is in the file and will not be read."""
    comments = f"{folder}/comments.xml"
    if comments in archive:
        counts["comments"] += sum(1 for _ in archive.xml(comments).iter(f"{W}comment"))
    framed = [
        name
        for name in archive.names
        if re.fullmatch(rf"{re.escape(folder)}/(?:header|footer)\d*\.xml", name)
    ]
    counts["headers and footers"] += sum(
        bool(text_of(archive.xml(name)).strip()) for name in framed
    )
    counts["pictures"] += sum(1 for element in root.iter() if _local(element) == "blip")
    counts["charts and embedded objects"] += sum(
        1
        for element in root.iter()
        if _local(element) in {"chart", "OLEObject", "relIds", "altChunk"}
    )
    for what in [what for what, count in counts.items() if not count]:
        del counts[what]


def _local(element: "_Element") -> str:
    return str(element.tag).rpartition("}")[2]
