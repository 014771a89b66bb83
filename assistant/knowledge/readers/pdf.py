"""PDF: its text layer, in reading order."""

import io
import itertools
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from assistant.errors import LoadError
from assistant.knowledge.readers.page import Meta, page
from assistant.knowledge.readers.printed import frame, ruled
from assistant.knowledge.readers.printed.glyphs import DRAWN, Glyph, lines, meaningless, odd, single
from assistant.knowledge.readers.printed.markdown import written
from assistant.knowledge.readers.printed.order import blocks
from assistant.knowledge.readers.printed.prose import elements
from assistant.knowledge.readers.printed.sheet import Line, Sheet
from assistant.knowledge.readers.titles import real_title
from assistant.knowledge.reading import Found, Note, Options, iso_date

if TYPE_CHECKING:
    from pdfminer.layout import LTChar, LTCurve, LTItem
    from pdfplumber.page import Page
    from pdfplumber.pdf import PDF

_ASKEW: Final = 0.1
"""Sine from which signs are turned."""
_FEW: Final = 8
"""Characters up to which a page with a picture has no text."""

_SIGNS: Final = {"\u00a0": " ", "(cid:127)": "•"}
"""What pdfminer gives, and what it is: the bullet of fonts in Windows' encoding."""


def read(data: bytes, source: str, options: Options) -> Found:
    """Read the text layer of a PDF."""
    with _quiet():
        meta, sheets = _sheets(data, source)
    body = _body(sheets)
    framed = frame.without(sheets, body)
    sheets, listed = frame.without_contents(framed.sheets)
    if listed:
        yield Note.left_out(source, "a table of contents", _named(listed))
    yield from _notes(sheets, framed.left, source)
    told = [(sheet, blocks(sheet.pieces)) for sheet in sheets]
    result = written(elements(told, body), body)
    yield from page(result.text, source, options, meta, places=result.places)


def _sheets(data: bytes, source: str) -> tuple[Meta, list[Sheet]]:
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
    from pdfplumber import open as opened

    try:
        with opened(io.BytesIO(data)) as pdf:
            _check(pdf)
            sheets = [
                _sheet(one, place) for one, place in zip(pdf.pages, _places(pdf), strict=True)
            ]
            meta = _meta(pdf.metadata)
    except Exception as error:  # pdfminer meets damage with whatever it trips over
        reasons = (error, error.__cause__, error.__context__, *error.args)
        if any(isinstance(one, PDFPasswordIncorrect | PDFEncryptionError) for one in reasons):
            raise LoadError(
                f"{source} is protected by a password.",
                source=source,
                hint="Save it without protection, or leave it out.",
            ) from error
        raise _broken(source, " ".join(str(error).split()) or type(error).__name__) from error
    if not sheets:
        raise _broken(source, "it has no pages")
    if not any(sheet.pieces for sheet in sheets):
        garbled = any(sheet.garbled for sheet in sheets)
        raise LoadError(
            f"{source} is a PDF whose fonts do not say what their signs mean."
            if garbled
            else f"{source} is a PDF without text (a scan?).",
            source=source,
            hint="Run text recognition (OCR) on it first.",
        )
    return meta, sheets


def _check(pdf: "PDF") -> None:
    """Refuse a file whose list of pages is lost: pdfminer would take deleted pages for pages."""
    from pdfminer.pdftypes import resolve1

    tree = resolve1(pdf.doc.catalog.get("Pages"))
    if not isinstance(tree, dict) or "Kids" not in tree:
        raise ValueError("its list of pages is damaged")


