"""Cuts documents into passages along their structure.

Headings open a new passage, blocks are packed until a passage is full, and a code block, a list
item or a table row is never cut. A paragraph longer than a whole passage is cut between sentences,
a table between rows: each part carries the heading.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final

import sentencex
from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.knowledge.documents import Chunk, Document, Entry, Kind

REVISION: Final = "structure-2/windows-350-rows/names/places"
FULL: Final = 1100
"""Characters after which a passage takes no further block (about 180 words)."""
WINDOW: Final = 350
"""Characters of a window: the part of a passage that is compared with a question by itself."""
TELLING: Final = 3
"""Words of a heading with nothing under it that is a passage of its own, and no label."""
LONGEST: Final = 20_000
"""Characters after which even a code block, a list item or a row is cut, at the end of a line."""
_NAMED: Final = 500
"""Characters of a heading that each passage below it carries."""
_READ: Final = 10_000
"""Characters in which sentences are looked for at a time: the time grows with the square."""
SHORT: Final = 350
"""Characters up to which a passage has a single meaning, and a single vector."""

_LIST: Final = re.compile(r"\s{0,3}(?:[-*+]|\d{1,3}[.)])\s")
_parser = MarkdownIt("commonmark").enable("table").disable("inline")  # blocks alone are asked for
_NEWLINE: Final = re.compile(r"\r\n?|\n")  # as the parser counts lines; str.splitlines knows more


@dataclass(frozen=True, slots=True)
class _Block:
    """first, end: the lines of the Markdown that it stands in, the end being the next one's."""

    headings: tuple[str, ...]
    text: str
    first: int = 0
    end: int = 0


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
            date=item.date,
            replaces=item.replaces,
        )
        return
    packed = _pack(list(_blocks(item.markdown, item.language)))
    for number, blocks in enumerate(packed, start=1):
        yield Chunk(
            root=root,
            source=item.source,
            title_path=tuple(_short(part) for part in (item.title, *blocks[0].headings) if part),
            text="\n\n".join(block.text for block in blocks),
            language=item.language,
            kind=Kind.PAGE,
            audience=item.audience,
            url=item.url,
            date=item.date,
            tags=item.tags,
            place=_place(item.places, blocks[0].first, blocks[-1].end),
            number=number,
        )


def sentences(text: str, language: str) -> list[str]:
    """Return the sentences of ``text`` without surrounding space."""
    portions = portioned(text, _READ)
    parts = (part for portion in portions for part in sentencex.segment(language, portion))
    return [s for s in (part.strip() for part in parts) if s]


def portioned(text: str, most: int) -> Iterator[str]:
    """Cut a text where it is too long: at the end of a line, else at a space, else anywhere."""
    start = 0
    while len(text) - start > most:
        half, end = start + most // 2, start + most
        place = next((at for sign in "\n " if (at := text.rfind(sign, half, end)) > 0), end - 1)
        yield text[start : place + 1]
        start = place + 1
    yield text[start:]


def _short(heading: str) -> str:
    return heading if len(heading) <= _NAMED else f"{heading[:_NAMED]}…"


@dataclass(frozen=True, slots=True)
class Part:
    """A block of a passage and what its windows are.

    text: as it stands there. windows: sentences packed; a table's rows, each cell with its heading.
    rows: of a table, as Markdown, one for each window; else none. head: its two first lines.
    """

    text: str
    windows: tuple[str, ...]
    rows: tuple[str, ...] = ()
    head: str = ""

    @property
    def list(self) -> bool:
        """Whether it is a list, whose items belong together."""
        return bool(_LIST.match(self.text))


@lru_cache(maxsize=1024)
def parts(text: str, language: str) -> tuple[Part, ...]:
    """Return the blocks of a passage in reading order; all text that is no table may be one."""
    if len(text) <= SHORT and "|" not in text:
        return (Part(text, (text,)),)
    lines = _NEWLINE.split(text)
    tokens = _parser.parse(text)
    blocks: list[Part] = []
    start = 0
    for position, token in enumerate(tokens):
        if token.level or not token.map or token.type not in {"table_open", *_LISTS}:
            continue
        blocks += _prose("\n".join(lines[start : token.map[0]]), language)
        if token.type == "table_open":
            blocks.append(_table(tokens, position, lines))
        else:
            items = tuple(_grouped(_items(tokens, position, lines), "\n", WINDOW))
            blocks.append(Part(_slice(token, lines), items))
        start = token.map[1]
    blocks += _prose("\n".join(lines[start:]), language)
    return tuple(blocks) or (Part(text, (text,)),)


