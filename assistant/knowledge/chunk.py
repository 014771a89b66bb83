"""Cuts documents into passages along their structure.

Headings open a new passage, blocks are packed until a passage is full, and a table, a code
block or a list item is never cut. Only a paragraph longer than a whole passage is, between
sentences.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sentencex
from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.knowledge.documents import Chunk, Document, Entry, Kind

REVISION: Final = "structure-1/windows-350-from-350"
FULL: Final = 1100
"""Characters after which a passage takes no further block (about 180 words)."""
WINDOW: Final = 350
"""Characters of a window: the part of a passage that is compared with a question by itself."""
SHORT: Final = 350
"""Characters up to which a passage has a single meaning, and a single vector."""

_parser = MarkdownIt("commonmark").enable("table")
_NEWLINE: Final = re.compile(r"\r\n?|\n")  # as the parser counts lines; str.splitlines knows more


@dataclass(frozen=True, slots=True)
class _Block:
    headings: tuple[str, ...]
    text: str


def chunks(root: str, item: Document | Entry) -> Iterator[Chunk]:
    """Yield the passages of one document or entry, in reading order."""
    if isinstance(item, Entry):
        yield Chunk(
            root=root,
            source=item.source,
            title_path=(item.name,),
            text=item.text,
            language=item.language,
            kind=item.kind,
            audience=item.audience,
            url=item.url,
            key=item.key,
            names=(item.name, *item.aliases),
        )
        return
    for headings, text in _pack(list(_blocks(item.markdown, item.language))):
        yield Chunk(
            root=root,
            source=item.source,
            title_path=tuple(part for part in (item.title, *headings) if part),
            text=text,
            language=item.language,
            kind=Kind.PAGE,
            audience=item.audience,
            url=item.url,
        )


def sentences(text: str, language: str) -> list[str]:
    """Return the sentences of ``text`` without surrounding space."""
    return [s for s in (part.strip() for part in sentencex.segment(language, text)) if s]


def windows(chunk: Chunk) -> list[str]:
    """Return the texts whose vectors stand for the parts of a long chunk: sentences, packed.

    A short chunk has none: its whole is one window.
    """
    if len(chunk.text) <= SHORT:
        return []
    parts = _grouped(sentences(chunk.text, chunk.language), " ", WINDOW)
    return [f"{chunk.title}\n{part}" for part in parts]


def _pack(blocks: Sequence[_Block]) -> Iterator[tuple[tuple[str, ...], str]]:
    headings: tuple[str, ...] = ()
    held: list[str] = []
    for block in blocks:
        full = sum(map(len, held)) + len(block.text) > FULL
        if held and (block.headings != headings or full):
            yield headings, "\n\n".join(held)
            held = []
        headings = block.headings
        held.append(block.text)
    if held:
        yield headings, "\n\n".join(held)


def _blocks(markdown: str, language: str) -> Iterator[_Block]:
    lines = _NEWLINE.split(markdown)
    tokens = _parser.parse(markdown)
    # A single first-level heading is the document's title, which the path has already.
    titles = sum(t.type == "heading_open" and t.tag == "h1" and not t.level for t in tokens)
    headings: list[str] = []
    for position, token in enumerate(tokens):
        if token.level or not token.map or token.type == "hr":
            continue
        if token.type == "heading_open":
            depth = int(token.tag[1])
            above = [*headings, *[""] * depth][: depth - 1]
            headings = [*above, tokens[position + 1].content]
            continue
        path = tuple(headings[1:] if titles == 1 else headings)
        for text in _pieces(token, tokens[position:], lines, language):
            yield _Block(path, text)


def _pieces(
    token: Token, rest: Sequence[Token], lines: Sequence[str], language: str
) -> Iterator[str]:
    text = _slice(token, lines)
    if len(text) <= FULL or token.type not in {"paragraph_open", *_LISTS}:
        if text:
            yield text
    elif token.type in _LISTS:
        yield from _grouped(_items(token, rest, lines), "\n")
    else:
        yield from _grouped(sentences(text, language), " ")


_LISTS: Final = frozenset({"bullet_list_open", "ordered_list_open"})


def _items(token: Token, rest: Sequence[Token], lines: Sequence[str]) -> Iterator[str]:
    for inner in rest[1:]:
        if inner.level == token.level:
            return
        if inner.type == "list_item_open" and inner.level == token.level + 1:
            yield _slice(inner, lines)


def _grouped(parts: Iterator[str] | Sequence[str], glue: str, most: int = FULL) -> Iterator[str]:
    held = ""
    for part in parts:
        if held and len(held) + len(part) > most:
            yield held
            held = ""
        held = f"{held}{glue}{part}" if held else part
    if held:
        yield held


def _slice(token: Token, lines: Sequence[str]) -> str:
    first, end = token.map or (0, 0)
    return "\n".join(lines[first:end]).rstrip()  # the indentation of a code block means something
