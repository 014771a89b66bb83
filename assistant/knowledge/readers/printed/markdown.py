"""Elements of printed text as Markdown, with the place of each line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from assistant.knowledge.readers.printed.prose import Element, numbering

_DEEPEST: Final = 6
_SAME: Final = 0.6
"""Points of size that make no other level."""


@dataclass(frozen=True, slots=True)
class Written:
    """Markdown. places: as a document's."""

    text: str
    places: tuple[tuple[int, str], ...]


def written(elements: Sequence[Element], body: float) -> Written:
    """Write elements as Markdown."""
    levels = _levels(elements, body)
    lines: list[str] = []
    places: list[tuple[int, str]] = []
    indents: list[float] = []
    before: Element | None = None
    for element in elements:
        texts = _lines(element, levels, indents)
        if not texts:
            continue
        tight = before and _listed(before, element)
        if lines and not tight:
            lines.append("")
        for text, place in texts:
            if not places or places[-1][1] != place:
                places.append((len(lines), place))
            lines.append(text)
        before = element
    return Written("\n".join(lines), tuple(places))


def _listed(before: Element, element: Element) -> bool:
    """Whether two elements are items of one list, or of a list inside it."""
    if element.kind != "item" or before.kind != "item":
        return False
    numbered = [any(sign.isdigit() for sign in item.label) for item in (before, element)]
    return numbered[0] == numbered[1] or element.indent - before.indent > 3  # noqa: PLR2004


def _lines(
    element: Element, levels: dict[tuple[float, bool], int], indents: list[float]
) -> list[tuple[str, str]]:
    if element.kind != "item":
        indents.clear()
    if element.kind == "table":
        return _table(element)
    place = " – ".join(dict.fromkeys((element.places[0], element.places[-1])))
    if element.kind == "heading":
        depth = min(_DEEPEST, levels[_style(element, levels)] + _deeper(element))
        return [(f"{'#' * depth} {' '.join(element.texts)}", place)]
    if element.kind == "code":
        return [(text, place) for text in ("```", *element.texts, "```")]
    if element.kind == "item":
        while indents and element.indent < indents[-1] - 3:
            indents.pop()
        if not indents or element.indent > indents[-1] + 3:
            indents.append(element.indent)
        space = "   " * (len(indents) - 1)
        label = element.label
        if re.fullmatch(r"\(\d+\)|\d+[.)]", label):
            marker = f"{label.strip('().')}."
        else:
            marker = f"- {label}" if label[-1].isalnum() or label[-1] == ")" else "-"
        return [(f"{space}{marker} {' '.join(element.texts)}", place)]
    return [(_escaped(text), place) for text in element.texts if text]


def _deeper(element: Element) -> int:
    """Return how much deeper than others of its style a heading is by its number."""
    return max(0, numbering(element.texts[0]) - element.shallowest)


def _escaped(text: str) -> str:
    """Return a text that Markdown does not take for something else."""
    return re.sub(r"^(#{1,6}\s|>|\+\s|```|~~~|={2,}\s*$)", r"\\\1", text)


def _table(element: Element) -> list[tuple[str, str]]:
    rows = element.rows
    width = len(rows[0][1])
    if width == 2 and sum(row[0].endswith(":") for _, row in rows) > len(rows) / 2:  # noqa: PLR2004
        rows = [(rows[0][0], ("",) * width), *rows]  # names and values: no row is a heading
    lines: list[tuple[str, str]] = []
    for number, (place, row) in enumerate(rows):
        cells = " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row)
        lines.append((f"| {cells} |", place))
        if number == 0:
            lines.append(("|" + " --- |" * width, place))
    return lines


def _levels(elements: Sequence[Element], body: float) -> dict[tuple[float, bool], int]:
    """Return the level of each style of headings: the larger, the higher; bold before plain."""
    heads = [head for head in elements if head.kind == "heading"]
    styles = sorted({(head.size, head.bold) for head in heads}, reverse=True)
    levels: dict[tuple[float, bool], int] = {}
    level, last = 0, 0.0
    for size, bold in styles:
        if not levels or last - size > _SAME or size <= body + _SAME:
            level += 1
            last = size
        levels[size, bold] = level
    for size, bold in styles:
        own = [numbering(head.texts[0]) for head in heads if (head.size, head.bold) == (size, bold)]
        least = min((number for number in own if number), default=1)
        for head in heads:
            if (head.size, head.bold) == (size, bold):
                head.shallowest = least
    return levels


def _style(element: Element, levels: dict[tuple[float, bool], int]) -> tuple[float, bool]:
    style = (element.size, element.bold)
    assert style in levels  # noqa: S101
    return style