def windows(chunk: Chunk) -> list[str]:
    """Return what is compared with a question by itself: the windows of all parts, in order."""
    return [window for part in parts(chunk.text, chunk.language) for window in part.windows]


def embedded(chunk: Chunk) -> list[str]:
    """Return the texts whose vectors stand for a chunk: its whole, then its windows under titles.

    A chunk of one window has the whole alone.
    """
    texts = windows(chunk)
    if len(texts) == 1:
        return [chunk.searchable]
    return [chunk.searchable, *(f"{chunk.title}\n{window}" for window in texts)]


def names(chunk: Chunk) -> list[str]:
    """Return what a question is likely to be called: an entry's names, a page's last heading."""
    return list(dict.fromkeys(chunk.names or chunk.title_path[-1:] or (chunk.source,)))


def excerpt(chunk: Chunk, cosines: Sequence[float], most: int, *, opening: bool = False) -> str:
    """Return the whole of a passage if it is short, else the windows that match best.

    In reading order, with an ellipsis where something is left out; a list stays whole, and rows
    keep the heading of their table. cosines: of the question and each window, best where highest.
    most: characters; the best window is there in any case. opening: the first window is, too.
    """
    blocks = parts(chunk.text, chunk.language)
    every = [window for part in blocks for window in part.windows]
    if len(chunk.text) <= most or len(every) != len(cosines):
        return chunk.text
    order = sorted(range(len(every)), key=cosines.__getitem__, reverse=True)
    chosen: set[int] = set()
    spent = 0
    for index in [0, *order] if opening else order:
        if index not in chosen and (not chosen or spent + len(every[index]) <= most):
            chosen.add(index)
            spent += len(every[index])
    return _shown(blocks, chosen)


def _shown(held: Sequence[Part], chosen: set[int]) -> str:
    """Put the chosen windows together. chosen: their places among all windows."""
    pieces: list[str] = []
    first = 0
    gap = False
    for part in held:
        own = [i for i in range(len(part.windows)) if first + i in chosen]
        first += len(part.windows)
        if not own:
            gap = True
            continue
        if part.rows:
            pieces.append("\n".join((part.head, *(part.rows[i] for i in own))))
        elif part.list:
            pieces.append(part.text)
        else:
            runs = [
                part.windows[i] if (i and i - 1 in own) or not i else f"… {part.windows[i]}"
                for i in own
            ]
            after = "" if own[-1] == len(part.windows) - 1 else " …"
            pieces.append(("… " if gap and own[0] == 0 else "") + " ".join(runs) + after)
        gap = False
    return "\n\n".join(pieces) + (" …" if gap and not pieces[-1].endswith(("…", "|")) else "")


def _prose(text: str, language: str) -> list[Part]:
    text = text.strip()
    if not text:
        return []
    return [Part(text, tuple(_grouped(sentences(text, language), " ", WINDOW)))]


def _table(tokens: Sequence[Token], first: int, lines: Sequence[str]) -> Part:
    """Return the table that begins at a token."""
    start, end = tokens[first].map or (0, 0)
    heads: list[str] = []
    cells: list[str] = []
    texts: list[str] = []
    for position in range(first, len(tokens)):
        token = tokens[position]
        if token.type == "table_close":
            break
        if token.type in {"th_open", "td_open"}:
            cells.append(tokens[position + 1].content.strip())
        elif token.type == "tr_close":
            if heads:
                pairs = ((h, c) for h, c in zip(heads, cells, strict=False) if c)
                texts.append("; ".join(f"{head}: {cell}" if head else cell for head, cell in pairs))
            heads, cells = heads or cells, []
    head, rows = "\n".join(lines[start : start + 2]), tuple(lines[start + 2 : end])
    text = "\n".join(lines[start:end])
    return Part(text, tuple(texts), rows, head) if texts else Part(text, (text,))


_TO: Final = " – "
"""Between the first and the last place of what stands in several."""


