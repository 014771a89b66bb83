"""Code in Markdown, set aside while the text around it is read.

What stands in a fence or between backticks is shown as it is: braces, tags and comments in it mean
nothing. Each piece is put back where its mark stands, as far in as the mark then stands.
"""

import re
from collections.abc import Callable
from typing import Final

_FENCE: Final = re.compile(r"^([ \t>]*)(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_MARK: Final = re.compile(r"^([ \t>]*)\ue000(\d+)\ue001$|\ue000(\d+)\ue001", re.MULTILINE)
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")

Fenced = Callable[[str, list[str]], list[str] | None]
"""Given what stands behind the fence and the lines in it: the lines of text that it is, or None."""


def aside(text: str, fenced: Fenced) -> tuple[str, list[str]]:
    """Return the text with marks in place of code, and the code.

    fenced: says which fences are no code, and what they are.
    """
    code: list[str] = []
    lines, out = text.split("\n"), list[str]()
    place = 0
    while place < len(lines):
        opened = _FENCE.match(lines[place])
        if opened is None:
            out.append(lines[place])
            place += 1
            continue
        end = _end(lines, place, opened)
        indent, _, info = opened.groups()
        inner = [_out(line, indent) for line in lines[place + 1 : end]]
        body = fenced(info.strip(), inner)
        if body is None:
            whole = "\n".join(_out(line, indent) for line in lines[place : end + 1])
            out.append(indent + _mark(code, whole))
        else:
            lines[place : end + 1] = [indent + line for line in body]
            continue
        place = end + 1
    joined = "\n".join(out)
    paragraphs = _PARAGRAPH.split(joined)
    parted = _PARAGRAPH.findall(joined)
    told_again = (_SPAN.sub(lambda m: _mark(code, m.group()), part) for part in paragraphs)
    pieces = [piece for pair in zip(told_again, [*parted, ""], strict=True) for piece in pair]
    return "".join(pieces), code


def back(text: str, held: list[str]) -> str:
    """Return the text with the code in place of the marks."""

    def put(found: "re.Match[str]") -> str:
        indent, block, span = found.groups()
        if span is not None:
            return held[int(span)]
        return "\n".join((indent + line).rstrip() for line in held[int(block)].split("\n"))

    return _MARK.sub(put, text)


def _mark(held: list[str], code: str) -> str:
    held.append(code)
    return f"\ue000{len(held) - 1}\ue001"


def _end(lines: list[str], start: int, opened: "re.Match[str]") -> int:
    """Return the line that closes a fence; one that is not closed goes on to the end."""
    fence = opened.group(2)
    close = re.compile(rf"^[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    for place in range(start + 1, len(lines)):
        if close.match(lines[place]):
            return place
    return len(lines)


def _out(line: str, indent: str) -> str:
    """Return a line without as much of the indentation as it has."""
    if line.startswith(indent):
        return line[len(indent) :]
    return line.lstrip(" \t") if not line[: len(indent)].strip(" \t>") else line
