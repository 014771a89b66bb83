"""The signs of a page into lines."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Final

from assistant.knowledge.readers.printed.sheet import Line
from assistant.knowledge.readers.raised import raised

_BOLD: Final = re.compile(r"(?i)bold|black|heavy|demi|-bd\b|,b")
_MONO: Final = re.compile(r"(?i)courier|consol|mono|menlo|typewriter|cmtt|lettergothic|ocr-?b")
_LABEL: Final = re.compile(r"[^\w€$£%]|o|\(?(?:\d{1,3}|[A-Za-z])[.)]")
_NUMBERED: Final = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,3}\.?|§ ?\d{1,3}[a-z]?|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}")
"""What stands before an item, and before a heading, with a wide gap behind it."""
_GAP: Final = 1.25
"""Widths of an em from which a gap ends a line: columns and cells begin there."""
_STRETCHED: Final = 3.0
"""Widths of an em that words of a justified line lie apart at most."""
_LABEL_GAP: Final = 4.5
_SPACE: Final = 0.14
_SMALL: Final = 0.88
_LIGATURE: Final = re.compile("[\ufb00-\ufb06]")
_DIERESIS: Final = re.compile(r"\u00a8 ?([aouAOUeiEI])")
DRAWN: Final = "•"
"""What stands for a bullet that is drawn."""
BULLETS: Final = frozenset("\uf0a7\uf0b7\uf0d8\uf0fc\uf02d\uf0a8\uf076\uf06e\uf0e0\uf0a2")
"""As Word writes them in Symbol and Wingdings."""
_ODD: Final = re.compile(r"[\ue000-\uf8ff\ufffd\x00-\x08\x0e-\x1f]|\(cid:\d+\)")
"""Signs without a meaning: of private use, without a character, control characters."""


@dataclass(slots=True)
class Glyph:
    """One sign, as it stands to a reader of the page."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    font: str = ""
    bold: bool = False


@lru_cache(maxsize=512)
def _bold(font: str) -> bool:
    return bool(_BOLD.search(font))


@lru_cache(maxsize=512)
def _mono(font: str) -> bool:
    return bool(_MONO.search(font))


def meaningless(glyphs: Sequence[Glyph]) -> bool:
    """Whether fonts do not say what their signs mean, so that there is nothing to read."""
    marks = [glyph for glyph in glyphs if glyph.text.strip()]
    return sum(map(odd, marks)) > 0.3 * len(marks)


def odd(glyph: Glyph) -> bool:
    """Whether nothing says what a sign means; bullets of symbol fonts are known."""
    return bool(_ODD.fullmatch(glyph.text)) and glyph.text not in BULLETS