def _place(places: Sequence[tuple[int, str]], first: int, end: int) -> str:
    """Return where the lines from ``first`` to before ``end`` stand."""
    at = bisect_right(places, first, key=itemgetter(0)) - 1
    named = [place for line, place in places[max(0, at) :] if line < end]
    if at < 0 and not named:
        return ""
    begin, last = named[0].partition(_TO)[0], named[-1].rpartition(_TO)[2]
    return begin if begin == last else f"{begin}{_TO}{last}"


def _pack(blocks: Sequence[_Block]) -> Iterator[list[_Block]]:
    pack: list[_Block] = []
    size = 0
    for block in blocks:
        full = size + len(block.text) > FULL
        if pack and (block.headings != pack[-1].headings or full):
            yield pack
            pack, size = [], 0
        pack.append(block)
        size += len(block.text)
    if pack:
        yield pack


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
            tells = len(headings[-1].split()) >= TELLING
            if tells and not titles == depth == 1 and _is_bare(tokens, position, depth):
                path = tuple(headings[1:-1] if titles == 1 else headings[:-1])
                for portion in portioned(headings[-1], LONGEST):
                    yield _Block(path, portion, *token.map)
            continue
        path = tuple(headings[1:] if titles == 1 else headings)
        for text, first, end in _pieces(tokens, position, lines, language):
            for portion in portioned(text, LONGEST):
                yield _Block(path, portion, first, end)


def _is_bare(tokens: Sequence[Token], position: int, depth: int) -> bool:
    """Return whether nothing stands under a heading, so that it is all there is to find."""
    rest = (tokens[place] for place in range(position + 1, len(tokens)))
    following = next((t for t in rest if not t.level and t.type not in _NO_CONTENT), None)
    return following is None or (
        following.type == "heading_open" and int(following.tag[1]) <= depth
    )


_NO_CONTENT: Final = frozenset({"inline", "heading_close", "hr"})


def _pieces(
    tokens: Sequence[Token], position: int, lines: Sequence[str], language: str
) -> Iterator[tuple[str, int, int]]:
    """Yield the texts of a block, each with the lines it stands in."""
    token = tokens[position]
    text, (first, end) = _slice(token, lines), token.map or (0, 0)
    if len(text) <= FULL or token.type not in {"paragraph_open", "table_open", *_LISTS}:
        if text:
            yield text, first, end
    elif token.type in _LISTS:
        yield from _together(_placed(tokens, position, lines))
    elif token.type == "table_open":
        head = "\n".join(lines[first : first + 2])
        rows = ((row, line, line + 1) for line, row in enumerate(text.split("\n")[2:], first + 2))
        for part, start, stop in _together(rows):
            yield f"{head}\n{part}", start, stop
    else:
        for part in _grouped(sentences(text, language), " "):
            yield part, first, end


def _together(parts: Iterator[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """Pack texts that follow each other, each with the lines it stands in."""
    pack: tuple[str, int, int] | None = None
    for text, first, end in parts:
        if pack and len(pack[0]) + len(text) > FULL:
            yield pack
            pack = None
        pack = (f"{pack[0]}\n{text}", pack[1], end) if pack else (text, first, end)
    if pack:
        yield pack


_LISTS: Final = frozenset({"bullet_list_open", "ordered_list_open"})


def _items(tokens: Sequence[Token], position: int, lines: Sequence[str]) -> Iterator[str]:
    for text, _, _ in _placed(tokens, position, lines):
        yield text


def _placed(
    tokens: Sequence[Token], position: int, lines: Sequence[str]
) -> Iterator[tuple[str, int, int]]:
    """Yield the items of the list that begins at a token, each with the lines it stands in."""
    token = tokens[position]
    for place in range(position + 1, len(tokens)):
        inner = tokens[place]
        if inner.level == token.level:
            return
        if inner.type == "list_item_open" and inner.level == token.level + 1:
            yield _slice(inner, lines), *(inner.map or (0, 0))


def _grouped(parts: Iterator[str] | Sequence[str], glue: str, most: int = FULL) -> Iterator[str]:
    group = ""
    for part in parts:
        if group and len(group) + len(part) > most:
            yield group
            group = ""
        group = f"{group}{glue}{part}" if group else part
    if group:
        yield group


def _slice(token: Token, lines: Sequence[str]) -> str:
    first, end = token.map or (0, 0)
    return "\n".join(lines[first:end]).rstrip()  # the indentation of a code block means something
