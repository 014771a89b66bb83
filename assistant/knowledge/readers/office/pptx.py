"""PowerPoint (.pptx): slide by slide, each under its title."""

import io
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from assistant.knowledge.readers import grid
from assistant.knowledge.readers.office.archive import Archive, properties
from assistant.knowledge.readers.options import Found, Note, ReadingOptions
from assistant.knowledge.readers.page import page

_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM: Final = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_FRAME: Final = frozenset({"DATE", "FOOTER", "SLIDE_NUMBER", "HEADER"})
"""Placeholders that surround every slide."""
_TITLES: Final = frozenset({"TITLE", "CENTER_TITLE", "VERTICAL_TITLE"})
_SAME_ROW: Final = 300_000
"""Lengths (of 914,400 to the inch) by which shapes of one row may differ in height."""


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read the slides that are shown; what a speaker notes is for the speaker and is left out."""
    archive = Archive(data, source, ".pptx")
    meta = properties(archive)
    counts: Counter[str] = Counter()
    slides = list(_slides(data, archive, counts))
    for what, count in counts.items():
        yield Note.left_out(source, what, str(count))
    lines: list[str] = []
    places: list[tuple[int, str]] = []
    for slide in slides:
        if lines:
            lines.append("")
        places.append((len(lines), f"slide {slide.number}"))
        lines += slide.lines
    title = meta.title or next((slide.title for slide in slides if slide.title), "")
    meta = replace(meta, title=title)
    yield from page("\n".join(lines), source, options, meta, places=places)


@dataclass(frozen=True, slots=True)
class _Slide:
    number: int
    title: str
    lines: tuple[str, ...]


def _slides(data: bytes, archive: Archive, counts: Counter[str]) -> Iterator[_Slide]:
    for name in archive.names:
        if name.startswith(("ppt/presentation", "ppt/slides/slide")) and name.endswith(".xml"):
            archive.xml(name)  # python-pptx names no part when one is damaged
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pptx import Presentation

            presentation = Presentation(io.BytesIO(data))
            for number, slide in enumerate(presentation.slides, start=1):
                if slide._element.get("show") in {"0", "false"}:  # noqa: SLF001  (no other way)
                    counts["hidden slides"] += 1
                    continue
                if slide.has_notes_slide and _words(slide.notes_slide.notes_text_frame):
                    counts["speakers' notes"] += 1
                content = _slide(number, slide, counts)
                if content.lines:
                    yield content
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # python-pptx meets damage with whatever it trips over
        raise archive.broken(str(error)) from error


def _slide(number: int, slide: Any, counts: Counter[str]) -> _Slide:
    title = ""
    blocks: list[str] = []
    for shape in _ordered(slide.shapes):
        kind = _placeholder(shape)
        if kind in _FRAME:
            continue
        if kind in _TITLES and not title:
            title = " ".join(_words(shape.text_frame).split())
            continue
        blocks += _blocks(shape, counts)
    head = [f"## {title}"] if title else []
    if not title and blocks:
        head = [f"## {first}"] if (first := _short(blocks[0])) else []
        title, blocks = (first, blocks[1:]) if first else ("", blocks)
    parts = [*head, *blocks]
    return _Slide(number, title, tuple("\n\n".join(parts).split("\n")) if parts else ())


def _short(block: str) -> str:
    """Return a block that can stand for a title, or nothing."""
    line = block.replace("**", "").strip()
    fits = "\n" not in line and len(line) <= 80 and not line.startswith(("-", "|", "1."))  # noqa: PLR2004
    return line if fits and not line.endswith((".", ":")) else ""


def _placeholder(shape: Any) -> str:
    if not getattr(shape, "is_placeholder", False):
        return ""
    kind = shape.placeholder_format.type
    return str(kind.name) if kind is not None else ""


def _ordered(shapes: Any) -> list[Any]:
    """Return shapes as they are read: from the top, beside each other from the left."""
    boxes = [shape for shape in shapes if shape is not None]
    rows: list[list[Any]] = []
    for shape in sorted(boxes, key=lambda one: (_at(one)[0], _at(one)[1])):
        if rows and _at(shape)[0] - _at(rows[-1][0])[0] < _SAME_ROW:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda one: _at(one)[1])]


def _at(shape: Any) -> tuple[int, int]:
    return int(shape.top or 0), int(shape.left or 0)


def _blocks(shape: Any, counts: Counter[str]) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        for inner in _ordered(shape.shapes):
            yield from _blocks(inner, counts)
    elif getattr(shape, "has_table", False):
        yield from _table(shape.table)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart, counts)
    elif getattr(shape, "has_text_frame", False):
        if text := _text(shape):
            yield text
    elif _is_diagram(shape):
        yield from _diagram(shape, counts)
    elif shape.shape_type is not None and shape.shape_type.name in {"PICTURE", "LINKED_PICTURE"}:
        counts["pictures"] += 1
    elif shape.shape_type is not None and "OLE" in shape.shape_type.name:
        counts["embedded objects"] += 1


def _words(frame: Any) -> str:
    return "" if frame is None else str(frame.text).replace("\v", " ").strip()


def _text(shape: Any) -> str:
    """Return paragraphs; those with bullets or of a list's placeholder as a list."""
    listed = _placeholder(shape) in {"BODY", "OBJECT", "VERTICAL_BODY", "VERTICAL_OBJECT"}
    lines: list[str] = []
    paragraphs = [part for part in shape.text_frame.paragraphs if str(part.text).strip()]
    item = False
    for paragraph in paragraphs:
        text = " ".join(str(paragraph.text).replace("\v", " ").split())
        marker = _marker(paragraph, listed=listed and len(paragraphs) > 1)
        if lines and not (marker and item):
            lines.append("")
        lines.append(f"{'   ' * (paragraph.level if marker else 0)}{marker}{text}")
        item = bool(marker)
    return "\n".join(lines)


