"""What pdfminer finds drawn on a page: signs, lines, boxes, pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from assistant.knowledge.readers.printed import ruled
from assistant.knowledge.readers.printed.glyphs import (
    DRAWN,
    Glyph,
    lines,
    meaningless,
    odd,
    single,
)
from assistant.knowledge.readers.printed.sheet import Piece, PrintedPage

if TYPE_CHECKING:
    from pdfminer.layout import LTChar, LTCurve, LTItem, LTPage

_ASKEW: Final = 0.1
"""Sine from which signs are turned."""
_FEW: Final = 8
"""Characters up to which a page with a picture has no text."""
_SIGNS: Final = {"\u00a0": " ", "(cid:127)": "•"}
"""What pdfminer gives, and what it is: the bullet of fonts in Windows' encoding."""


def bare(pieces: Sequence[Piece]) -> bool:
    """Whether there is no more than a page's number."""
    return sum(len(piece.text) for piece in pieces) <= _FEW


@dataclass(slots=True)
class _Drawn:
    """What is drawn on a page."""

    glyphs: list[Glyph]
    boxes: list[ruled.Box]
    turned: list["LTChar"]
    pictures: int = 0
    drawings: int = 0


def sheet_of(layout: "LTPage", number: int, place: str) -> PrintedPage:
    """Return what stands on a page of a PDF. place: as sources name it."""
    width, height = float(layout.width), float(layout.height)
    drawn = _Drawn([], [], [])
    _collect(layout, width, height, drawn)
    glyphs, turned, boxes = drawn.glyphs, len(drawn.turned), drawn.boxes
    if turned > len(glyphs) and turned > 50:  # noqa: PLR2004  (a page that lies on its side)
        glyphs, boxes, turned = _upright(drawn.turned, width, height), [], 0
        width, height = height, width
    garbled, unknown = meaningless(glyphs), 0
    split = ruled.Found((), ())
    if not garbled:
        known = [glyph for glyph in glyphs if not odd(glyph)]
        unknown = len(glyphs) - len(known)
        split = ruled.tables(single(known), boxes)
    pieces: tuple[Piece, ...] = (*lines(split.rest), *split.tables)
    return PrintedPage(
        number=number,
        place=place,
        width=width,
        height=height,
        pieces=pieces,
        pictured=drawn.pictures > 0 or (bare(pieces) and drawn.drawings > 100),  # noqa: PLR2004
        turned=turned,
        unknown=unknown,
        garbled=garbled and bool(glyphs),
    )


def _collect(items: "Iterable[LTItem]", width: float, height: float, drawn: _Drawn) -> None:
    from pdfminer.layout import LTChar, LTCurve, LTFigure, LTImage

    for item in items:
        if isinstance(item, LTChar):
            if not (-1 <= item.x0 <= width + 1 and -1 <= item.y0 <= height + 1):
                continue
            a, b, *_ = item.matrix
            if abs(b) > _ASKEW * abs(a) or a < 0:
                drawn.turned.append(item)
            else:
                top, bottom = height - item.y1, height - item.y0
                drawn.glyphs.append(_glyph(item, item.x0, item.x1, top, bottom))
        elif isinstance(item, LTFigure):
            _collect(item, width, height, drawn)
        elif isinstance(item, LTImage):
            drawn.pictures += 1
        elif isinstance(item, LTCurve):  # lines and boxes are curves, too
            drawn.drawings += 1
            if _bullet(item):
                top, bottom = height - item.y1, height - item.y0
                drawn.glyphs.append(Glyph(DRAWN, item.x0, item.x1, top, bottom, 3 * item.height))
            if _straight(item.pts):
                drawn.boxes.append((item.x0, height - item.y1, item.x1, height - item.y0))


def _bullet(item: "LTCurve") -> bool:
    """Whether a drawing is as small and as wide as high as the dot before an item."""
    low, high = 1.5, 7.0
    return (
        low < item.width < high
        and abs(item.width - item.height) < 1
        and bool(item.fill or item.stroke)
    )


def _straight(points: Sequence[tuple[float, float]]) -> bool:
    pairs = pairwise(points)
    return all(abs(a[0] - b[0]) < 1 or abs(a[1] - b[1]) < 1 for a, b in pairs)


def _glyph(char: "LTChar", x0: float, x1: float, top: float, bottom: float) -> Glyph:
    text = _SIGNS.get(char.get_text(), char.get_text())
    size = bottom - top
    return Glyph(text, x0, x1, top, bottom, size, str(char.fontname))


def _upright(chars: "Sequence[LTChar]", width: float, height: float) -> list[Glyph]:
    """Return the signs of a page that lies on its side as if it were turned."""
    rising = sum(char.matrix[1] > 0 for char in chars) * 2 >= len(chars)
    glyphs = []
    for char in chars:
        if (char.matrix[1] > 0) != rising or abs(char.matrix[0]) > _ASKEW * abs(char.matrix[1]):
            continue
        if rising:
            place = (char.y0, char.y1, char.x0, char.x1)
        else:
            place = (height - char.y1, height - char.y0, width - char.x1, width - char.x0)
        glyphs.append(_glyph(char, *place))
    return glyphs
