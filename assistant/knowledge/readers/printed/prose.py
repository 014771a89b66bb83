"""The blocks of pages into paragraphs, headings, items and tables."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

from assistant.knowledge.readers.printed import words
from assistant.knowledge.readers.printed.glyphs import BULLETS
from assistant.knowledge.readers.printed.order import Block, TextColumn
from assistant.knowledge.readers.printed.sheet import Line, PrintedPage, Table

Kind = Literal["text", "heading", "item", "code", "note", "table"]

BULLET: Final = re.compile(
    rf"(?:[•▪‣◦●○■□▫►➢➤✓✔❖·∙{''.join(sorted(BULLETS))}]|[–—*-](?= )|o(?= [^\W\d_]))\s*"
)
NUMBER: Final = re.compile(r"(\d{1,3}[.)]|\(\d{1,2}\)|\(?[a-hA-H]\))\s+(?=\S)")
_TITLED: Final = re.compile(r"(?:§ ?)?(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")
_ENDED: Final = re.compile(r"[.!?:;…]['\"”“«»)\]]*$")
_CLOSED: Final = re.compile(r"[.!?…]['\"”“«»)\]]*$")
_NOTE: Final = re.compile(r"(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d{1,3}|\*{1,3}|†)\s*\S")
_RULE: Final = re.compile(r"[-_=─—*.·\s]{3,}")
_GOES_ON: Final = re.compile(r"(?i)\b(?:fortsetzung|continued|cont\.|contd)\b")
_LARGE: Final = 1.12
"""Sizes of the body from which a line is a heading."""
_SHORT: Final = 32
"""Characters of lines that may be meant to end where they do."""
_LONGEST: Final = 160
"""Characters of a heading at most."""


@dataclass(slots=True)
class Element:
    """What becomes one block of Markdown. breaks: lines, some ends of which are meant."""

    kind: Kind
    lines: list[Line]
    places: list[str]
    right: float = 0.0
    label: str = ""
    indent: float = 0.0
    texts: list[str] = field(default_factory=list)
    rows: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    edges: tuple[float, ...] = ()
    size: float = 0.0
    bold: bool = False
    shallowest: int = 1


def elements(pages: Sequence[tuple[PrintedPage, Sequence[Block]]], body: float) -> list[Element]:
    """Return what stands on pages in reading order; what runs over a page's end is one."""
    lexicon = words.vocabulary(
        [piece.text for sheet, _ in pages for piece in sheet.pieces if isinstance(piece, Line)]
    )
    strong = _bold_share(pages)
    result: list[Element] = []
    for sheet, blocks in pages:
        first = True
        for block in blocks:
            if isinstance(block, Table):
                _add_table(result, block, sheet.place, first=first)
            else:
                for number, element in enumerate(_paragraphs(block, sheet, body, strong=strong)):
                    if number == 0 and (before := _open(result, element)):
                        _continue(before, element, lexicon)
                        continue
                    element.texts = _texts(element, lexicon)
                    result.append(element)
            first = False
    return [item for item in result if item.kind == "table" or any(item.texts)]


def _bold_share(pages: Sequence[tuple[PrintedPage, Sequence[Block]]]) -> float:
    lines = [piece for sheet, _ in pages for piece in sheet.pieces if isinstance(piece, Line)]
    whole = sum(len(line.text) for line in lines) or 1
    return sum(len(line.text) for line in lines if line.bold) / whole


def _paragraphs(
    column: TextColumn, sheet: PrintedPage, body: float, *, strong: float
) -> Iterator[Element]:
    leading = _leading(column.lines)
    group: list[Line] = []
    right = _right(column)
    for line in column.lines:
        if _RULE.fullmatch(line.text):
            continue
        if group and _parted(group, line, column, leading, right):
            yield _element(group, right, sheet, body, strong)
            group = []
        group.append(line)
    if group:
        yield _element(group, right, sheet, body, strong)


def _leading(lines: Sequence[Line]) -> float:
    """Return how far lines of one paragraph lie apart, from top to top."""
    steps = [
        b.top - a.top
        for a, b in itertools.pairwise(lines)
        if abs(a.size - b.size) < 1 and 0 < b.top - a.top < 2.2 * a.size
    ]
    return median(steps) if steps else 1.25 * lines[0].size