def _marker(paragraph: Any, *, listed: bool) -> str:
    settings = paragraph._p.pPr  # noqa: SLF001  (python-pptx has no bullets)
    if settings is not None:
        if settings.find(f"{_A}buNone") is not None:
            return ""
        if settings.find(f"{_A}buAutoNum") is not None:
            return "1. "
        if settings.find(f"{_A}buChar") is not None:
            return "- "
    return "- " if listed or paragraph.level else ""


def _table(table: Any) -> Iterator[str]:
    rows = []
    for row in table.rows:
        cells = []
        for cell in row.cells:
            words = " ".join(_words(cell.text_frame).split()) if not cell.is_spanned else ""
            cells.append(words)
        rows.append(cells)
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    head = rows[0] if table.first_row or len(rows) > 1 else [""] * len(rows[0])
    body = rows[1:] if head is rows[0] else rows
    yield grid.table(head, body)


def _chart(chart: Any, counts: Counter[str]) -> Iterator[str]:
    """Give a chart as a table of its numbers, if it is one of categories."""
    try:
        plot = chart.plots[0]
        names = [str(category) for category in plot.categories]
        series = [(str(row.name or ""), list(row.values)) for row in plot.series]
        title = _words(chart.chart_title.text_frame) if chart.has_title else ""
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, NotImplementedError):
        names, series, title = [], [], ""
    if not names or not series or len(names) > 100:  # noqa: PLR2004
        counts["charts"] += 1
        return
    if title:
        yield title
    head = ["", *(name for name, _ in series)]
    rows = [
        [name, *(_number(values[i]) if i < len(values) else "" for _, values in series)]
        for i, name in enumerate(names)
    ]
    yield grid.table(head, rows)


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.10g}"


def _is_diagram(shape: Any) -> bool:
    return any(str(node.get("uri")) == _DIAGRAM for node in shape._element.iter(f"{_A}graphicData"))  # noqa: SLF001


def _diagram(shape: Any, counts: Counter[str]) -> Iterator[str]:
    """Give the words of a SmartArt graphic, each of its boxes as an item."""
    from lxml import etree

    relation = next(
        (value for node in shape._element.iter() for name, value in node.attrib.items()  # noqa: SLF001
         if str(name).endswith("relationships}dm")), None,
    )  # fmt: skip
    try:
        blob = shape.part.related_part(relation).blob
        root = etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))
    except (KeyError, AttributeError, etree.XMLSyntaxError):
        counts["SmartArt graphics"] += 1
        return
    boxes = (node for node in root.iter() if str(node.tag).endswith("}pt"))
    words = (" ".join("".join(t.text or "" for t in box.iter(f"{_A}t")).split()) for box in boxes)
    if items := [f"- {text}" for text in words if text]:
        yield "\n".join(items)