def _broken(source: str, why: str) -> LoadError:
    return LoadError(
        f"{source} is not a readable PDF ({why}).",
        source=source,
        hint="Open it and save or print it to PDF again, or leave it out.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what pdfminer says of a file from the terminal: our notes and one message say it."""
    loggers = [logging.getLogger(name) for name in ("pdfminer", "pdfplumber")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _places(pdf: "PDF") -> list[str]:
    """Return pages as viewers name them: by what is printed on them, else counted."""
    counted = [str(number) for number in range(1, len(pdf.pages) + 1)]
    labels = [str(one.page_obj.label or "").strip() for one in pdf.pages]
    usable = len(set(labels)) == len(labels) and all(
        re.fullmatch(r"[\w.-]{1,8}", label) for label in labels
    )
    return [f"page {label}" for label in (labels if usable else counted)]


def _meta(told: dict[str, Any]) -> Meta:
    def date(name: str) -> str:
        found = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", str(told.get(name) or ""))
        return iso_date("-".join(found.groups())) if found else ""

    return Meta(
        title=real_title(told.get("Title")),
        date=date("ModDate") or date("CreationDate"),
    )


@dataclass(slots=True)
class _Drawn:
    """What is drawn on a page."""

    glyphs: list[Glyph]
    boxes: list[ruled.Box]
    turned: list["LTChar"]
    pictures: int = 0
    drawings: int = 0


def _sheet(one: "Page", place: str) -> Sheet:
    layout = one.layout
    width, height = float(layout.width), float(layout.height)
    drawn = _Drawn([], [], [])
    _collect(layout, width, height, drawn)
    glyphs, turned, boxes = drawn.glyphs, len(drawn.turned), drawn.boxes
    if turned > len(glyphs) and turned > 50:  # noqa: PLR2004  (a page that lies on its side)
        glyphs, boxes, turned = _upright(drawn.turned, width, height), [], 0
        width, height = height, width
    garbled, unknown = meaningless(glyphs), 0
    found = ruled.Found((), ())
    if not garbled:
        known = [glyph for glyph in glyphs if not odd(glyph)]
        unknown = len(glyphs) - len(known)
        found = ruled.tables(single(known), boxes)
    pieces = (*lines(found.rest), *found.tables)
    one.close()
    few = sum(len(piece.text) for piece in pieces) <= _FEW
    return Sheet(
        number=one.page_number,
        place=place,
        width=width,
        height=height,
        pieces=pieces,
        pictured=drawn.pictures > 0 or (few and drawn.drawings > 100),  # noqa: PLR2004
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
    pairs = itertools.pairwise(points)
    return all(abs(a[0] - b[0]) < 1 or abs(a[1] - b[1]) < 1 for a, b in pairs)


def _glyph(char: "LTChar", x0: float, x1: float, top: float, bottom: float) -> Glyph:
    text = _SIGNS.get(char.get_text(), char.get_text())
    size = bottom - top
    return Glyph(text, x0, x1, top, bottom, size, str(char.fontname))


def _upright(chars: "Sequence[LTChar]", width: float, height: float) -> list[Glyph]:
    """Return the signs of a page that lies on its side as if it were turned."""
    rising = sum(char.matrix[1] > 0 for char in chars) * 2 >= len(chars)
    found = []
    for char in chars:
        if (char.matrix[1] > 0) != rising or abs(char.matrix[0]) > _ASKEW * abs(char.matrix[1]):
            continue
        if rising:
            place = (char.y0, char.y1, char.x0, char.x1)
        else:
            place = (height - char.y1, height - char.y0, width - char.x1, width - char.x0)
        found.append(_glyph(char, *place))
    return found


def _body(sheets: Sequence[Sheet]) -> float:
    """Return the size of most of the text."""
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        for piece in sheet.pieces:
            if isinstance(piece, Line):
                sizes[piece.size] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _notes(sheets: Sequence[Sheet], framed: int, source: str) -> Iterator[Note]:
    if framed:
        what = "running heads, feet and page numbers"
        yield Note.left_out(source, what, f"on {framed} page{'s'[: framed > 1]}")
    turned = [sheet for sheet in sheets if sheet.turned]
    if turned:
        yield Note.left_out(source, "text that stands askew, such as watermarks", _named(turned))
    scans = [one for one in sheets if not one.garbled and one.pictured and _bare(one)]
    if scans:
        yield Note.warning(source, "pages without text, which may be scans", _named(scans))
    unknown = [sheet for sheet in sheets if sheet.unknown]
    if unknown:
        what = "signs whose font does not say what they mean"
        yield Note.left_out(source, what, _named(unknown))
    garbled = [sheet for sheet in sheets if sheet.garbled]
    if garbled:
        what = "pages whose fonts do not say what their signs mean"
        yield Note.left_out(source, what, _named(garbled))


def _bare(sheet: Sheet) -> bool:
    return sum(len(piece.text) for piece in sheet.pieces) <= _FEW


def _named(sheets: Sequence[Sheet]) -> str:
    """Return pages as ``pages 2, 5–7``."""
    runs: list[list[Sheet]] = []
    for sheet in sheets:
        if runs and sheet.number == runs[-1][-1].number + 1:
            runs[-1].append(sheet)
        else:
            runs.append([sheet])
    names = [[one.place.removeprefix("page ") for one in run] for run in runs]
    told = ", ".join("–".join(dict.fromkeys((run[0], run[-1]))) for run in names)
    return f"page{'s'[: len(sheets) > 1]} {told}"