def _right(column: TextColumn) -> float:
    ends = sorted(line.x1 for line in column.lines)
    return ends[int(0.9 * len(ends))] if len(ends) >= 10 else ends[-1]  # noqa: PLR2004


def _parted(
    group: Sequence[Line], line: Line, column: TextColumn, leading: float, right: float
) -> bool:
    """Whether a paragraph ends before a line."""
    before = group[-1]
    step = line.top - before.top
    apart = max(1.3 * leading, leading + 3) + max(0.0, line.size - before.size)
    if step < 0 or step > apart or _restyled(before, line, right):
        return True
    if line.mono:
        return False
    if line.raised and _NOTE.match(line.text):
        return True
    if _label(line) and not before.text.endswith(("-", ",", " und", " and", " oder", " or")):
        return True
    return _left(group, line, right) if _label(group[0]) else _begins(before, line, column, right)


def _restyled(before: Line, line: Line, right: float) -> bool:
    """Whether another type of text begins."""
    if abs(line.size - before.size) > 0.8 or line.mono != before.mono:  # noqa: PLR2004
        return True
    ended = bool(_ENDED.search(before.text)) or _free(before, line, right)
    return line.bold != before.bold and (line.bold or ended) and not line.mono


def _left(group: Sequence[Line], line: Line, right: float) -> bool:
    """Whether an item ends before a line, which stands further left than its text."""
    first, before = group[0], group[-1]
    if line.x0 < first.x0 - 3 or (line.x0 < first.x0 + 3 and before.x0 > first.x0 + 3):
        return True
    return line.x0 < first.x0 + 2 and _ends(before, line, right)


def _begins(before: Line, line: Line, column: TextColumn, right: float) -> bool:
    """Whether a paragraph begins: indented, or after a line that ends early with a sentence."""
    indented = line.x0 > column.x0 + 0.8 * line.size and abs(before.x0 - column.x0) < 2  # noqa: PLR2004
    centred = abs((line.x0 - column.x0) - (column.x1 - line.x1)) < line.size
    return (indented and not centred) or _ends(before, line, right)


def _ends(before: Line, line: Line, right: float) -> bool:
    return bool(_ENDED.search(before.text)) and _free(before, line, right)


def _free(before: Line, line: Line, right: float) -> bool:
    """Whether the next line's first word had had its place: then the line's end is meant."""
    sign = (line.x1 - line.x0) / max(1, len(line.text))
    word = len(line.text.split(" ", 1)[0]) * sign
    return right - before.x1 > word + 2 * sign + 0.04 * right


def _label(line: Line) -> re.Match[str] | None:
    return BULLET.match(line.text) or NUMBER.match(line.text)


def _element(
    group: Sequence[Line],
    right: float,
    sheet: PrintedPage,
    body: float,
    strong: float,
) -> Element:
    first = group[0]
    element = Element(
        "text", list(group), [sheet.place], right, size=first.size, bold=all(g.bold for g in group)
    )
    text = " ".join(line.text for line in group)
    small = first.size < 0.93 * body
    if all(line.mono for line in group) and (len(group) > 1 or first.size <= 1.05 * body):
        element.kind = "code" if body else "text"
    elif _heads(group, text, body, strong):
        element.kind = "heading"
    elif _NOTE.match(text) and (first.raised or small) and first.top > 0.5 * sheet.height and small:
        element.kind = "note"
    elif match := _label(first):
        element.kind = "item"
        element.label = match[0].strip()
        element.indent = first.x0
    return element


def _heads(group: Sequence[Line], text: str, body: float, strong: float) -> bool:
    first = group[0]
    if len(text) > _LONGEST or len(group) > 4 or not re.search(r"[^\W_]{2}", text):  # noqa: PLR2004
        return False
    if BULLET.match(text):
        return False
    if first.size >= _LARGE * body:
        return not (len(text) > 90 and _CLOSED.search(text))  # noqa: PLR2004
    heavy = all(line.bold for line in group) and first.size > 0.95 * body and strong < 0.4  # noqa: PLR2004
    return heavy and len(text) <= 110 and not re.search(r"[.,;:]$", text)  # noqa: PLR2004


