"""A parsed and stripped page into Markdown, on ``markdownify``."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from markdownify import ATX, MarkdownConverter

from assistant.knowledge.readers import grid

if TYPE_CHECKING:
    from bs4 import Tag

_WIDEST: Final = 100
_BREAK: Final = re.compile(r" {2,}\n (?=\S)")
_TRAILING: Final = re.compile(r"[ \t]+$(?!\n[^\n])|(?<! ) $", re.MULTILINE)
"""Space at the ends of lines, but for two spaces that break a line within a paragraph."""
_ITEM: Final = re.compile(r"^[·•§](?:\s|\u00a0)+(?=\S)")
_GAPS: Final = re.compile(r"\n{3,}")
_UNSEEN: Final = str.maketrans("", "", "\u00ad\u200b\ufeff")
_LANGUAGE: Final = re.compile(r"(?:^|\s)(?:lang(?:uage)?-|highlight-source-|brush:\s*)([\w+#-]+)")


class Converter(MarkdownConverter):
    """Markdown with tables whose rows keep their headings, and text on one line a paragraph."""

    class Options:
        """What ``markdownify`` is told; it looks for this name."""

        heading_style = ATX
        bullets = "-"
        wrap = True
        wrap_width = None
        escape_asterisks = False
        escape_underscores = False

    def process_tag(self, node: "Tag", parent_tags: Any = None) -> str:
        """Return the Markdown of one element."""
        if node.name == "table":
            return self._table(node)
        return self.inner(node, parent_tags)

    def inner(self, node: "Tag", parent_tags: Any) -> str:
        """Return the Markdown of an element as ``markdownify`` makes it."""
        return str(super().process_tag(node, parent_tags))  # type: ignore[misc]  # not in its stubs

    def convert_p(self, el: "Tag", text: str, parent_tags: Any) -> str:
        """Return a paragraph; one that begins like a heading or an item of Word's is none."""
        text = _ITEM.sub("- ", text.lstrip())
        text = f"\\{text}" if text.startswith("#") else text
        return str(super().convert_p(el, text, parent_tags))  # type: ignore[misc]  # as above

    def convert_br(self, el: "Tag", text: str, parent_tags: Any) -> str:
        """Return a line break; two are the end of a paragraph."""
        del el, text
        return " " if "_inline" in parent_tags and "td" not in parent_tags else "  \n"

    def _table(self, table: "Tag") -> str:
        rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
        if not rows:
            return f"\n\n{self.inner(table, None)}\n\n"
        cells = _spread([[_Cell(self, tag) for tag in _cells(row)] for row in rows])
        heads = _heads(rows)
        if heads:
            head: Sequence[str] = [_joined(column) for column in zip(*cells[:heads], strict=True)]
            body: Sequence[Sequence[str]] = cells[heads:]
        else:
            head, body = grid.heading(cells)
        if not body:
            head, body = [""] * len(head), [head]
        caption = table.find("caption")
        title = f"**{caption.get_text(' ', strip=True)}**\n\n" if caption else ""
        return f"\n\n{title}{grid.table(head, body)}\n\n"


class _Cell:
    """A cell with the places that it takes."""

    def __init__(self, converter: Converter, tag: "Tag") -> None:
        inner = converter.inner(tag, {"table", "tr"})
        self.text = grid.cell(re.sub(r"(?:\s*\|)+\s*$", "", inner))
        self.wide, self.high = _span(tag, "colspan"), _span(tag, "rowspan")


def markdown(part: "Tag") -> str:
    """Return the Markdown of an element that is stripped and normalised."""
    text = Converter(code_language_callback=_language).process_tag(part, set())
    text = text.translate(_UNSEEN).replace("\u00a0", " ")
    text = _BREAK.sub("  \n", _TRAILING.sub("", text))
    return _GAPS.sub("\n\n", text).strip("\n")


def _language(tag: "Tag") -> str:
    """Return the language of a code block, as highlighters write it into a class."""
    for element in (tag, tag.find("code"), tag.parent):
        names = " ".join(map(str, element.get_attribute_list("class"))) if element else ""
        if match := _LANGUAGE.search(names):
            return match.group(1)
    return ""


def _cells(row: "Tag") -> "list[Tag]":
    return list(row.find_all(("td", "th"), recursive=False))


def _heads(rows: "Sequence[Tag]") -> int:
    """Return how many rows at the top are headings."""
    count = 0
    for row in rows:
        cells = _cells(row)
        bold = cells and all(_is_bold(tag) for tag in cells)
        if not (row.parent and row.parent.name == "thead") and not (
            cells and (all(tag.name == "th" for tag in cells) or (bold and not count))
        ):
            break
        count += 1
    return count if count < len(rows) else 0


def _is_bold(tag: "Tag") -> bool:
    text = tag.get_text(strip=True)
    bold = "".join(part.get_text(strip=True) for part in tag.find_all(("b", "strong")))
    return bool(text) and text == bold


def _spread(rows: "Sequence[Sequence[_Cell]]") -> list[list[str]]:
    """Return the grid; a cell over several rows or columns stands in each of them."""
    lines: list[list[str]] = []
    below: dict[int, tuple[str, int]] = {}
    for row in rows:
        line: list[str] = []
        waiting = list(row)
        while waiting or len(line) in below:
            if len(line) in below:
                text, left = below.pop(len(line))
                if left > 1:
                    below[len(line)] = (text, left - 1)
                line.append(text)
                continue
            cell = waiting.pop(0)
            for _ in range(cell.wide):
                if cell.high > 1:
                    below[len(line)] = (cell.text, cell.high - 1)
                line.append(cell.text)
        lines.append(line)
    width = max(map(len, lines))
    return [line + [""] * (width - len(line)) for line in lines]


def _span(tag: "Tag", name: str) -> int:
    value = str(tag.get(name, "1"))
    return max(1, min(_WIDEST, int(value))) if value.isdigit() else 1


def _joined(column: Sequence[str]) -> str:
    """Return one heading of those that stand above each other."""
    return " / ".join(dict.fromkeys(text for text in column if text))
