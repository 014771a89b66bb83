"""PDF: its text layer, in reading order."""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assistant.errors import LoadError
from assistant.knowledge.readers.options import Found, Note, ReadingOptions, iso_date
from assistant.knowledge.readers.page import Meta, page
from assistant.knowledge.readers.printed import frame
from assistant.knowledge.readers.printed.drawn import bare, sheet_of
from assistant.knowledge.readers.printed.markdown import written
from assistant.knowledge.readers.printed.order import blocks
from assistant.knowledge.readers.printed.prose import elements
from assistant.knowledge.readers.printed.sheet import Line, PrintedPage
from assistant.knowledge.readers.titles import real_title

if TYPE_CHECKING:
    from pdfplumber.pdf import PDF


def read(data: bytes, source: str, options: ReadingOptions) -> Found:
    """Read the text layer of a PDF."""
    with _quiet():
        meta, sheets = _sheets(data, source)
    body = _body(sheets)
    framed = frame.without(sheets, body)
    sheets, listed = frame.without_contents(framed.sheets)
    if listed:
        yield Note.left_out(source, "a table of contents", _named(listed))
    yield from _notes(sheets, framed.left, source)
    pages = [(sheet, blocks(sheet.pieces)) for sheet in sheets]
    result = written(elements(pages, body), body)
    yield from page(result.text, source, options, meta, places=result.places)


def _sheets(data: bytes, source: str) -> tuple[Meta, list[PrintedPage]]:
    from pdfplumber import open as opened

    sheets: list[PrintedPage] = []
    try:
        pdf = opened(io.BytesIO(data))
        _check(pdf)
        pages, places, meta = pdf.pages, _places(pdf), _meta(pdf.metadata)
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # pdfminer meets damage with whatever it trips over
        raise _refused(source, error) from error
    for leaf, place in zip(pages, places, strict=True):
        try:
            layout = leaf.layout
        except (RecursionError, MemoryError):
            raise
        except Exception as error:
            raise _refused(source, error) from error
        sheets.append(sheet_of(layout, leaf.page_number, place))
        leaf.close()
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


def _refused(source: str, error: Exception) -> LoadError:
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect

    reasons = (error, error.__cause__, error.__context__, *error.args)
    if any(isinstance(reason, PDFPasswordIncorrect | PDFEncryptionError) for reason in reasons):
        return LoadError(
            f"{source} is protected by a password.",
            source=source,
            hint="Save it without protection, or leave it out.",
        )
    return _broken(source, " ".join(str(error).split()) or type(error).__name__)


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
    labels = [str(leaf.page_obj.label or "").strip() for leaf in pdf.pages]
    usable = len(set(labels)) == len(labels) and all(
        re.fullmatch(r"[\w.-]{1,8}", label) for label in labels
    )
    return [f"page {label}" for label in (labels if usable else counted)]


def _meta(told: dict[str, Any]) -> Meta:
    def date(name: str) -> str:
        match = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", str(told.get(name) or ""))
        return iso_date("-".join(match.groups())) if match else ""

    return Meta(
        title=real_title(told.get("Title")),
        date=date("ModDate") or date("CreationDate"),
    )


def _body(sheets: Sequence[PrintedPage]) -> float:
    """Return the size of most of the text."""
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        for piece in sheet.pieces:
            if isinstance(piece, Line):
                sizes[piece.size] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _notes(sheets: Sequence[PrintedPage], framed: int, source: str) -> Iterator[Note]:
    if framed:
        what = "running heads, feet and page numbers"
        yield Note.left_out(source, what, f"on {framed} page{'s'[: framed > 1]}")
    turned = [sheet for sheet in sheets if sheet.turned]
    if turned:
        yield Note.left_out(source, "text that stands askew, such as watermarks", _named(turned))
    scans = [leaf for leaf in sheets if not leaf.garbled and leaf.pictured and bare(leaf.pieces)]
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


def _named(sheets: Sequence[PrintedPage]) -> str:
    """Return pages as ``pages 2, 5–7``."""
    runs: list[list[PrintedPage]] = []
    for sheet in sheets:
        if runs and sheet.number == runs[-1][-1].number + 1:
            runs[-1].append(sheet)
        else:
            runs.append([sheet])
    names = [[leaf.place.removeprefix("page ") for leaf in run] for run in runs]
    spans = ", ".join("–".join(dict.fromkeys((run[0], run[-1]))) for run in names)
    return f"page{'s'[: len(sheets) > 1]} {spans}"