def _open(held: Sequence[Element], found: Element) -> Element | None:
    """Return the paragraph that goes on in what a new column or page begins with."""
    before = next((item for item in reversed(held) if item.kind not in {"note", "table"}), None)
    if before is None or found.kind not in {"text", "code"}:
        return None
    next_to = next(item for item in reversed(held) if item.kind != "note") is before
    if "code" in {before.kind, found.kind}:
        return before if found.kind == before.kind and next_to else None
    last, first = before.lines[-1], found.lines[0]
    below = first.top - last.bottom
    if before.places[-1] == found.places[0] and below > 0.6 * last.size and first.x0 < last.x1:
        return None  # a paragraph further down
    if before.kind not in {"text", "item"} or abs(last.size - first.size) > 0.6:  # noqa: PLR2004
        return None
    return before if _goes_on(before, found, last.text, next_to=next_to) else None


def _goes_on(before: Element, found: Element, text: str, *, next_to: bool) -> bool:
    """Whether a sentence is open at the end of a text. next_to: nothing stands between."""
    small = found.lines[0].text[0].islower()
    if text[-1] in "-\u2010\u00ad":
        return True
    if before.bold != found.bold and not small:
        return False
    if _ENDED.search(text):
        return small and next_to and text[-1] not in "!?:"
    last = before.lines[-1]
    full = last.x1 > before.right - 0.15 * (before.right - last.x0)
    long = len(before.texts[-1]) > 40  # noqa: PLR2004
    return small or text[-1] in ",–" or (full and long and next_to)


def _continue(before: Element, found: Element, known: frozenset[str]) -> None:
    if before.kind == "code":
        before.texts += _texts(found, known)
    else:
        first, *rest = _texts(found, known)
        before.texts[-1] = words.attached(before.texts[-1], first, known=known)
        before.texts += rest
    before.lines += found.lines
    before.right = found.right
    before.places += [place for place in found.places if place not in before.places]


def _texts(element: Element, known: frozenset[str]) -> list[str]:
    """Return what an element says: one text, or several where its lines' ends are meant."""
    lines = element.lines
    if element.kind == "code":
        left = min(line.x0 for line in lines)
        sign = median((line.x1 - line.x0) / max(1, len(line.text)) for line in lines) or 1.0
        return [" " * round((line.x0 - left) / sign) + line.text for line in lines]
    texts = [lines[0].text]
    # An address, or a few names: short lines, none of which goes on in the next.
    short = max(len(line.text) for line in lines) <= _SHORT
    listed = short and not any(line.text[0].islower() for line in lines)
    for before, line in itertools.pairwise(lines):
        meant = element.kind == "text" and (listed or _free(before, line, element.right))
        if meant and before.text[-1] not in "-\u2010\u00ad" and not line.text[0].islower():
            texts.append(line.text)
        else:
            texts[-1] = words.attached(texts[-1], line.text, known=known)
    if element.label:
        texts[0] = texts[0][len(element.label) :].strip()
    return [words.soft(text) for text in texts]


def _add_table(held: list[Element], table: Table, place: str, *, first: bool) -> None:
    rows = [(place, row) for row in table.rows]
    above = next((item for item in reversed(held) if item.kind != "note"), None)
    if len(held) > 1 and held[-1].kind == "text" and _GOES_ON.search(" ".join(held[-1].texts)):
        first, above = True, held[-2]
    if not (first and above is not None and above.kind == "table" and _same(above, table)):
        held.append(Element("table", [], [place], rows=rows, edges=table.edges))
        return
    if held[-1].kind == "text":
        held.pop()
    head = table.rows[0]
    if head == above.rows[0][1]:
        rows = rows[1:]
    elif not head[0] and any(head):  # the rest of the row before
        at, row = above.rows[-1]
        cells = (words.attached(a, b) for a, b in zip(row, head, strict=True))
        above.rows[-1] = (at, tuple(cells))
        rows = rows[1:]
    above.rows += rows


def _same(element: Element, table: Table) -> bool:
    """Whether a table has the columns of the one on the page before."""
    if len(element.rows[0][1]) != len(table.rows[0]):
        return False
    if element.rows[0][1] == table.rows[0]:
        return True
    pairs = zip(element.edges, table.edges, strict=False)
    return len(element.edges) == len(table.edges) and all(abs(a - b) < 5 for a, b in pairs)  # noqa: PLR2004


def numbering(text: str) -> int:
    """Return how deep the number before a heading is; 0 if it has none."""
    match = _TITLED.match(text)
    return match[1].count(".") + 1 if match else 0