def single(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """Return signs without those that are drawn twice to look bold; these are bold."""
    grid: dict[tuple[str, int, int], Glyph] = {}
    signs: list[Glyph] = []
    for glyph in glyphs:
        near = glyph.size * 0.1
        text, x, y = glyph.text, round(glyph.x0), round(glyph.top / 2)
        twin = grid.get((text, x, y)) or grid.get((text, x - 1, y)) or grid.get((text, x + 1, y))
        if twin and (abs(twin.x0 - glyph.x0) > near or abs(twin.top - glyph.top) > near):
            twin = None
        if twin and text.strip():
            twin.bold = True
            continue
        grid[text, x, y] = glyph
        signs.append(glyph)
    return signs


def lines(glyphs: Sequence[Glyph]) -> list[Line]:
    """Return the lines of signs, which may come in any order. A wide gap ends a line."""
    runs: list[list[Glyph]] = []
    spaced = False
    for glyph in glyphs:
        if not glyph.text.strip():
            spaced = True
            continue
        if runs and _follows(runs[-1][-1], glyph, _STRETCHED if spaced else _GAP):
            if spaced and glyph.x0 - runs[-1][-1].x1 > 0:
                runs[-1].append(Glyph(" ", runs[-1][-1].x1, glyph.x0, glyph.top, glyph.bottom, 0))
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
        spaced = False
    whole = [part for run in runs for part in _parts(run)]
    texts = (_line(run) for run in _merged(whole))
    return [line for line in texts if line and line.text not in {"", DRAWN}]


def _follows(one: Glyph, other: Glyph, gap: float) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    lower = min(one.bottom - one.top, other.bottom - other.top)
    em = max(one.size, other.size)
    return shared > lower * 0.5 and -em * 0.5 < other.x0 - one.x1 < em * gap


def _merged(runs: list[list[Glyph]]) -> list[list[Glyph]]:
    """Join runs that were drawn apart: emphasis, links, labels of items."""
    boxes = sorted(runs, key=lambda run: (run[0].top + run[0].bottom, run[0].x0))
    rows: list[list[list[Glyph]]] = []
    for run in boxes:
        row = next((row for row in rows[:-4:-1] if _level(row[0], run)), None)
        if row is None:
            rows.append([run])
        else:
            row.append(run)
    glyphs: list[list[Glyph]] = []
    for row in rows:
        row.sort(key=lambda run: run[0].x0)
        parts: list[list[Glyph]] = []
        for run in row:
            if parts and _follows(parts[-1][-1], run[0], _gap(parts[-1], first=len(parts) == 1)):
                if run[0].x0 - parts[-1][-1].x1 > _LABEL_GAP / 4 * run[0].size:
                    parts[-1].append(
                        Glyph(" ", parts[-1][-1].x1, run[0].x0, run[0].top, run[0].bottom, 0)
                    )
                parts[-1].extend(run)
            else:
                parts.append(list(run))
        glyphs += parts
    return glyphs


def _parts(run: list[Glyph]) -> Iterator[list[Glyph]]:
    """Cut a run at wide gaps, unless all are as wide: words of justified text."""
    em = run[0].size
    places = [place for place, glyph in enumerate(run) if glyph.text != " "]
    gaps = [
        (run[b].x0 - run[a].x1, a + 1, b)
        for a, b in pairwise(places)
        if run[b].x0 - run[a].x1 > _SPACE * em
    ]
    widest = max((gap for gap, _, _ in gaps), default=0.0)
    if widest <= _GAP * em:
        yield run
        return
    least = min(gap for gap, _, _ in gaps)
    even = len(gaps) > 1 and widest < 1.15 * least + 0.5
    if even and sum(run[place].text.isalpha() for place in places) > 0.8 * len(places):
        yield run
        return
    usual = 1.4 * median(gap for gap, _, _ in gaps) if len(gaps) > 3 else 0.0  # noqa: PLR2004
    start = 0
    for gap, end, after in gaps:
        if gap > max(_GAP * em, usual):
            yield run[start:end]
            start = after
    yield run[start:]


def _level(row: list[Glyph], run: list[Glyph]) -> bool:
    glyph, other = row[0], run[0]
    shared = min(glyph.bottom, other.bottom) - max(glyph.top, other.top)
    return shared > 0.5 * min(glyph.bottom - glyph.top, other.bottom - other.top)


def _gap(run: Sequence[Glyph], *, first: bool) -> float:
    text = "".join(glyph.text for glyph in run).strip() if len(run) <= len("10.10.10.") else ""
    heads = first and _bold(run[0].font) and _NUMBERED.fullmatch(text)
    return _LABEL_GAP if text and (heads or _LABEL.fullmatch(text)) else _GAP


def _line(run: Sequence[Glyph]) -> Line | None:
    glyphs = [glyph for glyph in run if glyph.text.strip()]
    if not glyphs:
        return None
    size = Counter(round(glyph.size * 2) / 2 for glyph in glyphs).most_common(1)[0][0]
    middle = median(glyph.bottom for glyph in glyphs if abs(glyph.size - size) <= 1)
    parts: list[str] = []
    before: Glyph | None = None
    for glyph in run:
        if before and glyph.x0 - before.x1 > _SPACE * max(glyph.size, before.size):
            parts.append(" ")
        above = glyph.size < _SMALL * size and glyph.bottom < middle - 0.15 * size
        parts.append(raised(glyph.text) if above and glyph.text.isdigit() else glyph.text)
        before = glyph
    text = clean("".join(parts))
    first = glyphs[0]
    return Line(
        text=text,
        x0=min(glyph.x0 for glyph in glyphs),
        x1=max(glyph.x1 for glyph in glyphs),
        top=min(glyph.top for glyph in glyphs if abs(glyph.size - size) <= 1),
        bottom=max(glyph.bottom for glyph in glyphs if abs(glyph.size - size) <= 1),
        size=size,
        bold=_most(glyph.bold or _bold(glyph.font) for glyph in glyphs),
        mono=_most(_mono(glyph.font) for glyph in glyphs),
        raised=first.size < _SMALL * size and first.bottom < middle - 0.15 * size,
    )


def _most(signs: Iterable[bool]) -> bool:
    flags = list(signs)
    return sum(flags) >= 0.8 * len(flags)


def clean(text: str) -> str:
    """Return text with whole letters: no ligatures, no letters in two parts, single spaces."""
    text = _LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = _DIERESIS.sub(lambda found: found[1] + "\u0308", text)
    return " ".join(unicodedata.normalize("NFC", text).split())
